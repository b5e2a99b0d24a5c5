"""Tokens for a code (OpenID Connect Core 1.0 section 3.1.3), and for a refresh token (section 12)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from providers import outgoing
from providers.errors import MetadataInvalid, ProviderUnreachable, RefreshRefused, TokenEndpointError
from providers.exchange.client_authentication import client_credentials, secret_texts
from providers.exchange.reason import reason_of
from providers.exchange.seconds import whole_seconds
from providers.models import Provider
from ssoconsole.jose.errors import shown
from ssoconsole.outbound.response import Response

CLIENT_ERROR = 400
BUSY = (408, 429)  # request timeout, too many requests: no word about the token


@dataclass(frozen=True)
class TokenAnswer:
    """A token response. The ID token is not verified yet; `expires_in` is seconds, of the access token."""

    id_token: str = field(repr=False)
    access_token: str | None = field(repr=False)
    refresh_token: str | None = field(repr=False)
    token_type: str
    expires_in: int | None


@dataclass(frozen=True)
class RefreshedTokens:
    """The answer to a refresh; any of them may be missing, the access token or the ID token is there."""

    id_token: str | None = field(repr=False)
    access_token: str | None = field(repr=False)
    refresh_token: str | None = field(repr=False)


def redeem_code(
    provider: Provider, *, code: str, redirect_uri: str, code_verifier: str | None
) -> TokenAnswer:
    """
    Exchange `code`, once and without a second try: a code that was seen twice is revoked (RFC 6749 4.1.2).

    `redirect_uri` is the one the attempt was started with. Raises MetadataInvalid without a token endpoint,
    ClientCredentialsUnusable, ProviderUnreachable, and TokenEndpointError for everything but a whole token
    response.
    """
    form = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect_uri)]
    if code_verifier is not None:
        form.append(("code_verifier", code_verifier))
    response, secrets = _post(provider, form)
    if response.status != outgoing.OK:
        reason = reason_of(response, [code, code_verifier, *secrets])
        raise TokenEndpointError(expected="status 200 with tokens", received=reason)
    return _read(outgoing.read_object(response, fault=TokenEndpointError))


def refresh_tokens(provider: Provider, *, refresh_token: str) -> RefreshedTokens:
    """
    Exchange a refresh token, once; nothing of the answer is verified yet.

    Raises RefreshRefused when the provider says no: any status of 400 to 499 but 408 and 429, which ask for
    patience. Those and 500 and above are ProviderUnreachable; MetadataInvalid without a token endpoint,
    ClientCredentialsUnusable, and TokenEndpointError for what is no token response.
    """
    form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)]
    response, secrets = _post(provider, form)
    if response.status == outgoing.OK:
        return _read_refreshed(outgoing.read_object(response, fault=TokenEndpointError))
    reason = reason_of(response, [refresh_token, *secrets])
    if response.status >= outgoing.SERVER_ERROR or response.status in BUSY:
        raise ProviderUnreachable(expected="status 200 with tokens", received=reason)
    if response.status < CLIENT_ERROR:
        raise TokenEndpointError(expected="status 200 with tokens", received=reason)
    raise RefreshRefused(expected="status 200 with tokens", received=reason)


def _post(provider: Provider, form: list[tuple[str, str]]) -> tuple[Response, list[str]]:
    """Send one grant with the client's credentials; the answer, and what of them nobody may read in it."""
    endpoint = provider.endpoint("token_endpoint")
    if endpoint is None:
        raise MetadataInvalid(expected="token_endpoint", received="absent")
    credentials, headers = client_credentials(provider, endpoint=endpoint)
    response = outgoing.post_form(endpoint, form + credentials, headers)
    return response, secret_texts(provider, credentials, headers)


def _read(answer: Mapping[str, Any]) -> TokenAnswer:
    id_token = _text(answer, "id_token")
    if id_token is None:
        raise TokenEndpointError(expected="id_token", received="a token response without one")
    return TokenAnswer(
        id_token=id_token,
        access_token=_access_token(answer),
        refresh_token=_text(answer, "refresh_token"),
        token_type=_text(answer, "token_type") or "",
        expires_in=whole_seconds(answer.get("expires_in")),
    )


def _read_refreshed(answer: Mapping[str, Any]) -> RefreshedTokens:
    id_token, access_token = _text(answer, "id_token"), _access_token(answer)
    if id_token is None and access_token is None:
        raise TokenEndpointError(expected="access_token", received="a token response without one")
    return RefreshedTokens(id_token, access_token, _text(answer, "refresh_token"))


def _access_token(answer: Mapping[str, Any]) -> str | None:
    access_token, token_type = _text(answer, "access_token"), _text(answer, "token_type") or ""
    if access_token is not None and token_type.lower() != "bearer":
        raise TokenEndpointError(expected="token_type Bearer", received=shown(token_type or "absent"))
    return access_token


def _text(answer: Mapping[str, Any], name: str) -> str | None:
    value = answer.get(name)
    if value is not None and not isinstance(value, str):
        raise TokenEndpointError(expected=f"{name}, a string", received=type(value).__name__)
    return value or None
