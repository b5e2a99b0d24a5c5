"""Docker Compose: the commands of docs/deployment.md, with processes in the place of containers."""

import re

import pytest

from tests.deploy.stories import releases
from tests.deploy.stories.compose import Compose
from tests.deploy.stories.shell import shell
from tests.deploy.stories.story import Deployment, documented, tell
from tests.support.servers import ROOT

UPGRADE, BACKUPS = documented("Docker Compose")


class ByCompose(Deployment):
    def __init__(self, checkout, compose, sh, elsewhere):
        self._checkout, self._compose, self._sh, self._elsewhere = checkout, compose, sh, elsewhere

    def _set(self, **variables):
        """Edit .env: a value of None takes a line out."""
        env = self._checkout / "deploy" / "docker" / ".env"
        lines = [line for line in env.read_text().splitlines() if line.split("=")[0] not in variables]
        lines += [f"{name}={value}" for name, value in variables.items() if value is not None]
        env.write_text("\n".join(lines) + "\n")

    def install(self):
        """The numbered steps; between them the database and the cache are put elsewhere."""
        section = (
            (ROOT / "docs" / "deployment.md").read_text().split("\n## Docker Compose\n")[1].split("\n## ")[0]
        )
        commands = re.findall(r"^\d\..*?`((?:cp |deploy/|docker )[^`]+)`", section, re.MULTILINE)
        copy, secrets, up, self._first_administrator = commands
        self._sh(copy)
        self._set(IMAGE="sso-console:before", DRAIN_SECONDS="0")
        self._sh(secrets)
        self._elsewhere(self._checkout / "deploy" / "docker" / "secrets")
        self._sh(up)

    def port(self):
        return self._compose.containers["console-2"].port

    def metrics_token(self):
        return (self._checkout / "deploy" / "docker" / "secrets" / "metrics_token").read_text()

    def manage(self, *words, text=""):
        before, command = self._first_administrator.split(" bootstrap_admin")[0], " ".join(words)
        return self._sh(f"{before.replace('exec', 'exec -T')} {command}", text=text)

    def back_up(self):
        make, see = BACKUPS.splitlines()[:2]
        self._sh(make)
        [self._backup] = self._sh(see).split()

    def upgrade(self):
        releases.fetch_the_next(self._checkout)
        self._set(IMAGE="sso-console:after")
        self._sh(UPGRADE)

    def roll_back(self):
        self._set(IMAGE="sso-console:before", ALLOW_NEWER_DATABASE="true")
        self._sh("\n".join(UPGRADE.splitlines()[2:]))

    def restore(self):
        lines = "\n".join(BACKUPS.splitlines()[2:])
        script, replaced = re.subn(r"console-\d{8}T\d{6}Z\.backup", self._backup, lines)
        assert replaced == 1
        stop, rest = script.split("\n", 1)
        self._sh(stop)
        assert not [each for each in self._compose.containers.values() if each.child.alive()]
        self._sh(rest)


@pytest.fixture
def way(tmp_path, elsewhere):
    checkout = releases.check_out(tmp_path / "checkout")
    compose = Compose(tmp_path, checkout)
    try:
        with shell(tmp_path, checkout, docker=compose.docker) as sh:
            yield ByCompose(
                checkout,
                compose,
                lambda script, **options: sh(script, COMPOSE_FILE="deploy/docker/compose.yaml", **options),
                elsewhere,
            )
    finally:
        compose.end()


def test_it_is_installed_administered_backed_up_upgraded_rolled_back_and_restored(way):
    tell(way)
