"""What an operator can mend is told in one sentence with its remedy, whichever program is run; never by a traceback."""

import os
import shutil
import sqlite3
import subprocess
import sys

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import get_commands
from django.db import DatabaseError, IntegrityError, OperationalError, ProgrammingError

from ssoconsole import startup
from ssoconsole.plainly import plainly, sentence_about
from tests.support.servers import ROOT, SAFE, free_port

PARTS = ("manage.py", "providers", "tokens", "templates", "static")
NOWHERE = "postgres://console:hunter2@127.0.0.1:1/console"
# Each command of the console's own, and those of Django that read its tables, with arguments that it takes.
COMMANDS = [
    *(
        "migrate",
        "showmigrations",
        "check --deploy",
        "cleanup",
        "export",
        "reencrypt",
        "send_warnings",
        "clearsessions",
    ),
    *(
        "watch_providers",
        "bootstrap_admin",
        "rotate_signing_key",
        "apply {file}",
        "explain_token",
        "dumpdata",
        "flush --noinput",
    ),
    *(
        "revoke_token x",
        "revoke_tokens --bot x",
        "check_provider x",
        "rotate_client_key x",
        "provider_history x",
    ),
    *(
        "issue_token x --audience a --lifetime 1h --label x",
        "openmetadata_config x --target docker",
        "loaddata x",
    ),
    *(
        "openmetadata_import {file}",
        "openmetadata_lint {file}",
        "import_signing_key {file}",
        "backup --out {folder}/out",
    ),
    *("restore {file}", "changepassword x", "createsuperuser --noinput --username x --email x@example.com"),
]
# They look at what they are given first, and refuse that.
NEED_NO_DATABASE = (
    "explain_token",
    "import_signing_key",
    "loaddata",
    "openmetadata_import",
    "openmetadata_lint",
    "restore",
)
# Runs each of these commands, one a line of standard input, and tells how it ended.
ALL = """
import contextlib, io, os, sys, traceback
from ssoconsole.console.upgrade.commands import ConsoleUtility
from ssoconsole.plainly import plainly
asked, sys.stdin = sys.stdin.read().splitlines(), open(os.devnull)
for line in asked:
    said = io.StringIO()
    sys.argv = ["manage.py", *line.split()]
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            with plainly():
                ConsoleUtility(sys.argv).execute()
            code = 0
        except SystemExit as exit_:
            code = exit_.code if isinstance(exit_.code, int) else 1
            print("" if isinstance(exit_.code, int) else exit_.code)
        except BaseException:
            traceback.print_exc()
            code = 99
    print(repr((line, code, said.getvalue())))
"""


def one_sentence(text):
    """Whether this is a sentence and its remedy, and not a screen full of frames."""
    return "Traceback" not in text and 'File "' not in text and len(text.strip().splitlines()) <= 2


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The project in a folder of its own, where `.env` and `var` are nobody else's."""
    folder = tmp_path_factory.mktemp("copy")
    for part in PARTS:
        (folder / part).symlink_to(ROOT / part)
    (folder / "manage.py").unlink()
    shutil.copy(ROOT / "manage.py", folder)
    shutil.copytree(ROOT / "ssoconsole", folder / "ssoconsole")
    return folder


def broken(kind, folder):
    """Return a DATABASE_URL that leads nowhere, in one of the ways in which one does."""
    path = folder / "console.sqlite3"
    if kind == "no folder":
        path = folder / "missing" / "console.sqlite3"
    elif kind == "a folder":
        path.mkdir()
    elif kind == "through a file":
        folder.joinpath("file").write_text("x")
        path = folder / "file" / "console.sqlite3"
    elif kind == "another file":
        path.write_text("This is a letter, and no database. " * 100)
    return f"sqlite:///{path}"


DATABASES = {
    "no folder": "its folder is not there",
    "a folder": "it is a folder",
    "through a file": "its folder is not there",
    "another file": "is no SQLite database",
}


