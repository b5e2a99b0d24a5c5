"""The compose file: taken by Compose itself, with every reference resolved, and nothing of it open by mistake."""

import os
import re
import shutil
import stat
import subprocess

import pytest
import redis
import yaml

from tests.deploy.machines.parts import listens, wait_until
from tests.deploy.names import DEPLOY, settings_that_are_documented
from tests.deploy.tools import run, tool
from tests.support.optional import missing
from tests.support.servers import free_port

DOCKER = DEPLOY / "docker"


@pytest.fixture(scope="module")
def compose(tmp_path_factory):
    """The file as Compose understands it."""
    top = tmp_path_factory.mktemp("compose")
    shutil.copytree(
        DEPLOY, top / "deploy", ignore=shutil.ignore_patterns("secrets", ".env", "tls", "settings")
    )
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
            if volume["type"] == "bind" and not volume["source"].endswith(("/tls", "/settings")):
                assert (DOCKER / volume["source"].split("/deploy/docker/")[-1]).exists() or (
                    DEPLOY / volume["source"].split("/deploy/")[-1]
                ).exists()


def test_the_console_runs_hardened_with_secrets_as_files(compose):
    assert set(of_the_console(compose)) == {
        "console-1", "console-2", "migrate", "cleanup", "watch-providers", "send-warnings", "rotate-signing-key",
        "backup",
    }  # fmt: skip
    for service in of_the_console(compose).values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert {secret["source"] for secret in service["secrets"]} == {
            "secret_key", "field_encryption_keys", "database_url", "cache_url", "metrics_token",
        }  # fmt: skip
        given = set(service["environment"])
        assert not {
            "SECRET_KEY", "DATABASE_URL", "FIELD_ENCRYPTION_KEYS", "CACHE_URL", "METRICS_TOKEN",
        } & given  # fmt: skip


class BackupTests:
    def test_they_go_to_a_volume_of_their_own(self, compose):
        [mount] = [each for each in compose["services"]["backup"]["volumes"] if each["target"] == "/backups"]
        assert (mount["type"], mount["source"]) == ("volume", "backups")
        assert compose["services"]["backup"]["command"] == [
            *("daily", "backup", "--folder", "/backups", "--keep", "14")
        ]
        assert compose["services"]["backup"]["environment"]["TMPDIR"] == "/backups"
        # Made by the image for its account, so that a volume which is new belongs to it.
        assert "install -d -o 10001 -g 10001 -m 0700 /backups" in (DOCKER / "Dockerfile").read_text()

    def test_or_to_where_the_operator_says_and_as_many_as_he_says(self, tmp_path):
        env = tmp_path / "here.env"
        text = (DOCKER / "example.env").read_text()
        assert "#BACKUP_FOLDER=/mnt/" in text
        env.write_text(text.replace("#BACKUP_FOLDER", "BACKUP_FOLDER").replace("COPIES=14", "COPIES=3"))
        backup = yaml.safe_load(configuration(DOCKER / "compose.yaml", env))["services"]["backup"]
        [mount] = [each for each in backup["volumes"] if each["target"] == "/backups"]
        assert (mount["type"], mount["source"]) == ("bind", "/mnt/backups/sso-console")
        assert backup["command"][-1] == "3"

    def test_pg_dump_and_the_server_are_of_one_version(self, compose):
        server = re.match(r"postgres:(\d+)", compose["services"]["postgres"]["image"])[1]
        assert f"ARG POSTGRESQL={server}\n" in (DOCKER / "Dockerfile").read_text()


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """What the console's services get when `.env` has a line for every setting that is documented."""
    top = tmp_path_factory.mktemp("settings")
    shutil.copytree(
        DEPLOY, top / "deploy", ignore=shutil.ignore_patterns("secrets", ".env", "tls", "settings")
    )
    run(str(DEPLOY / "new-secrets"), str(top / "deploy" / "docker" / "secrets"))
    env = top / "deploy" / "docker" / ".env"
    lines = [f"{name}=of-{name.lower()}" for name in sorted(settings_that_are_documented())]
    lines += ["SERVER_NAME=sso.example.com", "IMAGE=sso-console:0.2.0"]
    env.write_text("\n".join(lines))
    services = yaml.safe_load(configuration(top / "deploy" / "docker" / "compose.yaml", env))["services"]
    return {name: service["environment"] for name, service in services.items() if "migrate" in str(service)}


