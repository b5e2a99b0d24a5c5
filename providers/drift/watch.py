"""Reading every provider again, so that a change is noticed before the first person who cannot sign in."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.db.models import QuerySet

from providers.drift.findings import UNREAD, Finding, finding
from providers.drift.reading import Reading, read_discovery, read_provider
from providers.drift.settling import settle
from providers.errors import ProviderFault
from providers.metadata.keys import refetch_keys
from providers.metadata.services import settle_discovery
from providers.models import DiscoveryVersion, JwksVersion, Provider
from providers.trial.services import roll_back_overdue
from ssoconsole.platform.actors import Actor

# So many are waited for at the same time: they only read, and need neither the database nor each other.
WORKERS = 8
VERSIONS_KEPT = 100

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """What was found at one provider; `ok` when nothing of it needs a person."""

    provider: str
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        return all(found.severity != "error" for found in self.findings)

    @property
    def unread(self) -> bool:
        """Whether something of it could not be read or examined."""
        return any(found.code in UNREAD for found in self.findings)


def watch_providers(*, by: Actor, at: datetime) -> list[Report]:
    """
    Read what every enabled provider publishes and keep it; return a report for each, in their order.

    The threads only use the network: every write is made here, by one connection, as soon as its provider has
    answered. One that is slow, away or broken in a new way stops none of the others.
    """
    roll_back_overdue(at=at)
    providers = list(Provider.objects.enabled().in_order())
    reports: dict[str, Report] = {}
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="watch") as pool:
        asked = {pool.submit(read_provider, provider): provider for provider in providers}
        for answered in as_completed(asked):
            provider = asked[answered]
            reports[provider.slug] = Report(provider.slug, tuple(_findings(provider, answered, by=by, at=at)))
    return [reports[provider.slug] for provider in providers]


def look_again(*, provider: Provider, by: Actor) -> bool:
    """
    Read one discovery document because somebody asks; return whether what is kept differs from before.

    The keys are read anew with it, as far as they can be had. Other endpoints or another issuer wait for a decision
    here too. Raises as `refresh_discovery`.
    """
    changed = settle_discovery(provider, read_discovery(provider), by=by)
    with suppress(ProviderFault):
        refetch_keys(provider)
    return changed


def _findings(provider: Provider, answered: Future[Reading], *, by: Actor, at: datetime) -> Iterator[Finding]:
    try:
        yield from _by_weight(settle(provider, answered.result(), by=by, at=at))
        _drop_old_versions(provider)
    except Exception as error:  # a fault of ours at one provider must not hide the others
        log.exception("watch_failed", provider=provider.slug)
        yield finding("not_examined", received=type(error).__name__)


def _by_weight(found: list[Finding]) -> list[Finding]:
    weights = {"error": 0, "warning": 1, "info": 2}
    return sorted(found, key=lambda each: weights[each.severity])


def _drop_old_versions(provider: Provider) -> None:
    """Bound what a provider that shows another document at every run can make the console keep."""
    _keep_newest(JwksVersion.objects.filter(provider=provider))
    _keep_newest(DiscoveryVersion.objects.filter(provider=provider))
    _keep_newest(provider.drifts.never_decided())


def _keep_newest(rows: QuerySet[Any]) -> None:
    newest = rows.order_by("-pk").values_list("pk", flat=True)
    oldest = newest[VERSIONS_KEPT - 1 : VERSIONS_KEPT].first()
    if oldest is not None:
        rows.filter(pk__lt=oldest).delete()
