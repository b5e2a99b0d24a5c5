"""
What a backup cannot know: what was ended after it was made.

A token that was revoked then, and a session that was signed out, counts again in the restored database. Tokens
that were issued since have no record there, and no revocation can name them. Whoever cannot live with that ends all
of it: what this console has vouched for before the restore counts no more.
"""

from dataclasses import dataclass

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from providers.models import ConsoleSession
from providers.sessions.services import end_selected
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.services import record_event
from tokens.keys.services import compromise_signing_key
from tokens.models import Audience, SigningKey, TokenRecord
from tokens.records.revocation import revoke_tokens_of_audience


@dataclass(frozen=True, slots=True)
class Ended:
    """How many tokens were revoked, keys taken out and sessions ended."""

    tokens: int
    keys: int
    sessions: int


@transaction.atomic
def end_everything_before_now(*, by: Actor) -> Ended:
    """
    Revoke every token, take every signing key out at once, and end every session; return how many.

    The keys, because nothing else reaches a token that was issued since the backup: an API that checks signatures
    finds no key for it any more. New ones sign from now on.
    """
    tokens = sum(revoke_tokens_of_audience(audience=audience, by=by) for audience in _audiences_with_tokens())
    keys = _keys_that_may_have_signed()
    for kid in keys:
        compromise_signing_key(kid=kid, by=by)
    sessions = end_selected(ConsoleSession.objects.filter(ended_at=None), by=by)
    Session.objects.all().delete()
    ended = Ended(tokens=tokens, keys=len(keys), sessions=sessions)
    record_event(
        "everything_before_restore_ended",
        by=by,
        after={"tokens": ended.tokens, "keys": ended.keys, "sessions": ended.sessions},
    )
    return ended


def _audiences_with_tokens() -> list[Audience]:
    held = TokenRecord.objects.unended(at=timezone.now()).order_by().values("audience").distinct()
    return list(Audience.objects.filter(pk__in=held))


def _keys_that_may_have_signed() -> list[str]:
    # The next ones too: they may have come to sign since the backup. First, so that none of them is promoted.
    keys = SigningKey.objects.verifying(at=timezone.now())
    return list(keys.order_by(F("signing_from").asc(nulls_first=True), "kid").values_list("kid", flat=True))
