"""As much of Docker Compose as the documentation asks for; the file is read by Compose itself."""

import argparse
import os

import yaml

from tests.deploy.stories.containers import Container
from tests.deploy.stories.releases import build
from tests.deploy.tools import run, tool

# Their commands are run by tests/deploy/test_scheduled.py; here they would only take time.
BY_THEMSELVES = {"every", "daily", "monthly"}


class Compose:
    """`docker` answers the program's words. Services of other images, and those that repeat a command, do not run."""

    def __init__(self, folder, checkout):
        self._folder, self._checkout = folder, checkout
        self._images, self.containers, self._configuration = {}, {}, {}
        self._parser = self._words()

    def _words(self):
        parser = argparse.ArgumentParser(prog="docker")
        parser.add_argument("compose", choices=["compose"])
        parser.add_argument("--file")
        verbs = parser.add_subparsers(dest="verb", required=True)
        up = verbs.add_parser("up")
        for option in ("--detach", "--build", "--no-deps", "--wait"):
            up.add_argument(option, action="store_true")
        up.add_argument("services", nargs="*")
        verbs.add_parser("build")
        verbs.add_parser("stop").add_argument("services", nargs="+")
        once = verbs.add_parser("run")
        once.add_argument("--rm", action="store_true")
        once.add_argument("--entrypoint")
        inside = verbs.add_parser("exec")
        inside.add_argument("-T", action="store_true")
        for each in (once, inside):
            each.add_argument("service")
            each.add_argument("command", nargs=argparse.REMAINDER)
        return parser

    def docker(self, words, text):
        asked = self._parser.parse_args(words)
        if asked.verb != "exec":
            self._configuration = self._read()
        if asked.verb in ("build", "up") and (asked.verb == "build" or asked.build):
            self._build()
        if asked.verb == "up":
            names = asked.services or self.services()
            for name in names:
                self._up(name)
            for name in self.containers.keys() & names:  # also without --wait: a probe would not ask before
                self.containers[name].wait_until_ready()
        elif asked.verb == "stop":
            for name in asked.services:
                self._stop(name)
        elif asked.verb == "exec":
            return self.containers[asked.service].run(asked.command, entrypoint=[], text=text)
        elif asked.verb == "run":
            command = asked.command or self.services()[asked.service]["command"]
            entrypoint = [asked.entrypoint] if asked.entrypoint else None
            return self._container(asked.service).run(command, entrypoint=entrypoint)
        return ""

    def _read(self):
        file = str(self._checkout / "deploy" / "docker" / "compose.yaml")
        return yaml.safe_load(
            run(tool("docker-compose"), "-f", file, "config", env={"PATH": os.environ["PATH"]})
        )

    def services(self):
        """Those of the console that run once or serve, by what has to be through before them."""
        found = self._configuration["services"]
        ours = {name: each for name, each in found.items() if "sso-console" in each["image"]}
        return dict(sorted(ours.items(), key=lambda item: "migrate" in item[1].get("depends_on", ())))

    def _build(self):
        name = self.services()["migrate"]["image"]
        self._images[name] = build(self._checkout, self._folder / name.replace(":", "-"))

    def _container(self, name):
        configuration, service = self._configuration, self._configuration["services"][name]
        secrets = {s["target"]: configuration["secrets"][s["source"]]["file"] for s in service["secrets"]}
        mounts = {f"/run/secrets/{os.path.basename(place)}": file for place, file in secrets.items()}
        for volume in service.get("volumes", ()):
            source = (
                volume["source"] if volume["type"] == "bind" else self._folder / "volumes" / volume["source"]
            )
            os.makedirs(source, exist_ok=True)
            mounts[volume["target"]] = source
        return Container(self._images[service["image"]], service["environment"], mounts)

    def _up(self, name):
        service = self.services()[name]
        if service["command"][0] in BY_THEMSELVES:
            return
        if service["command"] != ["serve"]:
            self._container(name).run(service["command"])
            return
        before = self.containers.get(name)
        as_before = before and before.made_of == service and before.child.alive()
        if not as_before:
            self._stop(name)
            after = self.containers[name] = self._container(name)
            after.made_of = service
            after.start(service["command"], self._folder / f"{name}-{after.port}.log")

    def _stop(self, name):
        if name in self.containers:
            self.containers[name].stop()

    def end(self):
        for container in self.containers.values():
            container.stop()
