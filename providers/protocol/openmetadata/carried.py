"""What a registration means to OpenMetadata: its settings, in the order in which its documentation has them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from providers.protocol.openmetadata.document import Deployment
from providers.protocol.openmetadata.schema import (
    ALGORITHMS,
    AUTHORIZER_CLASS,
    CALLBACK_PATH,
    DEFAULT_ADMIN,
    JWKS_PATH,
    LOCAL_SERVER,
    PROMPTS,
    REQUEST_FILTER,
    Section,
    Setting,
    setting,
)

DISCOVERY_PATH = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class Line:
    """
    A setting with its value.

    `note` stands above it: what a person must still fill in, or do. `is_secret` says that the value is not
    here: a form refers to where it is.
    """

    setting: Setting
    value: Any
    note: str = ""
    is_secret: bool = False


def lines_of(deployment: Deployment, *, own_keys_first: bool, key_directory: str) -> list[Line]:
    """
    Return every line; the documented ones first, in the documented order.

    `key_directory` is where the server itself finds its key files, if there are any of its own.
    """
    parts = (
        _authorizer(deployment),
        _authentication(deployment, own_keys_first=own_keys_first),
        () if deployment.is_public else _confidential(deployment),
        _identity(deployment),
        _admission(deployment),
        _algorithm(deployment),
        _jwt_keys(deployment, key_directory),
    )
    return [line for part in parts for line in part]


def server_of(deployment: Deployment) -> tuple[str, str]:
    """Return the server's origin and what is to be said above every line that holds it."""
    if deployment.server_url:
        return deployment.server_url, ""
    return LOCAL_SERVER, "Fill in: the address at which people reach OpenMetadata, in place of its default."


def principal_domain(deployment: Deployment) -> tuple[str, str]:
    """Return the domain of the people, and what is to be said where nobody has named one."""
    if deployment.allowed_email_domains:
        return deployment.allowed_email_domains[0], ""
    admins = [name.rpartition("@")[2] for name in deployment.admin_principals if "@" in name]
    host = urlsplit(deployment.server_url or deployment.console_jwks).hostname or ""
    domain = (admins or [host])[0].lower()
    return domain, "Fill in: the e-mail domain of your people; the registration lists no allowed domain."


def user_name(principal: str) -> str:
    """A person's name there: what stands before the @, in lower case."""
    return principal.partition("@")[0].lower()


def discovery_address(issuer: str) -> str:
    return issuer.rstrip("/") + DISCOVERY_PATH


def _authorizer(deployment: Deployment) -> Iterator[Line]:
    yield _line(Section.AUTHORIZER, "className", AUTHORIZER_CLASS)
    yield _line(Section.AUTHORIZER, "containerRequestFilter", REQUEST_FILTER)
    admins = list(dict.fromkeys(user_name(principal) for principal in deployment.admin_principals))
    note = "" if admins else "Fill in: the user names of administrators, what stands before the @."
    if DEFAULT_ADMIN in admins:
        note = f"Fill in: another name than {DEFAULT_ADMIN}, whose password everybody knows."
    yield _line(Section.AUTHORIZER, "adminPrincipals", admins, note)
    yield _line(Section.AUTHORIZER, "principalDomain", *principal_domain(deployment))


def _authentication(deployment: Deployment, *, own_keys_first: bool) -> Iterator[Line]:
    server, note = server_of(deployment)
    yield _line(Section.AUTHENTICATION, "provider", "custom-oidc")
    yield _line(Section.AUTHENTICATION, "providerName", deployment.name)
    yield _public_keys(deployment, own_keys_first=own_keys_first)
    yield _line(Section.AUTHENTICATION, "authority", deployment.issuer)
    yield _line(Section.AUTHENTICATION, "clientId", deployment.client_id)
    yield _line(Section.AUTHENTICATION, "callbackUrl", server + CALLBACK_PATH, note)
    yield _line(Section.AUTHENTICATION, "clientType", "public" if deployment.is_public else "confidential")


def _public_keys(deployment: Deployment, *, own_keys_first: bool) -> Line:
    notes = []
    provider = [deployment.provider_jwks] if deployment.provider_jwks else []
    if not provider:
        notes.append(f"Fill in: also the jwks_uri that is named at {discovery_address(deployment.issuer)}.")
    own = [deployment.console_jwks]
    if deployment.server_url:
        # A server before 2.0 finds its own key, which signs its bots' tokens, only where this list says.
        own = list(dict.fromkeys([*own, deployment.server_url + JWKS_PATH]))
    else:
        notes.append(f"Fill in: also the server's own keys, at {JWKS_PATH} of the address of OpenMetadata.")
    urls = [*own, *provider] if own_keys_first else [*provider, *own]
    return _line(Section.AUTHENTICATION, "publicKeyUrls", urls, " ".join(notes))