# What the file itself decides: where the secrets are, and how nginx finds the consoles.
OWN = {"HOST", "PORT", "TRUSTED_PROXIES", "TRUSTED_PROXY_HEADER"}


@pytest.mark.parametrize("name", sorted(settings_that_are_documented() - OWN))
def test_every_documented_setting_reaches_every_console_and_command(given, name):
    assert len(given) == 8
    assert {
        service: env.get(name) for service, env in given.items() if env.get(name) != f"of-{name.lower()}"
    } == {}


def services():
    """The services as the file has them; Compose itself is not asked."""
    return yaml.safe_load((DOCKER / "compose.yaml").read_text())["services"]


@pytest.mark.parametrize("name", services())
def test_every_container_gives_up_what_it_does_not_need(name):
    service = services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    # The console's own image says its user.
    assert service.get("user", "0").split(":")[0] != "0" or "sso-console" in service["image"]


@pytest.mark.parametrize(
    ("name", "owner", "folders"),
    [
        ("postgres", "uid=70,gid=70", {"/tmp", "/var/run/postgresql"}),
        ("redis", "uid=999,gid=1000", {"/tmp", "/data"}),
    ],
)
def test_what_a_service_writes_to_is_its_own(name, owner, folders):
    mounts = dict(mount.split(":", 1) for mount in services()[name]["tmpfs"])
    assert set(mounts) == folders
    for folder, options in mounts.items():
        assert "size=" in options
        assert owner in options or (folder == "/tmp" and "mode=1777" in options)


def start_of_redis(way):
    """The shell's lines that start Redis in a container."""
    if way == "compose":
        return services()["redis"]["command"][2].replace("$$", "$")
    path = DEPLOY / "kubernetes" / "overlays" / "development" / "redis.yaml"
    [pod] = [each for each in yaml.safe_load_all(path.read_text()) if each["kind"] == "Deployment"]
    return pod["spec"]["template"]["spec"]["containers"][0]["command"][2]


@pytest.mark.parametrize("way", ["compose", "kubernetes"])
def test_redis_wants_the_password_that_the_console_has(way, tmp_path):
    """Started by the file's own lines, with the secrets that the script makes."""
    run(str(DEPLOY / "new-secrets"), str(tmp_path / "secrets"), "db.internal", "127.0.0.1")
    url = (tmp_path / "secrets" / "cache_url").read_text()
    port = free_port()
    lines = start_of_redis(way)
    for old in ("/run/secrets/redis/", "/run/secrets/"):
        lines = lines.replace(old, f"{tmp_path}/secrets/")
    lines = re.sub(r"/(tmp|data)/redis.conf", f"{tmp_path}/redis.conf", lines)
    assert (tmp_path / "secrets" / "redis_password").read_text() not in lines
    program = shutil.which("redis-server") or missing("redis-server", "apt-get install redis-server")
    lines = lines.replace("exec redis-server", f"exec {program}").rstrip()
    process = subprocess.Popen(
        ["sh", "-euc", f"{lines} --port {port} --dir {tmp_path}"], stdout=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: listens(port), "Redis", within=20)
        with pytest.raises(redis.exceptions.AuthenticationError):
            redis.Redis(port=port).ping()
        assert redis.Redis.from_url(url.replace(":6379", f":{port}")).ping()
        assert stat.S_IMODE((tmp_path / "redis.conf").stat().st_mode) == 0o600
    finally:
        process.terminate()
        process.wait()


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
