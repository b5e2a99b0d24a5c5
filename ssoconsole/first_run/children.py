"""Processes that live exactly as long as `make run`."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType


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
