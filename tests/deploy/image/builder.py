"""
Carry out a Dockerfile without Docker: each stage in a root of its own, entered by chroot, and the last one started.

Run it as root in a mount namespace of its own (`unshare --mount`), so that every mount is gone when it ends:

    unshare --mount --propagation private python -m tests.deploy.image.builder FOLDER [ARGUMENT …]

It builds in FOLDER and then becomes the container: non-root, with a tree that cannot be written to, and with the
variables of `FOLDER/env.json`. The base image is this machine's system, read-only, with a private copy of this very
Python in /usr/local, as python:3.11 has it.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

from tests.deploy.image.dockerfile import pairs, stages_of, words
from tests.support.servers import ROOT

DOCKERFILE = ROOT / "deploy" / "docker" / "Dockerfile"
SYSTEM = ("bin", "sbin", "lib", "lib64")
# What is large, and the mark by which Debian keeps pip away from its own Python.
LEFT = shutil.ignore_patterns(
    *(
        "site-packages",
        "test",
        "idlelib",
        "tkinter",
        "turtledemo",
        "__pycache__",
        "config-*",
        "EXTERNALLY-MANAGED",
    )
)
# How this machine reaches its packages, for pip in the build only.
PIP = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}


class Root:
    """A root directory: what a container sees."""

    def __init__(self, path):
        self.path = path
        self.workdir, self.env, self.user = (
            "/",
            {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"},
            "0:0",
        )
        self.arguments = {}
        self.shell, self.entrypoint, self.command = ["/bin/sh", "-c"], [], []

    def inside(self, path):
        return self.path / os.path.join(self.workdir, path).lstrip("/")

    def mount(self, *arguments):
        subprocess.run(["mount", *map(str, arguments)], check=True)

    def bind(self, source, *, writable=False):
        target = self.path / source.lstrip("/")
        target.mkdir(parents=True, exist_ok=True)
        self.mount("--bind", source, target)
        if not writable:
            self.mount("-o", "remount,bind,ro", target)

    def lay_base(self, python):
        """The base image: the system read-only, Python and /etc as copies that a build may change."""
        self.bind("/usr")
        for name in SYSTEM:
            if Path("/", name).is_symlink():
                (self.path / name).symlink_to(os.readlink(f"/{name}"))
            else:
                self.bind(f"/{name}")
        self.mount("--bind", python, self.path / "usr" / "local")
        shutil.copytree(
            "/etc", self.path / "etc", symlinks=True, ignore=shutil.ignore_patterns("ssl", "ca-certificates*")
        )
        for folder in ("/dev", "/proc", "/etc/ssl", *_package_folders()):
            self.bind(folder, writable=folder == "/dev")
        for name in ("tmp", "root", "run"):
            (self.path / name).mkdir()
        (self.path / "tmp").chmod(0o1777)

    def run(self, rest):
        if rest.startswith("apt-get "):
            # The base is this machine's system, which brings those programs, of its own version.
            assert all(map(shutil.which, ("pg_dump", "pg_restore"))), "apt-get install postgresql-client"
            return
        script = f"cd {self.workdir} && {rest}"
        command = ["chroot", str(self.path), *self.shell, script]
        subprocess.run(
            command,
            check=True,
            env=self.env | self.arguments | PIP | {"HOME": "/root"},
            stdin=subprocess.DEVNULL,
        )

    def copy(self, rest, built):
        *sources, target = rest.split()
        source_root = ROOT
        if sources[0].startswith("--from="):
            source_root = built[sources.pop(0).removeprefix("--from=")].path
        for source in sources:
            self._copy_one(source_root, source, target, by_name=target.endswith("/"))

    def _copy_one(self, source_root, source, target, *, by_name):
        path = source_root / source.lstrip("/")
        if source_root == ROOT:
            assert is_sent(source), f"{source} is in .dockerignore"
        goal = self.inside(target) / path.name if by_name else self.inside(target)
        goal.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            unsent = shutil.ignore_patterns("__pycache__", "*.pyc") if source_root == ROOT else None
            shutil.copytree(path, goal, symlinks=True, ignore=unsent, dirs_exist_ok=True)
        else:
            shutil.copy2(path, goal)


def is_sent(path):
    """Whether .dockerignore lets a path through: it keeps everything out and names what may come."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    admitted = [line[1:] for line in lines if line.startswith("!")]
    return any(path == one or path.startswith(f"{one}/") for one in admitted)


