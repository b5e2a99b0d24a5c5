"""
The token doctor: gathers what the console knows about a token, and explains it to an administrator.

Nothing is written, logged or sent, and the token stays in memory.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from ssoconsole.platform.jose.errors import JwtRefused
from ssoconsole.platform.jose.verify import unverified_claims
from tokens.errors import NoSigningKey
from tokens.keys.services import public_keys
from tokens.models import Audience, SigningKey, TokenRecord
from tokens.models.record import owner_disabled
from tokens.protocol.access_token import claims_of, status_claim
from tokens.protocol.examination.record import Check, Facts, examine, examine_members
from tokens.protocol.examination.text import Ended, KeyFacts, RecordFacts, Unverified, read_unverified
from tokens.protocol.status_list import StatusListMalformed, decode, status_at
from tokens.records.services import access_token_of
from tokens.status.published import status_list_token
from tokens.status.services import SIZE, KnownList, find_status_list


def explain_token(token: str, *, at: datetime | None = None) -> list[Check]:
    """
    Return every step of checking `token` at `at`, now by default. Three queries, and those of the status list.

    For administrators: the steps tell about bots, people and other tokens' ends.
    """
    now = at or timezone.now()
    return examine(token, _facts_about(read_unverified(token), at=now))


def explain_unverified(unverified: Unverified, *, at: datetime) -> list[Check]:
    """The same for a token of which only some members were kept: every step but those about text and signature."""
    return examine_members(unverified, _facts_about(unverified, at=at))


def _facts_about(unverified: Unverified, *, at: datetime) -> Facts:
    return Facts(
        issuer=settings.BASE_URL,
        now=int(at.timestamp()),
        key=_key(unverified.header_text("kid"), at=at),
        record=_record(unverified, at=at),
        profiles=_profiles(unverified),
    )


def _key(unverified_kid: str, *, at: datetime) -> KeyFacts | None:
    key = None
    if unverified_kid and "\0" not in unverified_kid:
        key = SigningKey.objects.filter(kid=unverified_kid).first()
    if key is None:
        return None
    return KeyFacts(kid=key.kid, alg=key.alg, state=key.state(at=at), keys=public_keys.of(key))


def _profiles(unverified: Unverified) -> dict[str, str]:
    found = Audience.objects.filter(identifier__in=unverified.audiences())
    return dict(found.values_list("identifier", "profile"))


def _record(unverified: Unverified, *, at: datetime) -> RecordFacts | None:
    jti = (unverified.claims or {}).get("jti")
    if jti is None:
        return None
    records = TokenRecord.objects.select_related("bot", "audience", "signing_key", "credential", "revocation")
    record = records.annotate(owner_disabled=owner_disabled("bot__owner")).filter(jti=jti).first()
    if record is None:
        return None
    bot, audience = record.bot, record.audience
    status, bit = _status(record, at=at)
    return RecordFacts(
        claims=claims_of(access_token_of(record), profile=audience.profile),
        kid=record.signing_key.kid,
        profile=audience.profile,
        revoked=Ended(record.revoked_at, record.revoked_by),
        bot=bot.name,
        bot_disabled=Ended(bot.disabled_at, bot.disabled_by),
        bot_retired=Ended(bot.retired_at, bot.disabled_by),
        owner=bot.owner,
        owner_disabled=record.owner_disabled,  # type: ignore[attr-defined]  # annotated above
        audience=audience.identifier,
        audience_disabled=Ended(audience.disabled_at, audience.disabled_by),
        status=status,
        status_bit=bit,
        **_credential(record),
    )


def _credential(record: TokenRecord) -> dict[str, Any]:
    credential = record.credential
    if credential is None:
        return {"credential": "", "credential_retired": Ended()}
    return {
        "credential": f"{credential.get_kind_display()} {credential}",
        "credential_retired": Ended(credential.retired_at, credential.retired_by),
    }


def _status(record: TokenRecord, *, at: datetime) -> tuple[dict[str, Any] | None, int | None]:
    """Where the token stands in the status list, and what an API reads there."""
    known = find_status_list(record.number // SIZE)
    if known is None:
        return None, None
    index = known.index_of(record.number)
    return status_claim(index=index, uri=known.uri), _bit(known, index, at=at)


def _bit(known: KnownList, index: int, *, at: datetime) -> int | None:
    try:
        claims = unverified_claims(status_list_token(known, at=at), max_bytes=2 * SIZE)
        packed = decode(claims["status_list"]["lst"], length=SIZE // 8)
        return status_at(packed, index, bits=1)
    except (JwtRefused, StatusListMalformed, NoSigningKey):
        return None
