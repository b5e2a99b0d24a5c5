"""
Every block of commands, configuration or Python in README.md and docs/ is run, or says why not.

The line above a block says which: `<!-- run: sqlite -->` (a shell, beside a console with SQLite that is being served),
`<!-- run: server -->` (that server is started by it), `<!-- run: apply -->` and `<!-- run: bot -->` (`manage.py apply
--dry-run` takes it, the latter as part of a bot), `<!-- run by: FILE -->` (that test reads the document) or
`<!-- not run: REASON -->`.
"""

import json
import os
import re
import shutil
import socketserver
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

import pytest
import requests
import yaml
from django.core.management import get_commands, load_command_class

from tests.support.child import Child
from tests.support.servers import ROOT, free_port

pytestmark = pytest.mark.own_database

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LANGUAGES = {"sh", "console", "bash", "python", "yaml"}
RUN = ("sqlite", "server", "apply", "bot")
PARTS = ("manage.py", "providers", "tokens", "templates", "static", "examples", "docs")
SECRET = "Zx9-literal-Jw3Rt6Yb8Nq1Lm4Kp7Vc2Hd5"
# What reading the provider's document would have left: its host answers nobody here.
READ = """
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "ssoconsole.settings"
django.setup()
from providers.models import Provider
corp = Provider.objects.get(slug="corp")
names = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "end_session_endpoint")
document = {"issuer": corp.issuer} | {name: f"{corp.issuer}/{name}" for name in names}
Provider.objects.update(discovery=document)
"""


@dataclass(frozen=True)
class Block:
    document: str
    line: int
    language: str
    text: str
    mark: str

    def __str__(self):
        return f"{self.document}:{self.line}"


def blocks():
    for path in DOCUMENTS:
        text = path.read_text()
        for found in re.finditer(r"^( *)```(\w*)\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL):
            if found[2] in LANGUAGES:
                before = text[: found.start()].rstrip().rpartition("\n")[2].strip()
                mark = re.fullmatch(r"<!-- (.+) -->", before)
                yield Block(
                    path.relative_to(ROOT).as_posix(),
                    text.count("\n", 0, found.start()) + 1,
                    found[2],
                    found[3],
                    mark[1] if mark else "",
                )


BLOCKS = list(blocks())


def marked(*marks):
    return [block for block in BLOCKS if block.mark in {f"run: {mark}" for mark in marks}]


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_every_block_is_run_or_says_why_not(block):
    kind, _, what = block.mark.partition(": ")
    if kind == "run":
        assert what in RUN
    elif kind == "run by":
        name = block.document.rpartition("/")[2]
        assert name in (ROOT / what).read_text()
    else:
        assert kind == "not run", f"{block} needs a line above it that says how it is run"
        assert len(what) > 10


# Stands where the documents say `.venv/bin/python`: hands each program to a process that has loaded the libraries
# already, which saves most of its time, and becomes Python itself for the server, which stays.
LAUNCHER = """\
#!{python} -SE
import json, os, socket, sys
if sys.argv[1:3] == ["-m", "ssoconsole.serve"]:
    os.execv("{python}", ["{python}", *sys.argv[1:]])
asked = dict(arguments=sys.argv[1:], cwd=os.getcwd(), env=dict(os.environ), text=sys.stdin.read())
with socket.socket(socket.AF_UNIX) as server:
    server.connect("{address}")
    server.sendall(json.dumps(asked).encode() + b"\\n")
    code, out, err = json.loads(server.makefile().readline())
sys.stdout.write(out), sys.stderr.write(err), sys.exit(code)
"""


class Programs(socketserver.StreamRequestHandler):
    """Answers one launcher."""

    def handle(self):
        asked = json.loads(self.rfile.readline())
        with self.server.lock:
            done = self.server.forge.run(asked.pop("arguments"), **asked)
        self.wfile.write(json.dumps([done.returncode, done.stdout, done.stderr]).encode() + b"\n")


@pytest.fixture(scope="module")
def programs(tmp_path_factory, forge):
    """The address at which launchers ask for their programs."""
    address = tmp_path_factory.mktemp("programs") / "socket"
    with socketserver.ThreadingUnixStreamServer(str(address), Programs) as server:
        server.forge, server.lock = forge, threading.Lock()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield address
        server.shutdown()


class Site:
    """A folder as an installation has it, and the server that README starts there."""

    def __init__(self, folder, programs):
        self.folder, self.port = folder, free_port()
        self.url = f"http://localhost:{self.port}"
        for part in PARTS:
            (folder / part).symlink_to(ROOT / part)
        (folder / "manage.py").unlink()
        shutil.copy(ROOT / "manage.py", folder)
        shutil.copytree(ROOT / "ssoconsole", folder / "ssoconsole")
        python = folder / ".venv" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(LAUNCHER.format(python=sys.executable, address=programs))
        python.chmod(0o755)
        names = ("SECRET_KEY", "FIELD_ENCRYPTION_KEYS")
        lines = [f"{name}={os.environ[name]}" for name in names]
        lines += ["DEBUG=true", f"BASE_URL={self.url}", f"PORT={self.port}"]
        lines += [f"CORP_CLIENT_SECRET={SECRET}", f"INGESTION_SECRET={SECRET[::-1]}"]
        (folder / ".env").write_text("\n".join(lines) + "\n")
        (folder / "console.yaml").write_text(self._example())
        self.server = None

    def _example(self):
        text = (ROOT / "docs" / "configuration.md").read_text()
        return re.search(r"```yaml\n(providers:.*?)```", text, re.DOTALL)[1]

    def run(self, script, *, folder=None, text=None):
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "CONSOLE": self.url, "NO_PROXY": "*"}
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=folder or self.folder,
            env=env,
            input=text or "",
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def serve(self, script):
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}
        command = ["bash", "-c", script]
        self.server = Child(command, log=self.folder / "server.log", env=env, cwd=self.folder)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.server.alive():
            try:
                requests.get(f"http://127.0.0.1:{self.port}/healthz", timeout=1).raise_for_status()
                return
            except requests.RequestException:
                time.sleep(0.1)
        raise self.server.failure("did not answer")


