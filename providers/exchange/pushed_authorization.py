"""
The authorization request by the back channel (RFC 9126), where the provider offers that.

The browser then carries nothing but a reference: nobody in between can read or change what was asked.
"""

import re
from typing import Any
from urllib.parse import parse_qsl, urlencode

from providers import outgoing
from providers.errors import PushedAuthorizationRefused
from providers.exchange.client_authentication import client_credentials, reason_of, secret_texts
from providers.models import Provider
from providers.protocol.discovery import PUSH_ENDPOINT
from providers.registration.secret import needs_secret, readable_secret
from ssoconsole.platform.jose.errors import shown

CREATED = 201
_REQUEST_URI = re.compile(r"[\x21-\x7e]{1,1000}")

# They tie an answer to one browser; a provider that quotes them must not put them into a trace.
_ONE_TIME_PARAMETERS = ("state", "nonce", "code_challenge", "id_token_hint")


def front_channel_query(provider: Provider, query: str) -> str:
    """
    Return what the browser takes to the authorization endpoint instead of the parameters in `query`.

    That is `client_id` and `request_uri` after the request was pushed, and `query` itself at a provider
    without this endpoint or with it switched off. Raises as `push_authorization_request`.
    """
    if not _pushes(provider):
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
    return _read(outgoing.read_object(response, fault=PushedAuthorizationRefused))


def _pushes(provider: Provider) -> bool:
    if not provider.pushed_authorization or provider.endpoint(PUSH_ENDPOINT) is None:
        return False
    # The implicit flow never authenticates the client: its registration may have no secret to do it with.
    uses_code = provider.response_type == Provider.ResponseType.CODE
    return uses_code or not needs_secret(provider) or readable_secret(provider) is not None


def _read(answer: dict[str, Any]) -> str:
    request_uri = answer.get("request_uri")
    if not isinstance(request_uri, str) or not _REQUEST_URI.fullmatch(request_uri):
        raise PushedAuthorizationRefused(expected="request_uri, a URI", received=_named(request_uri))
    # Read as leniently as a token's: nothing is decided by it, except that it has not run out already.
    if not whole_seconds(answer.get("expires_in")):
        raise PushedAuthorizationRefused(
            expected="expires_in, seconds above 0", received=_named(answer.get("expires_in"))
        )
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
