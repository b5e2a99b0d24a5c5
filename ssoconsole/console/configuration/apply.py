"""
Apply a configuration file: all of it, in one transaction, or nothing.

The network is asked only after the transaction: a provider that does not answer cannot hold locks, and cannot
leave half of a file applied.
"""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction
from django.utils import timezone

from providers.drift.pending import undecided
from providers.errors import IssuerMismatch
from providers.metadata import refresh_discovery
from providers.models import Provider
from providers.registration.cautions import cautions
from providers.registration.errors import RegistrationInvalid
from providers.trial.services import roll_back_overdue
from ssoconsole.console.configuration.plan import Action, Plan, Step, differences
from ssoconsole.console.configuration.secrets import resolve_secrets
from ssoconsole.console.configuration.sections.audiences import Audiences
from ssoconsole.console.configuration.sections.bots import Bots
from ssoconsole.console.configuration.sections.providers import Providers, refusal
from ssoconsole.console.configuration.sections.section import (
    Entry,
    EntryRefused,
    Section,
    Settled,
    problems_of,
)
from ssoconsole.console.configuration.shape import check_shape
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.progress import Progress
from ssoconsole.platform.yaml import Findings, Path, Problem, read_yaml, spell

SILENT = Progress()
OTHER_ENDPOINTS = (
    "the provider names other endpoints than those in use; "
    "they wait on its page in the admin to be adopted or refused"
)


def apply_configuration(
    content: bytes,
    *,
    environment: Mapping[str, str],
    by: Actor,
    prune: bool = False,
    dry_run: bool = False,
    progress: Progress = SILENT,
) -> Plan:
    """
    Make the database match a file; return what was done, or would be with `dry_run`.

    `environment` is where `{env: NAME}` looks. A dry run goes through the same services in a transaction
    that is rolled back, so that it finds the same errors, and does not use the network. Raises
    ConfigurationRefused with every problem found; then nothing was changed.
    """
    document, findings = read_configuration(content, environment=environment, dry_run=dry_run)
    roll_back_overdue(at=timezone.now())
    with transaction.atomic():
        plan = _Run(document, findings, by=by, progress=progress).settle_all(prune=prune)
        findings.refuse_if_any()
        if dry_run:
            transaction.set_rollback(True)
    if not dry_run:
        _fetch_discovery(plan, findings, by=by, progress=progress)
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

    def __init__(
        self, document: dict[str, Any], findings: Findings, *, by: Actor, progress: Progress
    ) -> None:
        self.document = document
        self.findings = findings
        self.by = by
        self.progress = progress
        self.plan = Plan(warnings=findings.warnings)

    def settle_all(self, *, prune: bool) -> Plan:
        # Audiences before the bots that have grants there; who leaves goes in the opposite order.
        declared = (entry["identifier"] for entry in self.document.get("audiences", []))
        sections: list[Section] = [Providers(), Audiences(), Bots(declared)]
        present = [section for section in sections if section.name in self.document]
        for section in present:
            entries = self.document[section.name]
            for index, entry in enumerate(self.progress.over(entries, total=len(entries), what=section.name)):
                self._settle(section, entry, (section.name, index))
        for section in reversed(present) if prune else ():
            self._prune(section)
        return self.plan

    def _settle(self, section: Section, entry: Entry, path: Path) -> None:
        """Settle one object in a savepoint, which is undone if it is refused or turns out to be as it was."""
        try:
            with transaction.atomic():
                settled = section.settle(entry, by=self.by)
                step = _step(section, entry, settled)
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
            self._accept(step, settled, entry, path)

    def _accept(self, step: Step, settled: Settled, entry: Entry, path: Path) -> None:
        self.plan.steps.append(step)
        self._warn(path, *settled.warnings)
        if not settled.after["enabled"] and "enabled" not in entry:
            self._warn(path, "is disabled and stays so; `enabled: true` enables it")
        if step.section == "providers" and step.action != Action.UNCHANGED and settled.after["enabled"]:
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


def _step(section: Section, entry: Entry, settled: Settled) -> Step:
    identifier = entry[section.key]
    if settled.before is None:
        # What the file leaves to the defaults is not news; an issuer may have come from another key.
        named = {key: value for key, value in settled.after.items() if key in entry or key == "issuer"}
        del named[section.key]
        return Step(section.name, identifier, Action.CREATED, tuple(differences({}, named)))
    changes = tuple(differences(settled.before, settled.after))
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


def _fetch_discovery(plan: Plan, findings: Findings, *, by: Actor, progress: Progress) -> None:
    asked = progress.over(plan.to_fetch.items(), total=len(plan.to_fetch), what="discovery documents")
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
