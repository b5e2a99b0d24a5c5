"""What is past its time, and is dropped."""

from datetime import datetime, timedelta
from typing import Any

from django.db import models

from providers.models import ConsoleSession, Rehearsal, SignInAttempt, SpentLogoutToken
from providers.models.rehearsal import REHEARSAL_LIFETIME

BATCH = 1000
# Longer than any leeway that may be given to a provider, and any step of a clock: a used logout token must have
# expired for good before it is forgotten.
SPENT_TOKENS_STAY = timedelta(hours=1)


def drop_old_sign_ins(*, at: datetime, keep: timedelta) -> dict[str, int]:
    """
    Delete sign-in traces and ended or expired sessions older than `keep`, and used logout tokens and rehearsals
    that have expired; return how many of each.

    In batches of their own transaction, so that it may run while people sign in, and be stopped at any time.
    """
    limit = at - keep
    attempts = SignInAttempt.objects.filter(started_at__lt=limit)
    ended = ConsoleSession.objects.filter(ended_at__lt=limit)
    expired = ConsoleSession.objects.filter(expires_at__lt=limit)
    spent = SpentLogoutToken.objects.filter(expires_at__lt=at - SPENT_TOKENS_STAY)
    return {
        "sign-in attempts": _delete_in_batches(attempts),
        "sessions": _delete_in_batches(ended) + _delete_in_batches(expired),
        "rehearsals": _delete_in_batches(Rehearsal.objects.filter(started_at__lte=at - REHEARSAL_LIFETIME)),
        "used logout tokens": _delete_in_batches(spent),
    }


def _delete_in_batches(rows: models.QuerySet[Any]) -> int:
    deleted = 0
    while batch := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        deleted += rows.model._default_manager.filter(pk__in=batch).delete()[0]
    return deleted
