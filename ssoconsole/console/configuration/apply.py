"""
Apply a configuration file: all of it, in one transaction, or nothing.

The network is asked only after the transaction: a provider that does not answer cannot hold locks, and cannot
leave half of a file applied.

The file's secrets are in the environment, in a file, or in the configuration file itself. A reference is replaced in
the document before the database is looked at. No problem names a secret, nor what was written in place of a name:
`{env: hunter2}` is a mistake that people make.
"""

import os
import re
import secrets
import stat
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction
from django.utils import timezone

from providers.drift.pending import undecided
from providers.metadata import refresh_discovery
from providers.models import Provider
from providers.registration.cautions import cautions
from providers.registration.errors import RegistrationInvalid
from providers.registration.rolling_back import roll_back_overdue
from ssoconsole.console.configuration.plan import Action, Plan, Step, differences
from ssoconsole.console.configuration.sections.audiences import Audiences
from ssoconsole.console.configuration.sections.bots import Bots
from ssoconsole.console.configuration.sections.providers import Providers, refusal
from ssoconsole.console.configuration.sections.section import (
    Applied,
    Entry,
    EntryRefused,
    Section,
    problems_of,
)
from ssoconsole.console.configuration.shape import PLACEHOLDER, SECTIONS, check_shape, is_secret
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.jose.errors import IssuerMismatch
from ssoconsole.platform.progress import over
from ssoconsole.platform.yaml import (
    SECRET_KEY_NAME,
    Findings,
    Path,
    Problem,
    ScalarRefused,
    read_yaml,
    spell,
    storable,
)

LARGEST_SECRET = 65_536  # bytes

_conventional_name = re.compile(r"(?=.*_)[A-Z_][A-Z0-9_]*\Z")
OTHER_ENDPOINTS = (
    "the provider names other endpoints than those in use; "
    "they wait on its page in the admin to be adopted or refused"
)


class SecretMissing(Exception):
    """A secret is not where the file says; the message is for the administrator."""


def resolve_secrets(
    document: Any, environment: Mapping[str, str], findings: Findings, *, dry_run: bool = False
) -> None:
    """
    Put the secrets into a document; add a problem for each that is missing. Passes over wrong shapes.

    In a dry run a placeholder whose variable is not set stands for a secret that nobody has, and is a warning.
    """
    for item, path in _holders(document):
        given = item[SECRET_KEY_NAME]
        is_placeholder = isinstance(given, dict) and given.get(PLACEHOLDER) is True
        try:
            item[SECRET_KEY_NAME] = _secret(given, environment)
        except SecretMissing as error:
            if is_placeholder and dry_run:
                findings.warn(path, f"{error}; to apply this file, set it")
                item[SECRET_KEY_NAME] = secrets.token_urlsafe(32)
            else:
                findings.add(path, str(error))


def _holders(document: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Path]]:
    for section in SECTIONS:
        items = document.get(section)
        for index, item in enumerate(items if isinstance(items, list) else []):
            if isinstance(item, dict) and is_secret(item.get(SECRET_KEY_NAME)):
                yield item, (section, index, SECRET_KEY_NAME)


def _secret(given: str | dict[str, Any], environment: Mapping[str, str]) -> str:
    if isinstance(given, str):
        return _usable(given, "the secret")
    if "env" in given:
        return _from_environment(given["env"], environment)
    return _from_file(given["file"])


def _from_environment(name: str, environment: Mapping[str, str]) -> str:
    shown = (
        f"the environment variable {name}" if _conventional_name.match(name) else "the environment variable"
    )
    if name not in environment:
        raise SecretMissing(f"{shown} is not set")
    return _usable(environment[name], shown)


