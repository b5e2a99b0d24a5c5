"""
What an operator can mend, told in one sentence with the remedy, in the place of a traceback.

The one place for that rule: `manage.py`, `python -m ssoconsole.serve`, `make run` and the WSGI door run within
`plainly`. It needs nothing but Python's own library, because a package that is missing is one of the things to tell.
A fault of the console's own keeps its traceback, and so does everything with `--traceback`.
"""

from __future__ import annotations  # read by older Pythons too, to be told that they are too old

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OURS = ("ssoconsole", "providers", "tokens")
OLDEST_PYTHON = (3, 11)
DATABASE = "ssoconsole.E019"
LONGEST_REASON = 300  # characters
# By the driver's name of the error, without what it appends for details: what is wrong, and what to do.
SQLITE = {
    "READONLY": ("is read-only", "Let the console's account write to the file and to its folder."),
    **dict.fromkeys(
        ("BUSY", "LOCKED"),
        ("is locked", "Another process is writing to it. Wait for that, or end it, and run this again."),
    ),
    "NOTADB": ("is no SQLite database", "Name another in DATABASE_URL, or restore a backup."),
    "CORRUPT": ("is damaged", "Restore a backup: manage.py restore FILE --force"),
    "FULL": ("cannot grow: the disk is full", "Make room on the disk, and run this again."),
    "IOERR": ("cannot be read or written: the disk fails", "Look at the disk and at the system's log."),
    "PERM": ("may not be used", "Let the console's account read and write the file and its folder."),
}
# Of PostgreSQL's codes for statements that are right: no right to a table; a server that only reads.
REFUSED_BY_POSTGRESQL = ("42501", "25006")


@contextmanager
def plainly() -> Iterator[None]:
    """Exit with a sentence where what is raised within is for the operator to mend."""
    try:
        yield
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # whoever read has had enough; nothing may be written when Python ends either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        sentence = sentence_about(error)
        if sentence is None or "--traceback" in sys.argv:
            raise
        sys.exit(sentence)


def sentence_about(error: BaseException) -> str | None:
    """Return what is wrong and how to mend it; None for what is no operator's to mend. No sentence holds a secret."""
    if sys.version_info < OLDEST_PYTHON:
        return f"Python {sys.version.split()[0]} is too old.\n\tHINT: The console needs Python 3.11 or newer."
    if isinstance(error, ImportError):
        return _about_package(error)
    from django.core.exceptions import ImproperlyConfigured
    from django.db import Error as DatabaseProblem

    if isinstance(error, ImproperlyConfigured):
        return str(error)
    if isinstance(error, DatabaseProblem):
        found = about_database(error)
        return found and f"({DATABASE}) {found[0]}\n\tHINT: {found[1]}"
    if isinstance(error, UnicodeEncodeError):
        return (
            "An argument is no UTF-8 text.\n\tHINT: Look at what was pasted, and at the terminal's encoding."
        )
    if isinstance(error, OSError) and error.filename:
        return f"{_shown(str(error.filename))} cannot be used: {error.strerror}."
    return None


def about_database(error: BaseException) -> tuple[str, str] | None:
    """Return what keeps the database from being used, and what to do; None when it is the statement that is wrong."""
    from django.conf import settings
    from django.db import InterfaceError, OperationalError

    database = settings.DATABASES["default"]
    if "sqlite" in database["ENGINE"]:
        return _about_sqlite(error, str(database["NAME"]))
    if isinstance(error, OperationalError | InterfaceError) or _state(error) in REFUSED_BY_POSTGRESQL:
        reason = _shown(str(error).strip().partition("\n")[0].removeprefix("connection failed: "))
        return (
            f"The database cannot be used: {reason.rstrip('.')}.",
            "Start PostgreSQL, or mend host, port, name, user or password in DATABASE_URL, and run this again.",
        )
    return None


def _about_sqlite(error: BaseException, name: str) -> tuple[str, str] | None:
    code = (getattr(error.__cause__, "sqlite_errorname", "") or "").removeprefix("SQLITE_").partition("_")[0]
    if code == "CANTOPEN":
        path = Path(name)
        if path.is_dir():
            wrong, remedy = "it is a folder", "Name a file in DATABASE_URL: sqlite:////absolute/path.sqlite3"
        elif not path.parent.is_dir():
            wrong, remedy = "its folder is not there", f"Make the folder {path.parent}, or mend DATABASE_URL."
        else:
            wrong, remedy = (
                "no permission",
                "Let the console's account read and write the file and its folder.",
            )
        return f"The database file {name} cannot be opened: {wrong}.", remedy
    if code not in SQLITE:
        return None
    wrong, remedy = SQLITE[code]
    return f"The database file {name} {wrong}.", remedy


def _about_package(error: ImportError) -> str | None:
    name = (error.name or "").partition(".")[0]
    if name in OURS:
        return None
    wrong = "is not installed for" if isinstance(error, ModuleNotFoundError) else "cannot be loaded by"
    return (
        f"The package {name or '(unnamed)'} {wrong} {sys.executable}.\n\tHINT: Use the Python of the virtual "
        "environment, as in .venv/bin/python manage.py migrate, or install what is missing there: "
        "python -m pip install --require-hashes -r requirements.txt"
    )


def _state(error: BaseException) -> str:
    return getattr(error.__cause__, "sqlstate", "") or ""


def _shown(text: str) -> str:
    """One line that cannot steer a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text[:LONGEST_REASON])
