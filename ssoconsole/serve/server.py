"""
The server: granian with the settings' options.

On SIGTERM it first says that it is leaving and then leaves. The processes of one server keep their counters in one
place, so that any of them answers for all.
"""

import gc
import multiprocessing
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.urls import reverse
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

from ssoconsole.platform.logs import handler_config
from ssoconsole.serve.drain import start_draining
from ssoconsole.serve.port import problem_with

APPLICATION = "ssoconsole.wsgi:application"
# How long a request that is being answered may still take: longer than the longest call to a provider.
FINISH_WITHIN = 20  # seconds
VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


class DrainingServer(MPServer):
    """
    Granian that leaves in good order.

    On SIGTERM `/readyz` answers 503 at once, so that whoever balances the load sends no more; everything that
    still comes is served for `drain_seconds`. Then nothing more is accepted, and what is being answered is
    finished. A second SIGTERM, or SIGINT at a terminal, leaves out the wait.
    """

    def __init__(self, target: str, *, drain_seconds: float, **options: Any) -> None:
        super().__init__(target, **options)
        self.drain_seconds = drain_seconds
        self.leaving: threading.Timer | None = None

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
        by_hand = args[:1] == (signal.SIGINT,)
        if by_hand or self.leaving is not None or not self.drain_seconds:
            start_draining()
            super().signal_handler_interrupt()  # type: ignore[no-untyped-call]  # the library does not annotate it
            return
        start_draining()
        self.leaving = threading.Timer(self.drain_seconds, super().signal_handler_interrupt)
        self.leaving.daemon = True
        self.leaving.start()


def load_before_the_fork() -> None:
    """
    Import the application here, so that the processes that answer share its memory.

    Nothing that this opens is theirs. What lives is taken out of the garbage collector's sight: to look at it writes to
    it, and what is written to is shared no more. Raises SystemExit for settings that are not safe to serve with.
    """
    import_module(APPLICATION.partition(":")[0])
    reverse("admin:index")  # the views, and Django's table of their addresses
    connections.close_all()
    gc.collect()
    gc.freeze()


def server_of_settings() -> DrainingServer:
    """Make the server that the settings describe. Raises ImproperlyConfigured where it could not listen."""
    if problem := problem_with(settings.HOST, settings.PORT, shared=settings.SHARE_PORT):
        raise ImproperlyConfigured(
            f"(ssoconsole.E018) The console cannot listen at {settings.HOST} port {settings.PORT}: {problem}.\n\tHINT: "
            "Set PORT (and HOST) to where nobody listens. SHARE_PORT=true lets another console listen at the same "
            "port, to exchange one for the next."
        )
    # The processes that answer share the launcher's memory, by which they learn that it is about to leave.
    multiprocessing.set_start_method("fork", force=True)
    return DrainingServer(
        APPLICATION,
        drain_seconds=settings.DRAIN_SECONDS,
        address=settings.HOST,
        port=settings.PORT,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=settings.WEB_CONCURRENCY,
        blocking_threads=settings.BLOCKING_THREADS,
        # Each has connections of its own, which a pause between two bursts is no reason to make anew.
        blocking_threads_idle_timeout=600,
        workers_kill_timeout=FINISH_WITHIN,
        # Its own request lines would hold addresses and paths a second time: the console's have a request id.
        log_access=False,
        log_level=LogLevels.info,
        log_dictconfig=handler_config(settings.LOG_FORMAT),
    )


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
