"""The image: its Dockerfile linted, carried out step by step, and what comes of it started as nobody in particular."""

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import requests

from tests.deploy.image.dockerfile import stages_of
from tests.deploy.machines.parts import processes_of, wait_until
from tests.deploy.names import DEPLOY
from tests.deploy.tools import run, tool
from tests.support.child import Child
from tests.support.optional import missing
from tests.support.servers import ROOT, free_port

DOCKERFILE = DEPLOY / "docker" / "Dockerfile"
HOST = "sso.example.com"


def test_the_linter_has_nothing_to_say():
    run(tool("hadolint"), str(DOCKERFILE))


class TextTests:
    @pytest.fixture
    def stages(self):
        return stages_of(DOCKERFILE.read_text())

    def test_the_base_is_pinned_by_its_tag(self, stages):
        assert {stage.base for stage in stages} == {"python:3.11-slim-trixie"}

    def test_every_package_has_a_hash(self, stages):
        installs = [
            rest for stage in stages for name, rest in stage.steps if name == "RUN" and "pip install " in rest
        ]
        assert installs
        assert all("--require-hashes" in rest and "--only-binary=:all:" in rest for rest in installs)

    def test_no_secret_is_left_in_a_layer(self, stages):
        for stage in stages:
            for name, rest in stage.steps:
                assert name not in ("ENV", "ARG", "LABEL") or not {
                    "SECRET_KEY",
                    "FIELD_ENCRYPTION_KEYS",
                } & {word.split("=")[0] for word in rest.split()}

    def test_nothing_goes_to_the_builder_that_is_not_named(self):
        lines = (ROOT / ".dockerignore").read_text().splitlines()
        assert next(line for line in lines if not line.startswith("#")) == "*"
        assert not {line[1:] for line in lines if line.startswith("!")} & {
            ".env",
            "var",
            "tests",
            ".git",
            "deploy",
        }


@pytest.fixture(scope="session")
def container(tmp_path_factory):
    """The console as the image runs it: started once, on a database of its own that it has migrated."""
    if os.getuid() != 0 or not shutil.which("unshare"):
        missing("root, to enter a root directory of its own", "run the tests as root")
    container = Container(Path(tempfile.mkdtemp(prefix="image-")))
    try:
        yield container.start()
    finally:
        container.stop()


