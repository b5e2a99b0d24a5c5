"""Processes that live exactly as long as `make run`."""

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence


class Child:
    """One process started from this interpreter, stopped by its process id."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen([sys.executable, "-m", *arguments])  # noqa: S603 - our own modules

    def stop(self, *, patience: float = 10) -> None:
        """Ask it to end, and insist after `patience` seconds."""
        if self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

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


def wait_for_the_first_to_end(children: Sequence[Child]) -> int:
    """Wait until one of the processes ends; return its exit status."""
    while True:
        for child in children:
            if (status := child.process.poll()) is not None:
                return status
        time.sleep(0.2)
