"""What runs by itself, run: each command of each schedule, word for word, on a PostgreSQL of its own."""

import os
import re
import secrets
import uuid

import psycopg
import pytest
import yaml

from tests.deploy.names import DEPLOY
from tests.deploy.test_bare_metal import SERVER
from tests.support.optional import missing
from tests.support.servers import free_port

FOLDER = "/backups"


def of_compose():
    for service in yaml.safe_load((DEPLOY / "docker" / "compose.yaml").read_text())["services"].values():
        words = [re.sub(r"\$\{\w+:-(\w+)\}", r"\1", str(word)) for word in service.get("command", ())]
        if words[0:1] == ["every"]:
            yield words[2:]
        elif words[0:1] in (["daily"], ["monthly"]):
            yield words[1:]


def of_the_manifests():
    for name in ("commands.yaml", "backup.yaml"):
        for document in yaml.safe_load_all((DEPLOY / "kubernetes" / "base" / name).read_text()):
            if document["kind"] == "CronJob":
                [container] = document["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
                yield container["args"]


def of_the_timers():
    units = DEPLOY / "bare-metal" / "units"
    for timer in units.glob("*.timer"):
        command = re.search(r"^Unit=sso-console-run@(\w+)\.service$", timer.read_text(), re.MULTILINE)[1]
        drop_in = units / f"sso-console-run@{command}.service.d" / "folder.conf"
        if not drop_in.exists():
            yield [command]
            continue
        text = drop_in.read_text()
        words = re.search(r"^ExecStart=\S+ manage\.py (.+)$", text, re.MULTILINE)[1].split()
        values = dict(re.findall(r"(BACKUP_\w+)=(\S+)", text)) | {"BACKUP_FOLDER": FOLDER}
        yield [values.get(word.strip("${}"), word) for word in words]


def commands():
    """Each command once, as a tuple of words; those of the chart are the manifests', by a test of its own."""
    found = {tuple(words) for way in (of_compose, of_the_manifests, of_the_timers) for words in way()}
    return sorted(found)


@pytest.fixture(scope="module")
def manage(tmp_path_factory, forge):
    name = f"scheduled_{uuid.uuid4().hex[:8]}"
    try:
        connection = psycopg.connect(f"{SERVER}/postgres", autocommit=True)
    except psycopg.OperationalError:
        missing(f"PostgreSQL at {SERVER}", "apt-get install postgresql")
    folder = tmp_path_factory.mktemp("backups")
    environment = {
        "PATH": os.environ["PATH"],
        "BASE_URL": "https://sso.example.com",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_ENCRYPTION_KEYS": secrets.token_urlsafe(32),
        "DATABASE_URL": f"{SERVER}/{name}",
        "DJANGO_SETTINGS_MODULE": "ssoconsole.settings",
        "CACHE_URL": f"redis://127.0.0.1:{free_port()}/0",
    }

    def run(*words):
        words = [str(folder) if word == FOLDER else word for word in words]
        return forge.run(["manage.py", *words], env=environment)

    run.folder = folder
    with connection:
        connection.execute(f"CREATE DATABASE {name}")
        done = run("migrate", "--noinput", "--verbosity", "0")
        assert done.returncode == 0, done.stderr
        yield run
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_they_come_to_their_end_and_the_checklist_sees_that(manage):
    """All five, the same ones in each way: what runs at night is what is run here."""
    assert commands() == [
        ("backup", "--folder", FOLDER, "--keep", "14"),
        ("cleanup",),
        ("rotate_signing_key",),
        ("send_warnings",),
        ("watch_providers",),
    ]
    before = manage("check", "--deploy").stderr
    assert "checklist.backup_seen" in before
    assert "checklist.cleanup_seen" in before
    for words in commands():
        done = manage(*words)
        assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}"
    after = manage("check", "--deploy").stderr
    assert "System check identified" in after
    assert "checklist.backup_seen" not in after
    assert "checklist.cleanup_seen" not in after
    [made] = manage.folder.iterdir()

    # It is one: everything is as it was, over what has happened since.
    done = manage("bootstrap_admin")
    assert done.returncode == 0, done.stderr
    assert manage("restore", made).returncode == 1  # a database in use is not replaced by mistake
    done = manage("restore", made, "--force")
    assert done.returncode == 0, done.stderr
    again = manage("bootstrap_admin")
    assert again.stdout.splitlines()[0] == "username: break-glass", again.stdout
