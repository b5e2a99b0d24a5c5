"""
Keep refusals, drop old ones, and explain one to an administrator.

Anybody may be refused, and each record is a row: how many a minute are recorded is limited. The limit ends the
record, never the answer. Of a stranger's request one line may be kept, with no secret in it and nothing that a
database refuses. The explanation has what the token that was shown says, and how things stand now.
"""

import re
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import Error as DatabaseFault
from django.db import transaction
from django.utils import timezone

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.connections.batches import delete_in_batches
from ssoconsole.platform.eventlog.services import MASK
from ssoconsole.platform.examination import Check, Meaning, failed, first_failure
from ssoconsole.platform.jose.errors import shown
from ssoconsole.platform.jose.verify import REFUSED_MEMBERS
from ssoconsole.platform.limits import may_try
from ssoconsole.platform.logs import current_request_id
from ssoconsole.platform.references import draw_words
from tokens.audiences import console_identifier
from tokens.doctor import explain_unverified
from tokens.models import Bot, Credential, TokenRefusal
from tokens.models.bot import BOT_NAME
from tokens.protocol.client_authentication import PREFIX
from tokens.protocol.examination.text import Unverified, check_text, read_unverified
from tokens.refusals.meanings import meaning_of

# People paste secrets and tokens into wrong fields: ours, JWTs, and whatever is long and looks random.
_SECRET_LIKE = re.compile(rf"{PREFIX}\w*|eyJ[\w-]*\.[\w.-]*|[\w-]{{40,}}")
_HEADER = ("alg", "typ", "kid")
_CLAIMS = ("iss", "sub", "aud", "exp", "iat", "nbf", "jti", "scope", "client_id")
MOST_AUDIENCES = 5
PER_CLIENT = 20
PER_ADDRESS = 30
ALTOGETHER = 300

log = structlog.get_logger("tokens.refusals")

# One more than a sign-in's reference has, so that one is never the other: 3.6 million million.
WORDS = 4
STRANGER = "stranger"

MOST_CREDENTIALS = 20
# They look at members of the token that are not kept.
NOT_KEPT = ("profile",)


def presentable(text: object) -> str:
    """Return one printable line of at most 200 characters, with whatever looks like a secret masked."""
    return shown(_SECRET_LIKE.sub(MASK, text if isinstance(text, str) else str(text)))


def plausible_name(unverified_client_id: str | None) -> str:
    """Return a name as it was given if it could be a bot's, else ""."""
    name = unverified_client_id or ""
    return name if re.match(BOT_NAME, name) and PREFIX not in name else ""


def kept_of(unverified: Unverified) -> dict[str, Any]:
    """Return the members of a token by which its record, key and end can be found later; never its signature."""
    header = unverified.header or {}
    kept: dict[str, Any] = {name: _value(header[name]) for name in _HEADER if name in header}
    kept |= {name: "present" for name in REFUSED_MEMBERS if name in header}
    if unverified.claims is None:
        return {"header": kept, "claims": None}
    claims = {name: _value(unverified.claims[name]) for name in _CLAIMS if name in unverified.claims}
    if place := _place(unverified.claims.get("status")):
        claims["status"] = place
    return {"header": kept, "claims": claims}


def _value(value: Any) -> Any:
    if isinstance(value, bool | int | None):
        return value
    if isinstance(value, list):
        return [shown(each) for each in value[:MOST_AUDIENCES]]
    return shown(value)


def _place(status: Any) -> dict[str, Any] | None:
    """A reference into a status list, if it is one (IETF Token Status List section 6.1)."""
    place = status.get("status_list") if isinstance(status, Mapping) else None
    if not isinstance(place, Mapping) or not isinstance(place.get("idx"), int):
        return None
    return {"status_list": {"idx": place["idx"], "uri": shown(place.get("uri", ""))}}


def is_worth_a_record(*, proven: str, client_id: str, source: str | None) -> bool:
    """
    Count one more; False past so many in a minute.

    Whoever has proven who he is (`proven`, an actor) is counted by that alone: no stranger's noise keeps the trace of
    a known bot away. Everybody else is counted by `source` (`ssoconsole.platform.limits`), by the name he gives,
    and all of them together.
    """
    if proven:
        return may_try(f"refusals:of:{proven}", tries=PER_CLIENT)
    return (
        may_try(f"refusals:from:{source}", tries=PER_ADDRESS)
        and (not client_id or may_try(f"refusals:named:{client_id}", tries=PER_CLIENT))
        and may_try("refusals:of:strangers", tries=ALTOGETHER)
    )


@dataclass(frozen=True)
class Refused:
    """
    What a door has refused: `code` is the cause, `answered` what the caller is told.

    `expected` and `received` hold no secret. `client_id` is a name that the caller gave; `bot_id` and `credential_id`
    are what he has proven. `token` is what was shown as a bearer token, which is read and forgotten.
    """

    door: str
    endpoint: str
    status: int
    code: str
    answered: str
    expected: str = ""
    received: str = ""
    client_id: str = ""
    token: str | None = field(default=None, repr=False)
    bot_id: int | None = None
    credential_id: UUID | None = None


