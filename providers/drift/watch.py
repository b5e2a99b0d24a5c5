"""
Read every provider again, so that a change is noticed before the first person cannot sign in.

Reading needs no database, so that threads can do it. Keeping what was read, and reporting what is new in it, comes
after that.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.db.models import QuerySet

from providers import outgoing
from providers.drift.pending import UNREAD, finding, undecided
from providers.errors import REFUSALS, KeysInvalid, ProviderChanged, ProviderFault, ProviderUnreachable
from providers.metadata import (
    SERVES_FOR,
    check_discovery,
    parse_keys,
    receive_discovery,
    refetch_keys,
    store_keys,
)
from providers.models import DiscoveryVersion, JwksVersion, Provider
from providers.protocol.discovery import ANNOUNCES_ISS, discovery_url
from providers.protocol.drift import Difference, decisive_differences, differences
from providers.protocol.key_set import exposed_keys, key_changes
from providers.protocol.preflight.findings import Finding
from providers.registration.rolling_back import roll_back_if_overdue, roll_back_overdue
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.outbound.errors import OutboundError, TlsFailed

NO_COPY = "There is no copy that could serve: until it can be read, nobody signs in there."

# So many are waited for at the same time: they only read, and need neither the database nor each other.
WORKERS = 8
VERSIONS_KEPT = 100

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Keys:
    """A key set, and the address where it was."""

    url: str
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of asking for each of three things; None where there was nothing to ask for."""

    discovery: dict[str, Any] | DomainError
    keys: Keys | DomainError | None
    certificate_ends: datetime | OutboundError | None


def read_provider(provider: Provider) -> Reading:
    """Ask for the document, the keys and the certificate, whatever becomes of the others."""
    discovery = _attempt_discovery(provider)
    named = provider.endpoint("jwks_uri")
    if named is None and isinstance(discovery, dict):
        named = discovery["jwks_uri"]
    return Reading(discovery, _attempt_keys(named) if named else None, _attempt_certificate(provider))


def read_discovery(provider: Provider) -> dict[str, Any]:
    """
    Fetch the document and check it for whatever issuer it speaks for, which the caller does not believe.

    The first document of a registration must speak for its issuer. Raises as `fetch_discovery`.
    """
    document = outgoing.fetch_document(discovery_url(provider.issuer))
    claimed = document.get("issuer")
    believed = provider.discovery and isinstance(claimed, str) and claimed
    return check_discovery(provider, document, issuer=str(claimed) if believed else provider.issuer)


def _attempt_discovery(provider: Provider) -> dict[str, Any] | DomainError:
    try:
        return read_discovery(provider)
    except REFUSALS as refused:
        return refused


def _attempt_keys(url: str) -> Keys | DomainError:
    try:
        document = outgoing.fetch_document(url, fault=KeysInvalid)
        parse_keys(document)
    except REFUSALS as refused:
        return refused
    return Keys(url, document)


def _attempt_certificate(provider: Provider) -> datetime | OutboundError | None:
    if not provider.issuer.startswith("https:"):
        return None
    try:
        found = outgoing.probe(provider.issuer)
    except OutboundError as error:
        return error
    if found.error or not found.certificate:
        return found.error or TlsFailed("the certificate that the host has shown cannot be read")
    return found.certificate.not_after


def receive(provider: Provider, reading: Reading, *, by: Actor, at: datetime) -> list[Finding]:
    """Keep the reading of a provider as it was when it was read, and return what there is to tell."""
    return [
        *_receive_discovery(provider, reading.discovery, by=by, at=at),
        *_receive_keys(provider, reading.keys, at=at),
        *_receive_certificate(provider, reading.certificate_ends),
    ]


