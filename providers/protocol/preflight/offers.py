"""
Compare what a discovery document offers with what a registration asks for (OpenID Connect Discovery 1.0 section 3).

A product is known by its issuer. For each, here are its names for the settings, and the usual mistake in the issuer.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from providers.protocol.discovery import (
    ASSERTION_ALGORITHMS,
    DEMANDS_PUSHING,
    OFFLINE,
    PUSH_ENDPOINT,
    announces_iss_parameter,
    unlisted_scopes,
    wants_offline_access,
)
from providers.protocol.preflight.findings import Finding, finding
from ssoconsole.platform.jose.algorithms import ALGORITHMS

Document = Mapping[str, Any]
_ABOUT_THE_ISSUER = ("issuer_", "discovery_not_found", "discovery_is_html", "discovery_redirects")
_ABOUT_THE_CLIENT = ("redirect_uri_", "client_")


@dataclass(frozen=True)
class Wanted:
    """What the registration asks for. `assertion_alg` is "" for a client that makes no assertions."""

    scopes: Sequence[str]
    response_type: str
    response_mode: str
    pkce: bool
    auth_method: str
    assertion_alg: str
    signing_algs: Sequence[str]
    shares_callback: bool
    pushes: bool
    refreshes: bool
    contexts: Sequence[str] = ()  # those in `acr` with which somebody comes in, or administers
    claims: Sequence[str] = ()  # what the ID token must have for that: `acr`, `amr`

    @property
    def code_flow(self) -> bool:
        return self.response_type == "code"


def scopes(document: Document, wanted: Wanted) -> list[Finding]:
    missing = unlisted_scopes(document, wanted.scopes)
    return [_lacks("scope_not_listed", " ".join(missing), document["scopes_supported"])] if missing else []


def response_type(document: Document, wanted: Wanted) -> list[Finding]:
    """The order of the words in a response type means nothing."""
    listed = _listed(document, "response_types_supported")
    legacy = (
        [] if wanted.code_flow else [finding("response_type_legacy", expected="code", received="id_token")]
    )
    if listed is None or any(set(each.split()) == {wanted.response_type} for each in listed):
        return legacy
    return [_lacks("response_type_not_supported", wanted.response_type, listed)]


def response_mode(document: Document, wanted: Wanted) -> list[Finding]:
    """Without a list there are query and fragment (section 3); most providers have form_post all the same."""
    listed = _listed(document, "response_modes_supported")
    if not wanted.response_mode or listed is None or wanted.response_mode in listed:
        return []
    return [_lacks("response_mode_not_supported", wanted.response_mode, listed)]


def grants(document: Document, wanted: Wanted) -> list[Finding]:
    listed = _listed(document, "grant_types_supported")
    if wanted.code_flow and listed is not None and "authorization_code" not in listed:
        return [_lacks("code_grant_not_supported", "authorization_code", listed)]
    return []


def pkce(document: Document, wanted: Wanted) -> list[Finding]:
    if not wanted.code_flow:
        return []
    if not wanted.pkce:
        return [finding("pkce_off", expected="PKCE with S256", received="none")]
    listed = _listed(document, "code_challenge_methods_supported")
    if listed is None:
        return [finding("pkce_not_announced", expected="code_challenge_methods_supported", received="absent")]
    return [] if "S256" in listed else [_lacks("pkce_method_not_supported", "S256", listed)]


def client_authentication(document: Document, wanted: Wanted) -> list[Finding]:
    """Without a list there is client_secret_basic; many a provider has public clients and does not list them."""
    listed = _listed(document, "token_endpoint_auth_methods_supported")
    if not wanted.code_flow or listed is None or wanted.auth_method in listed:
        return []
    code = (
        "public_clients_not_listed" if wanted.auth_method == "none" else "client_authentication_not_supported"
    )
    return [_lacks(code, wanted.auth_method, listed)]


def assertion_algorithm(document: Document, wanted: Wanted) -> list[Finding]:
    listed = _listed(document, ASSERTION_ALGORITHMS)
    if not wanted.code_flow or not wanted.assertion_alg or listed is None or wanted.assertion_alg in listed:
        return []
    return [_lacks("assertion_algorithm_not_supported", wanted.assertion_alg, listed)]


def signing_algorithms(document: Document, wanted: Wanted) -> list[Finding]:
    listed = _listed(document, "id_token_signing_alg_values_supported")
    accepted = {name for alg in wanted.signing_algs for name in ALGORITHMS[alg].names}
    if listed is None or accepted & set(listed):
        return []
    return [_lacks("signing_algorithm_not_supported", " or ".join(wanted.signing_algs), listed)]


def iss_parameter(document: Document, wanted: Wanted) -> list[Finding]:
    if not wanted.shares_callback or announces_iss_parameter(document):
        return []
    expected = "authorization_response_iss_parameter_supported, or the dedicated callback"
    return [finding("shared_callback_without_iss", expected=expected, received="the shared callback")]


def sign_out(document: Document, wanted: Wanted) -> list[Finding]:
    if document.get("end_session_endpoint"):
        return []
    return [finding("end_session_missing", expected="end_session_endpoint", received="absent")]


def pushing(document: Document, wanted: Wanted) -> list[Finding]:
    """Pushed authorization requests (RFC 9126 section 5)."""
    offered, demanded = bool(document.get(PUSH_ENDPOINT)), document.get(DEMANDS_PUSHING) is True
    if demanded and not offered:
        return [finding("pushing_endpoint_missing", expected=PUSH_ENDPOINT, received="absent")]
    if wanted.pushes or not offered:
        return []
    code = "pushing_required" if demanded else "pushing_unused"
    return [finding(code, expected="pushed authorization requests", received="switched off")]


def authentication_context(document: Document, wanted: Wanted) -> list[Finding]:
    """What is demanded of an authentication, against what the provider can say of one."""
    contexts, claims = _listed(document, "acr_values_supported"), _listed(document, "claims_supported")
    if wanted.contexts and contexts is not None and not set(wanted.contexts) & set(contexts):
        return [_lacks("authentication_context_not_listed", " or ".join(wanted.contexts), contexts)]
    if claims is None:
        return []
    missing = [name for name in wanted.claims if name not in claims]
    return [_lacks("authentication_claim_not_listed", " and ".join(missing), claims)] if missing else []


def refresh(document: Document, wanted: Wanted) -> list[Finding]:
    if not wanted.refreshes:
        return []
    listed, found = _listed(document, "grant_types_supported"), []
    if listed is not None and "refresh_token" not in listed:
        found.append(_lacks("refresh_grant_not_listed", "refresh_token", listed))
    if wants_offline_access(document, wanted.scopes):
        found.append(finding("refresh_scope_missing", expected=OFFLINE, received=" ".join(wanted.scopes)))
    return found


# By the name of the check, in the order of checking.
OFFERS: dict[str, Callable[[Document, Wanted], list[Finding]]] = {
    "scopes": scopes,
    "response_type": response_type,
    "response_mode": response_mode,
    "grant": grants,
    "pkce": pkce,
    "client_authentication": client_authentication,
    "assertion_algorithm": assertion_algorithm,
    "signing_algorithms": signing_algorithms,
    "iss_parameter": iss_parameter,
    "sign_out": sign_out,
    "pushed_authorization": pushing,
    "authentication_context": authentication_context,
    "refresh": refresh,
}


def _listed(document: Document, member: str) -> list[str] | None:
    value = document.get(member)
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else None


def _lacks(code: str, wanted: str, listed: Sequence[str]) -> Finding:
    return finding(code, expected=wanted, received=", ".join(listed))


class Product(NamedTuple):
    issuers: re.Pattern[str]
    about_the_issuer: str
    about_the_client: str


PRODUCTS = (
    Product(
        issuers=re.compile(r"/realms/|/auth(/|$)|keycloak"),
        about_the_issuer="Keycloak: the issuer is https://<host>/realms/<realm>, without /auth since version 17 and "
        "without a slash at the end; the realm's name is case-sensitive.",
        about_the_client="Keycloak: Clients > Settings > Valid redirect URIs, in this realm; Capability config > "
        "Client authentication decides whether there is a secret, under Credentials.",
    ),
    Product(
        issuers=re.compile(r"login\.microsoftonline\.|sts\.windows\.net"),
        about_the_issuer="Entra ID: the issuer is https://login.microsoftonline.com/<tenant id>/v2.0, with /v2.0 and "
        "never common or organizations.",
        about_the_client="Entra ID: App registrations > Authentication > Web for the redirect URI; under "
        "Certificates & secrets copy the secret's Value, not its Secret ID.",
    ),
    Product(
        issuers=re.compile(r"\.okta(preview|-emea)?\.com|/oauth2/"),
        about_the_issuer="Okta: the issuer is https://<org>.okta.com or https://<org>.okta.com/oauth2/default, never "
        "the -admin address, without a slash at the end.",
        about_the_client="Okta: Applications > General > Sign-in redirect URIs and Client Credentials; a policy of "
        "this authorization server has to cover the app.",
    ),
    Product(
        issuers=re.compile(r"accounts\.google\.com"),
        about_the_issuer="Google: the issuer is https://accounts.google.com, without a path.",
        about_the_client="Google: Credentials > OAuth client of the type Web application > Authorised redirect URIs.",
    ),
    Product(
        issuers=re.compile(r"/application/o/"),
        about_the_issuer="authentik: the issuer is https://<host>/application/o/<slug>/ with the slash at the end.",
        about_the_client="authentik: the provider's Redirect URIs; strict ones are compared letter by letter.",
    ),
    Product(
        issuers=re.compile(r"\.auth0\.com"),
        about_the_issuer="Auth0: the issuer is https://<tenant>.<region>.auth0.com/ with the slash at the end.",
        about_the_client="Auth0: Applications > Settings > Allowed Callback URLs; Credentials > Authentication Method.",
    ),
)


def product_hint(code: str, issuer: str) -> str:
    """Return what the product behind `issuer` adds to a finding's remedy; "" for an unknown one."""
    product = next((each for each in PRODUCTS if each.issuers.search(issuer)), None)
    if product is None:
        return ""
    if code.startswith(_ABOUT_THE_ISSUER):
        return product.about_the_issuer
    return product.about_the_client if code.startswith(_ABOUT_THE_CLIENT) else ""