@pytest.fixture(scope="module")
def site(tmp_path_factory, programs):
    """README's own commands make the database and start the server; a provider has versions to go back to."""
    site = Site(tmp_path_factory.mktemp("site"), programs)
    try:
        for block in marked("sqlite", "server"):
            if block.document == "README.md":
                if block.mark == "run: server":
                    site.serve(block.text)
                else:
                    done = site.run(block.text)
                    assert done.returncode == 0, (str(block), done.stderr)
        manage = ".venv/bin/python manage.py"
        again = f"sed s/Corp/$name/ console.yaml | {manage} apply -"
        script = f"{manage} apply console.yaml; .venv/bin/python -c '{READ}'\n"
        script += f"for name in One Two Corp; do {again}; done"
        done = site.run(script)
        assert done.returncode == 0, done.stderr
        yield site
    finally:
        if site.server:
            site.server.stop()


def of_documents():
    """The documents that have commands, each with its blocks in their order."""
    found = {}
    for block in marked("sqlite"):
        found.setdefault(block.document, []).append(block)
    del found["README.md"]  # the fixture runs these
    return found


def test_the_marked_blocks_run(site):
    """
    Those of a document in their order and in one shell, as somebody follows them: what one sets is there for the next.

    One test for all of them: each worker that had one of several would have to make the site for itself.
    """
    for document, found in of_documents().items():
        done = site.run("\n".join(f"echo '== {block}' >&2\n{block.text}" for block in found))
        assert done.returncode == 0, (document, done.stdout, done.stderr)
    for block in marked("apply", "bot"):
        piece = yaml.safe_load(block.text)
        if block.mark == "run: bot":
            piece = {"bots": [{"name": "of-the-docs", **piece}]}
        done = site.run(".venv/bin/python manage.py apply - --dry-run", text=yaml.safe_dump(piece))
        assert done.returncode == 0, (str(block), done.stderr)


def commands_told():
    """Each `manage.py NAME …` of the documents, wherever it stands: its place, its name, its options."""
    for path in DOCUMENTS:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for found in re.finditer(r"manage\.py ([a-z_]+)([^`|#]*(?:\\\|[^`|#]*)*)", line):
                yield f"{path.name}:{number}", found[1], re.findall(r"(?<![\w-])--[a-z][a-z-]*", found[2])


def test_every_command_that_is_told_exists_with_its_options():
    known = get_commands()
    told = list(commands_told())
    assert len(told) > 50
    for place, name, options in told:
        assert name in known, (place, name)
        app = known[name]
        command = load_command_class(app, name) if isinstance(app, str) else app
        possible = command.create_parser("manage.py", name)._option_string_actions
        assert not [option for option in options if option not in possible], (place, name, options)