def _receive_discovery(
    provider: Provider, found: dict[str, Any] | DomainError, *, by: Actor, at: datetime
) -> Iterator[Finding]:
    if isinstance(found, DomainError):
        since = _failing_since(provider, "discovery_failing_since", at=at)
        code = "discovery_unreachable" if isinstance(found, ProviderUnreachable) else "discovery_unusable"
        serves = "The stored copy serves meanwhile."
        yield _fault(code, found, since, serves if provider.discovery else NO_COPY)
        return
    before = provider.discovery or {}
    try:
        receive_discovery(provider, found, by=by)
    except ProviderChanged as changed:
        yield finding("provider_changed", expected=changed.expected, received=changed.received)
        return
    waiting = undecided(provider)
    for difference in decisive_differences(before, found) if before else ():
        code = _decisive_code(difference) if waiting else "change_refused"
        yield _told(code, difference)
    for difference in differences(before, provider.discovery or {}) if before else ():
        yield _told(_harmless_code(difference), difference)


def _receive_keys(provider: Provider, found: Keys | DomainError | None, *, at: datetime) -> Iterator[Finding]:
    if found is None:
        return
    if isinstance(found, DomainError):
        since = _failing_since(provider, "jwks_failing_since", at=at)
        code = "keys_unreachable" if isinstance(found, ProviderUnreachable) else "keys_unusable"
        fetched = provider.jwks_fetched_at if provider.jwks else None
        serves = f"The stored keys serve until {fetched + SERVES_FOR:%Y-%m-%d %H:%M} UTC." if fetched else ""
        yield _fault(code, found, since, serves if fetched and at < fetched + SERVES_FOR else NO_COPY)
        return
    changes = key_changes(provider.jwks, found.document)
    had_keys = provider.jwks is not None
    store_keys(provider, found.document, url=found.url)
    if changes.replaced:
        yield finding("key_replaced", what=", ".join(changes.replaced))
    for name in exposed_keys(found.document):
        yield finding("key_exposed", what=name)
    if changes.added and had_keys:
        yield finding("keys_added", what=", ".join(changes.added))
    if changes.removed:
        yield finding("keys_removed", what=", ".join(changes.removed))
    for refused in parse_keys(found.document).refused:
        yield finding("key_unusable", what=refused.kid or "without kid", received=refused.reason)


def _receive_certificate(provider: Provider, ends: datetime | OutboundError | None) -> Iterator[Finding]:
    if isinstance(ends, OutboundError):
        yield finding("certificate_unreadable", received=f"{ends.code}: {ends.detail}")
        return  # the end that was known stays known
    rows = Provider.objects.filter(pk=provider.pk, issuer=provider.issuer)
    rows.exclude(tls_not_after=ends).update(tls_not_after=ends)


def _failing_since(provider: Provider, field: str, *, at: datetime) -> datetime:
    """Mark the beginning of an outage once; what is stored is left as it is."""
    Provider.objects.filter(pk=provider.pk, **{field: None}).update(**{field: at})
    since: datetime | None = Provider.objects.values_list(field, flat=True).get(pk=provider.pk)
    return since or at


def _fault(code: str, fault: DomainError, since: datetime, meanwhile: str) -> Finding:
    what = f"{fault.message.rstrip('.')}, since {since:%Y-%m-%d %H:%M} UTC"
    return finding(code, what=what, expected=fault.expected, received=fault.received, meanwhile=meanwhile)


def _told(code: str, difference: Difference) -> Finding:
    return finding(code, what=difference.member, expected=difference.before, received=difference.after)


def _decisive_code(difference: Difference) -> str:
    if difference.member == ANNOUNCES_ISS:
        return "protection_withdrawn"
    return "issuer_changed" if difference.member == "issuer" else "endpoint_changed"


def _harmless_code(difference: Difference) -> str:
    if "_alg_" in difference.member:
        return "algorithms_changed"
    return "capability_changed" if "supported" in difference.member else "member_changed"


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
    roll_back_if_overdue(provider)
    changed = receive_discovery(provider, read_discovery(provider), by=by)
    with suppress(ProviderFault):
        refetch_keys(provider)
    return changed


def _findings(provider: Provider, answered: Future[Reading], *, by: Actor, at: datetime) -> Iterator[Finding]:
    try:
        yield from _by_weight(receive(provider, answered.result(), by=by, at=at))
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
