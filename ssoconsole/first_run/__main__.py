"""
Start everything on a fresh machine, say how to use it in five lines, and stop everything together.

The processes that it starts live exactly as long as `make run`.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from ssoconsole.first_run.env_file import BOT_VARIABLE, PROVIDER_VARIABLE, write_env_file
from ssoconsole.plainly import plainly
from ssoconsole.platform.values import whole
from ssoconsole.serve.port import problem_with


class StopSignals:
    """
    The first of SIGINT, SIGTERM and SIGHUP raises KeyboardInterrupt; those after it do not disturb the stopping.

    While a process is being started it is held back, so that there is none that nobody knows of.
    """

    def __init__(self) -> None:
        self._heard = self._held = False
        self._answer_by(self._hear)

    @contextmanager
    def held(self) -> Iterator[None]:
        self._held = True
        yield
        self._held = False
        if self._heard:
            raise KeyboardInterrupt

    def ignore(self) -> None:
        """For the end of the interpreter, which would give the signals back what they do by default."""
        self._answer_by(signal.SIG_IGN)

    @staticmethod
    def _answer_by(answer: "Callable[[int, FrameType | None], None] | signal.Handlers") -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, answer)

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        if self._heard:
            return
        self._heard = True
        if not self._held:
            raise KeyboardInterrupt


class Child:
    """
    One process started from this interpreter, with what it starts itself.

    It has a group of its own: a terminal's Ctrl-C reaches only `make run`, which ends them in good order.
    """

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", *arguments]
        self.process = subprocess.Popen(command, start_new_session=True)  # noqa: S603 - our own modules

    def wait_until_it_answers(self, url: str, *, patience: float = 60) -> bool:
        """Wait for a 200 at `url`, a loopback address; False when the process ended or time is up."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - loopback, built by us
                    if answer.status == 200:
                        return True
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        return False


class Children:
    """Everything that this run has started, and nothing else."""

    def __init__(self, signals: StopSignals) -> None:
        self._signals = signals
        self._all: list[Child] = []

    def start(self, *arguments: str) -> Child:
        with self._signals.held():
            self._all.append(Child(*arguments))
        return self._all[-1]

    def wait_for_the_first_to_end(self) -> int:
        """Wait until one of the processes ends; return its exit status."""
        while True:
            for child in self._all:
                if (status := child.process.poll()) is not None:
                    return status
            time.sleep(0.2)

    def stop(self, *, patience: float = 5) -> None:
        """Ask all of them to end, insist after `patience` seconds, and leave nothing that they have started."""
        deadline = time.monotonic() + patience
        for child in self._all:
            if child.process.poll() is None:
                child.process.terminate()
        for child in self._all:
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(timeout=max(0, deadline - time.monotonic()))
            with suppress(ProcessLookupError):
                os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()
        self._signals.ignore()


ROOT = Path(__file__).resolve().parent.parent.parent


