"""
Run deploy/bare-metal/install twice and roll back twice, in a root directory that looks like a fresh machine without
systemd.

    unshare --mount --propagation private python -m tests.deploy.image.machine FOLDER [OPTION of install …]

What it leaves is in FOLDER/root. Between the two runs it writes what a second one must not change to
FOLDER/before.json, and to FOLDER/rolled-back.json how it looks between the two ways back.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from tests.deploy.image.builder import PIP, Root, private_python
from tests.deploy.machines.proxy import make_certificates
from tests.support.servers import ROOT

SOURCE = "/src"


def main(folder, options):
    machine = Root(folder / "root")
    machine.path.mkdir()
    machine.lay_base(private_python(folder / "python"))
    (machine.path / "src").mkdir()
    machine.mount("--bind", ROOT, machine.path / "src")
    for name in ("var/lib/nginx", "var/log/nginx", "opt", "var/backups"):
        (machine.path / name).mkdir(parents=True, exist_ok=True)
    env = machine.env | PIP | {"HOME": "/root", "LD_LIBRARY_PATH": "/usr/local/lib"}
    command = ["chroot", str(machine.path), f"{SOURCE}/deploy/bare-metal/install", *options]
    subprocess.run(command, check=True, env=env, stdin=subprocess.DEVNULL)
    secrets = (machine.path / "etc/sso-console/secrets").iterdir()
    before = {path.name: path.read_text() for path in secrets}
    (folder / "before.json").write_text(json.dumps(before))
    make_certificates(folder)
    for old, new in (("localhost.pem", "fullchain.pem"), ("localhost.key", "privkey.pem")):
        shutil.copy(folder / old, machine.path / "etc/sso-console/tls" / new)
    settings = machine.path / "etc/sso-console/console.env"
    settings.write_text(settings.read_text() + "ALLOW_NEWER_DATABASE=true\n")

    # The second run brings the release up to date; base URL and addresses are known by then.
    subprocess.run(command[:3], check=True, env=env, stdin=subprocess.DEVNULL)
    for words in (["check", "--deploy"], ["bootstrap_admin"]):
        command = ["chroot", str(machine.path), "/usr/local/sbin/sso-console", *words]
        subprocess.run(command, check=True, env=env, stdin=subprocess.DEVNULL)

    there = machine.path / "tmp/there"
    there.mkdir()
    (there / "here.yaml").write_text("audiences: []\n")
    script = "cd /tmp/there && sso-console apply here.yaml --dry-run"
    path = {"PATH": f"{env['PATH']}:/usr/local/sbin"}
    subprocess.run(["chroot", str(machine.path), "/bin/sh", "-c", script], check=True, env=env | path)

    home = machine.path / "opt/sso-console"
    (home / "app/newer").touch()
    roll_back = ["chroot", str(machine.path), f"{SOURCE}/deploy/bare-metal/install", "--roll-back"]
    before = "ALLOW_NEWER_DATABASE=true" in settings.read_text()
    subprocess.run(roll_back, check=True, env=env, stdin=subprocess.DEVNULL)
    command = ["chroot", str(machine.path), "/usr/local/sbin/sso-console", "check"]
    subprocess.run(command, check=True, env=env, stdin=subprocess.DEVNULL)
    looks = {
        "newer runs": (home / "app/newer").exists(),
        "newer is kept": (home / "old/app/newer").exists(),
        "allowed before": before,
        "allowed": "ALLOW_NEWER_DATABASE=true" in settings.read_text().splitlines(),
    }
    (folder / "rolled-back.json").write_text(json.dumps(looks))
    subprocess.run(roll_back, check=True, env=env, stdin=subprocess.DEVNULL)
    (home / "app/newer").unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
