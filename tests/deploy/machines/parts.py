"""The parts of a site on one machine, each its own process that a test may kill and start again."""

import getpass
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from tests.support.child import Child
from tests.support.optional import missing
from tests.support.servers import ROOT, free_port

ACCOUNT = "postgres"


def wait_until(condition, what, *, within=120.0):
    """Ask again and again; return the seconds it took."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < within, f"{what}: not within {within} seconds"
        time.sleep(0.02)
    return time.monotonic() - started


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def processes_of(pid):
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return [pid]
    return [pid, *(found for child in children for found in processes_of(int(child)))]


class Part:
    """Something that listens on a port of its own, for as long as the site stands."""

    def __init__(self, folder):
        self.folder, self.port, self.child = folder, free_port(), None

    def command(self):
        raise NotImplementedError

    def environment(self):
        return None

    def start(self, *, wait=True):
        log = self.folder / f"{type(self).__name__.lower()}-{self.port}.log"
        self.child = Child(self.command(), log=log, env=self.environment(), cwd=ROOT)
        if wait:
            wait_until(self.answers, f"{type(self).__name__}\n{self.child.tail()}")
        return self

    def answers(self):
        return listens(self.port)

    def kill(self):
        """kill -9 for it and all it has started: nobody says goodbye."""
        for pid in processes_of(self.child.pid):
            os.kill(pid, signal.SIGKILL)
        self.child.stop()

    @contextmanager
    def frozen(self):
        """Stopped but not gone, like a machine that does not get to it: whoever asks gets no answer and no refusal."""
        stopped = processes_of(self.child.pid)
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)

    def stop(self):
        if self.child:
            self.child.stop()


class Postgres(Part):
    """A cluster of its own; only its own account may run one, never root."""

    def __init__(self, folder):
        super().__init__(folder)
        self.programs = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)
        if self.programs is None:
            missing("PostgreSQL", "apt-get install postgresql")
        self.data = Path(tempfile.mkdtemp(prefix="cluster-"))
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/console"
        if self._as_root():
            account = pwd.getpwnam(ACCOUNT)
            os.chown(self.data, account.pw_uid, account.pw_gid)
        options = [
            "-D",
            str(self.data),
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
            "--no-locale",
        ]
        subprocess.run(
            [*self.as_account(), str(self.programs / "initdb"), *options],
            check=True, capture_output=True, cwd="/",
        )  # fmt: skip

    def _as_root(self):
        return getpass.getuser() == "root"

    def as_account(self):
        return (
            ["setpriv", f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--init-groups"]
            if self._as_root()
            else []
        )

    def command(self):
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": self.data,
            "max_connections": 100,
            "fsync": "off",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [*self.as_account(), str(self.programs / "postgres"), "-D", str(self.data), *options]

    def answers(self):
        """It listens before it takes anybody in."""
        asked = [str(self.programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(asked, check=False).returncode == 0

    def sql(self, statement, *, database="postgres"):
        client = [str(self.programs / "psql"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres"]
        done = subprocess.run(
            [*client, "-XAtqc", statement, database], check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def stop(self):
        """Fast: whoever is connected is disconnected."""
        if self.child and self.child.alive():
            self.child.process.send_signal(signal.SIGINT)
        super().stop()

    def remove(self):
        self.stop()
        shutil.rmtree(self.data, ignore_errors=True)


class Redis(Part):
    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self):
        program = shutil.which("redis-server") or missing("redis-server", "apt-get install redis-server")
        return [
            program,
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            str(self.folder),
        ]


class Console(Part):
    """One process of the console, as production runs it."""

    def __init__(self, folder, environment):
        super().__init__(folder)
        self._environment = environment

    def environment(self):
        return self._environment | {"PORT": str(self.port)}

    def command(self):
        return [sys.executable, "-m", "ssoconsole.serve"]

    def leave(self):
        """Ask it to go, and wait until it has gone in good order."""
        self.child.process.terminate()
        self.child.process.wait(timeout=60)
        self.child.stop()
        assert self.child.process.returncode == 0, self.child.tail()
