"""What every OAuth endpoint does before and after its own part, and what the trace of a refusal there is made of."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig
from django.db import Error as DatabaseFault
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.errors import DomainError
from ssoconsole.platform.http.doors import mark_only_post
from ssoconsole.platform.jose.errors import JwtRefused
from ssoconsole.platform.limits import source_of
from ssoconsole.platform.metrics import count_oauth_refusal
from tokens.credentials.authentication import authenticate_assertion, authenticate_client
from tokens.errors import (
    CredentialUnknown,
    InvalidClient,
    InvalidRequest,
    InvalidToken,
    RequestTooLarge,
    TokensError,
)
from tokens.models import Credential, TokenRefusal
from tokens.oauth import answers
from tokens.protocol.client_authentication import (
    UnverifiedAssertion,
    client_credentials_of,
)
from tokens.protocol.form import MOST_BYTES, Form, parse_form, read_charset
from tokens.refusals.services import STRANGER, Refused, keep_refusal, presentable

DOORS = {f"/oauth/{door.value}": door.value for door in TokenRefusal.Door if door != TokenRefusal.Door.API}
log = structlog.get_logger("tokens.oauth")

Endpoint = Callable[[HttpRequest, Form], HttpResponse]
View = Callable[[HttpRequest], HttpResponse]
# Form, Authorization header and address to the body of the answer, or None for what is left to the endpoint.
AtOnce = Callable[[Form, str | None, str | None], bytes | None]

# Set where `answer_at_once` has left a request to the endpoint already; no header can have this name.
LEFT_TO_THE_ENDPOINT = "console.left_to_the_endpoint"
# Set where it has found that no live credential fits, so that nobody looks again.
CREDENTIAL_IS_UNKNOWN = "console.credential_is_unknown"

# A URL ends up in logs and histories: what proves something has no place in it.
NEVER_IN_THE_QUERY = (
    "access_token",
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "token",
)


def note_name(request: HttpRequest, unverified_client_id: str | None) -> None:
    """Say which name the caller gives."""
    request.refusal_name = unverified_client_id  # type: ignore[attr-defined]  # read by `keep` alone


def note_proven(request: HttpRequest, credential: Credential) -> None:
    """Say which credential the caller has proven."""
    request.refusal_credential = credential  # type: ignore[attr-defined]  # read by `keep` alone


def keep(request: HttpRequest, error: DomainError, *, status: int, answered: str) -> str:
    """Write the refusal down and return its reference, "" for none."""
    credential: Credential | None = getattr(request, "refusal_credential", None)
    address = request.META.get("REMOTE_ADDR") or None
    name = credential.bot.name if credential else getattr(request, "refusal_name", None) or ""
    cause = error.cause if isinstance(error, InvalidClient) and error.cause else error
    refused = Refused(
        door=DOORS.get(request.path, TokenRefusal.Door.TOKEN),
        endpoint=request.path,
        status=status,
        code=cause.code,
        answered=answered,
        expected=presentable(cause.expected),
        received=presentable(cause.received or getattr(cause, "message", "")),
        client_id=name,
        token=_bearer(request) if isinstance(error, InvalidToken) else None,
        bot_id=credential.bot_id if credential else None,
        credential_id=credential.pk if credential else None,
    )
    by = Actor.bot(name, address) if credential else Actor(STRANGER, "", address)
    return keep_refusal(refused=refused, by=by, source=source_of(request))


def _bearer(request: HttpRequest) -> str:
    return str(request.META.get("HTTP_AUTHORIZATION", "").partition(" ")[2].strip())


@dataclass(frozen=True)
class QuickEndpoint:
    """What may be answered at once, and which of its parameters may be repeated."""

    at_once: AtOnce
    repeatable: Collection[str] = ()

    def answer(self, body: bytes, meta: dict[str, Any]) -> bytes | None:
        """
        Return the body of the answer to a POST, whose headers stand in `meta` as in a WSGI environ; None for a
        request that the endpoint itself has to answer, which nothing has been done about.
        """
        try:
            charset = read_charset(meta.get("CONTENT_TYPE", ""))
            return self.answer_form(parse_form(body, repeatable=self.repeatable, charset=charset), meta)
        except TokensError:
            return None

    def answer_form(self, form: Form, meta: dict[str, Any]) -> bytes | None:
        """Do the same for a form that has been read."""
        try:
            return self.at_once(form, meta.get("HTTP_AUTHORIZATION"), meta.get("REMOTE_ADDR") or None)
        except CredentialUnknown:
            meta[CREDENTIAL_IS_UNKNOWN] = True
        except (TokensError, JwtRefused, DatabaseFault):
            pass
        return None


def form_endpoint(quick: QuickEndpoint) -> Callable[[Endpoint], View]:
    """
    Make a view of an endpoint that takes a form by POST; what can be answered at once does not get as far as that.

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
                form = read_form(request, repeatable=quick.repeatable)
                left = LEFT_TO_THE_ENDPOINT in request.META
                at_once = None if left else quick.answer_form(form, request.META)
                return endpoint(request, form) if at_once is None else answers.at_once(at_once)
            except TokensError as error:
                count_oauth_refusal(endpoint=endpoint.__name__, reason=error.code)
                return answers.refusal(error, keep=partial(keep, request, error))
            except DatabaseFault:
                log.exception("database_unavailable", path=request.path)
                count_oauth_refusal(endpoint=endpoint.__name__, reason="temporarily_unavailable")
                return answers.unavailable()

        return mark_only_post(view)

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
    charset = read_charset(request.META.get("CONTENT_TYPE", ""))
    # Before the body is read: nothing larger is ever taken into memory.
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > MOST_BYTES:
        raise RequestTooLarge(expected=f"at most {MOST_BYTES} bytes", received=f"{length[:20]} bytes")
    try:
        return parse_form(request.body, repeatable=repeatable, charset=charset)
    except (RequestDataTooBig, UnreadablePostError) as error:
        raise InvalidRequest("The body could not be read.") from error


def client_of(request: HttpRequest, form: Form) -> Credential:
    """Return the credential that the request proves, with its bot. Raises InvalidClient, InvalidRequest."""
    client = client_credentials_of(form, authorization=request.META.get("HTTP_AUTHORIZATION"))
    note_name(request, client.unverified_client_id)
    address, source = request.META.get("REMOTE_ADDR") or None, source_of(request)
    if isinstance(client, UnverifiedAssertion):
        credential = authenticate_assertion(
            client_id=client.unverified_client_id,
            assertion=client.unverified_assertion,
            address=address,
            source=source,
        )
    else:
        credential = authenticate_client(
            client_id=client.unverified_client_id,
            client_secrets=client.unverified_client_secrets,
            address=address,
            source=source,
            known=CREDENTIAL_IS_UNKNOWN not in request.META,
        )
    note_proven(request, credential)
    return credential
