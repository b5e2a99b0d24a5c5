"""
The console's own requests to a provider, which do not pass through the browser (OpenID Connect Core 1.0).

Tokens for a code (section 3.1.3) or a refresh token (section 12); userinfo (section 5.3), only after the ID token has
been checked; and, where the provider offers it, the pushed authorization request (RFC 9126). After that the browser
carries only a reference: nobody in between can read or change what was asked.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode

from providers import outgoing
from providers.errors import (
    MetadataInvalid,
    ProviderUnreachable,
    PushedAuthorizationRefused,
    RefreshRefused,
    TokenEndpointError,
    UserinfoError,
)
from providers.exchange.client_authentication import client_credentials, reason_of, secret_texts
from providers.metadata import verify_token
from providers.models import Provider
from providers.protocol.claims import check_signed_userinfo, check_userinfo
from providers.protocol.discovery import PUSH_ENDPOINT
from providers.protocol.mapping import lacks_mapped_claims
from providers.registration.secret import needs_secret
from ssoconsole.platform.jose.errors import shown
from ssoconsole.platform.jose.verify import USERINFO
from ssoconsole.platform.outbound.response import Response

CLIENT_ERROR = 400
SIGNED = "application/jwt"
BUSY = (408, 429)  # request timeout, too many requests: no word about the token
CREATED = 201
_REQUEST_URI = re.compile(r"[\x21-\x7e]{1,1000}")

# They tie an answer to one browser; a provider that quotes them must not put them into a trace.
_ONE_TIME_PARAMETERS = ("state", "nonce", "code_challenge", "id_token_hint")


@dataclass(frozen=True)
class TokenAnswer:
    """A token response. The ID token is not verified yet."""

    id_token: str = field(repr=False)
    access_token: str | None = field(repr=False)
    refresh_token: str | None = field(repr=False)


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
        reason = reason_of(response, [code, code_verifier, *secrets()])
        raise TokenEndpointError(expected="status 200 with tokens", received=reason)
    answer = outgoing.read_object(response, fault=TokenEndpointError)
    id_token = _text(answer, "id_token")
    if id_token is None:
        raise TokenEndpointError(expected="id_token", received="a token response without one")
    return TokenAnswer(
        id_token=id_token,
        access_token=_access_token(answer),
        refresh_token=_text(answer, "refresh_token"),
    )


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
        answer = outgoing.read_object(response, fault=TokenEndpointError)
        id_token, access_token = _text(answer, "id_token"), _access_token(answer)
        if id_token is None and access_token is None:
            raise TokenEndpointError(expected="access_token", received="a token response without one")
        return RefreshedTokens(id_token, access_token, _text(answer, "refresh_token"))
    reason = reason_of(response, [refresh_token, *secrets()])
    if response.status >= outgoing.SERVER_ERROR or response.status in BUSY:
        raise ProviderUnreachable(expected="status 200 with tokens", received=reason)
    if response.status < CLIENT_ERROR:
        raise TokenEndpointError(expected="status 200 with tokens", received=reason)
    raise RefreshRefused(expected="status 200 with tokens", received=reason)


def _post(provider: Provider, form: list[tuple[str, str]]) -> tuple[Response, Callable[[], list[str]]]:
    """Send one grant with the client's credentials; the answer, and how to tell what of them nobody may read in it."""
    endpoint = provider.endpoint("token_endpoint")
    if endpoint is None:
        raise MetadataInvalid(expected="token_endpoint", received="absent")
    credentials, headers = client_credentials(provider, endpoint=endpoint)
    response = outgoing.post_form(endpoint, form + credentials, headers)
    return response, partial(secret_texts, provider, credentials, headers)


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


def wants_userinfo(provider: Provider, claims: Mapping[str, Any]) -> bool:
    """Tell whether the registration has userinfo asked, beside an ID token with these `claims`."""
    if provider.userinfo == Provider.Userinfo.WHEN_NEEDED:
        return lacks_mapped_claims(
            claims, principal_claims=provider.principal_claims, mapping=provider.mapping
        )
    return provider.userinfo == Provider.Userinfo.ALWAYS


