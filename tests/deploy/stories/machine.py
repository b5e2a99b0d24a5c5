"""
A root directory that looks like a fresh machine, with a checkout at /src, for as long as the standard input is open.

    unshare --mount --propagation private python -m tests.deploy.stories.machine FOLDER CHECKOUT

It says `ready`; from then on `nsenter --mount` and `chroot FOLDER/root` run programs there.
"""

import sys
from pathlib import Path

from tests.deploy.image.builder import Root, private_python


def main(folder, checkout):
    machine = Root(folder / "root")
    machine.path.mkdir()
    machine.lay_base(private_python(folder / "python"))
    (machine.path / "src").mkdir()
    machine.mount("--bind", checkout, machine.path / "src")
    for name in ("var/lib/nginx", "var/log/nginx", "opt", "var/backups"):
        (machine.path / name).mkdir(parents=True, exist_ok=True)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
