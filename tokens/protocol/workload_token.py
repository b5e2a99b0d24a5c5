"""
What a platform's token must say for a federation rule to let its workload in, and the same told step by step.

A platform hands the same token to a workload again and again until it ends (a Kubernetes projected token lives for
an hour), so that it counts as often as it is shown. What bounds it is its audience, its life of at most a day, and
the allowed networks of the bot. Where an issuer has its keys is said by OpenID Connect Discovery section 4 or RFC 8414
section 3.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ssoconsole.platform.jose.algorithms import ASYMMETRIC
from ssoconsole.platform.jose.claims import check_times, moment, require, told
from ssoconsole.platform.jose.errors import AudienceMismatch, ClaimRefused, JwtRefused
from ssoconsole.platform.jose.issuer import check_issuer
from ssoconsole.platform.jose.keys import JwkSet
from ssoconsole.platform.jose.verify import TypeRule, unverified_claims, verify_jwt
from tokens.errors import KeysUnavailable
from tokens.protocol.federation import subject_matches

ALGORITHMS = ASYMMETRIC
# Platforms write JWT, JOSE, or nothing. An access token (at+jwt) is for an API, and is no proof of who shows it.
TYPES = TypeRule(optional=frozenset({"JWT", "JOSE"}))

# Seconds.
LEEWAY = 30
LONGEST_LIFE = 86_400

Rule = Mapping[str, Any]
Claims = Mapping[str, Any]
Check = Callable[[Rule, Claims, int], None]
LONGEST = 512


@dataclass(frozen=True)
class Line:
    """One step of a trial, in the order of checking. `expected` and `received` hold no token and no key."""

    name: str
    ok: bool
    expected: str = ""
    received: str = ""


def check_trust(rule: Rule, claims: Claims, *, now: int) -> None:
    """Raise the JwtRefused of the first step that verified claims do not pass; none, and the rule lets them in."""
    for _, check in _checks(rule):
        check(rule, claims, now)


def explain_trust(rule: Rule, token: str, *, keys: JwkSet, now: int) -> list[Line]:
    """
    Tell for each step of checking whether `token` passes it, all of them, however early one fails.

    Only a token that cannot be read at all ends the list. The token lets its workload in if every line is ok.
    """
    try:
        claims = unverified_claims(token)
    except JwtRefused as refused:
        return [_line("readable", refused)]
    lines = [Line("readable", True), _tried("signature", lambda: _verify(token, keys))]
    for name, check in _checks(rule):
        lines.append(_tried(name, lambda check=check: check(rule, claims, now)))  # type: ignore[misc]
    return lines


def _checks(rule: Rule) -> Iterator[tuple[str, Check]]:
    yield "issuer", lambda rule, claims, now: check_issuer(claims, rule["issuer"])
    yield "audience", _check_audience
    yield "subject", _check_subject
    for name in rule["claims"]:
        yield f"claim {name}", _claim_check(name)
    yield "times", _check_times
    yield "life", _check_life


def _check_audience(rule: Rule, claims: Claims, now: int) -> None:
    require(claims, "aud")
    audiences = [claims["aud"]] if isinstance(claims["aud"], str) else claims["aud"]
    if rule["audience"] not in audiences:
        raise AudienceMismatch(expected=rule["audience"], received=" ".join(audiences))


def _check_subject(rule: Rule, claims: Claims, now: int) -> None:
    require(claims, "sub")
    if not subject_matches(rule["subject"], claims["sub"]):
        raise ClaimRefused(expected=f"sub {rule['subject']}", received=claims["sub"])


def _claim_check(name: str) -> Check:
    def check(rule: Rule, claims: Claims, now: int) -> None:
        require(claims, name)
        if _as_text(claims[name]) != rule["claims"][name]:
            raise ClaimRefused(expected=f"{name} {rule['claims'][name]}", received=_as_text(claims[name]))

    return check


def _check_times(rule: Rule, claims: Claims, now: int) -> None:
    require(claims, "exp")
    check_times(claims, now=now, leeway=LEEWAY, max_age_of_iat=None)


def _check_life(rule: Rule, claims: Claims, now: int) -> None:
    """A token that lives for longer than a day is a stored secret by another name."""
    require(claims, "exp")
    latest = min(claims.get("iat", now), now) + LONGEST_LIFE + LEEWAY
    if claims["exp"] > latest:
        raise ClaimRefused(expected=f"exp up to {moment(latest)}", received=told(claims["exp"], now))


def _as_text(value: object) -> str:
    """A claim as a rule writes it: texts as they are, true, false and numbers as in JSON; nothing else is equal."""
    return value if isinstance(value, str) else json.dumps(value)


def _verify(token: str, keys: JwkSet) -> None:
    verify_jwt(token, keys=keys, algorithms=ALGORITHMS, types=TYPES)


def _tried(name: str, step: Callable[[], None]) -> Line:
    try:
        step()
    except JwtRefused as refused:
        return _line(name, refused)
    return Line(name, True)


def _line(name: str, refused: JwtRefused) -> Line:
    return Line(name, False, expected=refused.expected or refused.code, received=refused.received)


def discovery_urls(issuer: str) -> tuple[str, str]:
    """Return the addresses of the document: OpenID Connect's first, which platforms have, then RFC 8414's."""
    parts = urlsplit(issuer)
    path = parts.path.rstrip("/")
    return (
        f"{issuer.rstrip('/')}/.well-known/openid-configuration",
        f"{parts.scheme}://{parts.netloc}/.well-known/oauth-authorization-server{path}",
    )


def jwks_uri_of(document: Mapping[str, Any], *, issuer: str) -> str:
    """
    Return where the keys are, by a document that speaks for exactly this issuer, byte for byte.

    Raises KeysUnavailable: keys of one issuer never count for another (RFC 8414 section 3.3).
    """
    if document.get("issuer") != issuer:
        raise KeysUnavailable(expected=f"issuer {issuer}", received=str(document.get("issuer"))[:200])
    jwks_uri = document.get("jwks_uri")
    if not isinstance(jwks_uri, str) or not 0 < len(jwks_uri) <= LONGEST:
        raise KeysUnavailable(expected=f"jwks_uri, a URL of at most {LONGEST} characters", received="another")
    return jwks_uri
