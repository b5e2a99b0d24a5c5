"""An existing configuration of OpenMetadata as a registration of this console; the issuer comes from its authority."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from providers.protocol.openmetadata.document import Document
from providers.protocol.openmetadata.schema import (
    DEFAULT_ADMIN,
    DEFAULT_DOMAINS,
    HELM_GATE,
    Section,
    setting,
)

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
_WSO2 = ("/oauth2/token", "/oauth2/jwks")  # of an issuer, and where its keys are
# Where the issuer has the tenant's id, and the discovery document stands below its name and a policy.
_SEVERAL_PATHS = (".b2clogin.com", ".ciamlogin.com")
# Names that only machines of one network use, as for a way past the proxy.
_INTERNAL = (".svc", ".local", ".internal", ".lan")
_TENANT = re.compile(r"[0-9a-f-]{36}", re.IGNORECASE)

# These do not sign anybody in by OpenID Connect.
UNSUPPORTED = {
    "basic": "is the server's own password login; there is no provider behind it",
    "ldap": "is no OpenID Connect; put a provider in front of the directory",
    "saml": "is another protocol; most SAML providers speak OpenID Connect too",
}
NAMES = {
    "azure": "Entra ID",
    "google": "Google",
    "okta": "Okta",
    "auth0": "Auth0",
    "aws-cognito": "Amazon Cognito",
}
_ONELOGIN = re.compile(r"https://[a-z0-9-]+\.onelogin\.com/oidc/2/?")


def issuer_of(provider: str, authority: str) -> str:
    """Return the issuer that an authority gives; "" where it names none."""
    tenant = _tenant(authority)
    if provider == "azure" or _TENANT.fullmatch(tenant):
        found = _ENTRA.fullmatch(authority)
        return f"{found[1]}/v2.0" if found and _TENANT.fullmatch(tenant) else ""
    if provider == "auth0":
        return f"{authority.rstrip('/')}/"
    return authority.rstrip("/") if provider in ("google", "aws-cognito", "okta") else authority


def _tenant(authority: str) -> str:
    """Return what an address of Entra calls the tenant: an id, a domain, or none such as `common`; "" of another."""
    found = _ENTRA.fullmatch(authority)
    return found[1].rpartition("/")[2] if found else ""


def scopes_in(text: str) -> list[str]:
    """Return the scopes of a setting. Where commas or signs of a query stand between them, these are no part of one."""
    scopes = text.split()
    return scopes if "openid" in scopes else [scope for scope in re.split(r"[\s,;+]+", text) if scope]


def is_endpoint(authority: str, keys: Iterable[str] = ()) -> bool:
    """
    Tell whether an address is one of a provider's endpoints, and no issuer: that has no query either.

    WSO2's issuer is called as its token endpoint is; its keys, which `keys` would name, stand beside it.
    """
    if "?" in authority:
        return "://" in authority
    if authority.endswith(_WSO2[0]) and authority.removesuffix(_WSO2[0]) + _WSO2[1] in keys:
        return False
    return bool(_ENDPOINT.search(authority)) and not _NAMED_BY_ITS_OWNER.search(authority)


def behind_endpoint(endpoint: str) -> str:
    """Return the issuer that an endpoint belongs to, as far as the address tells."""
    # Of OneLogin's endpoints the issuer is a part.
    issuer = _QUERY.sub("", _ENDPOINT.sub("/oidc/2" if "/oidc/2/" in endpoint else "", endpoint))
    of_version_2 = _ENTRA.fullmatch(issuer) and "/v2.0/" in endpoint
    return f"{issuer.removesuffix('/v2.0')}/v2.0" if of_version_2 else issuer


def are_one(authority: str, issuer: str) -> bool:
    """
    Tell whether an authority and an issuer may be the same provider: Entra's has several names for one tenant, a tenant
    for customers has several paths, and a server may be asked by the name that it has inside.
    """
    found, other = _ENTRA.fullmatch(authority), _ENTRA.fullmatch(issuer)
    if found and other:
        # Nobody can tell a tenant's domain from its id.
        is_domain = "." in _tenant(authority) and bool(_TENANT.fullmatch(_tenant(issuer)))
        return found[1].lower() == other[1].lower() or is_domain
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


def issuer_behind(issuer: str, discovery_uri: str, keys: Iterable[str] = ()) -> str:
    """Return the issuer that the discovery document's address names for an endpoint, or for a tenant of Entra."""
    base, found, _ = discovery_uri.partition("/.well-known/")
    if is_endpoint(issuer, keys):
        return base if found else behind_endpoint(issuer)
    of_one_tenant = _TENANT.fullmatch(_tenant(base)) and are_one(issuer, base)
    # The documents of both versions are below the tenant, and only the second's issuer is called so.
    return issuer_of("azure", base) if of_one_tenant else issuer


@dataclass(frozen=True, slots=True)
class Missing:
    """What stands in the way; `line` is where it is, or belongs."""

    line: int
    path: str
    message: str


