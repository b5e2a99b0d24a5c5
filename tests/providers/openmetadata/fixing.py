"""Doing what the linter says: every fix in its place, as a person would put it there."""

import re

from providers.protocol.openmetadata.lint.check import lint
from providers.protocol.openmetadata.lint.facts import NOTHING_KNOWN

# Their fix has another name than the line that it takes the place of.
RENAMED = {"unknown_key", "discovery_variable", "client_id_misspelt", "malformed_line"}


def fixed(text, facts=NOTHING_KNOWN):
    """The text with every fix in its place."""
    lines = text.split("\n")
    replaced, added, at_the_end, gone = {}, [], [], set()
    told = lint(text.encode(), facts)
    renaming = {(finding.line, finding.fix) for finding in told if finding.code in RENAMED}
    for finding in told:
        number, fix = finding.line - 1, finding.fix
        if finding.code == "helm_cannot_set" and not fix.startswith("#"):
            gone.add(number)
        if (finding.line, fix) in renaming or fix.startswith("#") or _name(fix) == _name(lines[number]):
            assert replaced.setdefault(number, fix) == fix, f"two fixes for line {number + 1}"
        elif _is_yaml(lines) and fix.startswith(("extraEnvs", "authorizerConfiguration", "openmetadata")):
            at_the_end += [fix] if fix not in at_the_end else []
        elif (number, fix) not in added:
            added.append((number, fix))
    made = []
    skipped = None
    for number, line in enumerate(lines):
        indent, is_item = len(line) - len(line.lstrip(" ")), line.lstrip().startswith("- ")
        if (
            skipped is not None
            and line.strip()
            and (indent > skipped or (indent == skipped and line.lstrip().startswith("- ")))
        ):
            continue
        skipped = None
        if number in replaced or number in gone:
            keeps = not _is_yaml(lines) or replaced.get(number, "").endswith(":")
            skipped = None if keeps else indent + 0.5 if is_item else indent
        if number not in gone:
            made.append(replaced.get(number, line))
        made += [fix for where, fix in added if where == number]
    return "\n".join(made).rstrip("\n") + "\n" + "".join(f"{fix}\n" for fix in at_the_end)


def _is_yaml(lines):
    return not any(re.match(r"(?:export )?[A-Z_]+=", line) for line in lines)


def _name(line):
    found = re.match(r"\s*(?:- )?(?:export )?[\"']?([\w.-]+)", line)
    return found[1].replace("valueFrom", "value") if found else ""
