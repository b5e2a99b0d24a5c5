"""How a provider says that a person has authenticated: the context (`acr`) and the methods (`amr`)."""

from collections.abc import Mapping, Sequence
from typing import Any

from providers.errors import InsufficientAuthentication
from ssoconsole.jose.errors import shown


def methods_in(claims: Mapping[str, Any]) -> list[str]:
    """Return the `amr` of an ID token: a list of texts (RFC 8176), or one text, as some providers send it."""
    amr = claims.get("amr")
    if isinstance(amr, str):
        return [amr] if amr else []
    return [method for method in amr if isinstance(method, str)] if isinstance(amr, list) else []


def check_authentication_context(
    claims: Mapping[str, Any], *, acr: Sequence[str], amr: Sequence[str], purpose: str
) -> None:
    """
    Raise InsufficientAuthentication unless `acr` names one of these, and `amr` all of those; empty demands nothing.

    `claims` are those of a verified ID token (OpenID Connect Core 1.0 section 2). Values are compared as they are:
    which context is higher than another is the provider's to know. `purpose` completes “… to <purpose>”.
    """
    context = claims.get("acr")
    if acr and context not in acr:
        raise InsufficientAuthentication(
            expected=f"acr {' or '.join(acr)}, to {purpose}",
            received="no acr" if context is None else f"acr {shown(context)}",
        )
    methods = methods_in(claims)
    if missing := [method for method in amr if method not in methods]:
        raise InsufficientAuthentication(
            expected=f"{' and '.join(missing)} in amr, to {purpose}",
            received=f"amr {shown(' '.join(methods))}" if methods else "no amr",
        )
