"""Processes that begin as forks of one that has loaded what all of them load, which takes most of their time."""

import gc
import json
import os
import runpy
import select
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[2]
# What others have written and what reads no variable and no setting when it is imported.
LIBRARIES = (
    *("asyncio", "email.message", "urllib3", "requests", "yaml", "idna", "structlog", "environ", "jwt"),
    *("cryptography.hazmat.primitives.asymmetric.rsa", "cryptography.hazmat.primitives.asymmetric.ec"),
    *("cryptography.hazmat.primitives.serialization", "cryptography.x509", "psycopg", "sqlite3"),
    *("django.core.wsgi", "django.core.management", "django.db.models", "django.forms", "django.template"),
    *("django.contrib.admin", "django.contrib.messages", "django.contrib.staticfiles", "django.test"),
    *("django.db.migrations.executor", "django.db.backends.sqlite3.base"),
    *("django.core.management.commands.migrate", "django.core.management.commands.check"),
    *("rest_framework", "whitenoise.middleware", "csp.middleware", "mozilla_django_oidc"),
    *("redis", "redis.sentinel", "xml.etree.ElementTree", "pygments", "uritemplate", "inflection"),
)


class Forge:
    """
    Runs programs of this project's Python as `subprocess.run` does, each in a process of its own.

    Without `env`, libraries are loaded beforehand, and each program has an environment of its own. With one, what
    stands in it holds for all programs, and their settings, models and admin are loaded too; nothing is connected.
    """

    def __init__(self, env=None):
        command = [sys.executable, __file__, *(["set up"] if env else [])]
        self._env = env
        self._server = subprocess.Popen(
            command,
            cwd=ROOT,
            env=env or {"PATH": os.environ["PATH"]},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def run(self, arguments, *, cwd=ROOT, env=None, text="", timeout=120):
        """Run `python *arguments`, of which the first is `-c`, `-m` or a file; text goes to its standard input."""
        with tempfile.TemporaryDirectory() as folder:
            files = [Path(folder, name) for name in ("in", "out", "err")]
            files[0].write_text(text or "")
            asked = {"arguments": [*map(str, arguments)], "cwd": str(cwd), "files": [*map(str, files)]}
            self._server.stdin.write(json.dumps(asked | {"env": env or self._env}).encode() + b"\n")
            self._server.stdin.flush()
            pid = int(self._answer(timeout))
            try:
                code = int(self._answer(timeout))
            except TimeoutError:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                self._answer(timeout)
                raise
            return subprocess.CompletedProcess(arguments, code, *(file.read_text() for file in files[1:]))

    def _answer(self, timeout):
        if not select.select([self._server.stdout], [], [], timeout)[0]:
            raise TimeoutError("The program did not end.")
        return os.read(self._server.stdout.fileno(), 20).decode().strip()

    def close(self):
        self._server.stdin.close()
        self._server.wait(30)
        self._server.stdout.close()


def _serve(set_up):
    """Fork for each line of standard input; return in the fork, with what it is to run."""
    gc.disable()
    for name in LIBRARIES:
        import_module(name)
    if set_up:
        sys.path[0] = str(ROOT)
        import django

        django.setup()
        import_module("django.urls").get_resolver().url_patterns  # noqa: B018 - the views
    gc.freeze()
    gc.enable()
    for line in iter(sys.stdin.buffer.readline, b""):
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(writing)
            os.read(reading, 1)  # its number is told before its end can be
            os.close(reading)
            return json.loads(line)
        os.close(reading)
        os.write(1, f"{pid:<20}".encode())
        os.close(writing)
        _, status = os.waitpid(pid, 0)
        os.write(1, f"{os.waitstatus_to_exitcode(status):<20}".encode())
    return None


def _become(arguments, cwd, files, env):
    for number, (file, flags) in enumerate(zip(files, (os.O_RDONLY, os.O_WRONLY, os.O_WRONLY), strict=True)):
        opened = os.open(file, flags | os.O_CREAT, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.path[0] = cwd
    kind, *rest = arguments
    if kind == "-c":
        sys.argv = ["-c", *rest[1:]]
        exec(compile(rest[0], "<string>", "exec"), {"__name__": "__main__"})
    elif kind == "-m":
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        runpy.run_path(kind, run_name="__main__")


if __name__ == "__main__" and (program := _serve(sys.argv[1:] == ["set up"])):
    _become(**program)
