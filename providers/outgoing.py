"""The only way from here to identity providers: outbound HTTP, with outcomes in the place of its errors."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

from django.conf import settings

from providers.errors import (
    MetadataInvalid,
    ProviderFault,
    ProviderUnreachable,
    TokenEndpointError,
    UserinfoError,
)
from ssoconsole.platform.jose.strict_json import MalformedJson, loads_document
from ssoconsole.platform.outbound import client
from ssoconsole.platform.outbound import probe as probing
from ssoconsole.platform.outbound.errors import (
    ConnectFailed,
    ContentTypeRefused,
    OutboundError,
    ProtocolBroken,
    RedirectRefused,
    RequestHeaderRefused,
    ResponseTooLarge,
)
from ssoconsole.platform.outbound.probe import Probe
from ssoconsole.platform.outbound.response import ANYTHING, DEFAULT_LIMITS, JSON_DOCUMENT, Limits, Response

JSON = ("application/json",)
OK = 200
SERVER_ERROR = 500

# The provider answered, and not what this endpoint is for; everything else is no answer at all.
_BAD_ANSWERS = (ContentTypeRefused, RequestHeaderRefused, RedirectRefused, ResponseTooLarge)
_WORTH_ANOTHER_TRY = (ConnectFailed, ProtocolBroken)


def fetch_document(url: str, *, fault: type[ProviderFault] = MetadataInvalid) -> dict[str, Any]:
    """
    GET a JSON object, once more if the connection fails.

    Raises ProviderUnreachable, for a status of 500 and above too, and `fault` for any other answer that is no
    JSON object.
    """
    try:
        allow_loopback = settings.ALLOW_LOOPBACK_PROVIDERS
        response = client.request("GET", url, accept=JSON_DOCUMENT, allow_loopback=allow_loopback)
    except _WORTH_ANOTHER_TRY:
        response = _request("GET", url, accept=JSON_DOCUMENT, fault=fault)
    except OutboundError as error:
        raise _outcome(error, fault) from None
    if response.status >= SERVER_ERROR:
        raise ProviderUnreachable(expected="status 200", received=f"status {response.status}")
    if response.status != OK:
        raise fault(expected="status 200", received=f"status {response.status}")
    return read_object(response, fault=fault)


def read_object(response: Response, *, fault: type[ProviderFault]) -> dict[str, Any]:
    """
    Return the JSON object in `response`, strictly parsed. Raises `fault`, which never repeats the body.

    NUL is refused in every string, because PostgreSQL stores none.
    """
    if b"\\u0000" in response.body:
        raise fault(expected="JSON without NUL characters", received="a NUL character")
    try:
        return loads_document(response.body)
    except MalformedJson as malformed:
        raise fault(expected="a JSON object", received=f"{malformed}") from None


def post_form(
    url: str,
    form: Sequence[tuple[str, str]],
    headers: Mapping[str, str],
    *,
    fault: type[ProviderFault] = TokenEndpointError,
) -> Response:
    """POST a form, once; any status. Raises ProviderUnreachable, and `fault` for an answer of another kind."""
    return _request("POST", url, accept=JSON, fault=fault, headers=headers, form=form)


def get_with_bearer(url: str, access_token: str, accept: Collection[str]) -> Response:
    """GET userinfo with the token in the header (RFC 6750 2.1). Raises ProviderUnreachable, UserinfoError."""
    headers = {"Authorization": f"Bearer {access_token}"}
    return _request("GET", url, accept=accept, fault=UserinfoError, headers=headers)


def probe(url: str) -> Probe:
    """Find out how far one gets to the host of `url`, without a request. Raises UrlRefused, SchemeRefused."""
    return probing.probe(url, allow_loopback=settings.ALLOW_LOOPBACK_PROVIDERS)


def look(
    url: str,
    *,
    accept: Collection[str] = JSON,
    form: Sequence[tuple[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Response:
    """
    See what an address answers, to judge it: any status and any kind, and a redirect where there is one.

    GET, or POST with a `form`. What comes is not to be used for anything. Raises OutboundError itself, because
    the diagnosis tells its kinds apart.
    """
    return client.request(
        "GET" if form is None else "POST",
        url,
        accept=(*accept, ANYTHING),
        allow_loopback=settings.ALLOW_LOOPBACK_PROVIDERS,
        headers=headers,
        form=form,
        limits=limits,
        redirects=True,
    )


def _request(
    method: Literal["GET", "POST"],
    url: str,
    *,
    accept: Collection[str],
    fault: type[ProviderFault],
    headers: Mapping[str, str] | None = None,
    form: Sequence[tuple[str, str]] | None = None,
) -> Response:
    try:
        return client.request(
            method,
            url,
            accept=accept,
            allow_loopback=settings.ALLOW_LOOPBACK_PROVIDERS,
            headers=headers,
            form=form,
        )
    except OutboundError as error:
        raise _outcome(error, fault) from None


def _outcome(error: OutboundError, fault: type[ProviderFault]) -> ProviderFault:
    """Keep the code and the sentence, which by contract hold no path, query, body or credential."""
    outcome = fault if isinstance(error, _BAD_ANSWERS) else ProviderUnreachable
    return outcome(expected="a usable answer", received=f"{error.code}: {error.detail}")
