"""Workload identity federation: a bot proves itself with the token of the platform that runs it (RFC 7523)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ssoconsole.platform.jose.algorithms import ALGORITHMS as JOSE_ALGORITHMS
from ssoconsole.platform.jose.algorithms import spend_verification
from ssoconsole.platform.jose.errors import JwtRefused
from ssoconsole.platform.jose.keys import JwkSet
from ssoconsole.platform.jose.verify import verify_jwt
from tokens.credentials.own_keys import registered_keys
from tokens.errors import KeysUnavailable, WorkloadAmbiguous, WorkloadUnknown
from tokens.models import Bot, Credential
from tokens.models.record import bot_counts
from tokens.protocol.workload_token import ALGORITHMS, TYPES, Line, check_trust, explain_trust
from tokens.remote_keys import Source, current_keys, verify_by_source

_STAND_IN = JOSE_ALGORITHMS[ALGORITHMS[0]]


def is_platform(issuer: str) -> bool:
    """Tell whether an issuer is a platform: those are URLs, and no bot's name holds a colon."""
    return ":" in issuer


def prove_by_platform(
    token: str, *, unverified_issuer: str, client_id: str | None, at: datetime
) -> Credential:
    """
    Return the credential whose rule lets this workload in: of the bot called `client_id` or, without one, of the
    only bot that has such a rule.

    Keys are only ever fetched for issuers that a rule names. Raises a JwtRefused or a ProofRefused; with
    several rules, that of the last one tried.
    """
    rules = _rules(unverified_issuer, client_id=client_id, at=at)
    if not rules:
        spend_verification(_STAND_IN)
        raise WorkloadUnknown(expected="a rule for this issuer", received=unverified_issuer[:200])
    matching, cause = _matching(rules, token, now=int(at.timestamp()))
    if not matching:
        raise cause or WorkloadUnknown
    bots = {credential.bot.name for credential in matching}
    if len(bots) > 1:
        raise WorkloadAmbiguous(expected="one bot, or client_id", received=", ".join(sorted(bots))[:200])
    return matching[0]


def explain_federation(bot: Bot, token: str, *, at: datetime) -> list[tuple[Credential, list[Line]]]:
    """
    Tell for each live federation rule of a bot what it says to `token`; nothing is stored, logged or used up.

    Keys that cannot be had are a line of their own.
    """
    rules = Credential.objects.live(at=at).filter(bot=bot, kind=Credential.Kind.FEDERATION)
    return [(rule, explain_rule(rule, token, at=at)) for rule in rules.order_by("created_at", "pk")]


def explain_rule(credential: Credential, token: str, *, at: datetime) -> list[Line]:
    """Tell what one rule says to `token`, step by step."""
    rule = credential.trust or {}
    try:
        source = _source(credential)
        keys = registered_keys(credential) if source is None else current_keys(source)
        unavailable = []
    except KeysUnavailable as error:
        keys, unavailable = JwkSet(keys=()), [Line("keys", False, error.expected, error.received)]
    return [*unavailable, *explain_trust(rule, token, keys=keys, now=int(at.timestamp()))]


def _rules(issuer: str, *, client_id: str | None, at: datetime) -> list[Credential]:
    live = Credential.objects.live(at=at).select_related("bot").filter(bot_counts("bot__"))
    rules = live.filter(kind=Credential.Kind.FEDERATION, trust__issuer=issuer).order_by("created_at", "pk")
    return list(rules if client_id is None else rules.filter(bot__name=client_id))


def _matching(
    rules: Sequence[Credential], token: str, *, now: int
) -> tuple[list[Credential], Exception | None]:
    """The rules that let the token in, and why the last of the others does not. One verification a set of keys."""
    matching, cause = [], None
    verified: dict[object, dict[str, Any] | Exception] = {}
    for credential in rules:
        where = _source(credential) or credential.pk
        if where not in verified:
            verified[where] = _verified(credential, token)
        claims = verified[where]
        if isinstance(claims, Exception):
            cause = claims
            continue
        try:
            check_trust(credential.trust or {}, claims, now=now)
        except JwtRefused as refused:
            cause = refused
        else:
            matching.append(credential)
    return matching, cause


def _verified(credential: Credential, token: str) -> dict[str, Any] | Exception:
    source = _source(credential)
    try:
        if source is None:
            keys = registered_keys(credential)
            return verify_jwt(token, keys=keys, algorithms=ALGORITHMS, types=TYPES).claims
        return verify_by_source(source, token, algorithms=ALGORITHMS, types=TYPES).claims
    except (JwtRefused, KeysUnavailable) as cause:
        return cause


def _source(credential: Credential) -> Source | None:
    """Where the platform's keys are: in the credential itself (None), at an address it names, or at the issuer."""
    if credential.public_keys is not None:
        return None
    if credential.jwks_uri:
        return Source(credential.jwks_uri)
    return Source((credential.trust or {})["issuer"], is_issuer=True)
