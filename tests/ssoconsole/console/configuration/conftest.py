import socket
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from tests.providers.rehearsal.stage import every_row

CONTRACT = Path(__file__).with_name("contract.yaml")
CORP_SECRET = "corp-Yk3v9LqT0sPz7WmX2bNc5RdF8hJg4A1u"
INGESTION_SECRET = "bot-Qe7Zt1Vx9Kc3Mw5Lr8Ny2Pb6Hd4Jf0Gs"


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Nobody answers: names of providers do not resolve. The database and the cache still do."""
    resolve = socket.getaddrinfo

    def refuse(host, *args, **kwargs):
        if str(host).endswith(".example") or str(host).endswith("onelogin.com"):
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return resolve(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture(autouse=True)
def secrets_in_the_environment(monkeypatch):
    monkeypatch.setenv("CORP_CLIENT_SECRET", CORP_SECRET)
    monkeypatch.setenv("INGESTION_SECRET", INGESTION_SECRET)


@pytest.fixture
def contract():
    return CONTRACT.read_text()


@pytest.fixture
def line_of(contract):
    """The number, as text, of the contract's only line that has a text."""

    def line_of(text):
        [number] = [number for number, line in enumerate(contract.splitlines(), 1) if text in line]
        return str(number)

    return line_of


@pytest.fixture
def apply(tmp_path):
    """Run `manage.py apply` on a text; `problems` are the lines that name the file, without its name."""

    def apply(text, *options):
        file = tmp_path / "console.yaml"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        out, err = StringIO(), StringIO()
        try:
            call_command("apply", str(file), *options, stdout=out, stderr=err)
        except CommandError as error:
            err.write(str(error))
            code = 1
        except SystemExit as left:
            code = left.code
        else:
            code = 0
        problems = [
            line.removeprefix(f"{file}:")
            for line in err.getvalue().splitlines()
            if line.startswith(f"{file}:")
        ]
        return SimpleNamespace(
            code=code,
            out=out.getvalue(),
            err=err.getvalue(),
            problems=problems,
            summary=out.getvalue().splitlines()[-1] if out.getvalue() else "",
        )

    return apply


@pytest.fixture
def everything():
    """Every row of every table, to compare."""
    return every_row