def port_number(text: str) -> int:
    """Read PORT= as the settings do; argparse says what is wrong."""
    try:
        return whole(1, 65_535)(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make run")
    parser.add_argument("--port", type=port_number, default=8000)
    parser.add_argument("--demo", choices=["0", "1"], default="1")
    return parser.parse_args()


def prepare_environment(port: int) -> None:
    """Write `.env` at the first run, and serve under the port that was asked for."""
    import django  # noqa: F401 - where it is missing nothing is written

    base_url = os.environ.setdefault("BASE_URL", f"http://localhost:{port}")
    file = ROOT / ".env"
    if write_env_file(file, base_url=base_url):
        print("Wrote .env with fresh random secrets.")
    elif file.is_file() and f"BASE_URL={base_url}\n" not in file.read_text(errors="replace"):
        print(f"Commands of manage.py take BASE_URL from .env; it should be {base_url} while this runs.")
    os.environ["DJANGO_SETTINGS_MODULE"] = "ssoconsole.settings"


def prepare_database() -> None:
    import django
    from django.conf import settings
    from django.core.management import call_command

    django.setup()
    from ssoconsole.console.upgrade.schema import problem

    if not settings.DEBUG:
        sys.exit("make run is for development, and DEBUG is off. See docs/deployment.md for production.")
    if newer := problem(pending_too=False):
        sys.exit(str(newer))
    call_command("migrate", verbosity=0)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def start_demo_provider(children: Children) -> None:
    from ssoconsole.first_run.demonstration import register_demo_provider

    port = free_port()
    child = children.start("ssoconsole.first_run.demo_provider", "--port", str(port))
    issuer = f"http://127.0.0.1:{port}"
    if not child.wait_until_it_answers(f"{issuer}/.well-known/openid-configuration"):
        sys.exit("The demonstration provider did not start; DEMO=0 leaves it out.")
    register_demo_provider(issuer, client_secret=os.environ.get(PROVIDER_VARIABLE))


def demo_secret() -> str:
    """Return the secret of the demonstration's bot; say so where it is another than before."""
    from ssoconsole.first_run.demonstration import BOT, prepare_demo_bot

    secret, retired = prepare_demo_bot(client_secret=os.environ.get(BOT_VARIABLE))
    if retired:
        print(
            f"{BOT} has a new secret, and the one of the last run is retired. {BOT_VARIABLE} in .env would keep it."
        )
    return secret


def start_server(children: Children, port: int) -> None:
    server = children.start(
        *("granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
        *("--blocking-threads", "8", "--no-ws", "--log-level", "error"),
        # A browser that keeps its connection open does not keep the server.
        *("--workers-kill-timeout", "2"),
        "ssoconsole.wsgi:application",
    )
    if not server.wait_until_it_answers(f"http://127.0.0.1:{port}/healthz"):
        sys.exit(
            f"The server did not start. Is port {port} in use? PORT= chooses another: make run PORT=8001"
        )


def say_what_to_do(administrator: tuple[str, str] | None, demo_secret: str | None) -> None:
    """The five lines at the end: what a person can act on."""
    from ssoconsole.first_run.demo_provider import ACCOUNT
    from ssoconsole.first_run.demonstration import AUDIENCE, BOT

    base_url = os.environ["BASE_URL"]
    lines = [f"\nConsole:        {base_url}"]
    if administrator:
        name, password = administrator
        lines.append(
            f"Administrator:  {name}   one-time password: {password}   (24 hours, at {base_url}/admin/)"
        )
    else:
        lines.append(
            "Administrator:  the one you have; a new one: .venv/bin/python manage.py bootstrap_admin"
        )
    if demo_secret is not None:
        client = f"-u '{BOT}:{demo_secret}'"
        lines += [
            f"Demonstration:  sign in as {ACCOUNT}, no password needed",
            (
                f"Fetch a token:  TOKEN=$(curl -s {client} -d grant_type=client_credentials -d resource={AUDIENCE} "
                f'{base_url}/oauth/token | sed \'s/.*"access_token": *"\\([^"]*\\).*/\\1/\'); echo $TOKEN'
            ),
            f"Introspect it:  curl -s {client} -d token=$TOKEN {base_url}/oauth/introspect",
        ]
    print("\n".join(lines), flush=True)


def refuse_taken_port(port: int) -> None:
    """Before anything is done: another console there would answer in this one's place."""
    if problem := problem_with("127.0.0.1", port):
        sys.exit(
            f"The console cannot listen at port {port}: {problem}. PORT= chooses another: make run PORT=8001"
        )


@plainly()
def main() -> int:
    options = arguments()
    refuse_taken_port(options.port)
    prepare_environment(options.port)
    children = Children(StopSignals())
    try:
        prepare_database()
        from ssoconsole.first_run import demonstration

        if options.demo == "1":
            start_demo_provider(children)
        else:
            demonstration.leave_out_demo_provider()
        secret = demo_secret() if options.demo == "1" else None
        first = demonstration.first_administrator()
        start_server(children, options.port)
        say_what_to_do(first, secret)
        return children.wait_for_the_first_to_end()
    except KeyboardInterrupt:
        print("\nStopped.")
        return 0
    finally:
        children.stop()


if __name__ == "__main__":
    sys.exit(main())
