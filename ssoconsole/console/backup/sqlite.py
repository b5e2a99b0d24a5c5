"""SQLite: its online backup, which reads a database that is being written to."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from django.db import connection

from ssoconsole.console.backup.archive import BackupRefused, RestoreRefused
from ssoconsole.platform.errors import DomainError

PATIENCE = 30.0  # seconds that another process may keep the database to itself
WAITING = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def dump(target: Path) -> None:
    """Copy the database as it is at one moment into a file. Raises BackupRefused."""
    connection.ensure_connection()
    with closing(sqlite3.connect(target)) as copy:
        connection.connection.backup(copy, progress=_at_most(PATIENCE, refused=BackupRefused))
        copy.execute("PRAGMA journal_mode=DELETE")  # the copy is one file
        if (found := integrity_of(copy)) != "ok":
            raise BackupRefused(f"The database is damaged: {found}")


def load(source: Path) -> None:
    """Put a copy in the place of everything that is in the database, in one step. Raises RestoreRefused."""
    try:
        with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as copy:
            if (found := integrity_of(copy)) != "ok":
                raise RestoreRefused(f"The database in the backup is damaged: {found}")
            connection.ensure_connection()
            copy.backup(connection.connection, progress=_at_most(PATIENCE, refused=RestoreRefused))
    except sqlite3.Error as error:
        raise RestoreRefused(f"SQLite refuses the backup: {error}") from error
    finally:
        connection.close_if_unusable_or_obsolete()


def integrity_of(database: sqlite3.Connection) -> str:
    return str(database.execute("PRAGMA integrity_check(1)").fetchone()[0])


def _at_most(seconds: float, *, refused: type[DomainError]) -> Callable[[int, int, int], None]:
    """Watch a backup, which would wait for a lock for ever."""
    deadline = time.monotonic() + seconds

    def watch(status: int, remaining: int, total: int) -> None:
        if status in WAITING and time.monotonic() > deadline:
            raise refused("Another process keeps the database to itself. Stop the console first.")

    return watch
