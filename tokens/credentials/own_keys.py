"""
private_key_jwt: a bot proves itself with a key of its own (RFC 7523, OpenID Connect Core section 9).

An assertion counts once (RFC 7523 section 3, item 7), however many processes it comes to at once.
"""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from ssoconsole.platform.connections.batches import delete_in_batches
from ssoconsole.platform.jose.algorithms import ALGORITHMS as JOSE_ALGORITHMS
from ssoconsole.platform.jose.algorithms import spend_verification
from ssoconsole.platform.jose.errors import ClaimRefused, KeySetRefused
from ssoconsole.platform.jose.keys import JwkSet
from ssoconsole.platform.jose.verify import CLIENT_ASSERTION, VerifiedJwt, verify_jwt
from tokens.errors import AssertionReplayed, CredentialUnknown, KeysUnavailable
from tokens.models import Bot, Credential, SpentAssertion
from tokens.models.record import bot_counts
from tokens.protocol.client_authentication import ALGORITHMS, LEEWAY, check_assertion, hash_of_use
from tokens.remote_keys import Source, verify_by_source

# Longer than any leeway and any step of a clock: a used assertion must be refused for its age before it is
# forgotten.
STAYS = timedelta(hours=1)
MOST_PARSED = 256
_STAND_IN = JOSE_ALGORITHMS[ALGORITHMS[0]]

# By credential, with the document that was parsed.
_parsed: dict[uuid.UUID, tuple[Any, JwkSet]] = {}


def spend_assertion(*, bot: Bot, jti_hash: str, expires_at: datetime) -> None:
    """
    Use an assertion up. Raises AssertionReplayed; the database's own error when it cannot be written.

    There is no check before the write: of two uses at once, the unique constraint lets one through. An
    assertion whose use cannot be written down is not accepted.
    """
    try:
        with transaction.atomic():
            SpentAssertion.objects.create(bot=bot, jti_hash=jti_hash, expires_at=expires_at)
    except IntegrityError:
        raise AssertionReplayed(expected="a jti that is new", received="one that was used") from None


def drop_spent_assertions(*, at: datetime) -> int:
    """Forget used assertions that have expired for good; return how many. In batches, each of its own."""
    gone = SpentAssertion.objects.filter(expires_at__lt=at - STAYS).order_by("expires_at")
    return delete_in_batches(gone)


@dataclass(frozen=True)
class OwnKeyProof:
    """A proof that counts if it is the first of its kind: `spend` it before acting on it."""

    credential: Credential
    jti_hash: str
    expires_at: datetime

    def spend(self) -> None:
        """Use it up; raises AssertionReplayed."""
        spend_assertion(bot=self.credential.bot, jti_hash=self.jti_hash, expires_at=self.expires_at)


def prove_by_own_key(
    assertion: str, *, unverified_issuer: str, client_id: str | None, at: datetime
) -> OwnKeyProof:
    """
    Return what an assertion proves that names a bot as its issuer, by keys registered for this bot alone.

    One lookup and one verification, whatever is wrong. Raises a JwtRefused or a ProofRefused.
    """
    credential = _keys_of(unverified_issuer, at=at)
    if credential is None:
        spend_verification(_STAND_IN)
        raise CredentialUnknown(expected="a bot with public keys")
    claims = _verified(assertion, credential).claims
    name = credential.bot.name
    check_assertion(claims, client_id=name, issuer=settings.BASE_URL, now=int(at.timestamp()))
    if client_id not in (None, name):
        raise ClaimRefused(expected=f"client_id {name}, as the assertion says", received=client_id)
    return OwnKeyProof(
        credential,
        hash_of_use(issuer=claims["iss"], jti=claims["jti"]),
        datetime.fromtimestamp(claims["exp"] + LEEWAY, UTC),
    )


def _keys_of(name: str, *, at: datetime) -> Credential | None:
    live = Credential.objects.live(at=at).select_related("bot").order_by("-created_at")
    return live.filter(bot_counts("bot__"), kind=Credential.Kind.PUBLIC_KEYS, bot__name=name).first()


def _verified(assertion: str, credential: Credential) -> VerifiedJwt:
    if credential.jwks_uri:
        source = Source(credential.jwks_uri)
        return verify_by_source(source, assertion, algorithms=ALGORITHMS, types=CLIENT_ASSERTION)
    keys = registered_keys(credential)
    return verify_jwt(assertion, keys=keys, algorithms=ALGORITHMS, types=CLIENT_ASSERTION)


def registered_keys(credential: Credential) -> JwkSet:
    """Return the keys that stand in the credential itself. Raises KeysUnavailable."""
    kept = _parsed.get(credential.pk)
    if kept and kept[0] == credential.public_keys:
        return kept[1]
    try:
        keys = JwkSet.parse(credential.public_keys or {})
    except KeySetRefused as refused:
        spend_verification(_STAND_IN)
        raise KeysUnavailable(expected="a JSON Web Key Set", received=str(refused)) from None
    if len(_parsed) >= MOST_PARSED:
        _parsed.clear()
    _parsed[credential.pk] = (credential.public_keys, keys)
    return keys
