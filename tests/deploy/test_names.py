"""Whatever deploy/ names exists: a command that is scheduled and not there would be found out at night."""

import re

import pytest
import yaml
from django.core.management import get_commands

from tests.deploy.names import DEPLOY, files, variables_of_env_file, variables_read
from tests.support.servers import ROOT

COMPOSE = DEPLOY / "docker" / "compose.yaml"
SCHEDULED = {"cleanup", "watch_providers", "send_warnings", "rotate_signing_key", "backup"}
# What images and systemd read, and not the console.
OTHERS = {
    "POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD_FILE", "PGDATA", "SERVER_NAME", "IMAGE", "TLS_FOLDER",
    "HTTPS_PORT", "HTTP_PORT", "NGINX_ENVSUBST_OUTPUT_DIR", "NGINX_ENVSUBST_FILTER", "PYTHONDONTWRITEBYTECODE",
    "PYTHONUNBUFFERED", "PATH", "BACKUP_FOLDER", "BACKUP_COPIES", "TMPDIR",
}  # fmt: skip


def commands_of(text):
    """What is run by manage.py in one file, in whichever way its format says it."""
    said = re.findall(r"(?:python manage\.py|: sso-console) ([a-z_]+)\b", text)
    args = re.findall(r"(?:args|command): \[([^\]]*)\]", text)
    words = [[word.strip(' "') for word in arguments.split(",")] for arguments in args]
    return set(said) | {name for line in words if (name := _command(line))}


def _command(words):
    if words[0] == "every":
        return words[2]
    if words[0] in ("daily", "monthly"):
        return words[1]
    not_commands = {"serve", "sleep", "redis-server", "nginx", "pg_isready"}
    return words[0] if re.fullmatch(r"[a-z_]+", words[0]) and words[0] not in not_commands else None


def test_every_command_that_is_named_exists():
    named = {name: path for path in files() for name in commands_of(path.read_text())}
    named |= dict.fromkeys(SCHEDULED, "the schedules")
    missing = {name: str(path) for name, path in named.items() if name not in get_commands()}
    assert missing == {}


@pytest.mark.parametrize(
    "where",
    [
        "docker/compose.yaml",
        "kubernetes/base",
        "helm/sso-console",
        "bare-metal/units",
    ],
)
def test_the_same_commands_run_by_themselves_wherever_it_is_deployed(where):
    path = DEPLOY / where
    if where == "bare-metal/units":
        texts = [timer.read_text() for timer in path.glob("*.timer")]
        found = {re.search(r"Unit=sso-console-run@(\w+)\.service", text).group(1) for text in texts}
    elif where == "helm/sso-console":
        found = set(yaml.safe_load((path / "values.yaml").read_text())["schedules"])
        found |= commands_of((path / "templates" / "backup.yaml").read_text())
    elif path.is_dir():
        found = commands_of((path / "commands.yaml").read_text() + (path / "backup.yaml").read_text())
    else:
        found = commands_of(path.read_text()) - {"migrate"}
    assert found == SCHEDULED


def variables_named():
    compose = yaml.safe_load(COMPOSE.read_text())
    for name, service in compose["services"].items():
        yield from ((name, variable) for variable in service.get("environment", {}))
    for path in (DEPLOY / "kubernetes").rglob("*.yaml"):
        text = path.read_text()
        yield from (
            (path.name, name) for name in re.findall(r"- name: ([A-Z][A-Z0-9_]+)$", text, re.MULTILINE)
        )
        yield from ((path.name, name) for name in re.findall(r"- ([A-Z][A-Z0-9_]+)=", text))
    for path in (DEPLOY / "helm").rglob("*.tpl"):
        yield from (
            (path.name, name) for name in re.findall(r"- name: ([A-Z][A-Z0-9_]+)$", path.read_text(), re.M)
        )
    for path in (DEPLOY / "docker" / "example.env", DEPLOY / "bare-metal" / "console.env.example"):
        yield from ((path.name, name) for name in variables_of_env_file(path.read_text()))
    for path in (DEPLOY / "bare-metal" / "units").glob("*.service"):
        for line in re.findall(r"^Environment=(.*)$", path.read_text(), re.MULTILINE):
            yield from ((path.name, word.split("=")[0]) for word in line.split())
    dockerfile = (DEPLOY / "docker" / "Dockerfile").read_text()
    yield from (
        ("Dockerfile", name) for name in re.findall(r"^(?:ENV |    )([A-Z_]+)=", dockerfile, re.MULTILINE)
    )


def test_every_variable_that_is_set_is_one_that_the_settings_read():
    named = set(variables_named())
    assert len(named) > 40
    assert {(where, name) for where, name in named if name not in variables_read() | OTHERS} == set()


def test_every_path_of_the_repository_that_is_named_exists():
    pattern = re.compile(r"(?<![\w./$-])(?:deploy|docs|tests)/[\w./@-]*\w")
    for path in files():
        for named in pattern.findall(path.read_text()):
            if "/secrets" in named or named.endswith(("/tls", "/.env", "/settings")):
                continue  # made by whoever deploys
            assert (ROOT / named).exists(), f"{path.name} names {named}"


def test_there_is_not_one_secret_in_any_of_them():
    for path in files():
        text = path.read_text()
        assert not re.search(r"-----BEGIN|ssoc_[A-Za-z0-9]|://[^/\s:@$]+:[^/\s@${]+@", text), path
        for name in ("SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "POSTGRES_PASSWORD"):
            assert not re.search(rf"^\s*{name}[=:]\s*['\"]?[A-Za-z0-9_-]{{16,}}", text, re.MULTILINE), path
