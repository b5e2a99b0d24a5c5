"""docs/operation.md and docs/settings.md know every metric, item and setting, and no other."""

import re
from pathlib import Path

import pytest

from ssoconsole.console import operation
from ssoconsole.console.checklist.services import ITEMS
from ssoconsole.console.expiry.checks import collect_endings
from ssoconsole.platform.metrics import REGISTRY

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs" / "operation.md").read_text()


def rows(heading):
    """The first cell of each row of the table under a heading, without its marks."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)


@pytest.mark.django_db
def test_every_metric_is_explained():
    counted = [f.name + ("_total" if f.type == "counter" else "") for f in REGISTRY.collect()]
    asked = [
        family.name
        for collect in (operation.collect_build, operation.collect_from_database, collect_endings)
        for family in collect()
    ]
    assert rows("Metrics") == counted + asked


def test_every_item_of_the_checklist_is_explained():
    assert rows("Production checklist") == [item.code for item in ITEMS]
    assert [item.code for item in ITEMS if f"| {item.title} | {item.remedy} |" not in PAGE] == []


def test_every_setting_of_the_environment_is_in_the_table():
    source = (ROOT / "ssoconsole" / "settings.py").read_text()
    names = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', source)) | set(
        re.findall(r'required\(\s*"([A-Z_]+)"', source)
    )
    table = (ROOT / "docs" / "settings.md").read_text().partition("\n## ")[0]
    names -= {"GRANIAN_WORKERS"}  # the server's own, only looked at
    assert sorted(name for name in names if f"`{name}`" not in table) == []
