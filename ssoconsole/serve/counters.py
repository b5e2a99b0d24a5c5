"""Where the processes of one server put their counters together, so that any of them answers for all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


@contextmanager
def shared_counters() -> Iterator[None]:
    """
    Give several processes a fresh folder for their counters, for as long as they serve.

    Fresh, because files of an earlier server would be counted again. Before anything imports the library, which
    looks for the folder then. A single process needs none, and one that is configured is left alone.
    """
    if settings.WEB_CONCURRENCY == 1 or settings.PROMETHEUS_MULTIPROC_DIR:
        yield
        return
    folder = tempfile.mkdtemp(prefix="sso-console-metrics-")
    os.environ[VARIABLE] = settings.PROMETHEUS_MULTIPROC_DIR = folder
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
