"""
Processes in the place of containers: the image's entrypoint with a service's own arguments and variables.

They stand as in the manifest, word for word, but for what a container has to itself: the folders that are mounted are
this machine's, and the port is a free one on loopback.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import requests

from tests.deploy.image.dockerfile import pairs, stages_of
from tests.deploy.machines.parts import wait_until
from tests.deploy.names import DEPLOY
from tests.support.child import Child
from tests.support.servers import free_port

HOST = "sso.example.com"
PYTHON = f"{Path(sys.executable).parent}:{os.environ['PATH']}"


def of_the_image():
    """What the image itself sets, and how it begins."""
    steps = stages_of((DEPLOY / "docker" / "Dockerfile").read_text())[-1].steps
    environment = {}
    for name, rest in steps:
        environment |= pairs(rest) if name == "ENV" else {}
    [entrypoint] = [rest for name, rest in steps if name == "ENTRYPOINT"]
    return environment, re.fullmatch(r'\["/app/(.+)"\]', entrypoint)[1]


class Container:
    """`mounts` are folders or files of this machine by their place in the container."""

    def __init__(self, image, environment, mounts):
        self.image, self._mounts, self.port = image, mounts, free_port()
        given, entrypoint = of_the_image()
        self._entrypoint = str(image / entrypoint)
        own = {"PATH": PYTHON, "HOST": "127.0.0.1", "PORT": str(self.port)}
        moved = {name: self._moved(str(value)) for name, value in environment.items()}
        self._environment = given | moved | own
        self.child = None

    def _moved(self, text):
        for place in sorted(self._mounts, key=len, reverse=True):
            if text == place or text.startswith(f"{place}/"):
                return f"{self._mounts[place]}{text.removeprefix(place)}"
        return text

    def run(self, arguments, *, entrypoint=None, text=""):
        """To its end; return what it said. `entrypoint` in the place of the image's, or nothing to exec in it."""
        words = [*([self._entrypoint] if entrypoint is None else entrypoint), *map(self._moved, arguments)]
        done = subprocess.run(
            words, cwd=self.image, env=self._environment, input=text,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def start(self, arguments, log):
        words = [self._entrypoint, *map(self._moved, arguments)]
        self.child = Child(words, log=log, env=self._environment, cwd=self.image)
        return self

    def ready(self):
        """As the probe of its start asks. AssertionError when it has ended."""
        assert self.child.alive(), self.child.tail()
        try:
            url = f"http://127.0.0.1:{self.port}/readyz?except=cache"
            return requests.get(url, headers={"Host": HOST}, timeout=5).ok
        except requests.RequestException:
            return False

    def wait_until_ready(self):
        wait_until(self.ready, "the console", within=60)

    def stop(self):
        if self.child:
            self.child.stop(within=30)
