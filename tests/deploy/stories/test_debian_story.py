"""Debian: the installer and the commands of docs/deployment.md, where nobody but a test starts the units."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import requests

from tests.deploy.image.builder import PIP
from tests.deploy.machines.parts import wait_until
from tests.deploy.stories import releases
from tests.deploy.stories.shell import shell
from tests.deploy.stories.story import HOST, Deployment, documented, tell
from tests.support.child import Child
from tests.support.optional import missing
from tests.support.servers import ROOT, free_port

[BACKUPS] = documented("Bare metal (Debian)")
UNITS = "etc/systemd/system"


class ByInstaller(Deployment):
    """Two programs of the machine are answered here: `sso-console` by its own, `systemctl` by what the units say."""

    backed_up_from_the_start = True

    def __init__(self, folder, checkout, holder, urls):
        self.folder, self.checkout, self.root = folder, checkout, folder / "root"
        self._enter = ["nsenter", "--mount", f"--target={holder.pid}", "chroot", str(self.root)]
        self._urls, self._ports, self._consoles = urls, [free_port(), free_port()], {}

    def inside(self, *words, text=""):
        environment = PIP | {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": "/root"}
        self._environment = environment | {"LD_LIBRARY_PATH": "/usr/local/lib"}
        done = subprocess.run(
            [*self._enter, *words], env=self._environment, input=text, capture_output=True, text=True, timeout=300,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def sso_console(self, words, text):
        return self.inside("/usr/local/sbin/sso-console", *words, text=text)

    def systemctl(self, words, text):
        verb, *units = words
        for unit in units:
            if unit.startswith("sso-console-run@"):
                assert verb == "start"
                self.inside(*self._command("sso-console-run@", unit.partition("@")[2]))
            elif unit == "sso-console@*":
                assert verb == "stop"
                self.stop()
            elif unit.startswith("sso-console@"):
                self._start(int(unit.partition("@")[2]))
            else:
                assert unit.endswith(".timer"), unit
        return ""

    def _command(self, unit, instance):
        """What systemd would run: variables of the unit, over which the settings' file has the last word."""
        text = (self.root / UNITS / f"{unit}.service").read_text()
        for drop_in in sorted((self.root / UNITS / f"{unit}{instance}.service.d").glob("*.conf")):
            text += drop_in.read_text()
        text = text.replace("%i", instance)

        def all_of(key):
            return re.findall(rf"^{key}=(.+)$", text, re.MULTILINE)

        own = "".join(f"export {words}\n" for words in all_of("Environment"))
        [file], [folder] = all_of("EnvironmentFile"), all_of("WorkingDirectory")
        script = f"set -eu\n{own}set -a\n. {file}\nset +a\ncd {folder}\nexec {all_of('ExecStart')[-1]}"
        return ["runuser", "-u", all_of("User")[0], "--", "sh", "-c", script]

    def _start(self, port):
        log = self.folder / f"console-{port}.log"
        words = [*self._enter, *self._command("sso-console@", str(port))]
        self._consoles[port] = Child(words, log=log, env=self._environment)
        wait_until(lambda: self._ready(port), "the console", within=60)

    def _ready(self, port):
        assert self._consoles[port].alive(), self._consoles[port].tail()
        try:
            url = f"http://127.0.0.1:{port}/readyz?except=cache"
            return requests.get(url, headers={"Host": HOST}, timeout=5).ok
        except requests.RequestException:
            return False

    def stop(self):
        for console in self._consoles.values():
            console.stop(within=30)

    def restart(self):
        """As the installer does where systemd runs: one after the other."""
        for port in self._ports:
            if port in self._consoles:
                self._consoles[port].stop(within=30)
            self._start(port)

    def install(self):
        database, cache = self._urls
        options = ["--base-url", f"https://{HOST}", "--database-url", database, "--cache-url", cache]
        said = self.inside("/src/deploy/bare-metal/install", *options)
        assert "systemd is not running here: nothing is started" in said
        settings = self.root / "etc/sso-console/console.env"
        settings.write_text(settings.read_text() + "DRAIN_SECONDS=0\n")
        self.restart()

    def port(self):
        return self._ports[0]

    def metrics_token(self):
        return (self.root / "etc/sso-console/secrets/metrics_token").read_text()

    def manage(self, *words, text=""):
        return self.sso_console(words, text)

    def back_up(self):
        backups = self.root / "var/backups/sso-console"
        [of_the_installer] = backups.iterdir()
        self.sh(BACKUPS.splitlines()[0])
        [self._backup] = [path.name for path in backups.iterdir() if path != of_the_installer]

    def upgrade(self):
        releases.fetch_the_next(self.checkout)
        self.inside("/src/deploy/bare-metal/install")
        self.restart()

    def roll_back(self):
        self.inside("/src/deploy/bare-metal/install", "--roll-back")
        self.restart()

    def restore(self):
        script = "\n".join(BACKUPS.splitlines()[1:])
        for old, new in (
            (r"console-\d{8}T\d{6}Z\.backup", self._backup),
            ("@8000", f"@{self._ports[0]}"),
            ("@8001", f"@{self._ports[1]}"),
        ):
            script, replaced = re.subn(old, new, script)
            assert replaced == 1
        self.sh(script)


@pytest.fixture
def way(database, cache):
    if os.getuid() != 0 or not shutil.which("nsenter"):
        missing("root, to enter a root directory of its own", "run the tests as root")
    folder = Path(tempfile.mkdtemp(prefix="machine-"))
    folder.chmod(0o755)
    checkout = releases.check_out(folder / "checkout")
    command = [
        "unshare",
        "--mount",
        "--propagation",
        "private",
        sys.executable,
        "-m",
        "tests.deploy.stories.machine",
    ]
    holder = Child([*command, str(folder), str(checkout)], log=folder / "log", cwd=ROOT, ready_line=True)
    try:
        assert holder.first_line(within=60) == "ready\n"
        machine = ByInstaller(folder, checkout, holder, (database, cache))
        programs = {"sso-console": machine.sso_console, "systemctl": machine.systemctl}
        try:
            with shell(folder, folder, **programs) as machine.sh:
                yield machine
        finally:
            machine.stop()
    finally:
        holder.stop()
        shutil.rmtree(folder, ignore_errors=True)


def test_it_is_installed_administered_backed_up_upgraded_rolled_back_and_restored(way):
    tell(way)
