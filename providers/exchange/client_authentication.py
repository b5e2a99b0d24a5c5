"""
How the console proves to a provider which client it is (RFC 6749 section 2.3, OpenID Connect Core 1.0 section 9).

Where the provider refuses, its own words are made fit for an administrator's trace.
"""

import base64
import html
import json
import secrets
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from urllib.parse import quote, quote_plus

from providers.client_keys import private_keys
from providers.errors import ClientCredentialsUnusable
from providers.models import ClientKey, Provider
from providers.models.provider import UNREADABLE, readable_secret
from providers.protocol.claims import belongs_to, origin_of
from providers.protocol.client_assertion import ASSERTION_TYPE, MAC, assertion_claims
from ssoconsole.platform.eventlog.services import MASK
from ssoconsole.platform.jose.algorithms import SHORTEST_SECRET_BYTES, PrivateMaterial, SharedSecret
from ssoconsole.platform.jose.errors import shown
from ssoconsole.platform.jose.sign import sign_jwt
from ssoconsole.platform.jose.strict_json import MalformedJson
from ssoconsole.platform.outbound.response import Response

Methods = Provider.ClientAuthentication
Field = tuple[str, str]

_SECRET_FIELDS = ("client_secret", "client_assertion")


def client_credentials(provider: Provider, *, endpoint: str) -> tuple[list[Field], dict[str, str]]:
    """
    Return what identifies the client, for one request to `endpoint`: form fields and headers, one of them empty of
    credentials.

    An assertion is good for a minute and is taken once. Raises ClientCredentialsUnusable when the secret or the
    key is missing, does not open, is too short, or belongs to another issuer or host.
    """
    method, client_id = provider.token_endpoint_auth_method, provider.client_id
    if method == Methods.NONE:
        return [("client_id", client_id)], {}
    if method == Methods.BASIC:
        return [], {"Authorization": basic_credentials(client_id, _secret(provider, endpoint))}
    if method == Methods.POST:
        return [("client_id", client_id), ("client_secret", _secret(provider, endpoint))], {}
    if method == Methods.SECRET_JWT:
        try:
            mac_key = SharedSecret(_secret(provider, endpoint).encode("utf-8"))
        except ValueError:
            raise ClientCredentialsUnusable(
                expected=f"a client secret of at least {SHORTEST_SECRET_BYTES} bytes, for {Methods.SECRET_JWT}",
                received="a shorter one",
            ) from None
        return _asserted(provider, endpoint, key=mac_key, alg=MAC, kid=None), {}
    if method == Methods.PRIVATE_KEY_JWT:
        key = ClientKey.objects.signing().filter(provider=provider).first()
        if key is None:
            raise ClientCredentialsUnusable(
                expected="a client key, which saving the registration makes", received="there is none"
            )
        _refuse_stranger(
            "a client key, which saving the registration makes,", key.made_for, provider, endpoint
        )
        return _asserted(provider, endpoint, key=private_keys.of(key), alg=key.alg, kid=key.kid), {}
    raise ClientCredentialsUnusable(expected=f"one of {', '.join(Methods.values)}", received=method)


def secret_texts(provider: Provider, fields: Sequence[Field], headers: Mapping[str, str]) -> list[str]:
    """Return every text of `client_credentials` that a provider's answer may quote and nobody may read."""
    sent = [value for name, value in fields if name in _SECRET_FIELDS]
    in_headers = [value.partition(" ")[2] for value in headers.values()]
    secret = readable_secret(provider)
    return [*sent, *in_headers, *([secret] if isinstance(secret, str) else [])]


def basic_credentials(client_id: str, secret: str) -> str:
    """
    Return the value of the header. Both parts are form-urlencoded first, so that `:`, `%`, `+` and other
    alphabets arrive as they are; HTTP libraries leave that out.
    """
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return "Basic " + base64.b64encode(pair.encode("ascii")).decode("ascii")


def _asserted(
    provider: Provider, endpoint: str, *, key: PrivateMaterial | SharedSecret, alg: str, kid: str | None
) -> list[Field]:
    claims = assertion_claims(
        client_id=provider.client_id,
        audience=_audience(provider, endpoint),
        jti=secrets.token_urlsafe(32),
        now=int(time.time()),
    )
    assertion = sign_jwt(claims, key=key, alg=alg, kid=kid, typ="JWT")
    return [
        ("client_id", provider.client_id),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion),
    ]


def _audience(provider: Provider, endpoint: str) -> str:
    """
    Return who may take the assertion (RFC 9126 section 2).

    The issuer, or for older providers the endpoint that it is sent to, and never another one: a hostile provider
    could name somebody else's token endpoint in its document, take an assertion for that at an endpoint of its own,
    and use it there.
    """
    if provider.assertion_audience == Provider.AssertionAudience.TOKEN_ENDPOINT:
        return endpoint
    return provider.issuer


def _refuse_stranger(what: str, takers: Sequence[str], provider: Provider, endpoint: str) -> None:
    origin = origin_of(endpoint)
    if not belongs_to(takers, issuer=provider.issuer, origins=[origin]):
        raise ClientCredentialsUnusable(
            expected=f"{what} for the issuer {provider.issuer} and the host of {origin or 'its endpoint'}",
            received=f"one for {', '.join(takers) or 'nobody'}",
        )


def _secret(provider: Provider, endpoint: str) -> str:
    secret = readable_secret(provider)
    if secret is UNREADABLE:
        raise ClientCredentialsUnusable(
            expected="a client secret that opens with the configured encryption keys",
            received="one that does not",
        )
    if not isinstance(secret, str):
        raise ClientCredentialsUnusable(
            expected=f"a client secret, for {provider.token_endpoint_auth_method}",
            received="none is registered",
        )
    _refuse_stranger("a client secret that was entered", provider.client_secret_for, provider, endpoint)
    return secret


def reason_of(response: Response, secrets: Collection[str | None]) -> str:
    """
    Name the provider's error (RFC 6749 section 5.2) on one short line.

    `secrets` are what was sent and must not be read here, should the provider quote it: as it is, as it was sent in
    the form, or escaped for JSON or a page.
    """
    try:
        answer = response.json()
    except MalformedJson:
        answer = None
    members = answer if isinstance(answer, Mapping) else {}
    told = [members.get(name) for name in ("error", "error_description")]
    reason = ": ".join(text for text in told if isinstance(text, str) and text)
    spellings = {spelling for secret in secrets if secret for spelling in _spellings(secret)}
    # The longest first: a secret that is part of another one must not leave the rest of it standing.
    for spelling in sorted(spellings, key=len, reverse=True):
        reason = reason.replace(spelling, MASK)
    return shown(f"status {response.status}, {reason}" if reason else f"status {response.status}")


def _spellings(secret: str) -> Iterator[str]:
    yield from (secret, quote(secret), quote(secret, safe=""), quote_plus(secret))
    yield from (html.escape(secret), json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
