"""The installer, run twice on what looks like a fresh machine: what it leaves, and whom it lets in."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import uuid
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.deploy.names import DEPLOY
from tests.deploy.tools import run
from tests.support.optional import missing
from tests.support.servers import ROOT, free_port

SERVER = os.environ.get("DEPLOY_POSTGRES", "postgres://postgres@127.0.0.1:5432")


@contextmanager
def scratch_database(what):
    """A new database of the server; yields its URL."""
    name = f"{what}_{uuid.uuid4().hex[:8]}"
    try:
        connection = psycopg.connect(f"{SERVER}/postgres", autocommit=True)
    except psycopg.OperationalError:
        missing(f"PostgreSQL at {SERVER}", "apt-get install postgresql")
    with connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield f"{SERVER}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def database():
    with scratch_database("installed") as url:
        yield url


@pytest.fixture(scope="module")
def installed(database):
    """The folder of the machine's root, and all that the installer said."""
    if os.getuid() != 0 or not shutil.which("unshare"):
        missing("root, to enter a root directory of its own", "run the tests as root")
    folder = Path(tempfile.mkdtemp(prefix="machine-"))
    folder.chmod(0o755)
    command = [
        "unshare",
        "--mount",
        "--propagation",
        "private",
        sys.executable,
        "-m",
        "tests.deploy.image.machine",
    ]
    options = ["--base-url", "https://sso.example.com", "--database-url", database]
    options += ["--cache-url", f"redis://127.0.0.1:{free_port()}/0"]
    done = subprocess.run(
        [*command, str(folder), *options], cwd=ROOT, capture_output=True, text=True, timeout=580
    )
    try:
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        yield folder, done.stdout + done.stderr
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


