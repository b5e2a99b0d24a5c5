"""Find the record that a JWT belongs to: by our own keys only, and by what the database says now."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from ssoconsole.jose import claims as rules
from ssoconsole.jose.algorithms import ALGORITHMS
from ssoconsole.jose.errors import JwtRefused, MissingClaim
from ssoconsole.jose.signatures import spend_verification
from ssoconsole.jose.verify import TypeRule, unverified_claims, verify_jwt
from tokens.keys.parsed import public_keys
from tokens.models import TokenRecord
from tokens.models.record import TokenRecordQuerySet
from tokens.protocol.access_token import TYP, claims_of
from tokens.records.services import access_token_of

_STAND_IN = ALGORITHMS["ES256"]
_TYPES = {profile: TypeRule(required={typ}) for profile, typ in TYP.items()}


def find_live_record(token: str, *, at: datetime | None = None) -> TokenRecord | None:
    """
    Return the record of a token that counts at `at`, now by default; None for every other text.

    Checks the signature by the key on record, `typ`, `iss`, `aud`, `sub`, `exp`, and in the same single query
    everything that ends a token: revocation, bot, audience and key. Costs the same whatever is wrong.
    """
    now = at or timezone.now()
    record = _find(token, TokenRecord.objects.live(at=now))
    if record is None or (record.expires_at and record.expires_at <= now):
        return None
    return record


def find_record(token: str) -> TokenRecord | None:
    """Return the record of a token that is truly ours, whether it still counts or not."""
    return _find(token, TokenRecord.objects.all())


def _find(token: str, among: TokenRecordQuerySet) -> TokenRecord | None:
    try:
        unverified_jti = _unverified_jti(token)
    except JwtRefused:
        unverified_jti = ""
    # One query in every case: a text that is no JWT looks for a jti that nobody has.
    records = among.select_related("bot", "audience", "signing_key")
    record = records.filter(jti=unverified_jti).first()
    if record is None:
        spend_verification(_STAND_IN)
        return None
    try:
        _verify(token, record)
    except JwtRefused:
        return None
    return record


def _unverified_jti(token: str) -> str:
    jti = unverified_claims(token).get("jti")
    if not isinstance(jti, str):
        raise MissingClaim(expected="jti", received="absent")
    return jti


def _verify(token: str, record: TokenRecord) -> None:
    key, profile = record.signing_key, record.audience.profile
    verified = verify_jwt(token, keys=public_keys.of(key), algorithms=[key.alg], types=_TYPES[profile])
    expected = claims_of(access_token_of(record), profile=profile)
    rules.check_issuer(verified.claims, settings.BASE_URL)
    rules.check_audience(verified.claims, record.audience.identifier)
    _check_same(verified.claims, expected, names=("sub", "jti", "iat", "exp"))


def _check_same(verified_claims: dict[str, Any], expected: dict[str, Any], *, names: tuple[str, ...]) -> None:
    for name in names:
        if verified_claims.get(name) != expected.get(name):
            raise MissingClaim(expected=f"{name} as on record", received="another")
