"""The credentials of a client as the JSON that providers let administrators download."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from providers.protocol.discovery import WELL_KNOWN
from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.jose.strict_json import MalformedJson, loads_document

LARGEST = 64 * 1024  # bytes; real ones have one or two thousand
LONGEST_TEXT = 4096
METHODS = ("none", "client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt")

GOOGLE_ISSUER = "https://accounts.google.com"
_AT_GOOGLE = ("https://accounts.google.com/", "https://oauth2.googleapis.com/", "https://www.googleapis.com/")


class CredentialsRefused(DomainError):
    """This JSON has no credentials that can be used."""

    code = "credentials_refused"


@dataclass(frozen=True)
class ClientCredentials:
    """
    What a file names; None where it does not say.

    `source` is the kind of file in words. `auth_method` is a token_endpoint_auth_method, "none" for a public
    client. `redirect_uris` are those that the provider knows, as far as the file tells. `notes` are sentences
    for the administrator.
    """

    source: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    issuer: str | None = None
    auth_method: str | None = None
    redirect_uris: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()


def read_credentials(raw: bytes) -> ClientCredentials:
    """
    Return what a downloaded or hand-written JSON names.

    Known are Google's client files, Keycloak's adapter configuration, the answer of a dynamic registration
    (RFC 7591 section 3.2.1), and plain objects, also in the spelling of OpenMetadata. Raises
    CredentialsRefused with what is missing or wrong, never with a value.
    """
    document = _parsed(raw)
    for applies, read in READERS:
        if applies(document):
            return read(document)
    return _plain(document)


def _parsed(raw: bytes) -> dict[str, Any]:
    if len(raw) > LARGEST:
        raise CredentialsRefused(f"It is larger than {LARGEST // 1024} KiB: not the credentials of a client.")
    try:
        return loads_document(raw)
    except MalformedJson as malformed:
        reason = str(malformed)
    # Outside the handler: the parser's own exception holds the text, and with it the secret.
    raise CredentialsRefused(f"It cannot be read: {reason}.")


def _google(document: Mapping[str, Any]) -> ClientCredentials:
    """Google's "OAuth client" download: everything is under the type of the application."""
    [name] = [name for name in ("web", "installed") if name in document]
    client = _object(document, name)
    at_google = any(
        (_text(client, (member,)) or "").startswith(_AT_GOOGLE) for member in ("auth_uri", "token_uri")
    )
    notes: tuple[str, ...] = ()
    if name == "installed":
        notes = ("It is a desktop client's file; create a client of the type “Web application”.",)
    return ClientCredentials(
        source=f"an OAuth client file in Google's form ({name})",
        client_id=_required(client, ("client_id",), inside=name),
        client_secret=_text(client, ("client_secret",)),
        issuer=GOOGLE_ISSUER if at_google else None,
        # Google leaves the member out where none is registered.
        redirect_uris=_uris(client, ("redirect_uris",)) or (),
        notes=notes,
    )


def _keycloak(document: Mapping[str, Any]) -> ClientCredentials:
    """Keycloak's adapter configuration; the issuer is put together as Keycloak does it."""
    if document.get("bearer-only") is True:
        raise CredentialsRefused("The client is bearer-only: nobody can sign in through it.")
    server = _required(document, ("auth-server-url",)).rstrip("/")
    realm = _required(document, ("realm",))
    secret, method = _keycloak_credentials(document)
    return ClientCredentials(
        source="a Keycloak adapter configuration",
        client_id=_required(document, ("resource",)),
        client_secret=secret,
        issuer=f"{server}/realms/{quote(realm, safe='')}",
        auth_method=method,
    )


def _keycloak_credentials(document: Mapping[str, Any]) -> tuple[str | None, str | None]:
    if document.get("public-client") is True:
        return None, "none"
    credentials = _object(document, "credentials") if document.get("credentials") is not None else {}
    if "jwt" in credentials:
        return None, "private_key_jwt"
    if "secret-jwt" in credentials:
        return _required(_object(credentials, "secret-jwt"), ("secret",)), "client_secret_jwt"
    return _text(credentials, ("secret",)), None