def keep_refusal(*, refused: Refused, by: Actor, source: str | None) -> str:
    """
    Write one refusal down, by one statement, and return its reference; "" where it is not worth a row.

    Never raises: a refusal that cannot be written down is a refusal all the same.
    """
    client_id = plausible_name(refused.client_id)
    proven = "" if by.kind == STRANGER else str(by)
    if not is_worth_a_record(proven=proven, client_id=client_id, source=source):
        return ""
    refusal = _row(refused, client_id)
    refusal.actor, refusal.address = str(by)[:300], by.address
    # A statement that fails spoils the transaction around it; where there is none, there is nothing to protect.
    protected = transaction.atomic if transaction.get_connection().in_atomic_block else nullcontext
    try:
        with protected():
            refusal.save(force_insert=True)
    except (DatabaseFault, ValueError) as error:  # also words that are taken, which is as good as never
        log.warning("refusal_not_kept", error=type(error).__name__)
        return ""
    return refusal.reference


def drop_old_refusals(*, at: datetime, keep: timedelta) -> int:
    """Delete refusals older than `keep`, in batches of a transaction each; return how many."""
    old = TokenRefusal.objects.filter(at__lt=at - keep).order_by("at")
    return delete_in_batches(old)


def _row(refused: Refused, client_id: str) -> TokenRefusal:
    row = TokenRefusal(
        reference=draw_words(WORDS),
        at=timezone.now(),
        door=refused.door,
        endpoint=refused.endpoint[:200],
        status=refused.status,
        code=refused.code,
        answered=refused.answered,
        expected=refused.expected or meaning_of(refused.code).expected,
        received=refused.received,
        unverified_client_id=client_id,
        bot_id=refused.bot_id,
        credential_id=refused.credential_id,
        request_id=current_request_id()[:64],
    )
    if refused.token is not None:
        _look_at(refused.token, row)
    return row


def _look_at(token: str, row: TokenRefusal) -> None:
    """Keep what the token says of itself, or how its text is spoilt."""
    failure = next((check for check in check_text(token) if not check.ok), None)
    if failure is None:
        row.unverified_token = kept_of(read_unverified(token))
        return
    row.code, row.expected, row.received = "token_unreadable", failure.expected, failure.received


@dataclass(frozen=True)
class Standing:
    """One credential of the bot as it is now: `state` is live, retired or expired."""

    credential: Credential
    state: str


@dataclass(frozen=True)
class Explanation:
    """`bot` is the one of the name that was given, whoever gave it; `proven` tells whether that was the bot."""

    refusal: TokenRefusal
    meaning: Meaning
    bot: Bot | None
    proven: bool
    standings: list[Standing] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)


def explain_refusal(refusal: TokenRefusal, *, at: datetime) -> Explanation:
    """Return everything that the console can say now; a handful of queries, none of them when it was refused."""
    bot = refusal.bot or _bot_called(refusal.unverified_client_id)
    return Explanation(
        refusal=refusal,
        meaning=meaning_of(refusal.code),
        bot=bot,
        proven=refusal.bot_id is not None,
        standings=_standings(bot, at=at) if bot else [],
        checks=checks_of(refusal, at=at),
    )


def checks_of(refusal: TokenRefusal, *, at: datetime) -> list[Check]:
    """
    Return the steps of the examination as far as they need no signature; none where no token was shown.

    Where all of them pass, the last one says what is left to suspect.
    """
    kept = refusal.unverified_token
    if not kept:
        return []
    unverified = Unverified(header=kept.get("header") or {}, claims=kept.get("claims"))
    checks = [check for check in explain_unverified(unverified, at=at) if check.name not in NOT_KEPT]
    return checks if first_failure(checks) else [*checks, _door(kept.get("claims") or {}, refusal)]


def refusal_as_check(refusal: TokenRefusal) -> Check:
    """The refusal itself as one step that failed."""
    meaning = meaning_of(refusal.code)
    return failed(
        refusal.code,
        expected=refusal.expected or meaning.expected,
        received=refusal.received,
        remedy=meaning.remedy,
    )


def _door(unverified_claims: Mapping[str, Any], refusal: TokenRefusal) -> Check:
    """Why the door did not take a token that is good elsewhere; where even that is no reason, what is left."""
    expected = f"a token for {console_identifier(settings.BASE_URL)}"
    audience = unverified_claims.get("aud")
    received = f"{refusal.answered} at {refusal.endpoint}"
    remedy = (
        "Everything that the token says of itself is in order now. Either its signature was not good, it lacks "
        "the scope, or what was wrong then has been put right since: try again, or give the token itself to the "
        "token doctor."
    )
    if audience not in (console_identifier(settings.BASE_URL), [console_identifier(settings.BASE_URL)]):
        received = f"one for {audience}"
        remedy = (
            "The token is good where it is meant for, and this door takes tokens of its own audience only. Give the "
            "bot a grant there, and fetch one with that audience as resource."
        )
    return failed("door", expected=expected, received=received, remedy=remedy)


def _bot_called(name: str) -> Bot | None:
    return Bot.objects.filter(name=name).first() if name else None


def _standings(bot: Bot, *, at: datetime) -> list[Standing]:
    return [Standing(each, _state(each, at=at)) for each in bot.credentials.all()[:MOST_CREDENTIALS]]


def _state(credential: Credential, *, at: datetime) -> str:
    if credential.retired_at:
        return "retired"
    return "expired" if credential.expires_at and credential.expires_at <= at else "live"
