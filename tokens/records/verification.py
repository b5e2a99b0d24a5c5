"""Find the record that a JWT belongs to: by our own keys only, and by what the database says now."""

from datetime import datetime

from django.conf import settings
from django.utils import timezone

from ssoconsole.jose import claims as rules
from ssoconsole.jose.algorithms import ALGORITHMS
from ssoconsole.jose.errors import JwtRefused, MissingClaim
from ssoconsole.jose.signatures import spend_verification
from ssoconsole.jose.verify import TypeRule, unverified_claims, verify_jwt
from tokens.keys.parsed import public_keys
from tokens.models import SigningKey, TokenRecord
from tokens.models.record import TokenRecordQuerySet
from tokens.protocol.access_token import TYP, AccessToken, claims_of
from tokens.records.services import access_token_of

STAND_IN = ALGORITHMS["ES256"]
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
        jti = unverified_jti(token)
    except JwtRefused:
        jti = ""
    # One query in every case: a text that is no JWT looks for a jti that nobody has.
    records = among.select_related("bot", "audience", "signing_key")
    record = records.filter(jti=jti).first()
    if record is None:
        spend_verification(STAND_IN)
        return None
    try:
        check_token(
            token, says=access_token_of(record), profile=record.audience.profile, key=record.signing_key
        )
    except JwtRefused:
        return None
    return record


def unverified_jti(token: str) -> str:
    """Return the `jti` that a text claims, to look the record up by. Raises JwtRefused."""
    jti = unverified_claims(token).get("jti")
    if not isinstance(jti, str):
        raise MissingClaim(expected="jti", received="absent")
    return jti


def check_token(token: str, *, says: AccessToken, profile: str, key: SigningKey) -> None:
    """Raise JwtRefused unless `token` is signed by this key, and says what is on record."""
    verified = verify_jwt(token, keys=public_keys.of(key), algorithms=[key.alg], types=_TYPES[profile])
    expected = claims_of(says, profile=profile)
    rules.check_issuer(verified.claims, settings.BASE_URL)
    rules.check_audience(verified.claims, says.audience)
    for name in ("sub", "jti", "iat", "exp"):
        if verified.claims.get(name) != expected.get(name):
            raise MissingClaim(expected=f"{name} as on record", received="another")
