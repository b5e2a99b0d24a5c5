"""Userinfo (OpenID Connect Core 1.0 section 5.3), asked only after the ID token has been checked."""

import time
from collections.abc import Mapping
from typing import Any

from providers import outgoing
from providers.errors import UserinfoError
from providers.metadata.keys import verify_token
from providers.models import Provider
from providers.protocol.mapping import lacks_mapped_claims
from providers.protocol.userinfo import check_signed_userinfo, check_userinfo
from ssoconsole.jose.verify import USERINFO
from ssoconsole.outbound.response import Response

SIGNED = "application/jwt"


def wants_userinfo(provider: Provider, claims: Mapping[str, Any]) -> bool:
    """Tell whether the registration has userinfo asked, beside an ID token with these `claims`."""
    if provider.userinfo == Provider.Userinfo.WHEN_NEEDED:
        return lacks_mapped_claims(
            claims, principal_claims=provider.principal_claims, mapping=provider.mapping
        )
    return provider.userinfo == Provider.Userinfo.ALWAYS


def fetch_userinfo(provider: Provider, *, access_token: str, sub: str) -> dict[str, Any] | None:
    """
    Return the claims about `sub`, the subject of the checked ID token; None if the provider has no userinfo.

    An answer as application/jwt is verified like an ID token, by rules of its own. Raises
    ProviderUnreachable, UserinfoError, UserinfoSubjectMismatch, and the IdTokenRefused of a signed answer.
    """
    endpoint = provider.endpoint("userinfo_endpoint")
    if endpoint is None:
        return None
    response = outgoing.get_with_bearer(endpoint, access_token, (*outgoing.JSON, SIGNED))
    if response.status != outgoing.OK:
        raise UserinfoError(expected="status 200", received=f"status {response.status}")
    if response.content_type == SIGNED:
        return _signed(provider, response, sub)
    claims = outgoing.read_object(response, fault=UserinfoError)
    check_userinfo(claims, sub=sub)
    return claims


def _signed(provider: Provider, response: Response, sub: str) -> dict[str, Any]:
    verified = verify_token(provider, response.body.strip(), types=USERINFO)
    return check_signed_userinfo(
        verified,
        issuer=provider.issuer,
        client_id=provider.client_id,
        sub=sub,
        now=int(time.time()),
        leeway=provider.leeway,
    )