class Container:
    """A root directory that stays for several starts; each of them ends with its mounts."""

    def __init__(self, folder):
        self.folder, self.port, self.child = folder, free_port(), None
        folder.chmod(0o711)
        data = folder / "data"
        data.mkdir()
        os.chown(data, 10001, 10001)
        self.env = {
            "BASE_URL": f"https://{HOST}",
            "SECRET_KEY": secrets.token_urlsafe(50),
            "FIELD_ENCRYPTION_KEYS": secrets.token_urlsafe(32),
            "DATABASE_URL": "sqlite:////tmp/data/console.sqlite3",
            "CACHE_URL": f"redis://127.0.0.1:{free_port()}/0",
            "PORT": str(self.port),
            "DRAIN_SECONDS": "0",
        }

    def start(self):
        """Build, migrate and serve in one go: `sh` is the only thing here that the image does not bring itself."""
        (self.folder / "env.json").write_text(json.dumps(self.env))
        script = (
            "mkdir -p /tmp/data; /app/deploy/docker/entrypoint migrate --noinput -v 0; touch /app/x /usr/x; "
        )
        script += "mkdir /tmp/backups; /app/deploy/docker/entrypoint backup --folder /tmp/backups --keep 2; "
        script += "python -c 'import opentelemetry.sdk.trace, opentelemetry.exporter.otlp.proto.http'; echo traces:$?; "
        script += "pg_dump --version; pg_restore --version; stat --format=%u:%a /backups; "
        script += "python /app/deploy/docker/healthcheck.py; echo before:$?; "
        script += "(sleep 1; for _ in $(seq 300); do python /app/deploy/docker/healthcheck.py 2>/dev/null && "
        script += "echo healthy && break; sleep 0.2; done) & exec /app/deploy/docker/entrypoint serve"
        command = [
            "unshare",
            "--mount",
            "--propagation",
            "private",
            sys.executable,
            "-m",
            "tests.deploy.image.builder",
        ]
        log = self.folder / "container.log"
        self.child = Child([*command, str(self.folder), "/bin/sh", "-c", script], log=log, cwd=ROOT)
        wait_until(lambda: self.answers() or not self.child.alive(), "the image", within=400)
        assert self.child.alive(), self.child.tail()
        return self

    def answers(self):
        try:
            return self.get("/healthz").status_code == 200
        except requests.RequestException:
            return False

    def get(self, path):
        return requests.get(f"http://127.0.0.1:{self.port}{path}", headers={"Host": HOST}, timeout=20)

    def stop(self):
        self.child.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class ContainerTests:
    def test_it_runs_as_nobody_in_particular(self, container):
        for pid in processes_of(container.child.pid):
            status = Path(f"/proc/{pid}/status").read_text()
            [ids] = [line.split()[1:] for line in status.splitlines() if line.startswith("Uid:")]
            assert set(ids) == {"10001"}

    def test_it_can_write_to_nothing_but_its_tmp(self, container):
        said = container.child.tail(100_000)
        assert "touch: cannot touch '/app/x': Read-only file system" in said
        assert "touch: cannot touch '/usr/x': Read-only file system" in said

    def test_it_backs_itself_up_and_can_trace(self, container):
        said = container.child.tail(100_000)
        assert re.search(r"^backup: /tmp/backups/console-\d{8}T\d{6}Z\.backup$", said, re.MULTILINE)
        assert "traces:0" in said
        assert re.search(r"^pg_dump \(PostgreSQL\)", said, re.MULTILINE)
        assert re.search(r"^pg_restore \(PostgreSQL\)", said, re.MULTILINE)
        assert "10001:700" in said

    def test_its_health_check_tells_life_from_death(self, container):
        wait_until(lambda: "healthy" in container.child.tail(100_000), "healthy")
        assert "before:1" in container.child.tail(100_000)

    def test_there_is_no_pip_and_nothing_that_builds(self, container):
        assert not (container.folder / "python-1" / "lib" / "python3.11" / "ensurepip").exists()
        for place in ("python-1", "stage-1/opt", "stage-1/app"):
            found = [
                path
                for path in (container.folder / place).rglob("*")
                if path.name in ("pip", "setuptools", "gcc")
            ]
            assert found == []
        assert (container.folder / "python-0").exists()  # where they were, for the stage that builds

    @pytest.mark.parametrize("path", ["/signin", "/admin/login/", "/.well-known/jwks.json", "/signed-out"])
    def test_its_pages_are_whole(self, container, path):
        assert container.get(path).status_code == 200

    def test_static_files_have_fingerprints_and_are_kept_for_ever(self, container):
        page = container.get("/signin").text
        [sheet] = [word for word in page.split('"') if word.startswith("/static/css/pages.")]
        answer = container.get(sheet)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]

    def test_it_serves_although_its_cache_is_not_there(self, container):
        assert container.get("/readyz").json()["checks"] == {
            "database": "ok", "migrations": "ok", "cache": "unavailable", "signing_key": "ok",
        }  # fmt: skip
        assert container.get("/readyz?except=cache").status_code == 200


def test_the_reader_knows_when_it_does_not_know():
    with pytest.raises(ValueError, match="ONBUILD"):
        stages_of("FROM scratch\nONBUILD RUN true\n")


def test_the_entrypoint_repeats_a_command_until_it_is_told_to_stop(tmp_path):
    """With a manage.py that only counts: what is tried is the loop."""
    (tmp_path / "deploy" / "docker").mkdir(parents=True)
    shutil.copy(DEPLOY / "docker" / "entrypoint", tmp_path / "deploy" / "docker")
    (tmp_path / "manage.py").write_text("import sys\nprint(*sys.argv[1:], flush=True)\nsys.exit(3)\n")
    (tmp_path / "python").symlink_to(sys.executable)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    log = tmp_path / "log"
    entrypoint = str(tmp_path / "deploy" / "docker" / "entrypoint")
    loop = Child([entrypoint, "every", "0.05", "cleanup", "--quickly"], log=log, env=env)
    wait_until(lambda: loop.tail().count("cleanup --quickly\n") >= 3, "three runs, though each has failed")
    loop.stop()
    assert loop.process.returncode == 0
    once = subprocess.run([entrypoint, "migrate", "--noinput"], env=env, capture_output=True, text=True)
    assert (once.returncode, once.stdout) == (3, "migrate --noinput\n")