def _package_folders():
    """Folders of this machine in which pip is told to look for packages; of an index all that it links to."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    named = map(Path, re.findall(r"(?:file://|(?<=[ '=]))(/[^ '\n\\]+)", said))
    return sorted({str(path.parent if path.name == "simple" else path) for path in named if path.is_dir()})


def private_python(folder):
    """A copy of this Python without what was installed into it but pip, laid out like /usr/local."""
    base = Path(sys.base_prefix)
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    (folder / "bin").mkdir(parents=True)
    (folder / "sbin").mkdir()
    shutil.copy2(base / "bin" / version, folder / "bin" / version)
    for name in ("python", "python3"):
        (folder / "bin" / name).symlink_to(version)
    shutil.copytree(base / "lib" / version, folder / "lib" / version, ignore=LEFT, symlinks=True)
    for library in (base / "lib").glob("libpython*.so*"):
        shutil.copy2(library, folder / "lib" / library.name, follow_symlinks=False)
    environment = os.environ | {"LD_LIBRARY_PATH": str(folder / "lib"), "PYTHONHOME": str(folder)}
    command = [str(folder / "bin" / version), "-c", "import site; print(site.getsitepackages()[0])"]
    packages = Path(
        subprocess.run(command, check=True, env=environment, capture_output=True, text=True).stdout.strip()
    )
    pip = distribution("pip")
    for file in pip.files or ():
        if file.suffix != ".pyc" and ".." not in file.parts:
            (packages / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(pip.locate_file(file), packages / file)
    return folder


def build(folder):
    """Carry out every step; return the root of the last stage."""
    built, python = {}, private_python(folder / "python")
    for number, stage in enumerate(stages_of(DOCKERFILE.read_text())):
        assert stage.base.startswith("python:3.11-slim"), stage.base
        root = Root(folder / f"stage-{number}")
        root.path.mkdir()
        root.env["LD_LIBRARY_PATH"] = "/usr/local/lib"  # as this machine's Python was built
        root.lay_base(shutil.copytree(python, folder / f"python-{number}", symlinks=True))
        for name, rest in stage.steps:
            carry_out(root, name, rest, built)
        built[stage.name] = root
    return root


def carry_out(root, name, rest, built):
    if name == "WORKDIR":
        root.workdir = rest
        root.inside("").mkdir(parents=True, exist_ok=True)
    elif name == "SHELL":
        root.shell = words(rest)
    elif name == "COPY":
        root.copy(rest, built)
    elif name == "RUN":
        root.run(rest)
    elif name == "ARG":
        root.arguments |= pairs(rest)
    elif name == "ENV":
        root.env |= pairs(rest)
    elif name == "USER":
        root.user = rest
    elif name in ("ENTRYPOINT", "CMD"):
        setattr(root, {"ENTRYPOINT": "entrypoint", "CMD": "command"}[name], words(rest))


def become(root, arguments, env):
    """Be the container: no root, nothing to write to but /tmp."""
    root.mount("--rbind", root.path, root.path)
    for place in (root.path, root.path / "usr" / "local"):
        root.mount("-o", "remount,bind,ro", place)
    root.mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", root.path / "tmp")
    os.chroot(root.path)
    os.chdir(root.workdir)
    user, group = map(int, root.user.split(":"))
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)
    command = arguments or [*root.entrypoint, *root.command]
    os.execve(command[0], command, root.env | env)


if __name__ == "__main__":
    work = Path(sys.argv[1])
    become(build(work), sys.argv[2:], json.loads((work / "env.json").read_text()))
