"""The units: taken by systemd itself, and with next to nothing that they could do to the machine."""

import re
import shutil

import pytest

from tests.deploy.names import DEPLOY
from tests.deploy.tools import run, tool

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
    for path in folder.glob("*.service"):
        path.write_text(path.read_text().replace("/opt/sso-console/venv/bin/python", "/bin/true"))
    return folder


def verify(analyze, units):
    instances = [units / "sso-console@8000.service", units / "sso-console-run@cleanup.service"]
    asked = [*units.glob("*.timer"), *units.glob("*.target"), *instances]
    run(analyze, "verify", *map(str, asked), silent=True)


def test_systemd_takes_them(analyze, units):
    verify(analyze, units)


def test_it_would_find_a_mistake(analyze, units):
    service = units / "sso-console@.service"
    service.write_text(service.read_text().replace("Restart=always", "Restart=allways"))
    with pytest.raises(AssertionError, match="allways"):
        verify(analyze, units)


@pytest.mark.parametrize("name", ["sso-console@.service", "sso-console-run@.service"])
def test_they_give_up_what_they_do_not_need(analyze, name):
    said = run(analyze, "security", "--offline=true", "--no-pager", str(UNITS / name))
    assert float(re.search(r"Overall exposure level for \S+: ([\d.]+)", said).group(1)) <= MOST_EXPOSED


def test_a_command_may_do_no_more_than_the_console(analyze):
    def protections(name):
        text = (UNITS / name).read_text()
        return text[text.index("# What it may touch") : text.index("LimitNOFILE")]

    assert protections("sso-console@.service") == protections("sso-console-run@.service")


def test_every_timer_starts_a_unit_that_is_there():
    for timer in UNITS.glob("*.timer"):
        unit = re.search(r"^Unit=(\S+)@\w+\.service$", timer.read_text(), re.MULTILINE).group(1)
        assert (UNITS / f"{unit}@.service").exists()


def test_calendar_times_are_ones(analyze):
    for timer in UNITS.glob("*.timer"):
        run(analyze, "calendar", re.search(r"^OnCalendar=(.*)$", timer.read_text(), re.MULTILINE).group(1))