def _from_file(name: str) -> str:
    if not os.path.isabs(name):
        raise SecretMissing("the path of the file must be absolute")
    try:
        content = _content(name)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name cannot be used"
        raise SecretMissing(f"the file cannot be read: {reason}") from None
    if len(content) > LARGEST_SECRET:
        raise SecretMissing(f"the file is larger than {LARGEST_SECRET} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SecretMissing("the file is not UTF-8 text") from None
    # Editors and `echo` end a file with a newline that nobody means.
    return _usable(re.sub(r"\r?\n\Z", "", text), "the file")


def _content(name: str) -> bytes:
    # O_NONBLOCK: a named pipe that nobody writes to would stop the command for ever.
    with open(name, "rb", opener=lambda path, flags: os.open(path, flags | os.O_NONBLOCK)) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(0, "it is no regular file")
        return file.read(LARGEST_SECRET + 1)


def _usable(secret: str, whence: str) -> str:
    if not secret:
        raise SecretMissing(f"{whence} is empty")
    try:
        return storable(secret)
    except ScalarRefused as error:
        raise SecretMissing(f"{whence} {error}") from None


def apply_configuration(
    content: bytes,
    *,
    environment: Mapping[str, str],
    by: Actor,
    prune: bool = False,
    dry_run: bool = False,
) -> Plan:
    """
    Make the database match a file; return what was done, or would be with `dry_run`.

    `environment` is where `{env: NAME}` looks. A dry run goes through the same services in a transaction
    that is rolled back, so that it finds the same errors, and does not use the network. Raises
    ConfigurationRefused with every problem found; then nothing was changed.
    """
    document, findings = read_configuration(content, environment=environment, dry_run=dry_run)
    with transaction.atomic():
        roll_back_overdue(at=timezone.now())
        plan = _Run(document, findings, by=by).apply_all(prune=prune)
        findings.refuse_if_any()
        if dry_run:
            transaction.set_rollback(True)
    if not dry_run:
        _fetch_discovery(plan, findings, by=by)
    return plan


def read_configuration(
    content: bytes, *, environment: Mapping[str, str], dry_run: bool = False
) -> tuple[dict[str, Any], Findings]:
    """Return a document of the right shape with its secrets in place. Raises ConfigurationRefused."""
    document, findings = read_yaml(content)
    if document is not None or not findings.problems:
        found = Findings(findings.lines)
        check_shape(document, found)
        # What could not be read has the wrong shape, too, and has been reported.
        unreadable = {problem.path for problem in findings.problems}
        findings.problems += [problem for problem in found.problems if problem.path not in unreadable]
    if isinstance(document, dict):
        resolve_secrets(document, environment, findings, dry_run=dry_run)
    findings.refuse_if_any()
    return document, findings


class _Run:
    """One pass over a document, within the caller's transaction; problems are collected to the end."""

    def __init__(self, document: dict[str, Any], findings: Findings, *, by: Actor) -> None:
        self.document = document
        self.findings = findings
        self.by = by
        self.plan = Plan(warnings=findings.warnings)

    def apply_all(self, *, prune: bool) -> Plan:
        # Audiences before the bots that have grants there; who leaves goes in the opposite order.
        declared = (entry["identifier"] for entry in self.document.get("audiences", []))
        sections: list[Section] = [Providers(), Audiences(), Bots(declared)]
        present = [section for section in sections if section.name in self.document]
        for section in present:
            entries = self.document[section.name]
            for index, entry in enumerate(over(entries, total=len(entries), what=section.name)):
                self._apply(section, entry, (section.name, index))
        for section in reversed(present) if prune else ():
            self._prune(section)
        return self.plan

    def _apply(self, section: Section, entry: Entry, path: Path) -> None:
        """Settle one object in a savepoint, which is undone if it is refused or turns out to be as it was."""
        try:
            with transaction.atomic():
                applied = section.apply(entry, by=self.by)
                step = _step(section, entry, applied)
                if step.action == Action.UNCHANGED:
                    transaction.set_rollback(True)
        except EntryRefused as refused:
            self._add(path, refused.problems)
        except RegistrationInvalid as error:
            self._add(path, refusal(error, entry).problems)
        except ValidationError as error:
            self._add(path, problems_of(error))
        except DomainError as error:
            self._add(path, [(section.locate(error, entry), sentence(error))])
        except (DataError, IntegrityError):
            # Its text holds the row, and so perhaps a secret.
            self._add(path, [((), "the database refuses a value")])
        else:
            self._accept(step, applied, entry, path)

    def _accept(self, step: Step, applied: Applied, entry: Entry, path: Path) -> None:
        self.plan.steps.append(step)
        self._warn(path, *applied.warnings)
        if not applied.after["enabled"] and "enabled" not in entry:
            self._warn(path, "is disabled and stays so; `enabled: true` enables it")
        if step.section == "providers" and step.action != Action.UNCHANGED and applied.after["enabled"]:
            self.plan.to_fetch[step.identifier] = path

    def _prune(self, section: Section) -> None:
        named = [entry[section.key] for entry in self.document[section.name]]
        for identifier in section.disable_others(named, by=self.by):
            self.plan.steps.append(Step(section.name, identifier, Action.DISABLED))

    def _add(self, path: Path, problems: list[tuple[Path, str]]) -> None:
        for inner, message in problems:
            self.findings.add((*path, *inner), message)

    def _warn(self, path: Path, *messages: str) -> None:
        for message in messages:
            self.findings.warn(path, message)


def _step(section: Section, entry: Entry, applied: Applied) -> Step:
    identifier = entry[section.key]
    if applied.before is None:
        # What the file leaves to the defaults is not news; an issuer may have come from another key.
        named = {key: value for key, value in applied.after.items() if key in entry or key == "issuer"}
        del named[section.key]
        return Step(section.name, identifier, Action.CREATED, tuple(differences({}, named)))
    changes = tuple(differences(applied.before, applied.after))
    return Step(section.name, identifier, Action.CHANGED if changes else Action.UNCHANGED, changes)


def sentence(error: DomainError) -> str:
    """Tell a domain error with what was expected and received, which never hold a secret."""
    told = error.message.rstrip(".")
    if error.expected:
        told += f"; expected {error.expected}"
    if error.received:
        told += f"; received {error.received}"
    return told


def _add_cautions(plan: Plan, provider: Provider, path: Path, line: int) -> None:
    """What is only known now that the document has been read."""
    told = {problem.message for problem in plan.warnings if problem.path == spell(path)}
    others = Provider.objects.enabled().exclude(pk=provider.pk).exists()
    found = cautions(provider, others_enabled=others)
    plan.warnings += [Problem(spell(path), line, caution) for caution in found if caution not in told]


def _fetch_discovery(plan: Plan, findings: Findings, *, by: Actor) -> None:
    asked = over(plan.to_fetch.items(), total=len(plan.to_fetch), what="discovery documents")
    for slug, path in asked:
        line = findings.line_of((*path, "issuer"))
        try:
            provider = Provider.objects.get(slug=slug)
            refresh_discovery(provider=provider, by=by)
            if undecided(provider):
                plan.warnings.append(Problem(spell((*path, "issuer")), line, OTHER_ENDPOINTS))
            _add_cautions(plan, provider, path, findings.line_of(path))
        except IssuerMismatch as error:
            message = f"NOBODY CAN SIGN IN: the discovery document is another issuer's. {sentence(error)}"
            plan.warnings.append(Problem(spell((*path, "issuer")), line, message))
        except DomainError as error:
            message = f"the discovery document could not be fetched yet: {sentence(error)}"
            plan.warnings.append(Problem(spell((*path, "issuer")), line, message))
