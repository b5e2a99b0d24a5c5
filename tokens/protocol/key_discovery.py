"""Where an issuer says that its keys are (OpenID Connect Discovery section 4, RFC 8414 section 3)."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from tokens.errors import KeysUnavailable

LONGEST = 512


def discovery_urls(issuer: str) -> tuple[str, str]:
    """Return the addresses of the document: OpenID Connect's first, which platforms have, then RFC 8414's."""
    parts = urlsplit(issuer)
    path = parts.path.rstrip("/")
    return (
        f"{issuer.rstrip('/')}/.well-known/openid-configuration",
        f"{parts.scheme}://{parts.netloc}/.well-known/oauth-authorization-server{path}",
    )


def jwks_uri_of(document: Mapping[str, Any], *, issuer: str) -> str:
    """
    Return where the keys are, by a document that speaks for exactly this issuer, byte for byte.

    Raises KeysUnavailable: keys of one issuer never count for another (RFC 8414 section 3.3).
    """
    if document.get("issuer") != issuer:
        raise KeysUnavailable(expected=f"issuer {issuer}", received=str(document.get("issuer"))[:200])
    jwks_uri = document.get("jwks_uri")
    if not isinstance(jwks_uri, str) or not 0 < len(jwks_uri) <= LONGEST:
        raise KeysUnavailable(expected=f"jwks_uri, a URL of at most {LONGEST} characters", received="another")
    return jwks_uri
