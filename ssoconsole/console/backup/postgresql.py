"""
PostgreSQL: pg_dump and pg_restore in the custom format, of the server's own version where they are there.

An older pg_dump refuses the server, and a newer pg_restore says what an older server does not understand.

Where the database is and its password go by the environment: everybody on the machine sees arguments.
"""

import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryFile

from django.db import connection

from ssoconsole.console.backup.archive import BackupRefused, RestoreRefused
from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.progress import over

SCHEMA = "public"
PROGRAMS = "/usr/lib/postgresql/{version}/bin"  # where Debian and PostgreSQL's own packages put them
VARIABLES = {
    "NAME": "PGDATABASE",
    "USER": "PGUSER",
    "PASSWORD": "PGPASSWORD",
    "HOST": "PGHOST",
    "PORT": "PGPORT",
}
OPTIONS = {
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "service": "PGSERVICE",
}


def dump(target: Path) -> None:
    """Dump the schema as it is at one moment into a file. Raises BackupRefused."""
    arguments = ["--format=custom", "--no-owner", "--no-privileges", f"--schema={SCHEMA}", f"--file={target}"]
    _run("pg_dump", arguments, refused=BackupRefused)


def load(source: Path) -> None:
    """
    Put the dump in the place of everything that is in the schema. Raises RestoreRefused.

    What was there waits under another name, and is back if the dump cannot be restored.
    """
    aside = f"before_restore_{secrets.token_hex(4)}"
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER SCHEMA {SCHEMA} RENAME TO {aside}")
        cursor.execute(f"CREATE SCHEMA {SCHEMA}")
    connection.close()
    arguments = [
        "--no-owner",
        "--no-privileges",
        "--single-transaction",
        "--exit-on-error",
        f"--schema={SCHEMA}",
    ]
    try:
        _run("pg_restore", [*arguments, f"--dbname={_name()}", str(source)], refused=RestoreRefused)
    except BaseException:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA {SCHEMA} CASCADE")
            cursor.execute(f"ALTER SCHEMA {aside} RENAME TO {SCHEMA}")
        raise
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA {aside} CASCADE")


def _name() -> str:
    return str(connection.settings_dict["NAME"])


def _run(program: str, arguments: list[str], *, refused: type[DomainError]) -> None:
    version = connection.pg_version // 10_000  # type: ignore[attr-defined]  # the backend is PostgreSQL
    path = shutil.which(program, path=PROGRAMS.format(version=version)) or shutil.which(program)
    if path is None:
        raise refused(f"{program} is missing: install the client programs of PostgreSQL {version}.")
    command = [path, "--no-password", *arguments]
    with TemporaryFile("w+") as said:
        process = subprocess.Popen(command, env=_environment(), stdout=said, stderr=said)  # noqa: S603
        try:
            for _ in over(_seconds(process), what=f"{program}, seconds"):
                pass
        finally:
            process.kill()  # where nobody waits any more; it is nothing to one that has ended
            process.wait()
        said.seek(0)
        # It names tables, and where it tried to connect; never the password.
        message = said.read(2000).strip()
    if process.returncode != 0:
        raise refused(f"{program} failed: {message}{_misfit(path, program, version)}")


def _seconds(process: "subprocess.Popen[bytes]") -> Iterator[int]:
    """Give one number for each second until the process has ended."""
    for second in count(1):
        try:
            process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            yield second
        else:
            return


def _misfit(path: str, program: str, version: int) -> str:
    """What to install, if the program is of another version than the server."""
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    own = re.search(r"[0-9]+", said.stdout)
    if own is None or int(own[0]) == version:
        return ""
    fitting = f"install the client programs of {version}"
    return f"\n{program} is of PostgreSQL {own[0]}, and the server of {version}: {fitting}."


def _environment() -> dict[str, str]:
    known = connection.settings_dict
    options = known.get("OPTIONS") or {}
    found = {variable: str(known[name]) for name, variable in VARIABLES.items() if known.get(name)}
    found |= {variable: str(options[name]) for name, variable in OPTIONS.items() if options.get(name)}
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return inherited | found
