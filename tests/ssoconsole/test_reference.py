"""The documents have every command, argument, path, outcome and finding that there is, and no other."""

import re

import pytest

from tests.ssoconsole import reference
from tests.support.servers import ROOT


@pytest.mark.parametrize("name", [*reference.DOCUMENTS, *reference.TABLES])
def test_the_document_says_what_the_code_says(name):
    written = (ROOT / "docs" / name).read_text()
    assert written == reference.as_the_code_says(name), "run python -m tests.ssoconsole.reference"


def test_every_command_has_its_line_in_the_table():
    table = (ROOT / "docs" / "commands.md").read_text().partition("\n## ")[0]
    told = re.findall(r"^\| `manage\.py (\w+)", table, re.MULTILINE)
    assert sorted(told) == sorted({*reference.commands(), "check"})


def test_every_argument_says_what_it_means():
    bare = [
        line for line in reference.as_the_code_says("commands.md").splitlines() if line.endswith("` |  |")
    ]
    assert bare == []
