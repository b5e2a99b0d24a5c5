"""What the files under deploy/ name that the code must have: commands, variables, paths."""

import ast
import re

from tests.support.servers import ROOT

DEPLOY = ROOT / "deploy"
TEXT = {
    ".yaml",
    ".conf",
    ".template",
    ".service",
    ".timer",
    ".target",
    ".env",
    ".example",
    ".tpl",
    ".txt",
    ".py",
    "",
}


def files():
    """Every text file under deploy/, by its path."""
    return sorted(path for path in DEPLOY.rglob("*") if path.is_file() and path.suffix in TEXT)


def variables_read():
    """The names that settings.py asks the environment for, each also as NAME_FILE."""
    tree = ast.parse((ROOT / "ssoconsole" / "settings.py").read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    asked = [call for call in calls if _asks(call.func) and isinstance(call.args[0], ast.Constant)]
    names = {call.args[0].value for call in asked}
    return names | {f"{name}_FILE" for name in names}


def _asks(function):
    if isinstance(function, ast.Attribute):
        return isinstance(function.value, ast.Name) and function.value.id == "env"
    return isinstance(function, ast.Name) and function.id == "required"


def variables_of_env_file(text):
    return set(re.findall(r"^([A-Z][A-Z0-9_]*)=", text, re.MULTILINE))


def settings_that_are_documented():
    """Every variable in the table of settings."""
    table = (ROOT / "docs" / "settings.md").read_text().partition("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]+) \|", table, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([A-Z][A-Z0-9_]+)`", row)}