@dataclass(slots=True)
class Imported:
    """
    Fields of a registration under their names in the configuration file, and the line of each.

    `email_claim` is what the mapping reads the address from. `secret` is a secret that stood in the file,
    `secret_variable` the variable that the file says it is in. With `missing` there is no registration.
    """

    fields: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    missing: list[Missing] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    email_claim: str = "email"
    needs_secret: bool = False
    secret: str | None = field(default=None, repr=False)
    secret_variable: str | None = None


def registration_from(document: Document) -> Imported:
    """Return the registration that a configuration amounts to, or what is missing for one."""
    return _Import(document).run()


class _Import:
    """One pass over a document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.found = Imported()
        self._chosen: set[str] = set()

    def run(self) -> Imported:
        provider = self._provider()
        if self.found.missing:
            return self.found
        self._issuer(provider)
        self._client()
        self._claims()
        self._people()
        self._algorithms()
        if self._is_confidential:
            self._confidential()
        if self._chosen:
            self.found.notes.append(
                "Taken as they stand in this file; where the server's environment sets one of these variables, "
                f"its value is another: {', '.join(sorted(self._chosen))}."
            )
        return self.found

    @property
    def _is_confidential(self) -> bool:
        return bool(self._known(Section.AUTHENTICATION, "clientType") == "confidential")

    def _provider(self) -> str:
        if self.document.is_off(Section.AUTHENTICATION):
            self._miss(
                Section.AUTHENTICATION, HELM_GATE, "is false: the chart passes nothing of this block on"
            )
            return ""
        provider = self.document.effective(Section.AUTHENTICATION, "provider")
        if provider is None:
            self._miss(Section.AUTHENTICATION, "provider", "is not in this file, or of the wrong type")
            return ""
        if provider in UNSUPPORTED:
            self._miss(Section.AUTHENTICATION, "provider", f"{provider} {UNSUPPORTED[provider]}")
        elif provider not in (*NAMES, "custom-oidc"):
            self._miss(Section.AUTHENTICATION, "provider", "is none that there is; OneLogin is custom-oidc")
        return str(provider)

    def _issuer(self, provider: str) -> None:
        authority = self._needed(Section.AUTHENTICATION, "authority")
        if not authority:
            return
        discovery = self._known(Section.OIDC, "discoveryUri") or ""
        keys = self._known(Section.AUTHENTICATION, "publicKeyUrls") or ()
        names_none = is_endpoint(authority, keys)
        found = authority if names_none else issuer_of(provider, authority)
        issuer = issuer_behind(found or authority, discovery, keys)
        issuer = issuer if found or _TENANT.fullmatch(_tenant(issuer)) else ""
        if names_none:
            issuer = issuer_of(provider, issuer)
        if names_none and issuer != authority:
            self.found.notes.append(f"The authority is an endpoint; the issuer is taken for {issuer}.")
        if not issuer:
            self._miss(
                Section.AUTHENTICATION, "authority", "names no single tenant, so there is no one issuer"
            )
            return
        onelogin = bool(_ONELOGIN.fullmatch(issuer))
        self._set("kind", "onelogin" if onelogin else "custom-oidc", Section.AUTHENTICATION, "provider")
        self._set("issuer", issuer, Section.AUTHENTICATION, "authority")
        usual = "OneLogin" if onelogin else NAMES.get(provider) or urlsplit(issuer).hostname or issuer
        name = self._known(Section.AUTHENTICATION, "providerName") or usual
        self._set("name", name, Section.AUTHENTICATION, "providerName")

    def _client(self) -> None:
        path = (Section.AUTHENTICATION, "clientId")
        if not self._known(*path) and self._known(Section.OIDC, "id"):
            path = (Section.OIDC, "id")
        if client_id := self._needed(*path):
            self._set("client_id", client_id, *path)
        if not self._is_confidential:
            self._set("token_endpoint_auth_method", "none", Section.AUTHENTICATION, "clientType")
            self._set("pkce", True, Section.AUTHENTICATION, "clientType")
            self._response_type(Section.AUTHENTICATION)
        self_signup = self._known(Section.AUTHENTICATION, "enableSelfSignup")
        if self_signup is not None:
            self._set("self_signup", self_signup, Section.AUTHENTICATION, "enableSelfSignup")

    def _response_type(self, section: Section) -> None:
        wanted = "id_token" if self._explicit(section, "responseType") == "id_token" else "code"
        if wanted == "id_token":
            self.found.notes.append(
                "responseType id_token is the implicit flow, which is legacy; prefer code."
            )
        self._set("response_type", wanted, section, "responseType")

    def _claims(self) -> None:
        claims = list(self._known(Section.AUTHENTICATION, "jwtPrincipalClaims") or [])
        pairs = self._known(Section.AUTHENTICATION, "jwtPrincipalClaimsMapping") or []
        mapping = dict(pair.partition(":")[::2] for pair in pairs)
        claims = claims or list(setting(Section.AUTHENTICATION, "jwtPrincipalClaims").default)
        if username := mapping.get("username"):
            claims = [username, *(claim for claim in claims if claim != username)]
        self.found.email_claim = mapping.get("email") or "email"
        self._set("principal_claims", claims, Section.AUTHENTICATION, "jwtPrincipalClaims")

    def _people(self) -> None:
        domain = self._known(Section.AUTHORIZER, "principalDomain") or ""
        domain = "" if domain in DEFAULT_DOMAINS else domain
        allowed = [*([domain] if domain else []), *(self._known(Section.AUTHORIZER, "allowedDomains") or [])]
        if self._known(Section.AUTHORIZER, "enforcePrincipalDomain") is True:
            domains = list(dict.fromkeys(allowed))
            self._set("allowed_email_domains", domains, Section.AUTHORIZER, "principalDomain")
        names = list(self._known(Section.AUTHORIZER, "adminPrincipals") or [])
        admins = [principal for name in names for principal in self._admin(name, domain)]
        self._set("admin_principals", admins, Section.AUTHORIZER, "adminPrincipals")

    def _admin(self, name: str, domain: str) -> Iterator[str]:
        """A user name there is what stands before the @; here the whole claim names a person."""
        if name == DEFAULT_ADMIN:
            self.found.notes.append(f"The default administrator {DEFAULT_ADMIN} is not taken over.")
        elif "@" in name or self.found.fields["principal_claims"][0] not in ("email", self.found.email_claim):
            yield name
        elif domain:
            yield f"{name}@{domain}"
        else:
            self.found.notes.append("An administrator is not taken over: principalDomain is not yours yet.")

    def _algorithms(self) -> None:
        named = self._explicit(Section.AUTHENTICATION, "tokenValidationAlgorithm")
        if named:
            self._set("signing_algs", [named], Section.AUTHENTICATION, "tokenValidationAlgorithm")
        elif self._is_confidential and (preferred := self._explicit(Section.OIDC, "preferredJwsAlgorithm")):
            self._set("signing_algs", [preferred], Section.OIDC, "preferredJwsAlgorithm")

    def _confidential(self) -> None:
        method = self.document.effective(Section.OIDC, "clientAuthenticationMethod")
        self._set("token_endpoint_auth_method", method, Section.OIDC, "clientAuthenticationMethod")
        pkce_off = self._explicit(Section.OIDC, "disablePkce") is True
        self._set("pkce", not pkce_off, Section.OIDC, "disablePkce")
        self._response_type(Section.OIDC)
        if scope := self._known(Section.OIDC, "scope"):
            self._set("scopes", list(dict.fromkeys(scopes_in(scope))), Section.OIDC, "scope")
        for key, name in (("maxClockSkew", "leeway"), ("maxAge", "max_age")):
            given = self._explicit(Section.OIDC, key)
            if given and re.fullmatch(r"[0-9]{1,9}", given):
                self._set(name, int(given), Section.OIDC, key)
        if prompt := self._explicit(Section.OIDC, "prompt"):
            self._set("prompt", prompt, Section.OIDC, "prompt")
        if parameters := self._known(Section.OIDC, "customParams"):
            named = {
                name: str(value).lower() if isinstance(value, bool) else str(value)
                for name, value in parameters.items()
            }
            self._set("extra_params", named, Section.OIDC, "customParams")
        self.found.needs_secret = method != "private_key_jwt"
        self._secret()

    def _secret(self) -> None:
        entry = self.document.entry(Section.OIDC, "secret")
        self.found.lines["client_secret"] = self._line(Section.OIDC, "secret")
        known = self.document.known(Section.OIDC, "secret")
        if known:
            self.found.secret = known
        elif entry:
            # The shell's name of the variable, in an env file or in openmetadata.yaml.
            self.found.secret_variable = entry.variable or None

    def _known(self, section: Section, key: str) -> Any:
        """What the server takes from this file; a variable's value here counts unless it is set there."""
        if self.document.is_off(section):
            return None
        entry = self.document.entry(section, key)
        value = self.document.known(section, key)
        if entry and entry.variable and value is not None and value != entry.setting.default:
            self._chosen.add(entry.variable)
        return value

    def _explicit(self, section: Section, key: str) -> Any:
        """What somebody has chosen; the shipped file repeats each default behind its variable."""
        entry = self.document.entry(section, key)
        value = self._known(section, key)
        return None if entry is None or (entry.variable and value == entry.setting.default) else value

    def _needed(self, section: Section, key: str) -> str:
        value = self._known(section, key)
        if not value or "{" in value:
            self._miss(section, key, "is missing, elsewhere, or a placeholder")
            return ""
        return str(value)

    def _set(self, name: str, value: Any, section: Section, key: str) -> None:
        self.found.fields[name] = value
        self.found.lines[name] = self._line(section, key)

    def _line(self, section: Section, key: str) -> int:
        entry = self.document.entry(section, key)
        return entry.line if entry else self.document.line_of(section, Section.AUTHENTICATION)

    def _miss(self, section: Section, key: str, message: str) -> None:
        self.found.missing.append(Missing(self._line(section, key), f"{section}.{key}", message))
