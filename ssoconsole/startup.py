"""What a serving process makes sure of before its first request."""

import fcntl
import sys
import time
from pathlib import Path
from typing import IO

from django.conf import settings
from django.core import checks

from ssoconsole.console.upgrade.schema import problem

_lock: IO[str] | None = None


def refuse_unsafe_start() -> None:
    """
    Run the system checks, and exit with their ids and hints when one of them is an error.

    A database that is newer than this code, or lacks a migration, is not touched.
    """
    errors = [message for message in checks.run_checks() if message.is_serious(checks.ERROR)]
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
