"""Find the record that a JWT belongs to: by our own keys only, and by what the database says now."""

from datetime import datetime

from django.conf import settings
from django.utils import timezone

from ssoconsole.platform.jose import claims as rules
from ssoconsole.platform.jose.algorithms import ALGORITHMS, spend_verification
from ssoconsole.platform.jose.errors import JwtRefused, MissingClaim
from ssoconsole.platform.jose.issuer import check_issuer
from ssoconsole.platform.jose.verify import TypeRule, UnverifiedJws, parse_jws, verify_jwt
from tokens.keys.services import public_keys
from tokens.models import SigningKey, TokenRecord
from tokens.models.record import TokenRecordQuerySet
from tokens.protocol.access_token import TYP, AccessToken, claims_of
from tokens.records.services import access_token_of

STAND_IN = ALGORITHMS["ES256"]
# An API asks about the same token at every call. What a text says, and whose signature it bears, never changes: so both
# are remembered of tokens that were proved here. Whether a token counts is asked of the database each time.
MOST_PROVED, LONGEST_PROVED = 1000, 4096  # tokens; characters
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
    jws = parsed(token)
    # One query in every case: a text that is no JWT looks for a jti that nobody has.
    records = among.select_related("bot", "audience", "signing_key")
    record = records.filter(jti=jti_of(jws)).first()
    if record is None or jws is None:
        spend_verification(STAND_IN)
        return None
    try:
        says, profile, key = access_token_of(record), record.audience.profile, record.signing_key
        check_token(jws, says=says, profile=profile, key=key)
    except JwtRefused:
        return None
    return record


def parsed(token: str) -> UnverifiedJws | None:
    """Take a text apart that may be a token of ours: None where it is no JWT, or claims nothing to look it up by."""
    if known := _proved.get(token):
        return known[0]
    try:
        jws = parse_jws(token)
        return jws if isinstance(jws.unverified_claims.get("jti"), str) else None
    except JwtRefused:
        return None


def jti_of(jws: UnverifiedJws | None) -> str:
    """The `jti` that a `parsed` text claims, to look the record up by; "", which nobody has, for any other text."""
    return "" if jws is None else str(jws.unverified_claims["jti"])


def check_token(
    token: UnverifiedJws,
    *,
    says: AccessToken,
    profile: str,
    key: SigningKey,
    text: str = "",
    ends: bool = False,
) -> None:
    """
    Raise JwtRefused unless `token`, `parsed` from `text`, is signed by this key, and says what is on record.

    `ends` says that it is checked to be ended: nobody will ask for it often.
    """
    is_proved = _proved.get(text) == (token, key.kid, profile)
    if not is_proved:
        verify_jwt(token, keys=public_keys.of(key), algorithms=[key.alg], types=_TYPES[profile])
    claims, expected = token.unverified_claims, claims_of(says, profile=profile)
    check_issuer(claims, settings.BASE_URL)
    rules.check_audience(claims, says.audience)
    for name in ("sub", "jti", "iat", "exp"):
        if claims.get(name) != expected.get(name):
            raise MissingClaim(expected=f"{name} as on record", received="another")
    if ends:
        _proved.pop(text, None)
    elif not is_proved and 0 < len(text) <= LONGEST_PROVED:
        if len(_proved) >= MOST_PROVED:
            _proved.clear()
        _proved[text] = token, key.kid, profile


# The text of a token to what it says, the kid of the key that has signed it, and the kind of token that it is.
_proved: dict[str, tuple[UnverifiedJws, str, str]] = {}