def fetch_userinfo(provider: Provider, *, access_token: str, sub: str) -> dict[str, Any] | None:
    """
    Return the claims about `sub`, the subject of the checked ID token; None if the provider has no userinfo.

    An answer as application/jwt is verified like an ID token, by rules of its own. Raises
    ProviderUnreachable, UserinfoError, UserinfoSubjectMismatch, and the JwtRefused of a signed answer.
    """
    endpoint = provider.endpoint("userinfo_endpoint")
    if endpoint is None:
        return None
    response = outgoing.get_with_bearer(endpoint, access_token, (*outgoing.JSON, SIGNED))
    if response.status != outgoing.OK:
        raise UserinfoError(expected="status 200", received=f"status {response.status}")
    if response.content_type == SIGNED:
        return check_signed_userinfo(
            verify_token(provider, response.body.strip(), types=USERINFO),
            issuer=provider.issuer,
            client_id=provider.client_id,
            sub=sub,
            now=int(time.time()),
            leeway=provider.leeway,
        )
    claims = outgoing.read_object(response, fault=UserinfoError)
    check_userinfo(claims, sub=sub)
    return claims


def front_channel_query(provider: Provider, query: str) -> str:
    """
    Return what the browser takes to the authorization endpoint instead of the parameters in `query`.

    That is `client_id` and `request_uri` after the request was pushed, and `query` itself at a provider
    without this endpoint or with it switched off. Raises as `push_authorization_request`.
    """
    if not provider.pushed_authorization or provider.endpoint(PUSH_ENDPOINT) is None:
        return query
    # The implicit flow never authenticates the client: its registration may have no secret to do it with.
    uses_code = provider.response_type == Provider.ResponseType.CODE
    if not uses_code and needs_secret(provider) and not provider.has_secret:
        return query
    request_uri = push_authorization_request(provider, parse_qsl(query, keep_blank_values=True))
    return urlencode({"client_id": provider.client_id, "request_uri": request_uri})


def push_authorization_request(provider: Provider, parameters: list[tuple[str, str]]) -> str:
    """
    Send the parameters of an authorization request, once, authenticated as at the token endpoint; return the
    `request_uri`, which is good for one use.

    Raises ClientCredentialsUnusable, ProviderUnreachable, and PushedAuthorizationRefused for everything but
    a whole answer.
    """
    endpoint = provider.endpoint(PUSH_ENDPOINT) or ""
    credentials, headers = client_credentials(provider, endpoint=endpoint)
    # `client_id` is one of the parameters, whatever way the client authenticates, and may be there once.
    names = {name for name, _ in parameters}
    form = parameters + [(name, value) for name, value in credentials if name not in names]
    response = outgoing.post_form(endpoint, form, headers, fault=PushedAuthorizationRefused)
    # RFC 9126 section 2.2 says 201; some providers say 200 and mean it.
    if response.status not in (CREATED, outgoing.OK):
        one_time = [value for name, value in parameters if name in _ONE_TIME_PARAMETERS]
        secrets = [*one_time, *secret_texts(provider, credentials, headers)]
        raise PushedAuthorizationRefused(
            expected="status 201 with a request_uri", received=reason_of(response, secrets)
        )
    answer = outgoing.read_object(response, fault=PushedAuthorizationRefused)
    request_uri, lasts = answer.get("request_uri"), answer.get("expires_in")
    if not isinstance(request_uri, str) or not _REQUEST_URI.fullmatch(request_uri):
        raise PushedAuthorizationRefused(expected="request_uri, a URI", received=_named(request_uri))
    # Read as leniently as a token's: nothing is decided by it, except that it has not run out already.
    if not whole_seconds(lasts):
        raise PushedAuthorizationRefused(expected="expires_in, seconds above 0", received=_named(lasts))
    return request_uri


def whole_seconds(value: object) -> int | None:
    """
    Read `expires_in` leniently (RFC 9126 section 2.2): providers send it as text or with a fraction too.

    None for what is no number from 0 up.
    """
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        return None
    return int(value)


def _named(value: object) -> str:
    return "absent" if value is None else shown(value)
