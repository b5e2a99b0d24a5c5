"""Findings, checks, and the report that they make."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from providers.protocol.preflight.codes import CODES, Severity
from ssoconsole.platform.jose.errors import shown

ORDER: tuple[Severity, ...] = ("error", "warning", "info")
MEMBERS = ("code", "severity", "title", "expected", "received", "remedy")


@dataclass(frozen=True)
class Finding:
    """
    One thing to know about a provider, found by a check or by the watch.

    `expected` and `received` are one line each, and hold no secret. `remedy` ends with the value to type, if any.
    """

    code: str
    severity: Severity
    title: str
    expected: str = ""
    received: str = ""
    remedy: str = ""

    @property
    def is_error(self) -> bool:
        return self.severity == "error"

    @property
    def is_specific(self) -> bool:
        """Whether the remedy says more than its code does."""
        return self.remedy != CODES[self.code].remedy

    def with_remedy(self, *sentences: str) -> "Finding":
        return replace(self, remedy=" ".join(filter(None, (self.remedy, *sentences))))


def finding(code: str, *, expected: object = "", received: object = "") -> Finding:
    """Return a finding; what others have written is made one printable line."""
    severity, title, remedy = CODES[code]
    return Finding(code, severity, title, shown(expected), shown(received), remedy)


@dataclass(frozen=True)
class Check:
    """
    One step. `ok` is None for a step that was not run: `because` names the one that failed before it, or `reason` says
    why there was nothing to look at.
    """

    name: str
    ok: bool | None
    because: str = ""
    reason: str = ""

    @property
    def why(self) -> str:
        """Why it was not run, to follow its result in a sentence; "" for a step that was."""
        return f", because of {self.because}" if self.because else f": {self.reason}" * bool(self.reason)


@dataclass(frozen=True)
class Report:
    """What a preflight has found: the most important finding first, the checks in the order of checking."""

    provider: str
    findings: Sequence[Finding]
    checks: Sequence[Check]

    @property
    def ok(self) -> bool:
        """Whether nothing stands in the way of signing in, as far as can be seen."""
        return not any(each.is_error for each in self.findings)

    def as_json(self) -> dict[str, Any]:
        """Return the shape that command and API share; `not_tried` are the steps that were not run, and why."""
        return {
            "provider": self.provider,
            "ok": self.ok,
            "findings": [{name: getattr(each, name) for name in MEMBERS} for each in self.findings],
            "checks": [{"name": each.name, "ok": each.ok} for each in self.checks if each.ok is not None],
            "not_tried": [
                {"name": each.name, "because": each.because or each.reason}
                for each in self.checks
                if each.ok is None
            ],
        }


def by_importance(findings: Sequence[Finding]) -> list[Finding]:
    """Errors first, and among equals the earlier step: later ones are often what follows from it."""
    return sorted(findings, key=lambda each: ORDER.index(each.severity))