def _confidential(deployment: Deployment) -> Iterator[Line]:
    server, note = server_of(deployment)
    yield _line(Section.OIDC, "id", deployment.client_id)
    yield Line(setting(Section.OIDC, "secret"), "", is_secret=True)
    yield _line(Section.OIDC, "type", "custom-oidc")
    yield _line(Section.OIDC, "discoveryUri", discovery_address(deployment.issuer))
    yield _line(Section.OIDC, "callbackUrl", server + CALLBACK_PATH, note)
    yield _line(Section.OIDC, "serverUrl", server, note)
    yield _line(Section.OIDC, "scope", " ".join(deployment.scopes))
    method, method_note = _method(deployment)
    yield _line(Section.OIDC, "clientAuthenticationMethod", method, method_note)
    yield _line(Section.OIDC, "responseType", deployment.response_type)
    yield _line(Section.OIDC, "disablePkce", not deployment.pkce)
    yield _line(Section.OIDC, "maxClockSkew", deployment.leeway)
    if deployment.max_age is not None:
        yield _line(Section.OIDC, "maxAge", deployment.max_age)
    if deployment.prompt in PROMPTS and deployment.prompt not in ("", "none"):
        yield _line(Section.OIDC, "prompt", deployment.prompt)
    if deployment.extra_params:
        yield _line(Section.OIDC, "customParams", dict(deployment.extra_params))


def _method(deployment: Deployment) -> tuple[str, str]:
    method = deployment.token_endpoint_auth_method
    if method == "private_key_jwt":
        return method, "Fill in: a method of OpenMetadata's own; it cannot sign with the console's key."
    return method, ""


def _identity(deployment: Deployment) -> Iterator[Line]:
    claims = list(deployment.principal_claims)
    named = {"username": claims[0], "email": deployment.email_claim}
    mapped = deployment.email_claim not in ("", "email")
    unusable = [claim for claim in named.values() if mapped and ":" in claim]
    note = f"Not carried over, a colon ends a claim's name: {'; '.join(unusable)}" if unusable else ""
    yield _line(Section.AUTHENTICATION, "responseType", deployment.response_type)
    yield _line(Section.AUTHENTICATION, "jwtPrincipalClaims", claims, note)
    if mapped and not unusable:
        mapping = [f"{field}:{claim}" for field, claim in named.items()]
        yield _line(Section.AUTHENTICATION, "jwtPrincipalClaimsMapping", mapping)
    yield _line(Section.AUTHENTICATION, "enableSelfSignup", deployment.self_signup)


def _admission(deployment: Deployment) -> Iterator[Line]:
    domains = list(deployment.allowed_email_domains)
    if len(domains) > 1:
        yield _line(Section.AUTHORIZER, "allowedDomains", domains)
    if domains:
        yield _line(Section.AUTHORIZER, "allowedEmailRegistrationDomains", domains)
    yield _line(Section.AUTHORIZER, "enforcePrincipalDomain", bool(domains))
    # What the server calls secure is its own TLS; behind a proxy it would find no token.
    yield _line(Section.AUTHORIZER, "enableSecureSocketConnection", value=False)


def _algorithm(deployment: Deployment) -> Iterator[Line]:
    usable = [name for name in deployment.signing_algs if name in ALGORITHMS]
    named, others = ", ".join(deployment.signing_algs), deployment.signing_algs[1:]
    algorithm = usable[0] if usable else "RS256"
    note = ""
    if not usable:
        note = f"Fill in: OpenMetadata cannot verify {named}; let the provider sign with one that it can."
    elif others:
        note = f"One algorithm only: the registration accepts {named}."
    if algorithm != "RS256" or note:
        yield _line(Section.AUTHENTICATION, "tokenValidationAlgorithm", algorithm, note)
    if not deployment.is_public:
        yield _line(Section.OIDC, "preferredJwsAlgorithm", algorithm)


def _jwt_keys(deployment: Deployment, directory: str) -> Iterator[Line]:
    keys = deployment.jwt_keys
    if keys is None:
        return
    note = "Made for this export. Keep it: with another one, every token issued before is dead."
    yield _line(Section.JWT, "rsapublicKeyFilePath", f"{directory}/public_key.der")
    yield _line(Section.JWT, "rsaprivateKeyFilePath", f"{directory}/private_key.der")
    yield _line(Section.JWT, "jwtissuer", principal_domain(deployment)[0])
    yield _line(Section.JWT, "keyId", keys.key_id, note if keys.is_new else "")


def _line(section: Section, key: str, value: Any, note: str = "") -> Line:
    return Line(setting(section, key), value, note)
