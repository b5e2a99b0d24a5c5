"""Reading what one provider publishes; without the database, so that any thread can do it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from providers import outgoing
from providers.errors import KeysInvalid, SignInRefused
from providers.metadata.keys import parse_keys
from providers.metadata.services import check_discovery
from providers.models import Provider
from providers.protocol.discovery import discovery_url
from ssoconsole.platform.outbound.certificate import peer_certificate
from ssoconsole.platform.outbound.errors import OutboundError


@dataclass(frozen=True, slots=True)
class Keys:
    """A key set, and the address where it was."""

    url: str
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of asking for each of three things; None where there was nothing to ask for."""

    discovery: dict[str, Any] | SignInRefused
    keys: Keys | SignInRefused | None
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


def _attempt_discovery(provider: Provider) -> dict[str, Any] | SignInRefused:
    try:
        return read_discovery(provider)
    except SignInRefused as refused:
        return refused


def _attempt_keys(url: str) -> Keys | SignInRefused:
    try:
        document = outgoing.fetch_document(url, fault=KeysInvalid)
        parse_keys(document)
    except SignInRefused as refused:
        return refused
    return Keys(url, document)


def _attempt_certificate(provider: Provider) -> datetime | OutboundError | None:
    if not provider.issuer.startswith("https:"):
        return None
    try:
        found = peer_certificate(provider.issuer, allow_loopback=settings.ALLOW_LOOPBACK_PROVIDERS)
    except OutboundError as error:
        return error
    return found.not_after
