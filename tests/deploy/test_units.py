"""The units: taken by systemd itself, and with next to nothing that they could do to the machine."""

import re
import shlex
import shutil
import stat
import subprocess

import pytest
import redis

from tests.deploy.machines.parts import wait_until
from tests.deploy.names import DEPLOY
from tests.deploy.tools import run, tool
from tests.support.optional import missing

UNITS = DEPLOY / "bare-metal" / "units"
MOST_EXPOSED = 1.5  # of 10; `systemd-analyze security` calls anything under 2 well protected


@pytest.fixture(scope="module")
def analyze():
    return tool("systemd-analyze", package="systemd")


@pytest.fixture
def units(tmp_path):
    """The units as they stand on a machine where the program that they start is there."""
    folder = tmp_path / "units"
    shutil.copytree(UNITS, folder)
    for path in (*folder.glob("*.service"), *folder.glob("*.service.d/*.conf")):
        text = path.read_text().replace("/opt/sso-console/venv/bin/python", "/bin/true")
        path.write_text(text.replace("/usr/bin/redis-server", "/bin/true"))
    return folder


def verify(analyze, units):
    instances = [units / "sso-console@8000.service", units / "sso-console-run@cleanup.service"]
    instances.append(units / "sso-console-run@backup.service")
    asked = [*units.glob("*.timer"), *units.glob("*.target"), units / "sso-console-redis.service", *instances]
    run(analyze, "verify", *map(str, asked), silent=True)


def test_systemd_takes_them(analyze, units):
    verify(analyze, units)


def test_it_would_find_a_mistake(analyze, units):
    service = units / "sso-console@.service"
    service.write_text(service.read_text().replace("Restart=always", "Restart=allways"))
    with pytest.raises(AssertionError, match="allways"):
        verify(analyze, units)


@pytest.mark.parametrize(
    "name", ["sso-console@.service", "sso-console-run@.service", "sso-console-redis.service"]
)
def test_they_give_up_what_they_do_not_need(analyze, name):
    said = run(analyze, "security", "--offline=true", "--no-pager", str(UNITS / name))
    assert float(re.search(r"Overall exposure level for \S+: ([\d.]+)", said).group(1)) <= MOST_EXPOSED


def test_a_command_may_do_no_more_than_the_console(analyze):
    def protections(name):
        text = (UNITS / name).read_text()
        return text[text.index("# What it may touch") : text.index("LimitNOFILE")]

    assert protections("sso-console@.service") == protections("sso-console-run@.service")


def test_the_cache_is_reached_by_the_consoles_account_alone(analyze, tmp_path):
    """By the unit's own command: no port, and a socket that nobody else may open."""
    text = (UNITS / "sso-console-redis.service").read_text()
    assert (DEPLOY / "bare-metal" / "console.env.example").read_text().count(
        "CACHE_URL=redis:///run/sso-console-redis/redis.sock\n"
    ) == 1
    assert {"RuntimeDirectory=sso-console-redis", "RuntimeDirectoryMode=0700", "User=sso-console"} <= set(
        text.splitlines()
    )
    command = shlex.split(re.search(r"^ExecStart=(.*)$", text, re.MULTILINE)[1])
    program = shutil.which(command[0]) or missing("redis-server", "apt-get install redis-server")
    moved = [word.replace("/run/sso-console-redis", str(tmp_path)) for word in command[1:]]
    process = subprocess.Popen([program, *moved], stdout=subprocess.DEVNULL)
    try:
        socket = tmp_path / "redis.sock"
        wait_until(socket.exists, "the socket", within=20)
        client = redis.Redis(unix_socket_path=str(socket))
        wait_until(lambda: client.ping(), "Redis", within=20)
        assert stat.S_IMODE(socket.stat().st_mode) == 0o600
        assert client.config_get("port") == {"port": "0"}
        assert client.config_get("save") == {"save": ""}
        client.close()
    finally:
        process.terminate()
        process.wait()


def test_every_timer_starts_a_unit_that_is_there():
    for timer in UNITS.glob("*.timer"):
        unit = re.search(r"^Unit=(\S+)@\w+\.service$", timer.read_text(), re.MULTILINE).group(1)
        assert (UNITS / f"{unit}@.service").exists()


def test_calendar_times_are_ones(analyze):
    for timer in UNITS.glob("*.timer"):
        run(analyze, "calendar", re.search(r"^OnCalendar=(.*)$", timer.read_text(), re.MULTILINE).group(1))


def test_backups_go_where_the_operator_says(analyze, units, tmp_path):
    """By the unit's own words: the variables that its command has, of which the settings' file wins."""
    drop_in = (UNITS / "sso-console-run@backup.service.d" / "folder.conf").read_text()
    [command] = re.findall(r"^ExecStart=(\S.*)$", drop_in, re.MULTILINE)
    assert command.endswith("manage.py backup --folder ${BACKUP_FOLDER} --keep ${BACKUP_COPIES}")
    example = (DEPLOY / "bare-metal" / "console.env.example").read_text()
    [folder] = re.findall(r"^BACKUP_FOLDER=(.*)$", example, re.MULTILINE)
    assert f"\nReadWritePaths={folder}\n" in drop_in
    assert f"Environment=BACKUP_FOLDER={folder} BACKUP_COPIES=14\n" in drop_in


def test_a_mistake_in_the_drop_in_would_be_found(analyze, units):
    path = units / "sso-console-run@backup.service.d" / "folder.conf"
    path.write_text(path.read_text().replace("ReadWritePaths", "ReadWritePath"))
    with pytest.raises(AssertionError, match="ReadWritePath"):
        verify(analyze, units)


@pytest.mark.parametrize("name", ["sso-console@.service", "sso-console-run@.service"])
def test_every_setting_of_the_file_reaches_the_console_and_its_commands(name):
    text = (UNITS / name).read_text()
    assert "\nEnvironmentFile=/etc/sso-console/console.env\n" in text
    # A file's line wins over one of the unit; so what the unit sets is what no operator should.
    own = {
        word.split("=")[0]
        for line in re.findall(r"^Environment=(.*)$", text, re.MULTILINE)
        for word in line.split()
    }
    assert own <= {"HOST", "PORT", "PYTHONDONTWRITEBYTECODE"}


def test_a_value_means_the_same_to_systemd_and_to_the_shell(tmp_path):
    """The units and the command `sso-console` read one file, each in its own way."""
    text = (DEPLOY / "bare-metal" / "console.env.example").read_text()
    assert "between\n# single quotes" in text
    lines = "EMAIL_URL='smtp+tls://user:p$a&s;s@mail.example:587'\nSIGN_INS_PER_MINUTE=7\n"
    (tmp_path / "console.env").write_text(text + lines)
    script = f"set -a; . {tmp_path}/console.env; env"
    env = dict(line.split("=", 1) for line in run("sh", "-euc", script).splitlines() if "=" in line)
    assert env["EMAIL_URL"] == "smtp+tls://user:p$a&s;s@mail.example:587"
    assert env["BACKUP_COPIES"] == "14"
