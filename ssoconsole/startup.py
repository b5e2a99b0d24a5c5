"""What a serving process makes sure of before its first request."""

import fcntl
import sys
import time
from pathlib import Path
from typing import IO

from django.conf import settings
from django.core import checks
from django.db import OperationalError, connection, transaction

from ssoconsole.console.upgrade.schema import problem
from ssoconsole.plainly import sentence_about

# How long a process that is to serve waits for its database: longer than both take to start on the same machine.
PATIENCE = 30.0  # seconds
_lock: IO[str] | None = None


def refuse_unsafe_start() -> None:
    """
    Run the system checks, and exit with their ids and hints when one of them is an error.

    Waits for the database, and exits when it does not come. One that is newer than this code, or lacks a migration, is
    not touched.
    """
    errors = [message for message in checks.run_checks() if message.is_serious(checks.ERROR)]
    if not errors:
        wait_for_database()
    if unfitting := problem():
        errors.append(unfitting)
    if (
        not settings.DEBUG
        and uses_local_cache()
        and not claim_the_only_place(settings.VAR_DIR / "process.lock")
    ):
        errors.append(several_processes())
    if errors:
        sys.stderr.write("".join(f"{message}\n" for message in errors))
        raise SystemExit(1)


def wait_for_database() -> None:
    """Return once the database can be used. Raises OperationalError, at once where waiting would not help."""
    deadline = time.monotonic() + PATIENCE
    waits = False
    while True:
        try:
            connection.ensure_connection()
            if connection.vendor == "sqlite" and not connection.in_atomic_block:
                with transaction.atomic():  # takes the file's lock, which one that is read-only does not give
                    pass
        except OperationalError as error:
            connection.close()
            if time.monotonic() >= deadline or connection.vendor == "sqlite":
                raise
            if not waits:
                sys.stderr.write(f"{sentence_about(error)}\nWaiting for it for {PATIENCE:.0f} seconds ...\n")
            waits = True
            time.sleep(min(1, PATIENCE))
        else:
            return


def uses_local_cache() -> bool:
    """Tell whether the cache is one that no other process sees."""
    backend: str = settings.CACHES["default"]["BACKEND"]
    return backend.endswith(("LocalCache", "LocMemCache"))


def several_processes() -> checks.Error:
    return checks.Error(
        "Several processes serve this console, each with a cache of its own.",
        hint="Set CACHE_URL to a Redis that all of them share, for instance redis://127.0.0.1:6379/0, "
        "or serve with one process and several threads.",
        id="ssoconsole.E008",
    )


def claim_the_only_place(path: Path, *, patience: float = 5.0) -> bool:
    """
    Hold `path` locked for as long as this process lives; False when another process still has it.

    Waits a little, because a server that replaces a worker may start the new one before the old one is gone.
    """
    global _lock
    handle = path.open("a")
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() >= deadline:
                handle.close()
                return False
            time.sleep(0.1)
        else:
            _lock = handle
            return True
