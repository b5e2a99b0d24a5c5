"""
Rules that let a workload in by the token of its own platform, with no stored secret.

The subject of a rule is compared character by character. An asterisk that is its whole last part (`repo:acme/*`)
stands for any rest that is not empty; any other stands for one or more characters other than `:` and `/`, so that it
never runs from one part of a name into the next. Wording that every subject of a platform starts with names nobody:
the first part after it must be spelt out. What names the organisation at an issuer that many share is in the table
of `shared_issuers`.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from tokens.errors import RuleInvalid, RuleTooWide
from tokens.protocol.shared_issuers import caution_about, why_too_wide

LONGEST = 512
MOST_ASTERISKS = 3
_MEMBERS = ("issuer", "audience", "subject")
# What subjects begin with at Kubernetes, GitHub, GitLab, Terraform and SPIFFE, whosever they are.
_WORDING = frozenset({"system", "serviceaccount", "repo", "project_path", "organization", "spiffe"})
_SEPARATORS = re.compile(r"[:/]+")
_CUTS = re.compile(r"([:/])")


def check_rule(rule: Mapping[str, Any], *, allow_http: bool) -> dict[str, Any]:
    """
    Return the rule with exactly the members issuer, audience, subject and claims.

    Raises RuleInvalid for a member that is missing, unknown or no text, and RuleTooWide for an empty
    audience, a subject that any workload has or that fits strangers at a shared issuer, and an issuer on plain http
    unless `allow_http`.
    """
    unknown = sorted(set(rule) - {*_MEMBERS, "claims"})
    if unknown:
        raise RuleInvalid(expected="issuer, audience, subject, claims", received=", ".join(unknown)[:100])
    issuer, audience, subject = (_text(rule, name) for name in _MEMBERS)
    if not audience:
        raise RuleTooWide("Without an audience, tokens meant for others would be accepted.")
    _check_subject(subject)
    _check_issuer(issuer, allow_http=allow_http)
    claims = _claims(rule)
    if lacking := why_too_wide(issuer, subject, claims):
        raise RuleTooWide(lacking, received=subject)
    return {"issuer": issuer, "audience": audience, "subject": subject, "claims": claims}


def caution_about_rule(rule: Mapping[str, Any] | None) -> str:
    """Return what to think of before trusting a rule that `check_rule` has taken; "" for nothing."""
    return caution_about(rule["issuer"], rule["subject"], rule["claims"]) if rule else ""


def subject_matches(pattern: str, subject: str) -> bool:
    """
    Tell whether the subject of a token fits the subject of a rule.

    One longer than any rule can be fits none. The work grows in proportion to it: whoever has a workload at the
    issuer writes part of it.
    """
    if len(subject) > LONGEST:
        return False
    wanted, given = _CUTS.split(pattern), _CUTS.split(subject)
    if wanted[-1] == "*":
        rest = len(wanted) - 1
        wanted, given, open_end = wanted[:-1], given[:rest], "".join(given[rest:])
        if not open_end:
            return False
    return len(wanted) == len(given) and all(map(_part_matches, wanted, given))


def _part_matches(wanted: str, given: str) -> bool:
    """Compare one part between separators. Each literal is looked for as far left as it can be, once."""
    first, *others = wanted.split("*")
    if not others:
        return wanted == given
    if not given.startswith(first):
        return False
    *middle, last = others
    at = len(first)
    for literal in middle:
        found = given.find(literal, at + 1)  # an asterisk stands for one character at least
        if found < 0:
            return False
        at = found + len(literal)
    return given.endswith(last) and len(given) - len(last) > at


def _check_subject(subject: str) -> None:
    """Raise RuleTooWide unless the part that says whose workload it is has no asterisk in it."""
    if not subject.strip("*? "):
        raise RuleTooWide("This subject matches every workload of the issuer.", received=subject)
    if "*" not in subject:
        return
    if "**" in subject or subject.count("*") > MOST_ASTERISKS:
        raise RuleTooWide(f"At most {MOST_ASTERISKS} asterisks, no two in a row.", received=subject)
    named = [part for part in _SEPARATORS.split(subject) if part and part not in _WORDING]
    if "*" in named[0]:
        raise RuleTooWide("This subject matches workloads of strangers at the same issuer.", received=subject)


def _text(rule: Mapping[str, Any], name: str) -> str:
    value = rule.get(name, "" if name == "audience" else None)
    if not isinstance(value, str) or len(value) > LONGEST or not _is_plain(value):
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
        isinstance(text, str) and 0 < len(text) <= LONGEST and _is_plain(text)
        for pair in claims.items()
        for text in pair
    ):
        raise RuleInvalid(expected="claims, texts by name")
    return dict(claims)


def _is_plain(text: str) -> bool:
    """Tell whether a database can keep this text: no NUL, and no half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
