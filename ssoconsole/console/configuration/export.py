"""The configuration file that the database amounts to; secrets are references, never in clear."""

import re
from collections.abc import Iterator
from typing import Any

import yaml
from django.conf import settings

from providers.models import Provider
from ssoconsole.console.configuration.plan import Hidden
from ssoconsole.console.configuration.sections import audiences, bots, providers
from ssoconsole.platform.yaml import ScalarRefused, meaning
from tokens.audiences import console_identifier
from tokens.models import Audience, Bot

# Left out where they say nothing: not in every file, and the default is what most have.
UNLESS = {
    "icon": "",
    "order": 100,
    "client_secret_expires_at": None,
    "assertion_audience": "issuer",
    "pushed_authorization": True,
    "admin_required_acr": [],
    "admin_required_amr": [],
    "jwks_uri": None,
}


def export_configuration(*, placeholders: bool = False) -> str:
    """
    Return YAML that `apply` accepts, keys in the order of the documentation.

    With `placeholders` its dry run accepts it before a variable is set, on an empty database as well.

    Left out are bots that were disabled for good, and the console's own audience unless a bot has a grant
    there.
    """
    names = _Names(placeholders=placeholders)
    document = {
        "providers": [_entry(providers.describe(row), names) for row in _providers()],
        "audiences": [_entry(audiences.describe(row), names) for row in _audiences()],
        "bots": [_entry(bots.describe(row), names) for row in _bots()],
    }
    return "\n".join([*_heading(names), write_yaml(document)])


def write_yaml(document: dict[str, Any]) -> str:
    """Return the YAML that this console reads as `document`: texts, lists, mappings, numbers, flags and null."""
    return str(yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000_000))


class _Names:
    """Gives every secret a variable of its own: `CORP_CLIENT_SECRET` for `corp`."""

    def __init__(self, *, placeholders: bool) -> None:
        self.of: dict[str, str] = {}
        self._placeholders = placeholders

    def reference(self, holder: str) -> "_Reference":
        name = self.name(holder)
        return _Reference(env=name, placeholder=True) if self._placeholders else _Reference(env=name)

    def name(self, holder: str) -> str:
        stem = re.sub(r"[^A-Z0-9]", "_", holder.upper())
        stem = f"_{stem}" if stem[:1].isdigit() else stem
        name, number = f"{stem}_CLIENT_SECRET", 2
        while name in self.of:
            name, number = f"{stem}_CLIENT_SECRET_{number}", number + 1
        self.of[name] = holder
        return name


def _heading(names: _Names) -> Iterator[str]:
    yield (
        "# Secrets are never exported. Before this file is applied, set in the environment:"
        if names.of
        else ("# There are no secrets in what this file describes.")
    )
    for name, holder in names.of.items():
        yield f"#   {name}: the client secret of {holder}"
    if names.of:
        yield "# Take the line out of a bot that is to keep the secret that it has: the console has no copy of it."


def _providers() -> Iterator[Provider]:
    yield from Provider.objects.order_by("slug")


def _audiences() -> Iterator[Audience]:
    own = console_identifier(settings.BASE_URL)
    for audience in Audience.objects.order_by("identifier"):
        if audience.identifier != own or audience.grants.filter(bot__retired_at=None).exists():
            yield audience


def _bots() -> Iterator[Bot]:
    yield from Bot.objects.filter(retired_at=None).order_by("name")


class _Reference(dict[str, Any]):
    """Written on one line."""


class _Line(list[Any]):
    """A list that is written on one line."""


def _entry(described: dict[str, Any], names: _Names) -> dict[str, Any]:
    holder = next(iter(described.values()))
    entry: dict[str, Any] = {}
    for key, value in described.items():
        if key in UNLESS and value == UNLESS[key]:
            continue
        if isinstance(value, Hidden):
            entry[key] = names.reference(holder)
        elif key == "federation":
            entry[key] = [
                {name: member for name, member in rule.items() if (name, member) != ("jwks_uri", None)}
                for rule in value
            ]
        elif isinstance(value, list) and all(isinstance(item, str) for item in value):
            entry[key] = _Line(value)
        else:
            entry[key] = value
    return entry


class _Dumper(yaml.SafeDumper):
    """Safe, without aliases, and every text on one line."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _reference(dumper: yaml.SafeDumper, data: _Reference) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", data, flow_style=True)


def _line(dumper: yaml.SafeDumper, data: _Line) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=True)


def _text(dumper: yaml.SafeDumper, data: str) -> yaml.Node:
    """
    Write a text that is read as itself.

    PyYAML writes by YAML 1.1, in which `1e3` is no number, and breaks lines at characters that YAML 1.2 has as text.
    """
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=None if _is_plain(data) else '"')


def _is_plain(text: str) -> bool:
    try:
        return text.isprintable() and meaning(text, plain=True) == text
    except ScalarRefused:
        return False


_Dumper.add_representer(str, _text)
_Dumper.add_representer(_Reference, _reference)
_Dumper.add_representer(_Line, _line)
