"""What is allowed in a registration, and should be known."""

from collections.abc import Iterator
from typing import Any

from providers.models import Provider
from providers.protocol.discovery import announces_iss_parameter
from providers.registration.secret import readable_secret
from ssoconsole.jose.algorithms import SYMMETRIC


def cautions(provider: Provider, *, others_enabled: bool) -> list[str]:
    """Return sentences about a registration without problems; `others_enabled` counts the other providers."""
    return [
        *_about_flow(provider),
        *_about_people(provider, others_enabled),
        *_about_sessions(provider),
        *_about_metadata(provider),
    ]


def _about_flow(provider: Provider) -> Iterator[str]:
    if provider.issuer.startswith("http:"):
        yield "The issuer is plain http: whoever is on the way can sign in as anybody."
    if provider.response_type == Provider.ResponseType.ID_TOKEN:
        yield "The response type id_token is legacy; code with PKCE is safer."
    elif not provider.pkce:
        yield "PKCE is off: a stolen code can be used by somebody else."
    if set(provider.signing_algs) & set(SYMMETRIC):
        yield "With an HS algorithm, everybody who knows the client secret can make ID tokens."
    secret = readable_secret(provider)
    if isinstance(secret, str) and secret != secret.strip():
        yield "The client secret has white space around it; it may have been copied along."
    if provider.prompt == "none":
        yield "With prompt none nobody can sign in who is not signed in at the provider already."


def _about_people(provider: Provider, others_enabled: bool) -> Iterator[str]:
    shared = provider.callback == Provider.Callback.SHARED
    if shared and others_enabled and not announces_iss_parameter(provider.discovery):
        yield (
            "The callback is shared with other providers and this one does not announce the iss parameter "
            "(RFC 9207): one provider could pass its answer off as another's. Use the dedicated callback."
        )
    chosen = "preferred_username" in provider.principal_claims
    if provider.admin_principals and chosen and not provider.allowed_email_domains:
        yield (
            "Administrators are named by principals, and preferred_username is one: people who choose their "
            "user name at the provider could choose an administrator's."
        )


def _about_sessions(provider: Provider) -> Iterator[str]:
    if provider.session_refresh != Provider.Refresh.NONE:
        yield (
            "This version does not ask the provider again during a session: the refresh is kept and not carried "
            "out, and a session ends at its lifetime."
        )


def _about_metadata(provider: Provider) -> Iterator[str]:
    """What the provider says that it does not do (OpenID Connect Discovery 1.0 section 3)."""
    published = provider.discovery or {}
    if not published:
        return
    asked = [
        ("response_types_supported", [provider.response_type], "response type"),
        ("id_token_signing_alg_values_supported", provider.signing_algs, "signing algorithm"),
        ("scopes_supported", provider.scopes, "scope"),
    ]
    if provider.response_type == Provider.ResponseType.CODE:
        methods = [provider.token_endpoint_auth_method]
        asked.append(("token_endpoint_auth_methods_supported", methods, "client authentication"))
        asked.append(("code_challenge_methods_supported", ["S256"] if provider.pkce else [], "PKCE method"))
    for member, wanted, label in asked:
        if missing := _missing(published.get(member), wanted):
            yield f"The provider does not list the {label} {', '.join(missing)} in its {member}."


def _missing(listed: Any, wanted: list[str]) -> list[str]:
    return [value for value in wanted if value not in listed] if isinstance(listed, list) else []