class DatabaseTests:
    def test_no_command_leaves_out_the_sentence(self, forge, tmp_path):
        file = tmp_path / "file"
        file.write_text("audiences: []\n")
        env = SAFE | {"DATABASE_URL": NOWHERE, "DJANGO_SETTINGS_MODULE": "ssoconsole.settings"}
        env |= {
            "WARNINGS_EMAIL": "ops@example.com",
            "EMAIL_URL": "consolemail://",
        }  # so that there is something to do
        lines = "\n".join(COMMANDS).format(file=file, folder=tmp_path)
        ran = forge.run(["-c", ALL], env=env, text=lines)
        assert ran.returncode == 0, ran.stderr
        ended = [eval(line) for line in ran.stdout.splitlines()]
        assert len(ended) == len(COMMANDS)
        for line, code, said in ended:
            assert code not in (0, 99), (line, said)
            assert "Traceback" not in said, line
            assert "hunter2" not in said
            if line.split()[0] not in NEED_NO_DATABASE:
                assert "Connection refused" in said, (line, said)

    def test_the_commands_are_all_of_the_consoles_own(self):
        own = {
            n
            for n, app in get_commands().items()
            if app.split(".")[0] in ("ssoconsole", "providers", "tokens")
        }
        assert own <= {line.split()[0] for line in COMMANDS}

    @pytest.mark.parametrize("kind", DATABASES)
    @pytest.mark.parametrize(
        "program", [["manage.py", "migrate"], ["-m", "ssoconsole.serve"]], ids=["migrate", "serve"]
    )
    def test_a_file_that_cannot_be_used_is_told_at_once(self, forge, tmp_path, kind, program):
        env = SAFE | {"DATABASE_URL": broken(kind, tmp_path), "PORT": str(free_port())}
        ran = forge.run(program, env=env)
        assert ran.returncode == 1
        assert "(ssoconsole.E019)" in ran.stderr
        assert DATABASES[kind] in ran.stderr
        assert "HINT" in ran.stderr
        assert one_sentence(ran.stderr), ran.stderr

    def test_make_run_says_it_too(self, forge, copy):
        env = SAFE | {"DATABASE_URL": NOWHERE, "DEBUG": "true", "BASE_URL": "http://localhost:8000"}
        ran = forge.run(["-m", "ssoconsole.first_run", "--port", str(free_port())], cwd=copy, env=env)
        (copy / ".env").unlink()  # which it writes first
        assert ran.returncode == 1
        assert "(ssoconsole.E019)" in ran.stderr
        assert "hunter2" not in ran.stdout + ran.stderr
        assert one_sentence(ran.stderr), ran.stderr

    def test_a_server_without_a_database_waits_says_so_and_ends(self, forge):
        program = (
            "import runpy; from ssoconsole import startup; startup.PATIENCE = 1;"
            "runpy.run_module('ssoconsole.serve', run_name='__main__')"
        )
        env = SAFE | {
            "DATABASE_URL": NOWHERE,
            "PORT": str(free_port()),
            "DJANGO_SETTINGS_MODULE": "ssoconsole.settings",
        }
        ran = forge.run(["-c", program], env=env)
        assert ran.returncode == 1
        assert ran.stderr.count("Waiting for it for 1 seconds ...") == 1
        assert ran.stderr.count("(ssoconsole.E019)") == 2
        assert "Traceback" not in ran.stderr

    def test_it_serves_when_the_database_comes_meanwhile(self, settings, monkeypatch, capsys):
        answers = iter(
            [OperationalError("the database system is starting up"), OperationalError("not yet"), None]
        )

        def connect():
            if error := next(answers):
                raise error

        monkeypatch.setattr(startup, "connection", Away(connect))
        monkeypatch.setattr(startup.time, "sleep", lambda seconds: None)
        monkeypatch.setitem(settings.DATABASES, "default", {"ENGINE": "postgresql", "NAME": "x"})
        startup.wait_for_database()
        assert capsys.readouterr().err.count("is starting up") == 1

    @pytest.mark.parametrize(
        ("statement", "mode", "words"),
        [
            ("CREATE TABLE b (c)", "ro", "is read-only"),
            ("BEGIN IMMEDIATE", "rw", "is locked"),
        ],
    )
    def test_a_file_that_cannot_be_written(self, tmp_path, settings, monkeypatch, statement, mode, words):
        monkeypatch.setitem(settings.DATABASES, "default", {"ENGINE": "sqlite3", "NAME": tmp_path / "a"})
        holder = sqlite3.connect(tmp_path / "a", isolation_level=None)
        holder.execute("CREATE TABLE a (b)")
        holder.execute("BEGIN IMMEDIATE")
        other = sqlite3.connect(
            f"file:{tmp_path / 'a'}?mode={mode}", uri=True, timeout=0, isolation_level=None
        )
        try:
            other.execute(statement)
        except sqlite3.Error as cause:
            error = OperationalError(*cause.args)
            error.__cause__ = cause
        finally:
            other.close()
            holder.close()
        assert words in sentence_about(error)

    @pytest.mark.parametrize(
        ("cause", "words"),
        [
            (
                psycopg.errors.InsufficientPrivilege("permission denied for table accounts_user"),
                "permission denied",
            ),
            (
                psycopg.errors.ReadOnlySqlTransaction("cannot execute INSERT in a read-only transaction"),
                "read-only",
            ),
        ],
    )
    def test_postgresql_refuses_what_is_the_operator_s_to_allow(self, settings, monkeypatch, cause, words):
        monkeypatch.setitem(settings.DATABASES, "default", {"ENGINE": "postgresql", "NAME": "x"})
        error = ProgrammingError(*cause.args)
        error.__cause__ = cause
        assert words in sentence_about(error)

    def test_what_the_server_says_is_one_line_and_steers_no_terminal(self, settings, monkeypatch):
        monkeypatch.setitem(settings.DATABASES, "default", {"ENGINE": "postgresql", "NAME": "x"})
        said = sentence_about(
            OperationalError("connection failed: FATAL: \x1b[2Jno\nDETAIL: Key (secret)=(hunter2)")
        )
        assert "FATAL:  [2Jno" in said
        assert "hunter2" not in said

    def test_a_statement_that_is_wrong_is_no_operators_to_mend(self, settings, monkeypatch):
        for engine in ("django.db.backends.sqlite3", "django.db.backends.postgresql"):
            monkeypatch.setitem(settings.DATABASES, "default", {"ENGINE": engine, "NAME": "x"})
            for error in (ProgrammingError("syntax"), IntegrityError("key (secret)"), DatabaseError("x")):
                assert sentence_about(error) is None


