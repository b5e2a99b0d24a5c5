"""What a provider's page opens with: how it stands, by what is kept; nothing is fetched to draw it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest
from django.utils import timezone

from providers.admin.panels import last_check_in, newest_events
from providers.metadata import REPLACED, metadata_age
from providers.models import Provider, SignInAttempt
from providers.protocol.key_set import public_halves
from providers.protocol.preflight.codes import CODES
from providers.protocol.preflight.experience import ENDS_SOON
from ssoconsole.platform.admin_base import may_view
from ssoconsole.platform.eventlog.models import Event

SHOWN = 10
COUNTED = 1_000  # attempts: what is older is not read, however many there are
DAY = timedelta(hours=24)
Purpose = SignInAttempt.Purpose


def health_of(provider: Provider, request: HttpRequest) -> dict[str, Any]:
    """
    Return how a stored provider stands, for `_health.html`.

    `counts` and `attempts` are None for whoever may not view sign-in attempts.
    """
    now = timezone.now()
    events = newest_events(provider)
    keys = public_halves(provider.jwks)["keys"]
    sees_attempts = may_view(SignInAttempt, request)
    return {
        "check": last_check_in(events),
        "warnings": list(_warnings(provider, events, at=now)),
        "ends": _ends(provider, at=now),
        "keys": [
            (str(key.get("kid", "without a kid"))[:255], str(key.get("alg") or key["kty"])[:32])
            for key in keys[:SHOWN]
        ],
        "more_keys": max(0, len(keys) - SHOWN),
        "age": metadata_age(provider, now),
        "counts": _counts(provider, since=now - DAY) if sees_attempts else None,
        "attempts": _attempts(provider) if sees_attempts else None,
    }


def _warnings(provider: Provider, events: list[Event], *, at: datetime) -> Iterator[str]:
    """What the watch has left behind, and the last check unless what matters was changed since."""
    for what, since in (
        ("The discovery document", provider.discovery_failing_since),
        ("The key set", provider.jwks_failing_since),
    ):
        if since:
            yield f"{what} cannot be read since {since:%Y-%m-%d %H:%M} UTC."
    if provider.jwks and not metadata_age(provider, at).keys_serve:
        yield "The keys are too old to be used before the provider answers again."
    changes = (event for event in events if event.action == "provider_keys_changed")
    if (changed := next(changes, None)) and changed.outcome == REPLACED:
        yield f"Another key stands under the name of an earlier one since {changed.at:%Y-%m-%d %H:%M} UTC."
    check = last_check_in(events)
    if check and check.at >= (provider.risky_change_at or provider.created_at):
        for code in (check.after or {}).get("findings", []):
            if code in CODES and CODES[code].severity != "info":
                yield f"By the last check: {CODES[code].title}"


def _ends(provider: Provider, *, at: datetime) -> list[tuple[str, datetime, str]]:
    """What ends, when, and whether that is over or soon, else nothing."""
    known = (
        ("Certificate of the issuer's host", provider.tls_not_after),
        ("Client secret", provider.client_secret_expires_at),
    )
    return [
        (what, end, "over" if end <= at else "soon" if end <= at + ENDS_SOON else "")
        for what, end in known
        if end
    ]


def _counts(provider: Provider, *, since: datetime) -> dict[str, Any]:
    """How attempts since then went, of the newest COUNTED; `is_cut` if those are not all."""
    newest = SignInAttempt.objects.filter(provider=provider, started_at__gt=since).order_by("-started_at")
    checked, ok, refused = Q(purpose=Purpose.REFRESH), Q(outcome="ok"), ~Q(outcome__in=("", "ok"))
    counts = newest.only("pk")[: COUNTED + 1].aggregate(
        all=Count("pk"),
        well=Count("pk", filter=ok & ~checked),
        refused=Count("pk", filter=refused & ~checked),
        unfinished=Count("pk", filter=Q(outcome="") & ~checked),
        checks=Count("pk", filter=checked & ok),
        failed_checks=Count("pk", filter=checked & refused),
    )
    return {**counts, "is_cut": counts["all"] > COUNTED, "most": COUNTED}


def _attempts(provider: Provider) -> list[SignInAttempt]:
    """The newest but for checks of sessions, looked for among the newest COUNTED of any kind."""
    newest = SignInAttempt.objects.filter(provider=provider).order_by("-started_at").values("pk")[:COUNTED]
    shown = SignInAttempt.objects.filter(pk__in=newest).exclude(purpose=Purpose.REFRESH)
    shown = shown.select_related("user").defer("trace", "claims").order_by("-started_at")
    return list(shown[:SHOWN])