class InstallTests:
    def test_it_ends_well_both_times(self, installed):
        _, said = installed
        assert said.count("Installed. A first administrator: sso-console bootstrap_admin") == 2

    def test_the_second_time_keeps_settings_and_secrets(self, installed):
        folder, _ = installed
        secrets = folder / "root/etc/sso-console/secrets"
        assert {path.name: path.read_text() for path in secrets.iterdir()} == json.loads(
            (folder / "before.json").read_text()
        )

    def test_secrets_are_read_by_the_account_alone(self, installed):
        folder, _ = installed
        secrets = folder / "root/etc/sso-console/secrets"
        [account] = [
            line.split(":")
            for line in (folder / "root/etc/passwd").read_text().splitlines()
            if line.startswith("sso-console:")
        ]
        assert mode(secrets) == 0o700
        for path in secrets.iterdir():
            assert (mode(path), path.stat().st_uid) == (0o600, int(account[2])), path.name
        assert account[6] == "/usr/sbin/nologin"

    def test_it_says_no_secret(self, installed):
        folder, said = installed
        assert not [
            value for value in json.loads((folder / "before.json").read_text()).values() if value in said
        ]

    def test_the_console_cannot_change_its_own_code(self, installed):
        folder, _ = installed
        app = folder / "root/opt/sso-console/app"
        ours = [path for path in app.rglob("*") if path.name != "process.lock"]
        assert len(ours) > 500
        assert {path.stat().st_uid for path in ours} == {0}
        assert not [path for path in ours if not path.is_symlink() and mode(path) & 0o022]

    def test_static_files_have_fingerprints(self, installed):
        folder, _ = installed
        assert (folder / "root/opt/sso-console/app/var/static/staticfiles.json").exists()

    def test_the_release_before_is_kept_for_the_way_back(self, installed):
        folder, _ = installed
        assert (folder / "root/opt/sso-console/old/app/manage.py").exists()
        assert not (folder / "root/opt/sso-console/new").exists()

    def test_no_program_points_to_where_it_was_built(self, installed):
        folder, _ = installed
        scripts = (folder / "root/opt/sso-console/venv/bin").iterdir()
        texts = [path.read_bytes() for path in scripts if path.is_file() and not path.is_symlink()]
        assert not [text for text in texts if b"/opt/sso-console/new" in text]

    def test_the_database_has_its_tables_and_the_command_works(self, installed, database):
        _, said = installed
        assert "username: " in said  # of sso-console bootstrap_admin
        with psycopg.connect(database) as connection:
            assert connection.execute("SELECT count(*) FROM django_migrations").fetchone()[0] > 20

    def test_units_are_in_place(self, installed):
        folder, _ = installed
        units = DEPLOY / "bare-metal" / "units"
        for unit in (path for path in units.rglob("*") if path.is_file()):
            there = folder / "root/etc/systemd/system" / unit.relative_to(units)
            assert there.read_text() == unit.read_text()

    def test_nginx_serves_the_name_once_there_is_a_certificate(self, installed):
        folder, said = installed
        # Of its base URL; and the second time the files are there, and nginx itself has taken them.
        assert said.count("Put fullchain.pem and privkey.pem into /etc/sso-console/tls") == 1
        site = folder / "root/etc/nginx/sites-available/sso-console"
        assert site.read_text().count("server_name sso.example.com;") == 2
        assert (folder / "root/etc/nginx/sites-enabled/sso-console").readlink() == Path(
            "/etc/nginx/sites-available/sso-console"
        )
        assert (folder / "root/etc/nginx/sso-console/server.conf").exists()

    def test_there_is_a_backup_from_the_start_and_one_before_each_upgrade(self, installed):
        folder, said = installed
        backups = folder / "root/var/backups/sso-console"
        assert mode(backups) == 0o700
        made = sorted(path.name for path in backups.iterdir())
        assert len(made) == 2
        assert [mode(backups / name) for name in made] == [0o600] * 2
        assert all(f"backup: /var/backups/sso-console/{name}" in said for name in made)
        assert "checklist.backup_seen" not in said

    def test_one_of_them_can_be_restored(self, installed, database, tmp_path):
        folder, _ = installed
        [first, _] = sorted((folder / "root/var/backups/sso-console").iterdir())
        secrets = folder / "root/etc/sso-console/secrets"
        name = f"restored_{uuid.uuid4().hex[:8]}"
        with psycopg.connect(f"{SERVER}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
            environment = {
                "PATH": os.environ["PATH"],
                "DATABASE_URL": f"{SERVER}/{name}",
                "CACHE_URL": "locmemcache://",
                "BASE_URL": "https://sso.example.com",
                "SECRET_KEY_FILE": str(secrets / "secret_key"),
                "FIELD_ENCRYPTION_KEYS_FILE": str(secrets / "field_encryption_keys"),
                "DJANGO_SETTINGS_MODULE": "ssoconsole.settings",
            }
            try:
                run(sys.executable, "manage.py", "restore", str(first), cwd=ROOT, env=environment)
                with psycopg.connect(f"{SERVER}/{name}") as restored, psycopg.connect(database) as lost:
                    keys = "SELECT kid FROM tokens_signingkey ORDER BY kid"
                    assert restored.execute(keys).fetchall() == lost.execute(keys).fetchall() != []
            finally:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def test_a_file_is_named_from_where_one_is(self, installed):
        _, said = installed
        assert "0 created, 0 changed, 0 unchanged, 0 disabled" in said  # of apply here.yaml

    def test_one_command_goes_back_to_the_release_before_and_another_forth(self, installed):
        folder, said = installed
        assert json.loads((folder / "rolled-back.json").read_text()) == {
            "newer runs": False, "newer is kept": True, "allowed before": False, "allowed": True,
        }  # fmt: skip
        assert said.count("Rolled back. The release that was taken out is in /opt/sso-console/old") == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--base-url", "http://sso.example.com"], "--base-url is an origin"),
        (["--base-url", "https://sso.example.com/"], "--base-url is an origin"),
        ([], "--base-url is an origin"),
        (["--base-url"], "--base-url needs a value"),
        (["--everything", "yes"], "unknown option: --everything"),
        (["--proxy", "apache"], "--proxy is nginx or none"),
        (["--backup", "never"], "--backup is yes or none"),
        (["--roll-back"], "nothing is installed here"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_done(options, said):
    if os.getuid() == 0 and Path("/etc/sso-console/console.env").exists():
        pytest.fail("this machine has an installation of its own")
    with pytest.raises(AssertionError, match=said if os.getuid() == 0 else "."):
        run(str(DEPLOY / "bare-metal" / "install"), *options)


def function_of_the_installer(name, call, **variables):
    """What one of its functions says, with these values in the place of its constants."""
    text = (DEPLOY / "bare-metal" / "install").read_text()
    body = re.search(rf"^{name}\(\) \{{.*?^\}}[^\n]*$", text, re.MULTILINE | re.DOTALL)[0]
    for old, new in variables.items():
        body = body.replace(old, str(new)) if old.startswith("/") else body
    settings = "".join(f"{each}={value}\n" for each, value in variables.items() if not each.startswith("/"))
    return run("bash", "-euo", "pipefail", "-c", f"{settings}{body}\n{call}").strip()


@pytest.mark.parametrize(
    ("line", "file"),
    [
        ("", "requirements.txt"),
        ("#OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318", "requirements.txt"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT=", "requirements.txt"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318", "requirements-otel.txt"),
    ],
)
def test_who_says_where_traces_go_gets_the_packages_for_them(tmp_path, line, file):
    (tmp_path / "console.env").write_text(f"BASE_URL=https://sso.example.com\n{line}\n")
    said = function_of_the_installer("requirements", "requirements", ETC=tmp_path, source_tree="/src")
    assert said == f"/src/{file}"
    assert (ROOT / file).exists()


@pytest.mark.parametrize(
    ("enabled", "ports"),
    [
        (None, "8000 8001"),
        ([], "8000 8001"),
        (["sso-console-redis.service"], "8000 8001"),
        (["sso-console-redis.service", "sso-console@9000.service", "sso-console@9001.service"], "9000 9001"),
    ],
)
def test_an_upgrade_restarts_the_consoles_that_there_are(tmp_path, enabled, ports):
    wants = tmp_path / "wants"
    if enabled is not None:
        wants.mkdir()
        for name in enabled:
            (wants / name).touch()
    where = {"/etc/systemd/system/sso-console.target.wants": wants}
    said = function_of_the_installer("ports_there_are", "found=$(ports_there_are); echo $found", **where)
    assert said == ports


@pytest.mark.parametrize(
    ("there", "proxy"),
    [
        ([], "nginx"),
        (["console.env"], "none"),  # as it was installed with --proxy none
        (["console.env", "waiting"], "nginx"),
        (["console.env", "example"], "none"),  # of a release that never switched it on
        (["console.env", "example", "on"], "nginx"),
    ],
)
def test_an_upgrade_brings_no_proxy_that_was_not_there(tmp_path, there, proxy):
    site, on = tmp_path / "available", tmp_path / "enabled"
    for name in there:
        if name == "console.env":
            (tmp_path / name).touch()
        elif name == "on":
            on.symlink_to(site)
        else:
            folder = {"waiting": f"{tmp_path}/tls", "example": "/etc/ssl/sso-console"}[name]
            site.write_text(f"ssl_certificate {folder}/fullchain.pem;\n")
    said = function_of_the_installer("proxy_so_far", "proxy_so_far", ETC=tmp_path, SITE=site, SITE_ON=on)
    assert said == proxy
