"""A child process that cannot outlive the test run: stopped by its own pid, its output in a file."""

import os
import select
import signal
import subprocess
import time
from contextlib import suppress


class Child:
    """
    Start `command`; its standard error (and output, unless `ready_line`) goes to the file `log`.

    Standard input is a pipe: a child that watches it ends with this process, however this process ends.
    """

    def __init__(self, command, *, log, env=None, cwd=None, ready_line=False):
        self.log, self._gone = log, False
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                env=env,
                cwd=cwd,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if ready_line else output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        return self.process.poll() is None

    def first_line(self, *, within=20.0):
        """The first line of standard output; RuntimeError with the log when there is none in time."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            if select.select([self.process.stdout], [], [], 0.1)[0]:
                line = self.process.stdout.readline().decode()
                if line:
                    return line
            if not self.alive():
                break
        raise self.failure("did not get ready")

    def failure(self, what):
        return RuntimeError(f"{self.process.args[0]} {what}:\n{self.tail()}")

    def tail(self, size=4000):
        """The end of what the child wrote."""
        return self.log.read_text(errors="replace")[-size:]

    def stop(self, *, within=10.0):
        """Ask, wait, insist; what it has started itself does not outlive it either. Safe to call twice."""
        if self.process.stdin:
            self.process.stdin.close()
        if self.alive():
            self.process.terminate()
        try:
            self.process.wait(timeout=within)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(timeout=within)
        if not self._gone:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        self._gone = True
        if self.process.stdout:
            self.process.stdout.close()
