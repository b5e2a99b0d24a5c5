"""What is missing skips on a developer's machine and fails in CI."""

import re
from pathlib import Path

import pytest

from tests.support.optional import missing


def test_a_missing_tool_skips_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="Chromium is missing; run: apt-get install chromium"):
        missing("Chromium", "apt-get install chromium")


def test_in_ci_a_missing_tool_fails(monkeypatch):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="run: npm ci"):
        missing("oidc-provider", "npm ci")


def test_no_test_calls_something_else_a_browser():
    """Whoever has no Chromium leaves out what asks for one of these, whatever it is."""
    taken = re.compile(r"@pytest\.fixture[^\n]*\n(?:    )?def (?:browser|context|page)\(")
    tests = Path(__file__).parents[1].rglob("*.py")
    assert [path.name for path in tests if taken.search(path.read_text())] == []
