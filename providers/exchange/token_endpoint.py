"""A code for tokens (OpenID Connect Core 1.0 section 3.1.3)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from providers import outgoing
from providers.errors import MetadataInvalid, TokenEndpointError
from providers.exchange.client_authentication import client_credentials
from providers.models import Provider
from ssoconsole.eventlog.masking import MASK
from ssoconsole.jose.errors import shown
from ssoconsole.jose.strict_json import MalformedJson
from ssoconsole.outbound.response import Response


@dataclass(frozen=True)
class TokenAnswer:
    """A token response. The ID token is not verified yet; `expires_in` is seconds, of the access token."""

    id_token: str = field(repr=False)
    access_token: str | None = field(repr=False)
    refresh_token: str | None = field(repr=False)
    token_type: str
    expires_in: int | None


def redeem_code(
    provider: Provider, *, code: str, redirect_uri: str, code_verifier: str | None
) -> TokenAnswer:
    """
    Exchange `code`, once and without a second try: a code that was seen twice is revoked (RFC 6749 4.1.2).

    `redirect_uri` is the one the attempt was started with. Raises MetadataInvalid without a token endpoint,
    ProviderUnreachable, and TokenEndpointError for everything but a whole token response.
    """
    endpoint = provider.endpoint("token_endpoint")
    if endpoint is None:
        raise MetadataInvalid(expected="token_endpoint", received="absent")
    credentials, headers = client_credentials(provider)
    form = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect_uri)]
    if code_verifier is not None:
        form.append(("code_verifier", code_verifier))
    response = outgoing.post_form(endpoint, form + credentials, headers)
    if response.status != outgoing.OK:
        secrets = [code, code_verifier, provider.client_secret]
        raise TokenEndpointError(
            expected="status 200 with tokens", received=_reason(response, [s for s in secrets if s])
        )
    return _read(outgoing.read_object(response, fault=TokenEndpointError))


def _reason(response: Response, secrets: Collection[str]) -> str:
    """Name the provider's error (RFC 6749 section 5.2), without what was sent, should it be quoted there."""
    try:
        answer = response.json()
    except MalformedJson:
        answer = None
    members = answer if isinstance(answer, Mapping) else {}
    told = [members.get(name) for name in ("error", "error_description")]
    reason = ": ".join(text for text in told if isinstance(text, str) and text)
    for secret in secrets:
        reason = reason.replace(secret, MASK)
    return shown(f"status {response.status}, {reason}" if reason else f"status {response.status}")


def _read(answer: Mapping[str, Any]) -> TokenAnswer:
    id_token = _text(answer, "id_token")
    if id_token is None:
        raise TokenEndpointError(expected="id_token", received="a token response without one")
    access_token, token_type = _text(answer, "access_token"), _text(answer, "token_type") or ""
    if access_token is not None and token_type.lower() != "bearer":
        raise TokenEndpointError(expected="token_type Bearer", received=shown(token_type or "absent"))
    return TokenAnswer(
        id_token=id_token,
        access_token=access_token,
        refresh_token=_text(answer, "refresh_token"),
        token_type=token_type,
        expires_in=_seconds(answer.get("expires_in")),
    )


def _text(answer: Mapping[str, Any], name: str) -> str | None:
    value = answer.get(name)
    if value is not None and not isinstance(value, str):
        raise TokenEndpointError(expected=f"{name}, a string", received=type(value).__name__)
    return value or None


def _seconds(value: object) -> int | None:
    """Read leniently: providers send it as text too, and nothing here is decided by it alone."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
