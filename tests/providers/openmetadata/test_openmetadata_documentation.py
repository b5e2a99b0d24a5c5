"""docs/openmetadata.md names every code of the linter, every file of an export and every option."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from providers.management.commands import openmetadata_config
from providers.protocol.openmetadata.export import TARGETS
from providers.protocol.openmetadata.findings import Code
from tests.providers.openmetadata.conftest import exported, registration

DOCUMENT = Path(settings.BASE_DIR) / "docs" / "openmetadata.md"


def rows():
    return re.findall(r"^\| `([\w-]+)` \|", DOCUMENT.read_text(), re.MULTILINE)


def test_every_code_is_documented_once_and_in_order():
    assert rows()[len(TARGETS) :] == [code.value for code in Code]


def test_every_code_is_given_by_some_check():
    sources = (Path(settings.BASE_DIR) / "providers" / "protocol" / "openmetadata").rglob("*.py")
    text = "".join(path.read_text() for path in sources)
    assert [code.name for code in Code if f"Code.{code.name}" not in text] == []


@pytest.mark.django_db
def test_every_file_of_an_export_is_named(tmp_path):
    registration()
    text = DOCUMENT.read_text()
    for target in TARGETS:
        assert all(name in text for name in exported(tmp_path / target, target))


def test_every_option_of_the_export_is_named():
    parser = openmetadata_config.Command().create_parser("manage.py", "openmetadata_config")
    own = ("--target", "--out", "--server-url", "--jwt-keys", "--key-id")
    assert set(own) <= {option for action in parser._actions for option in action.option_strings}
    assert all(option in DOCUMENT.read_text() for option in own)
