"""
What a registration may have and an administrator should know, and which changes of one are a risk.

A risk is a change that can lock everybody out, or let the wrong people in.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from providers.models import Provider
from providers.models.provider import is_same_secret, readable_secret
from providers.protocol.client_assertion import MAC, assertion_algorithm
from providers.protocol.discovery import (
    ASSERTION_ALGORITHMS,
    DEMANDS_PUSHING,
    OFFLINE,
    PUSH_ENDPOINT,
    announces_iss_parameter,
    unlisted_scopes,
    wants_offline_access,
)
from providers.registration.fields import FIELDS, SECRET, SESSION
from providers.registration.rules import problems
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.jose.algorithms import SYMMETRIC

# Claims that a provider gives (`sub`; Entra ID's `oid`) or verifies: nobody becomes an administrator by an address
# that is called unverified. What a person can call himself at some provider is every other one.
NOT_CHOSEN = ("sub", "oid", "email")

# What a field that is added later is, until somebody has thought about it: risky.
HARMLESS = ("name", "icon", "order", "client_secret_expires_at", "signout_params")
# The slug is in the path of the dedicated callback.
RISKY = ("slug", *(name for name in FIELDS if name not in HARMLESS))
# For how long they stay.
LASTING = tuple(f"session_{name}" for name in SESSION)
# Who comes in, as whom, and with which rights.
RIGHTS = (
    "principal_claims",
    "mapping",
    "group_rules",
    "admin_principals",
    "allowed_email_domains",
    "self_signup",
    "link_by_verified_email",
)


def cautions(provider: Provider, *, others_enabled: bool) -> list[str]:
    """Return sentences about a registration without problems; `others_enabled` counts the other providers."""
    return [
        *_about_flow(provider),
        *_about_people(provider, others_enabled),
        *_about_sessions(provider),
        *_about_metadata(provider),
    ]


def standing_cautions(provider: Provider, *, others_enabled: bool) -> list[str]:
    """
    Return what is to be known about a registration as it is stored.

    One that rules or another release have made unsavable, or that was damaged, is told by its problems.
    """
    found = problems(provider)
    if found:
        return [f"{field}: {sentence}" for field, sentences in found.items() for sentence in sentences]
    return cautions(provider, others_enabled=others_enabled)


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
    pushes = provider.pushed_authorization and provider.endpoint(PUSH_ENDPOINT)
    if (provider.discovery or {}).get(DEMANDS_PUSHING) is True and not pushes:
        yield (
            "The provider takes pushed authorization requests only, and the console sends it none: nobody can sign "
            "in. Switch them on, and refresh the metadata if it names no endpoint for them."
        )
    if provider.prompt == "none":
        yield "With prompt none nobody can sign in who is not signed in at the provider already."


def _about_people(provider: Provider, others_enabled: bool) -> Iterator[str]:
    shared = provider.callback == Provider.Callback.SHARED
    if shared and others_enabled and not announces_iss_parameter(provider.discovery):
        yield (
            "The callback is shared with other providers and this one does not announce the iss parameter "
            "(RFC 9207): one provider could pass its answer off as another's. Use the dedicated callback."
        )
    chosen = [claim for claim in provider.principal_claims if claim not in NOT_CHOSEN]
    if provider.admin_principals and chosen:
        yield (
            f"Administrators are named by principals, and {', '.join(chosen)} may name one: people who choose that at "
            "the provider could choose an administrator's, before she has signed in here for the first time. "
            "Allowed domains do not keep colleagues from it. Name administrators by sub, or by a verified e-mail "
            "address alone."
        )


def _about_sessions(provider: Provider) -> Iterator[str]:
    refresh = provider.session_refresh
    if refresh == Provider.Refresh.NONE:
        return
    if provider.session_check_every >= provider.session_lifetime:
        yield "Sessions end before they are checked for the first time: check more often, or let them live longer."
    if refresh != Provider.Refresh.REFRESH_TOKEN:
        return
    grants = (provider.discovery or {}).get("grant_types_supported")
    if missing := _missing(grants, ["refresh_token"]):
        yield f"The provider does not list the grant type {missing[0]} in its grant_types_supported."
    if wants_offline_access(provider.discovery, provider.scopes):
        yield (
            "Sessions are checked by refresh token, and offline_access is not among the scopes: most providers give "
            "a refresh token only for that scope. Where none comes, the browser is sent to the provider with prompt "
            "none instead."
        )
    elif OFFLINE in provider.scopes and "consent" not in (provider.prompt or "").split():
        yield (
            "Many providers give a refresh token for offline_access only when the person is asked for consent "
            "(OpenID Connect Core 1.0 section 11): if none comes, set the prompt to consent."
        )


def _about_metadata(provider: Provider) -> Iterator[str]:
    """What the provider says that it does not do (OpenID Connect Discovery 1.0 section 3)."""
    published = provider.discovery or {}
    if not published:
        return
    asked = [
        ("response_types_supported", [provider.response_type], "response type"),
        ("id_token_signing_alg_values_supported", provider.signing_algs, "signing algorithm"),
    ]
    if provider.response_type == Provider.ResponseType.CODE:
        methods = [provider.token_endpoint_auth_method]
        asked.append(("token_endpoint_auth_methods_supported", methods, "client authentication"))
        asked.append((ASSERTION_ALGORITHMS, _assertion_algorithms(provider), "assertion algorithm"))
        asked.append(("code_challenge_methods_supported", ["S256"] if provider.pkce else [], "PKCE method"))
    lacking = [(member, _missing(published.get(member), wanted), label) for member, wanted, label in asked]
    lacking.append(("scopes_supported", unlisted_scopes(published, provider.scopes), "scope"))
    for member, missing, label in lacking:
        if missing:
            yield f"The provider does not list the {label} {', '.join(missing)} in its {member}."


def _assertion_algorithms(provider: Provider) -> list[str]:
    """What the console signs its assertions with; nothing where it makes none."""
    method = provider.token_endpoint_auth_method
    if method == Provider.ClientAuthentication.SECRET_JWT:
        return [MAC]
    if method == Provider.ClientAuthentication.PRIVATE_KEY_JWT:
        return [assertion_algorithm((provider.discovery or {}).get(ASSERTION_ALGORITHMS))]
    return []


def _missing(listed: Any, wanted: list[str]) -> list[str]:
    return [value for value in wanted if value not in listed] if isinstance(listed, list) else []


def differing(stored: Provider, provider: Provider, names: Sequence[str]) -> tuple[str, ...]:
    """Return those of these fields, such as RISKY, in which `provider` differs from the row that is stored."""
    return tuple(
        name
        for name in names
        if not (
            is_same_secret(stored, provider)
            if name == SECRET
            else getattr(stored, name) == getattr(provider, name)
        )
    )


def refuse_to_give_rights(stored: Provider | None, provider: Provider, *, by: Actor) -> None:
    """
    Raises SuperuserRequired where `by` is none and `provider` is more than the stored row by another name.

    Whoever decides about the issuer, the client, the claims or the rules decides who comes in as a superuser.
    """
    if stored is None:
        by.refuse_if_limited("register a provider")
        return
    changed = [*differing(stored, provider, (*RISKY, *LASTING))]
    changed += ["enabled"] if provider.enabled and not stored.enabled else []
    if changed:
        by.refuse_if_limited(f"change {', '.join(changed)} of a provider")