class Away:
    """A connection to a PostgreSQL that is about to start."""

    vendor = "postgresql"
    in_atomic_block = False

    def __init__(self, connect):
        self.ensure_connection = connect

    def close(self):
        pass


# What is in .env, or None for a folder of that name; and what is said of it.
FILES = {
    "a folder": (None, "cannot be read: Is a directory"),
    "no text": (b"SECRET_KEY=\xff\xfe", "is no text"),
    "a blank before the =": (b"DEBUG=true\nSECRET_KEY = hunter2\n", "has no NAME=value in line 2"),
    "yaml": (b"SECRET_KEY: hunter2\n", "has no NAME=value in line 1"),
}


class EnvironmentFileTests:
    @pytest.mark.parametrize("kind", FILES)
    @pytest.mark.parametrize(
        "program",
        [["manage.py", "migrate"], ["-m", "ssoconsole.serve"], ["-m", "ssoconsole.first_run"]],
        ids=["migrate", "serve", "make run"],
    )
    def test_one_that_cannot_be_read_is_told_with_its_path(self, forge, copy, kind, program):
        content, words = FILES[kind]
        file = copy / ".env"
        if content is None:
            file.mkdir()
        else:
            file.write_bytes(content)
        port = ["--port", str(free_port())] if "first_run" in program[-1] else []
        try:
            ran = forge.run([*program, *port], cwd=copy, env={"PATH": os.environ["PATH"]})
        finally:
            file.rmdir() if content is None else file.unlink()
        assert ran.returncode == 1
        assert str(file) in ran.stderr
        assert words in ran.stderr
        assert "Traceback" not in ran.stderr
        assert "hunter2" not in ran.stdout + ran.stderr

    def test_comments_blanks_and_exports_are_read(self, forge, copy):
        file = copy / ".env"
        file.write_text(
            "# ours\n\n   \n  # more\nexport DEBUG=true\nSECRET_KEY='k'\nFIELD_ENCRYPTION_KEYS=x\n"
        )
        try:
            program = "from ssoconsole import settings; print(settings.DEBUG, settings.SECRET_KEY)"
            ran = forge.run(["-c", program], cwd=copy, env={"PATH": os.environ["PATH"]})
        finally:
            file.unlink()
        assert ran.stdout == "True k\n"

    def test_a_folder_that_cannot_be_made_is_told(self, forge, copy):
        shutil.rmtree(copy / "var", ignore_errors=True)
        (copy / "var").write_text("a file")
        try:
            ran = forge.run(["manage.py", "migrate"], cwd=copy, env=SAFE)
        finally:
            (copy / "var").unlink()
        assert ran.returncode == 1
        assert "(ssoconsole.E020)" in ran.stderr
        assert one_sentence(ran.stderr), ran.stderr


