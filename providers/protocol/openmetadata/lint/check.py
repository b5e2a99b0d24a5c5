"""The linter: every check over one file."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from providers.protocol.openmetadata.document import Document
from providers.protocol.openmetadata.findings import Code, Mistake
from providers.protocol.openmetadata.lint import flow, keys, names, values
from providers.protocol.openmetadata.lint.facts import NOTHING_KNOWN, Facts, check_lines
from providers.protocol.openmetadata.lint.writing import findings_of
from providers.protocol.openmetadata.reading.yaml_files import read_configuration

CHECKS = (
    values.check_values,
    values.check_missing,
    flow.check_helm,
    flow.check_provider_name,
    keys.check_key_urls,
    keys.check_key_files,
    keys.check_key_id,
    keys.check_algorithm,
    flow.check_addresses,
    flow.check_callbacks,
    flow.check_protection,
    flow.check_secrets,
    names.check_people,
    names.check_claims,
)
MOST_FINDINGS = 200
SHORTEST_SECRET = 6
LONGEST_TEXT = 4000
# What is called a secret without being a setting, and a password in an address.
_CALLED_SO = re.compile(
    r"(?:secret|password|passwd|token)[\"']?\s*[=:]\s*[\"']?([^\s\"',&\]}{$<]{6,})", re.IGNORECASE
)
_IN_ADDRESS = re.compile(r"://[^/\s:@]*:([^/\s@]+)@")


def lint(content: bytes, facts: Facts = NOTHING_KNOWN) -> list[Mistake]:
    """
    Return what is wrong with a file of any form, in the order of its lines; never a secret's value.

    Of two findings of one line the one that the other follows from comes first.
    """
    documents, found = read_configuration(content)
    secrets = _secrets_in(documents)
    left = names.MOST_STRAYS
    for document in documents:
        document.strays = document.strays[:left]
        left -= len(document.strays)
        found = [*found, *findings_of(document, facts, first=[names.check_names], then=CHECKS)]
    if documents:
        told_already = {item.line for item in found if item.code == Code.DEMO_KEY_ID}
        replaced = (Code.UNKNOWN_KEY, Code.SECRET_IN_CLEAR)
        fixes = {item.line: item.fix for item in found if item.code in replaced or item.fix.startswith("#")}
        more = check_lines(documents[0].lines, fixes)
        found = [
            *found,
            *(item for item in more if item.code != Code.DEMO_KEY_ID or item.line not in told_already),
        ]
    told = dict.fromkeys(_without_secrets(found, secrets))
    return _bounded(sorted(told, key=lambda finding: finding.line))


def _secrets_in(documents: list[Document]) -> set[str]:
    """Every secret that can be told from its name or its place."""
    secrets = {secret for document in documents for secret in document.secrets}
    for line in documents[0].lines if documents else ():
        secrets.update(_CALLED_SO.findall(line), _IN_ADDRESS.findall(line))
    return secrets


def _without_secrets(found: Iterable[Mistake], secrets: set[str]) -> Iterator[Mistake]:
    """Take secrets out wherever they got to; a short one cannot be told from other text, and gets nowhere."""
    hidden = sorted((secret for secret in secrets if len(secret) >= SHORTEST_SECRET), key=len, reverse=True)
    for finding in found:
        message, fix = finding.message, finding.fix
        for secret in hidden:
            message, fix = message.replace(secret, "…"), fix.replace(secret, "…")
        yield replace(finding, message=message[:LONGEST_TEXT], fix=fix[:LONGEST_TEXT])


def _bounded(found: list[Mistake]) -> list[Mistake]:
    if len(found) <= MOST_FINDINGS:
        return found
    last = found[MOST_FINDINGS - 1]
    message = f"There are {len(found)} findings; the first {MOST_FINDINGS} are shown."
    return [*found[:MOST_FINDINGS], Mistake(last.line, Code.MORE_FINDINGS, message, "# correct these first")]
