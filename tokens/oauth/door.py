"""What every OAuth endpoint does before and after its own part."""

from collections.abc import Callable, Collection
from functools import partial, wraps

import structlog
from django.core.exceptions import RequestDataTooBig
from django.db import Error as DatabaseFault
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from ssoconsole.limits.source import source_of
from ssoconsole.metrics.counting import count_oauth_refusal
from tokens.credentials.authentication import authenticate_assertion, authenticate_client
from tokens.errors import InvalidRequest, RequestTooLarge, TokensError
from tokens.models import Credential
from tokens.oauth import answers, traces
from tokens.protocol.client_authentication import (
    UnverifiedAssertion,
    UnverifiedClient,
    client_credentials_of,
)
from tokens.protocol.form import MOST_BYTES, Form, check_content_type, parse_form

log = structlog.get_logger("tokens.oauth")

Endpoint = Callable[[HttpRequest, Form], HttpResponse]
View = Callable[[HttpRequest], HttpResponse]

# A URL ends up in logs and histories: what proves something has no place in it.
NEVER_IN_THE_QUERY = (
    "access_token",
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "token",
)


def form_endpoint(*, repeatable: Collection[str] = ()) -> Callable[[Endpoint], View]:
    """
    Make a view of an endpoint that takes a form by POST.

    Its domain errors become answers, and so does a database that does not answer: 503, never a success that
    has not happened.
    """

    def decorate(endpoint: Endpoint) -> View:
        @csrf_exempt  # callers prove themselves in the request; no cookie means anything here
        @wraps(endpoint)
        def view(request: HttpRequest) -> HttpResponse:
            if request.method != "POST":
                return answers.not_allowed("POST")
            try:
                return endpoint(request, read_form(request, repeatable=repeatable))
            except TokensError as error:
                count_oauth_refusal(endpoint=endpoint.__name__, reason=error.code)
                return answers.refusal(error, keep=partial(traces.keep, request, error))
            except DatabaseFault:
                log.exception("database_unavailable", path=request.path)
                count_oauth_refusal(endpoint=endpoint.__name__, reason="temporarily_unavailable")
                return answers.unavailable()

        return view

    return decorate


def public_endpoint(endpoint: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Make a view of a document for everybody, read by GET and HEAD; what the path names goes to the endpoint."""

    @csrf_exempt  # so that another method is answered with 405 and not with a page about cookies
    @wraps(endpoint)
    def view(request: HttpRequest, **named: str) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return answers.not_allowed("GET", "HEAD")
        try:
            return endpoint(request, **named)
        except DatabaseFault:
            log.exception("database_unavailable", path=request.path)
            return answers.unavailable()

    return view


def read_form(request: HttpRequest, *, repeatable: Collection[str]) -> Form:
    """Return the parameters in the body. Raises InvalidRequest, RequestTooLarge."""
    if any(name in request.GET for name in NEVER_IN_THE_QUERY):
        raise InvalidRequest("Credentials and tokens belong into the body, never into the URL.")
    check_content_type(request.META.get("CONTENT_TYPE", ""))
    # Before the body is read: nothing larger is ever taken into memory.
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > MOST_BYTES:
        raise RequestTooLarge(expected=f"at most {MOST_BYTES} bytes")
    try:
        return parse_form(request.body, repeatable=repeatable)
    except (RequestDataTooBig, UnreadablePostError) as error:
        raise InvalidRequest("The body could not be read.") from error


def client_of(request: HttpRequest, form: Form) -> Credential:
    """Return the credential that the request proves, with its bot. Raises InvalidClient, InvalidRequest."""
    client = client_credentials_of(form, authorization=request.META.get("HTTP_AUTHORIZATION"))
    traces.note_name(request, client.unverified_client_id)
    credential = _proven(client, request)
    traces.note_proven(request, credential)
    return credential


def _proven(client: UnverifiedClient | UnverifiedAssertion, request: HttpRequest) -> Credential:
    address, source = request.META.get("REMOTE_ADDR") or None, source_of(request)
    if isinstance(client, UnverifiedAssertion):
        return authenticate_assertion(
            client_id=client.unverified_client_id,
            assertion=client.unverified_assertion,
            address=address,
            source=source,
        )
    return authenticate_client(
        client_id=client.unverified_client_id,
        client_secret=client.unverified_client_secret,
        address=address,
        source=source,
    )