def _plain(document: Mapping[str, Any]) -> ClientCredentials:
    """One flat object, Keycloak's export of a client, or OpenMetadata's configuration with its own names."""
    inner, nested = _unwrapped(document)
    secret = _text(inner, ("client_secret", "clientSecret", "secret"))
    public = inner.get("clientType") == "public" or inner.get("publicClient") is True
    return ClientCredentials(
        source="a JSON object",
        client_id=_required(inner, ("client_id", "clientId", "id") if nested else ("client_id", "clientId")),
        client_secret=secret,
        issuer=_issuer(inner),
        auth_method=_method(inner) or ("none" if public and not secret else None),
        redirect_uris=_uris(inner, ("redirect_uris", "redirectUris", "callbackUrl", "redirect_uri")),
    )


def _unwrapped(document: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
    """Lay OpenMetadata's nested objects over each other; the inner one speaks of the confidential client."""
    outer = document
    if "authenticationConfiguration" in document:
        outer = _object(document, "authenticationConfiguration")
    if outer.get("oidcConfiguration") is None:
        return outer, False
    return {**outer, **_object(outer, "oidcConfiguration")}, True


def _issuer(document: Mapping[str, Any]) -> str | None:
    """An authority comes last: at some providers it is only where the issuer's address begins."""
    issuer = _text(document, ("issuer", "issuer_url", "issuerUrl"))
    discovery = _text(document, ("discoveryUri", "discovery_uri", "discoveryUrl", "discovery_url"))
    if discovery is not None:
        discovery = discovery.removesuffix(WELL_KNOWN)
    if issuer and discovery and issuer.rstrip("/") != discovery.rstrip("/"):
        raise CredentialsRefused("The issuer and the discovery address name two providers.")
    return issuer or discovery or _text(document, ("authority",))


def _method(document: Mapping[str, Any]) -> str | None:
    method = _text(document, ("token_endpoint_auth_method", "clientAuthenticationMethod"))
    if method is not None and method not in METHODS:
        raise CredentialsRefused(f"Its client authentication is none of {', '.join(METHODS)}.")
    return method


def _service_account(document: Mapping[str, Any]) -> ClientCredentials:
    raise CredentialsRefused(
        "It is the key of a service account, which signs nobody in; an OAuth client of the type “Web "
        "application” is needed."
    )


READERS: tuple[
    tuple[Callable[[Mapping[str, Any]], bool], Callable[[Mapping[str, Any]], ClientCredentials]], ...
] = (
    (lambda document: document.get("type") == "service_account", _service_account),
    (lambda document: len(document.keys() & {"web", "installed"}) == 1, _google),
    (lambda document: bool(document.keys() & {"auth-server-url", "realm", "resource"}), _keycloak),
)


def _required(document: Mapping[str, Any], names: tuple[str, ...], *, inside: str = "") -> str:
    value = _text(document, names)
    if value is None:
        where = f" in {inside}" if inside else ""
        raise CredentialsRefused(f"It has no {' or '.join(names)}{where}.")
    return value


def _text(document: Mapping[str, Any], names: Iterable[str]) -> str | None:
    """Return the text under one of these names; null and "" count as absent, two different ones as wrong."""
    found = {name: document[name] for name in names if document.get(name) not in (None, "")}
    for name, value in found.items():
        if not isinstance(value, str):
            raise CredentialsRefused(f"Its {name} is no text.")
        if len(value) > LONGEST_TEXT:
            raise CredentialsRefused(f"Its {name} is too long.")
    if len(set(found.values())) > 1:
        raise CredentialsRefused(f"It says {' and '.join(found)} differently.")
    return next(iter(found.values()), None)


def _object(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = document.get(name)
    if not isinstance(value, dict):
        raise CredentialsRefused(f"Its {name} is no object.")
    return value


def _uris(document: Mapping[str, Any], names: Iterable[str]) -> tuple[str, ...] | None:
    """Return the first list that is there; one address may stand for a list of one."""
    for name in names:
        value = document.get(name)
        if value is None:
            continue
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not all(isinstance(uri, str) for uri in listed):
            raise CredentialsRefused(f"Its {name} is no list of texts.")
        return tuple(listed)
    return None
