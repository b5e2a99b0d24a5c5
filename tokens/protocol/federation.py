"""Rules that let a workload in by the token of its own platform, with no stored secret."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from tokens.errors import RuleInvalid, RuleTooWide

LONGEST = 512
_MEMBERS = ("issuer", "audience", "subject")


def check_rule(rule: Mapping[str, Any], *, allow_http: bool) -> dict[str, Any]:
    """
    Return the rule with exactly the members issuer, audience, subject and claims.

    Raises RuleInvalid for a member that is missing, unknown or no text, and RuleTooWide for an empty
    audience, a subject that any workload has, and an issuer on plain http unless `allow_http`.
    """
    unknown = sorted(set(rule) - {*_MEMBERS, "claims"})
    if unknown:
        raise RuleInvalid(expected="issuer, audience, subject, claims", received=", ".join(unknown)[:100])
    issuer, audience, subject = (_text(rule, name) for name in _MEMBERS)
    if not audience:
        raise RuleTooWide("Without an audience, tokens meant for others would be accepted.")
    if not subject.strip("*? "):
        raise RuleTooWide("This subject matches every workload of the issuer.", received=subject)
    _check_issuer(issuer, allow_http=allow_http)
    return {"issuer": issuer, "audience": audience, "subject": subject, "claims": _claims(rule)}


def _text(rule: Mapping[str, Any], name: str) -> str:
    value = rule.get(name, "" if name == "audience" else None)
    if not isinstance(value, str) or len(value) > LONGEST:
        raise RuleInvalid(expected=f"{name}, a text of at most {LONGEST} characters")
    return value


def _check_issuer(issuer: str, *, allow_http: bool) -> None:
    try:
        parts = urlsplit(issuer)
    except ValueError:
        raise RuleInvalid(expected="issuer, a URL", received=issuer[:100]) from None
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment:
        raise RuleInvalid(expected="issuer, an https URL", received=issuer[:100])
    if parts.scheme == "http" and not allow_http:
        raise RuleTooWide("Whoever sits on the way could sign for an issuer on plain http.", received=issuer)


def _claims(rule: Mapping[str, Any]) -> dict[str, str]:
    claims = rule.get("claims") or {}
    if not isinstance(claims, Mapping) or not all(
        isinstance(text, str) and 0 < len(text) <= LONGEST for pair in claims.items() for text in pair
    ):
        raise RuleInvalid(expected="claims, texts by name")
    return dict(claims)
