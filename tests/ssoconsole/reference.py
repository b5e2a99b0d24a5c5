"""
What the documents have from the code: commands and their arguments, paths of the REST API, outcomes, findings.

`python -m tests.ssoconsole.reference` writes them; a test keeps the documents equal to the code.
"""

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterable

from tests.support.servers import ROOT

BEGIN, END = "<!-- what the code says begins -->\n", "<!-- what the code says ends -->\n"
OURS = ("providers", "tokens", "ssoconsole")
METHODS = ("get", "post", "put", "patch", "delete")


def commands() -> dict[str, argparse.ArgumentParser]:
    """The project's own, by name."""
    from django.core.management import get_commands, load_command_class

    found = {name: app for name, app in sorted(get_commands().items()) if app.partition(".")[0] in OURS}
    return {
        name: load_command_class(app, name).create_parser("manage.py", name) for name, app in found.items()
    }


def _commands() -> str:
    from django.core.management import BaseCommand

    usual = set(BaseCommand().create_parser("manage.py", "any")._option_string_actions)
    parts = []
    for name, parser in commands().items():
        own = [action for action in parser._actions if not usual & set(action.option_strings)]
        rows = "".join(f"| `{_spelt(action)}` | {_in_cell(action.help or '')} |\n" for action in own)
        table = f"\n| argument | meaning |\n|---|---|\n{rows}" if rows else ""
        parts.append(f"### {name}\n\n{parser.description}\n{table}")
    return "\n".join(parts)


def _spelt(action: argparse.Action) -> str:
    values = action.metavar or ("|".join(map(str, action.choices)) if action.choices else action.dest.upper())
    value = "" if action.nargs == 0 else " ".join(values) if isinstance(values, tuple) else str(values)
    more = "…" if action.nargs in ("*", "+") else ""
    return _in_cell(f"{', '.join(action.option_strings)} {value}{more}".strip())


def _in_cell(text: str) -> str:
    return " ".join(text.split()).replace("%%", "%").replace("|", "\\|")


def _paths() -> str:
    from drf_spectacular.generators import SchemaGenerator

    schema = SchemaGenerator().get_schema(request=None, public=True)
    lines = ["| request | what it does |", "|---|---|"]
    for path, operations in schema["paths"].items():
        for method in METHODS:
            if operation := operations.get(method):
                what = operation.get("summary") or operation["description"].partition("\n\n")[0]
                lines.append(f"| `{method.upper()} {path}` | {_in_cell(what)} |")
    return "\n".join(lines) + "\n"


Row = Iterable[object]


def _outcomes() -> list[list[Row]]:
    from providers.errors import every_outcome
    from providers.explanations.meanings import LOGOUT_MEANINGS, MEANINGS
    from providers.signin.guard import page_of
    from tokens.refusals.meanings import REFUSAL_MEANINGS

    status = {outcome.code: page_of(outcome).status for outcome in every_outcome()}
    return [
        [(code, status[code], meaning.happened, meaning.remedy) for code, meaning in MEANINGS.items()],
        *(
            [(code, meaning.happened, meaning.remedy) for code, meaning in meanings.items()]
            for meanings in (LOGOUT_MEANINGS, REFUSAL_MEANINGS)
        ),
    ]


def _findings() -> list[list[Row]]:
    from providers.protocol.preflight import codes

    parts = (
        codes.REGISTRATION,
        codes.REACHING,
        codes.DOCUMENTS,
        codes.OFFERS,
        codes.EXPERIENCE,
        codes.ANSWERS,
    )
    return [[(code, *found) for code, found in part.items()] for part in parts]


# Some have one place between marks, the others tables of codes between a person's words.
DOCUMENTS: dict[str, Callable[[], str]] = {"commands.md": _commands, "api-paths.md": _paths}
TABLES: dict[str, Callable[[], list[list[Row]]]] = {"outcomes.md": _outcomes, "findings.md": _findings}
TABLE = re.compile(r"^(\| code \|.+\n\|[-|]+\n)(?:\|.+\n)*", re.MULTILINE)


def as_the_code_says(name: str) -> str:
    """The document with what the code says today."""
    written = (ROOT / "docs" / name).read_text()
    if name in TABLES:
        words, *rest = TABLE.split(written)
        parts = zip(rest[::2], TABLES[name](), rest[1::2], strict=True)
        return words + "".join(f"{head}{''.join(map(_row, rows))}{after}" for head, rows, after in parts)
    before, _, rest = written.partition(BEGIN)
    return f"{before}{BEGIN}\n{DOCUMENTS[name]()}\n{END}{rest.partition(END)[2]}"


def _row(cells: Row) -> str:
    code, *rest = map(str, cells)
    return f"| `{code}` | {' | '.join(map(_in_cell, rest))} |\n"


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    for name in (*DOCUMENTS, *TABLES):
        (ROOT / "docs" / name).write_text(as_the_code_says(name))


if __name__ == "__main__":
    sys.exit(main())
