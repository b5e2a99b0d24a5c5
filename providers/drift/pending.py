"""Setting aside what a person has to decide about; every function is part of its caller's transaction."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from providers.models import DiscoveryDrift, Provider
from providers.protocol.drift import Difference, decisive_differences, without_decisive
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.services import record_event

Decision = DiscoveryDrift.Decision


def set_aside(provider: Provider, document: dict[str, Any], *, by: Actor) -> dict[str, Any]:
    """
    Return what of `document` may be used at once, and keep the rest for a person to decide about.

    `provider` is a locked row. What was refused is not asked again for as long as the provider goes on showing
    it; what he takes back needs no decision any more.
    """
    before = provider.discovery
    if not before:
        return document  # the first one, of an issuer that somebody has just typed
    found = decisive_differences(before, document)
    if not found:
        withdraw(provider, by=Actor("provider", provider.slug))
        return document
    changes = _changes(found)
    refused = provider.drifts.refused().first()
    if refused is not None and refused.changes == changes:
        withdraw(provider, by=Actor("provider", provider.slug))
    else:
        _keep(provider, document, changes, by=by)
    # A document that speaks for somebody else says nothing about this provider.
    return dict(before) if "issuer" in changes else without_decisive(before, document)


def withdraw(provider: Provider, *, by: Actor) -> None:
    """Close what waits for a decision, because there is nothing to decide about any more."""
    provider.drifts.all().decide(Decision.WITHDRAWN, by=str(by), at=timezone.now())


def undecided(provider: Provider) -> DiscoveryDrift | None:
    return provider.drifts.undecided().first()


def _changes(found: list[Difference]) -> dict[str, Any]:
    return {each.member: {"before": each.before, "after": each.after} for each in found}


def _keep(provider: Provider, document: dict[str, Any], changes: Mapping[str, Any], *, by: Actor) -> None:
    now = timezone.now()
    waiting = provider.drifts.undecided()
    same = waiting.first()
    if same is not None and same.changes == changes:
        waiting.update(document=document, seen_at=now)
        return
    waiting.decide(Decision.SUPERSEDED, by=str(by), at=now)
    drift = DiscoveryDrift.objects.create(
        provider=provider, document=document, changes=changes, found_at=now, seen_at=now
    )
    record_event(
        "provider_drift",
        by=by,
        target=provider.slug,
        outcome="pending",
        before=drift.side("before"),
        after=drift.side("after"),
    )
