"""One rule of the sign-in as one step of an examination."""

from collections.abc import Callable

from providers.errors import SignInRefused
from providers.explanations.meanings import meaning_of
from providers.models import Provider
from providers.protocol.logout_token import LogoutRefused
from ssoconsole.platform.examination import Check, failed, passed
from ssoconsole.platform.jose import errors
from ssoconsole.platform.jose.algorithms import SYMMETRIC
from ssoconsole.platform.jose.keys import JwkSet, SharedSecret
from ssoconsole.platform.jose.verify import TypeRule, VerifiedJwt, verify_jwt

# What `verify_jwt` refuses, in its own order.
_OF_THE_SIGNATURE: tuple[tuple[str, tuple[type[errors.JwtRefused], ...]], ...] = (
    ("structure", (errors.TokenTooLarge, errors.TokenMalformed, errors.HeaderRefused)),
    ("typ", (errors.TypeRefused,)),
    ("alg", (errors.AlgorithmRefused,)),
    ("key", (errors.UnknownKey, errors.AmbiguousKey)),
    ("signature", (errors.SignatureInvalid,)),
)


def step(name: str, rule: Callable[[], object], *, expected: object = "", received: object = "") -> Check:
    """Run one rule; what it raises is the failure, with the remedy that the outcome has everywhere."""
    try:
        rule()
    except (errors.JwtRefused, SignInRefused, LogoutRefused) as refused:
        remedy = meaning_of(refused.code).remedy
        message = getattr(refused, "message", "")
        if ":" in message:  # a near miss, told apart
            remedy = f"{message} {remedy}"
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
