"""The compose file: taken by Compose itself, with every reference resolved, and nothing of it open by mistake."""

import os
import shutil

import pytest
import yaml

from tests.deploy.names import DEPLOY
from tests.deploy.tools import run, tool

DOCKER = DEPLOY / "docker"


@pytest.fixture(scope="module")
def compose(tmp_path_factory):
    """The file as Compose understands it."""
    top = tmp_path_factory.mktemp("compose")
    shutil.copytree(DEPLOY, top / "deploy", ignore=shutil.ignore_patterns("secrets", ".env", "tls"))
    run(str(DEPLOY / "new-secrets"), str(top / "deploy" / "docker" / "secrets"))
    file, env = top / "deploy" / "docker" / "compose.yaml", DOCKER / "example.env"
    return yaml.safe_load(configuration(file, env))


def configuration(file, env):
    # Variables of this run would win over the file's.
    clean = {"PATH": os.environ["PATH"]}
    return run(tool("docker-compose"), "--env-file", str(env), "-f", str(file), "config", env=clean)


def of_the_console(compose):
    return {
        name: service for name, service in compose["services"].items() if "sso-console" in service["image"]
    }


def test_nothing_but_nginx_is_reached_from_outside(compose):
    assert [name for name, service in compose["services"].items() if service.get("ports")] == ["nginx"]
    assert compose["networks"]["inside"]["internal"] is True


def test_every_file_that_is_mounted_exists(compose):
    for secret in compose["secrets"].values():
        with open(secret["file"]) as file:
            assert len(file.read()) > 20
    for service in compose["services"].values():
        for volume in service.get("volumes", ()):
            if volume["type"] == "bind" and not volume["source"].endswith("/tls"):
                assert (DOCKER / volume["source"].split("/deploy/docker/")[-1]).exists() or (
                    DEPLOY / volume["source"].split("/deploy/")[-1]
                ).exists()


def test_the_console_runs_hardened_with_secrets_as_files(compose):
    assert set(of_the_console(compose)) == {
        "console-1", "console-2", "migrate", "cleanup", "watch-providers", "send-warnings", "rotate-signing-key",
    }  # fmt: skip
    for service in of_the_console(compose).values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert {secret["source"] for secret in service["secrets"]} == {
            "secret_key", "field_encryption_keys", "database_url",
        }  # fmt: skip
        assert not {"SECRET_KEY", "DATABASE_URL", "FIELD_ENCRYPTION_KEYS"} & set(service["environment"])


def test_nobody_serves_before_the_migrations_are_there(compose):
    for name, service in of_the_console(compose).items():
        if name != "migrate":
            assert service["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_the_console_believes_nginx_and_nobody_else(compose):
    address = compose["services"]["nginx"]["networks"]["inside"]["ipv4_address"]
    for name in ("console-1", "console-2"):
        service = compose["services"][name]
        assert service["environment"]["TRUSTED_PROXIES"] == f"{address}/32"
        assert service["environment"]["TRUSTED_PROXY_HEADER"] == "Forwarded"
        upstream = service["networks"]["inside"]["ipv4_address"]
        assert f"server {upstream}:8000" in (DOCKER / "nginx.conf.template").read_text()


def test_without_its_name_it_does_not_start(tmp_path):
    env = tmp_path / "empty.env"
    env.write_text("")
    with pytest.raises(AssertionError, match="set BASE_URL"):
        configuration(DOCKER / "compose.yaml", env)
