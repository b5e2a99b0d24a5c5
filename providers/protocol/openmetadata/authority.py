"""What an authority says about the issuer."""

import re
from urllib.parse import urlsplit

# The path of an endpoint, behind that of the issuer, which has no query. What ends in a plain /auth may be an issuer's.
_ENDPOINT = re.compile(
    r"/(?:protocol/openid-connect/[a-z]+(?:/[a-z]+)?|oidc/2/(?:auth|token|me|certs)"
    r"|(?:o/)?oauth2?/(?:v[12](?:\.0)?/)?auth"
    r"|(?:oauth2?/|connect/)?(?:v[12](?:\.0)?/)?(?:authorize|token|introspect(?:ion)?|revoke|revocation|userinfo"
    r"|logout|end_?session|keys|certs|jwks(?:\.json)?)"
    r"|\.well-known/(?:openid[-_]configuration|jwks\.json))/?(?:\?.*)?\Z",
    re.DOTALL,
)
_ENTRA = re.compile(
    r"(https://(?:login\.microsoftonline\.(?:com|us)|login\.partner\.microsoftonline\.cn)/[0-9a-z.-]+)(?:/v2\.0)?/?",
    re.IGNORECASE,
)
_QUERY = re.compile(r"/?\?.*\Z", re.DOTALL)
# Realms and applications are called as their owners like, and may be called as an endpoint is.
_NAMED_BY_ITS_OWNER = re.compile(r"/(?:realms|application/o)/[^/]+/?\Z")
# Where the issuer has the tenant's id, and the discovery document stands below its name and a policy.
_SEVERAL_PATHS = (".b2clogin.com", ".ciamlogin.com")
# Names that only machines of one network use, as for a way past the proxy.
_INTERNAL = (".svc", ".local", ".internal", ".lan")
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
    """Tell whether an address is one of a provider's endpoints, and no issuer: that has no query either."""
    if "?" in authority:
        return "://" in authority
    return bool(_ENDPOINT.search(authority)) and not _NAMED_BY_ITS_OWNER.search(authority)


def behind_endpoint(endpoint: str) -> str:
    """Return the issuer that an endpoint belongs to, as far as the address tells."""
    # Of OneLogin's endpoints the issuer is a part.
    issuer = _QUERY.sub("", _ENDPOINT.sub("/oidc/2" if "/oidc/2/" in endpoint else "", endpoint))
    of_version_2 = _ENTRA.fullmatch(issuer) and "/v2.0/" in endpoint
    return f"{issuer.removesuffix('/v2.0')}/v2.0" if of_version_2 else issuer


def are_one(authority: str, issuer: str) -> bool:
    """
    Tell whether an authority and an issuer may be the same provider: Entra's has two names for one tenant, a tenant
    for customers has several paths, and a server may be asked by the name that it has inside.
    """
    found, other = _ENTRA.fullmatch(authority), _ENTRA.fullmatch(issuer)
    if found and other:
        return found[1].lower() == other[1].lower()
    try:
        here, there = urlsplit(authority), urlsplit(issuer)
    except ValueError:
        return authority == issuer
    name = there.hostname or ""
    if here.netloc == there.netloc and name.endswith(_SEVERAL_PATHS):
        return True
    same_path = here.path.rstrip("/") == there.path.rstrip("/")
    return authority.rstrip("/") == issuer.rstrip("/") or (is_internal(name) and same_path)


def is_internal(host: str) -> bool:
    """Tell whether a host has a name that only the machines of one network know."""
    return host not in ("", "localhost") and (
        ("." not in host and ":" not in host) or host.endswith(_INTERNAL)
    )


def issuer_behind(issuer: str, discovery_uri: str) -> str:
    """Return the issuer that the discovery document's address names for an endpoint, or for a tenant of Entra."""
    base, found, _ = discovery_uri.partition("/.well-known/")
    if is_endpoint(issuer):
        return base if found else behind_endpoint(issuer)
    of_one_tenant = _ENTRA.fullmatch(issuer) and _ENTRA.fullmatch(base) and are_one(issuer, base)
    return base if of_one_tenant else issuer
