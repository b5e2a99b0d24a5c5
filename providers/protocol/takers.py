"""Who takes a client's credentials: the issuer that they are for, and the origins of the endpoints that get them."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from providers.protocol.discovery import PUSH_ENDPOINT

# RFC 6749 section 3.2 and RFC 9126 section 2: where the client authenticates.
AUTHENTICATING_ENDPOINTS = ("token_endpoint", PUSH_ENDPOINT)


def takers_of(issuer: str, document: Mapping[str, Any] | None) -> list[str]:
    """Return the issuer, then the origins of the endpoints in `document`; the issuer alone without a document of it."""
    published = document if document and document.get("issuer") == issuer else {}
    origins = {origin_of(published.get(name)) for name in AUTHENTICATING_ENDPOINTS}
    return [issuer, *sorted(origins - {""})]


def belongs_to(takers: Sequence[str], *, issuer: str, origins: Sequence[str]) -> bool:
    """Tell whether a credential for `takers` may be used for `issuer`, and be sent to every one of `origins`."""
    return bool(takers) and takers[0] == issuer and set(origins) <= set(takers[1:])


def origin_of(url: object) -> str:
    """The scheme, host and port of a URL, "" for what is none (RFC 6454 section 4)."""
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
        return f"{parts.scheme}://{parts.netloc.lower()}" if parts and parts.netloc else ""
    except ValueError:
        return ""
