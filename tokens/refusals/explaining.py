"""What an administrator is told about a refusal: what the token that was shown says, and how things stand now."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings

from ssoconsole.platform.examination import Check, Meaning, failed, first_failure
from tokens.audiences import console_identifier
from tokens.doctor import explain_unverified
from tokens.models import Bot, Credential, TokenRefusal
from tokens.protocol.examination.text import Unverified
from tokens.refusals.meanings import meaning_of

MOST_CREDENTIALS = 20
# They look at members of the token that are not kept.
NOT_KEPT = ("profile",)


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