class MissingPackageTests:
    @pytest.mark.parametrize(
        "program",
        [["manage.py", "migrate"], ["-m", "ssoconsole.serve"], ["-m", "ssoconsole.first_run", "--port", "0"]],
        ids=["migrate", "serve", "make run"],
    )
    def test_a_python_without_them_is_told_which_one_to_use(self, program):
        if program[-1] == "0":
            program = [*program[:-1], str(free_port())]
        # -S and -I: this very Python, and nothing that is installed beside it.
        command = [sys.executable, "-S", *program]
        ran = subprocess.run(
            command,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=SAFE | {"PYTHONPATH": str(ROOT)},
            check=False,
            timeout=60,
        )
        assert ran.returncode == 1
        assert not (ROOT / ".env").exists()
        assert "django is not installed" in ran.stderr
        assert ".venv/bin/python" in ran.stderr
        assert one_sentence(ran.stderr), ran.stderr

    @pytest.mark.parametrize("python", ["", "/nowhere/python3", "false"])
    def test_make_run_needs_a_python_that_is_new_enough(self, tmp_path, python):
        command = ["make", "run", f"PYTHON={python}", f"VENV={tmp_path / 'venv'}"]
        ran = subprocess.run(
            command, cwd=ROOT, env=SAFE, capture_output=True, text=True, check=False, timeout=60
        )
        assert ran.returncode != 0
        assert "Python 3.11 or newer is needed" in ran.stdout
        assert not (tmp_path / "venv").exists()

    def test_a_module_of_our_own_that_is_missing_is_a_fault(self):
        assert sentence_about(ModuleNotFoundError("No module named 'tokens.x'", name="tokens.x")) is None

    def test_a_library_that_does_not_load_is_named(self):
        assert "psycopg cannot be loaded" in sentence_about(ImportError("no pq wrapper", name="psycopg.pq"))

    def test_an_old_python_is_named(self, monkeypatch):
        monkeypatch.setattr(sys, "version_info", (3, 9, 1))
        assert "3.11 or newer" in sentence_about(ImportError("cannot import name 'StrEnum'", name="enum"))


class PlainlyTests:
    @pytest.mark.parametrize(
        ("error", "words"),
        [
            (ImproperlyConfigured("(x.E001) No."), "(x.E001) No."),
            (PermissionError(13, "Permission denied", "/etc/x"), "/etc/x cannot be used: Permission denied."),
            (UnicodeEncodeError("utf-8", "\udcff", 0, 1, "surrogates not allowed"), "no UTF-8"),
        ],
        ids=["settings", "file", "argument"],
    )
    def test_what_can_be_mended_is_a_sentence(self, error, words):
        with pytest.raises(SystemExit) as exit_, plainly():
            raise error
        assert words in exit_.value.code

    def test_ctrl_c_ends_a_command_quietly(self):
        with pytest.raises(SystemExit) as exit_, plainly():
            raise KeyboardInterrupt
        assert exit_.value.code == 130

    @pytest.mark.parametrize("error", [ValueError("ours"), OSError("no file in it"), KeyError("x")])
    def test_a_fault_of_our_own_keeps_its_frames(self, error):
        with pytest.raises(type(error)), plainly():
            raise error

    def test_who_wants_the_frames_gets_them(self, monkeypatch):
        monkeypatch.setattr(sys, "argv", ["manage.py", "migrate", "--traceback"])
        with pytest.raises(ImproperlyConfigured), plainly():
            raise ImproperlyConfigured("x")

    def test_a_reader_who_has_had_enough_is_no_fault(self, copy):
        command = f"{sys.executable} manage.py help | true"
        ran = subprocess.run(
            ["bash", "-c", command],
            cwd=ROOT,
            env=SAFE,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert ran.stderr == ""


def test_without_redis_a_command_does_its_work_and_says_so_in_a_line(forge, migrated_database):
    env = os.environ | {"DATABASE_URL": migrated_database, "CACHE_URL": "redis://127.0.0.1:1/0"}
    env |= {"DJANGO_SETTINGS_MODULE": "ssoconsole.settings"}
    for words in (["bootstrap_admin"], ["cleanup"]):
        ran = forge.run(["manage.py", *words], env=env)
        assert ran.returncode == 0, ran.stderr
        assert "redis/connection.py" not in ran.stderr
