"""What an authority says about the issuer."""

import re

# The path of an endpoint, behind that of the issuer. What ends in a plain /auth may be an issuer's own.
_ENDPOINT = re.compile(
    r"/(?:protocol/openid-connect/[a-z]+(?:/[a-z]+)?|oidc/2/(?:auth|token|me|certs)"
    r"|(?:oauth2?/|connect/)?(?:v[12](?:\.0)?/)?(?:authorize|token|userinfo|keys|certs|jwks(?:\.json)?)"
    r"|\.well-known/(?:openid[-_]configuration|jwks\.json))/?\Z"
)
_ENTRA = re.compile(
    r"(https://(?:login\.microsoftonline\.(?:com|us)|login\.partner\.microsoftonline\.cn)/[0-9a-z.-]+)(?:/v2\.0)?/?",
    re.IGNORECASE,
)
_TENANT = re.compile(r"[0-9a-f-]{36}", re.IGNORECASE)


def issuer_of(provider: str, authority: str) -> str:
    """Return the issuer that an authority gives; "" where it names none."""
    if provider == "azure":
        found = _ENTRA.fullmatch(authority)
        return f"{found[1]}/v2.0" if found and _TENANT.fullmatch(found[1].rpartition("/")[2]) else ""
    if provider == "auth0":
        return f"{authority.rstrip('/')}/"
    return authority.rstrip("/") if provider in ("google", "aws-cognito") else authority


def is_endpoint(authority: str) -> bool:
    """Tell whether an address is one of a provider's endpoints, and no issuer."""
    return bool(_ENDPOINT.search(authority))


def behind_endpoint(endpoint: str) -> str:
    """Return the issuer that an endpoint belongs to, as far as the address tells."""
    # Of OneLogin's endpoints the issuer is a part.
    issuer = _ENDPOINT.sub("/oidc/2" if "/oidc/2/" in endpoint else "", endpoint)
    return f"{issuer}/v2.0" if _ENTRA.fullmatch(issuer) and "/v2.0/" in endpoint else issuer


def are_one(authority: str, issuer: str) -> bool:
    """Tell whether an authority and an issuer are the same provider: Entra's has two names for one tenant."""
    found, other = _ENTRA.fullmatch(authority), _ENTRA.fullmatch(issuer)
    if found and other:
        return found[1].lower() == other[1].lower()
    return authority.rstrip("/") == issuer.rstrip("/")


def issuer_behind(issuer: str, discovery_uri: str) -> str:
    """Return the issuer that the discovery document's address names for an endpoint, or for a tenant of Entra."""
    base, found, _ = discovery_uri.partition("/.well-known/")
    if is_endpoint(issuer):
        return base if found else behind_endpoint(issuer)
    return base if found and _ENTRA.fullmatch(issuer) and are_one(issuer, base) else issuer
