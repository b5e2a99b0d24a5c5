"""
Changes that wait for a person's decision, and the findings of the watch.

Every function is part of its caller's transaction. docs/warnings.md explains each code, and a test keeps it complete.
"""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from providers.models import DiscoveryDrift, Provider
from providers.protocol.drift import decisive_differences, without_decisive
from providers.protocol.preflight.codes import Severity
from providers.protocol.preflight.findings import Finding
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.services import record_event

Decision = DiscoveryDrift.Decision
LONGEST_SHOWN = 500  # a document may be half a megabyte, and findings go into mails

_DECIDE = (
    "Ask whoever runs the provider. Then adopt or refuse the change on the provider's page in the admin."
)
_REACH = "Try the address from the console's machine: name, network, proxy, certificate."

# What could not be read; whatever else is an error has been read and waits for a person.
UNREAD = frozenset(
    {"discovery_unreachable", "discovery_unusable", "keys_unreachable", "keys_unusable"}
    | {"certificate_unreadable", "not_examined"}
)


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
    changes = {each.member: {"before": each.before, "after": each.after} for each in found}
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


# code: severity, title, remedy
CODES: dict[str, tuple[Severity, str, str]] = {
    "issuer_changed": ("error", "The provider's document speaks for another issuer", _DECIDE),
    "endpoint_changed": ("error", "The provider names another endpoint", _DECIDE),
    "protection_withdrawn": ("error", "The provider no longer announces a protection", _DECIDE),
    "change_refused": ("info", "The provider still shows what was refused", ""),
    "capability_changed": ("info", "The provider lists other capabilities", ""),
    "algorithms_changed": (
        "warning",
        "The provider lists other algorithms",
        "Compare them with the registration's signing algorithms.",
    ),
    "member_changed": ("info", "Another member of the document has changed", ""),
    "keys_added": ("info", "The provider publishes new keys", ""),
    "keys_removed": ("info", "The provider has withdrawn keys", ""),
    "key_replaced": (
        "error",
        "Another key stands under the name of an earlier one",
        "Ask whoever runs the provider whether this was meant. If it was not, disable the provider.",
    ),
    "key_exposed": (
        "error",
        "The provider publishes the secret half of a key",
        "Tell whoever runs the provider at once: anybody can sign with it. The console does not use it.",
    ),
    "key_unusable": ("warning", "A published key is weak or malformed, and is not used", ""),
    "discovery_unreachable": ("error", "The discovery document cannot be read", _REACH),
    "discovery_unusable": (
        "error",
        "The discovery document cannot be used",
        "Open it in a browser and compare it with what was expected.",
    ),
    "keys_unreachable": ("error", "The provider's keys cannot be read", _REACH),
    "keys_unusable": (
        "error",
        "The provider's key set cannot be used",
        "Open its jwks_uri in a browser.",
    ),
    "certificate_unreadable": ("error", "The certificate of the issuer's host cannot be read", _REACH),
    "provider_changed": ("info", "The registration was changed meanwhile", ""),
    "not_examined": ("error", "The console failed at this provider", "Look into the console's log."),
}


def finding(
    code: str, *, what: str = "", expected: object = "", received: object = "", meanwhile: str = ""
) -> Finding:
    """Return the finding of a code; `what` says which one it is about, `meanwhile` what holds until it is mended."""
    severity, title, remedy = CODES[code]
    told = f"{title}: {what}" if what else title
    return Finding(
        code, severity, f"{told}.", _text(expected), _text(received), f"{remedy} {meanwhile}".strip()
    )


def _text(value: object) -> str:
    if value is None:
        return "absent"
    text = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."
