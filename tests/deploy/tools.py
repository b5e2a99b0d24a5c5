"""The programs that know more about these files than we do; `make deploy-tools` gets those that Debian has not."""

import shutil
import subprocess

from tests.support.optional import missing
from tests.support.servers import ROOT

FOLDER = ROOT / ".venv-deploy" / "bin"


def tool(name, *, package=None):
    """The path of a program: what this project has pinned before what the machine has."""
    pinned = FOLDER / name
    if pinned.exists():
        return str(pinned)
    install = f"apt-get install {package}" if package else "make deploy-tools"
    return shutil.which(name) or missing(name, install)


def run(*command, silent=False, **options):
    """Run to the end; what it said on both channels is in the failure. `silent`: to complain is to fail."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, **options)
    failed = done.returncode != 0 or (silent and done.stderr)
    assert not failed, f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}"
    return done.stdout
