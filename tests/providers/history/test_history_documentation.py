"""docs/history.md names every event, every risky field and the numbers that hold."""

import re
from pathlib import Path

import pytest

from providers.admin.trial import MINUTES
from providers.registration.cautions import RISKY
from providers.retention import VERSIONS_STAY

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs/history.md").read_text()
WRITERS = (
    "providers/registration/services.py",
    "providers/registration/writing.py",
    "providers/registration/trial.py",
    "providers/registration/rolling_back.py",
)


def events():
    written = "".join((ROOT / path).read_text() for path in WRITERS)
    return sorted(set(re.findall(r'"(provider_[a-z_]+)"', written)))


@pytest.mark.parametrize("event", events())
def test_every_event_is_in_the_table(event):
    rows = [line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `")]
    assert any(f"`{event}`" in row for row in rows)


@pytest.mark.parametrize("field", RISKY)
def test_every_risky_field_is_named(field):
    assert f"`{field}`" in PAGE


def test_the_numbers_are_those_of_the_code():
    assert f"newest {VERSIONS_STAY} of each provider" in PAGE
    assert f"*on trial for* {', '.join(map(str, MINUTES[:-1]))} or {MINUTES[-1]} minutes" in PAGE
