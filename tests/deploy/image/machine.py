"""
Run deploy/bare-metal/install twice, in a root directory of its own that looks like a fresh machine without systemd.

    unshare --mount --propagation private python -m tests.deploy.image.machine FOLDER [OPTION of install …]

What it leaves is in FOLDER/root. Between the two runs it writes what a second one must not change to
FOLDER/before.json.
"""

import json
import subprocess
import sys
from pathlib import Path

from tests.deploy.image.builder import PIP, Root, private_python
from tests.support.servers import ROOT

SOURCE = "/src"


def main(folder, options):
    machine = Root(folder / "root")
    machine.path.mkdir()
    machine.lay_base(private_python(folder / "python"))
    (machine.path / "src").mkdir()
    machine.mount("--bind", ROOT, machine.path / "src")
    for name in ("var/lib", "var/log", "opt"):
        (machine.path / name).mkdir(parents=True, exist_ok=True)
    env = machine.env | PIP | {"HOME": "/root", "LD_LIBRARY_PATH": "/usr/local/lib"}
    command = ["chroot", str(machine.path), f"{SOURCE}/deploy/bare-metal/install", *options]
    subprocess.run(command, check=True, env=env, stdin=subprocess.DEVNULL)
    secrets = (machine.path / "etc/sso-console/secrets").iterdir()
    before = {path.name: path.read_text() for path in secrets}
    (folder / "before.json").write_text(json.dumps(before))
    # The second run brings the release up to date; base URL and addresses are known by then.
    subprocess.run(command[:3], check=True, env=env, stdin=subprocess.DEVNULL)
    for words in (["check", "--deploy"], ["bootstrap_admin"]):
        command = ["chroot", str(machine.path), "/usr/local/sbin/sso-console", *words]
        subprocess.run(command, check=True, env=env, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
