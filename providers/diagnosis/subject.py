"""
The provider under examination with what has been learnt about it, and one rule of the sign-in as one step.

Nothing is written to the provider's row.
"""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils import timezone

from providers import outgoing
from providers.errors import REFUSALS
from providers.explanations.meanings import meaning_of
from providers.models import Provider, SignInAttempt
from providers.protocol.discovery import discovery_url
from providers.protocol.logout_token import LogoutRefused
from providers.protocol.preflight.documents import judge_adopted
from providers.protocol.preflight.findings import Finding
from ssoconsole.platform.examination import Check, failed, passed
from ssoconsole.platform.jose import errors
from ssoconsole.platform.jose.algorithms import SYMMETRIC, SharedSecret
from ssoconsole.platform.jose.keys import JwkSet
from ssoconsole.platform.jose.verify import TypeRule, VerifiedJwt, verify_jwt
from ssoconsole.platform.outbound.errors import OutboundError
from ssoconsole.platform.outbound.probe import Probe
from ssoconsole.platform.outbound.response import JSON_DOCUMENT, Response

MOST_SIGN_INS = 20

# What `verify_jwt` refuses, in its own order.
_OF_THE_SIGNATURE: tuple[tuple[str, tuple[type[errors.JwtRefused], ...]], ...] = (
    ("structure", (errors.TokenTooLarge, errors.TokenMalformed, errors.HeaderRefused)),
    ("typ", (errors.TokenTypeRefused,)),
    ("alg", (errors.AlgorithmRefused,)),
    ("key", (errors.UnknownKey, errors.AmbiguousKey)),
    ("signature", (errors.SignatureInvalid,)),
)


class NotRun(Exception):
    """This step has nothing to look at; the message says why."""


@dataclass(frozen=True)
class Answered:
    """What came of a request, and when."""

    answer: Response | OutboundError
    at: datetime


def look(url: str) -> Answered:
    """Ask for a document; an error is an answer too."""
    try:
        answer: Response | OutboundError = outgoing.look(url, accept=JSON_DOCUMENT)
    except OutboundError as error:
        answer = error
    return Answered(answer, timezone.now())


def newest_claims(provider: Provider | None) -> list[dict[str, Any]]:
    """Return the claims that the newest successful sign-ins came with, as far as they are kept."""
    if provider is None:
        return []
    attempts = SignInAttempt.objects.filter(provider=provider, claims__isnull=False, outcome="ok")
    newest = attempts.order_by("-started_at")[:MOST_SIGN_INS]
    return [claims for attempt in newest if (claims := attempt.claims_shown)]


class Subject:
    """
    `provider` is a copy whose `discovery` becomes what is published now; `stored` is the row as it is.

    Everything is asked for once, when the first step needs it.
    """

    def __init__(self, provider: Provider) -> None:
        self.stored = provider
        self.provider = copy(provider)
        # Set by the steps that have learnt it.
        self.client_is_unknown = False
        self.credentials_found: list[Finding] | None = None

    @cached_property
    def probe(self) -> Probe:
        return outgoing.probe(self.discovery_url)

    @cached_property
    def discovery_answer(self) -> Answered:
        return look(self.discovery_url)

    @property
    def discovery_url(self) -> str:
        return discovery_url(self.provider.issuer)

    @property
    def document(self) -> dict[str, Any]:
        """The published document; {} before it was read."""
        return self.provider.discovery or {}

    @property
    def not_adopted(self) -> list[Finding]:
        """What of the published endpoints no person has adopted: nothing secret goes there."""
        return judge_adopted(self.document, self.stored.discovery)

    @cached_property
    def others_enabled(self) -> bool:
        return Provider.objects.enabled().exclude(pk=self.provider.pk).exists()

    @cached_property
    def people(self) -> list[dict[str, Any]]:
        return newest_claims(self.stored)

    @property
    def values(self) -> dict[str, str]:
        """What an administrator may have to type, at the provider or here."""
        return {
            "redirect_uri": self.provider.redirect_uri,
            "jwks_url": self.stored.jwks_url,
            "client_id": self.stored.client_id,
            "response_type": self.stored.response_type,
            "auth_method": self.stored.token_endpoint_auth_method,
            "scopes": " ".join(self.stored.scopes),
        }

    @property
    def uses_code(self) -> bool:
        return self.provider.response_type == Provider.ResponseType.CODE


def step(name: str, rule: Callable[[], object], *, expected: object = "", received: object = "") -> Check:
    """Run one rule; what it raises is the failure, with the remedy that the outcome has everywhere."""
    try:
        rule()
    except (*REFUSALS, LogoutRefused) as refused:
        remedy = meaning_of(refused.code).remedy
        if ":" in refused.message:  # a near miss, told apart
            remedy = f"{refused.message} {remedy}"
        return failed(name, expected=refused.expected, received=refused.received, remedy=remedy)
    return passed(name, received, expected=expected)


def check_signature(
    token: str, provider: Provider, *, types: TypeRule
) -> tuple[list[Check], VerifiedJwt | None]:
    """
    Return the steps up to the signature and, if all pass, what was signed.

    By the stored keys alone: nothing is fetched. What comes after the first failure is left out.
    """
    keys = _stored_keys(provider)
    if isinstance(keys, Check):
        return [keys], None
    try:
        verified = verify_jwt(token, keys=keys, algorithms=provider.signing_algs, types=types)
    except errors.JwtRefused as refused:
        return [*_up_to(refused, provider)], None
    return [*(passed(name) for name, _ in _OF_THE_SIGNATURE)], verified


def _up_to(refused: errors.JwtRefused, provider: Provider) -> list[Check]:
    checks: list[Check] = []
    for name, kinds in _OF_THE_SIGNATURE:
        if isinstance(refused, kinds):
            return [*checks, _failed(name, refused, provider)]
        checks.append(passed(name))
    return [*checks, _failed("claims", refused, provider)]


def _failed(name: str, refused: errors.JwtRefused, provider: Provider) -> Check:
    remedy = meaning_of(refused.code).remedy
    if isinstance(refused, errors.UnknownKey) and provider.jwks_fetched_at:
        remedy += (
            f" Only the key set of {provider.jwks_fetched_at:%Y-%m-%d %H:%M} UTC was looked at here; a sign-in "
            "would have fetched it once more."
        )
    return failed(name, expected=refused.expected, received=refused.received, remedy=remedy)


def _stored_keys(provider: Provider) -> JwkSet | SharedSecret | Check:
    if set(provider.signing_algs) <= set(SYMMETRIC):
        try:
            return SharedSecret((provider.client_secret or "").encode())
        except ValueError:
            return _no_keys("a client secret of at least 32 bytes, for HS algorithms", "a shorter one")
    if not provider.jwks:
        return _no_keys("a stored key set", "none, as nobody has signed in through this provider yet")
    try:
        return JwkSet.parse(provider.jwks)
    except errors.KeySetRefused:
        return _no_keys("a JSON Web Key Set", "something else")


def _no_keys(expected: str, received: str) -> Check:
    return failed("keys", expected=expected, received=received, remedy=meaning_of("keys_invalid").remedy)
