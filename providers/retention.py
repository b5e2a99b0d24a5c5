"""What is past its time, and is dropped."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, F, Max, Min, OuterRef, Q

from providers.models import (
    ConsoleSession,
    Provider,
    ProviderVersion,
    Rehearsal,
    SignInAttempt,
    SpentLogoutToken,
)
from providers.models.attempt import REHEARSAL_LIFETIME
from ssoconsole.platform.connections.batches import delete_in_batches

VERSIONS_STAY = 50
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
    attempts = SignInAttempt.objects.filter(started_at__lt=limit).order_by("started_at")
    ended = ConsoleSession.objects.filter(ended_at__lt=limit).order_by("ended_at")
    expired = ConsoleSession.objects.filter(expires_at__lt=limit).order_by("expires_at")
    rehearsals = Rehearsal.objects.filter(started_at__lte=at - REHEARSAL_LIFETIME).order_by("started_at")
    spent = SpentLogoutToken.objects.filter(expires_at__lt=at - SPENT_TOKENS_STAY).order_by("expires_at")
    return {
        "sign-in attempts": delete_in_batches(attempts),
        "sessions": delete_in_batches(ended) + delete_in_batches(expired),
        "rehearsals": delete_in_batches(rehearsals),
        "used logout tokens": delete_in_batches(spent),
    }


def drop_old_versions() -> int:
    """
    Delete the versions of each provider but the newest VERSIONS_STAY; return how many.

    The one that a running trial would go back to stays, however old it is.
    """
    numbered = ProviderVersion.objects.values("provider").annotate(newest=Max("number"), oldest=Min("number"))
    many = numbered.filter(newest__gte=F("oldest") + VERSIONS_STAY).order_by("provider")
    return sum(_drop_versions_of(row["provider"]) for row in many)


def _drop_versions_of(provider: Any) -> int:
    versions = ProviderVersion.objects.filter(provider=provider)
    numbers = versions.order_by("-number").values_list("number", flat=True)
    newest_to_go = numbers[VERSIONS_STAY : VERSIONS_STAY + 1].first()
    if newest_to_go is None:
        return 0
    # The baseline is asked for by the statement that deletes, and never read before a trial may have begun.
    on_trial = Provider.objects.filter(trial_baseline=OuterRef("number"), pk=OuterRef("provider"))
    return delete_in_batches(
        versions.filter(Q(number__lte=newest_to_go) & ~Exists(on_trial)).order_by("number")
    )
