"""Keeping what was read of one provider, and telling what is new in it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from providers.drift.findings import Finding, finding
from providers.drift.pending import undecided
from providers.drift.reading import Keys, Reading
from providers.errors import ProviderChanged, ProviderUnreachable, SignInRefused
from providers.metadata.keys import SERVES_FOR, parse_keys, store_keys
from providers.metadata.services import settle_discovery
from providers.models import Provider
from providers.protocol.discovery import ANNOUNCES_ISS
from providers.protocol.drift import Difference, decisive_differences, differences
from providers.protocol.key_set import exposed_keys, key_changes
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.outbound.errors import OutboundError

NO_COPY = "There is no copy that could serve: until it can be read, nobody signs in there."


def settle(provider: Provider, reading: Reading, *, by: Actor, at: datetime) -> list[Finding]:
    """Keep the reading of a provider as it was when it was read, and return what there is to tell."""
    return [
        *_settle_discovery(provider, reading.discovery, by=by, at=at),
        *_settle_keys(provider, reading.keys, at=at),
        *_settle_certificate(provider, reading.certificate_ends),
    ]


def _settle_discovery(
    provider: Provider, found: dict[str, Any] | SignInRefused, *, by: Actor, at: datetime
) -> Iterator[Finding]:
    if isinstance(found, SignInRefused):
        since = _failing_since(provider, "discovery_failing_since", at=at)
        code = "discovery_unreachable" if isinstance(found, ProviderUnreachable) else "discovery_unusable"
        serves = "The stored copy serves meanwhile."
        yield _fault(code, found, since, serves if provider.discovery else NO_COPY)
        return
    before = provider.discovery or {}
    try:
        settle_discovery(provider, found, by=by)
    except ProviderChanged as changed:
        yield finding("provider_changed", expected=changed.expected, received=changed.received)
        return
    waiting = undecided(provider)
    for difference in decisive_differences(before, found) if before else ():
        code = _decisive_code(difference) if waiting else "change_refused"
        yield _told(code, difference)
    for difference in differences(before, provider.discovery or {}) if before else ():
        yield _told(_harmless_code(difference), difference)


def _settle_keys(
    provider: Provider, found: Keys | SignInRefused | None, *, at: datetime
) -> Iterator[Finding]:
    if found is None:
        return
    if isinstance(found, SignInRefused):
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


def _settle_certificate(provider: Provider, ends: datetime | OutboundError | None) -> Iterator[Finding]:
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


def _fault(code: str, fault: SignInRefused, since: datetime, meanwhile: str) -> Finding:
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
