"""
One HTTP/1.1 request to somebody else, under every rule of this package.

No redirects, cookies, retries or compression, and no proxy but the operator's: each of them is a way to be led
elsewhere, or to be given more than was asked for.
"""

import re
import time
from collections.abc import Collection, Mapping, Sequence
from http.client import HTTPException, HTTPResponse
from typing import Literal
from urllib.parse import urlencode, urlsplit

from django.utils.datastructures import CaseInsensitiveMapping

from ssoconsole.platform.metrics import outbound_request
from ssoconsole.platform.outbound.connection import Wire, open_wire
from ssoconsole.platform.outbound.errors import (
    ContentTypeRefused,
    ProtocolBroken,
    RedirectRefused,
    RequestHeaderRefused,
    ResponseTooLarge,
)
from ssoconsole.platform.outbound.response import (
    ANYTHING,
    DEFAULT_LIMITS,
    JSON_DOCUMENT,
    Limits,
    Response,
    is_json_document,
)
from ssoconsole.platform.outbound.targets import Target, parse
from ssoconsole.platform.tracing import span

USER_AGENT = "SSO-Console/0.1.0"

# These decide where a request goes and where it ends, or are not sent at all.
RESERVED_HEADERS = {
    "accept",
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "expect",
    "host",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
}

NOT_MODIFIED = 304
_HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}")
_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,127}/[a-z0-9!#$&^_.+-]{1,127}")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")


def request(
    method: Literal["GET", "POST"],
    url: str,
    *,
    accept: Collection[str],
    allow_loopback: bool,
    headers: Mapping[str, str] | None = None,
    form: Sequence[tuple[str, str]] | None = None,
    document: bytes | None = None,
    ca_file: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
    redirects: bool = False,
) -> Response:
    """
    Send one request and return the whole response, whatever its status, redirects excepted.

    With `redirects` a redirect is a response like any other; it is never followed. `accept` is the media types
    that a status below 400 may come in, `*/*` among them for any and "" for none. `form` is sent by POST as
    application/x-www-form-urlencoded, `document`, which is JSON, as it is. `allow_loopback` is the development
    switch: loopback addresses and plain http. `ca_file` is a PEM file of CA certificates to trust besides the
    system's.

    Raises OutboundError.
    """
    target = parse(url, allow_http=allow_loopback)
    message = _message(method, target, accept, headers or {}, form, document)
    attributes = {"server.address": target.host}
    with (
        outbound_request(),
        span(method, attributes=attributes),
        open_wire(target, allow_loopback=allow_loopback, ca_file=ca_file, limits=limits) as wire,
    ):
        wire.send(message)
        return receive(wire, method=method, accept=accept, limits=limits, redirects=redirects)


def _message(
    method: str,
    target: Target,
    accept: Collection[str],
    extra: Mapping[str, str],
    form: Sequence[tuple[str, str]] | None,
    document: bytes | None = None,
) -> bytes:
    headers = {
        "Host": target.authority,
        "User-Agent": USER_AGENT,
        "Accept": ", ".join(filter(None, accept)),
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    body = b""
    if form is not None:
        body = urlencode(form, errors="replace").encode("ascii")
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    if document is not None:
        body, headers["Content-Type"] = document, "application/json"
    if method == "POST":
        headers["Content-Length"] = str(len(body))
    # What could split the request is refused without ever showing a value: it may be a credential.
    for name, value in extra.items():
        if not _HEADER_NAME.fullmatch(name):
            raise RequestHeaderRefused("a header has a name that HTTP does not allow")
        if name.lower() in RESERVED_HEADERS:
            raise RequestHeaderRefused(f"the header {name} is not the caller's to set")
        if not _HEADER_VALUE.fullmatch(value):
            raise RequestHeaderRefused(
                f"the value of the header {name} has characters that HTTP does not allow"
            )
    head = f"{method} {target.path} HTTP/1.1\r\n"
    for name, value in {**headers, **extra}.items():
        head += f"{name}: {value}\r\n"
    return f"{head}\r\n".encode("ascii") + body


def receive(
    wire: Wire,
    *,
    method: str,
    accept: Collection[str],
    limits: Limits,
    redirects: bool = False,
) -> Response:
    """Read from `wire` what answers a request by `method`. Raises every OutboundError about responses."""
    wire.left = limits.head_bytes
    answer = HTTPResponse(wire, method=method)  # type: ignore[arg-type]  # of a socket it asks makefile() alone
    try:
        answer.begin()
        media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        _refuse_head(answer, media_type, accept, redirects=redirects)
        # Framing included: if only bytes of the body counted, chunk headers could go on for ever.
        wire.left = 2 * limits.body_bytes + limits.head_bytes
        announced = answer.length or 0
        body = answer.read(limits.body_bytes + 1) if announced <= limits.body_bytes else b""
        if max(announced, len(body)) > limits.body_bytes:
            raise ResponseTooLarge(f"the body is longer than {limits.body_bytes} bytes")
        if answer.length:
            raise ProtocolBroken("the body is shorter than announced")
    except HTTPException:
        # Its text quotes what came; that belongs in no log.
        raise ProtocolBroken("the answer is not a whole HTTP/1.1 response") from None
    finally:
        answer.close()
    headers = {}
    for name in answer.headers:
        headers[name] = ", ".join(answer.headers.get_all(name, []))
    elapsed_ms = round((time.monotonic() - wire.deadline.started) * 1000)
    return Response(answer.status, CaseInsensitiveMapping(headers), body, media_type, elapsed_ms)


def _refuse_head(answer: HTTPResponse, media_type: str, accept: Collection[str], *, redirects: bool) -> None:
    """Refuse framing that nobody asked for, a redirect unless `redirects`, and a success in another media type."""
    status, headers = answer.status, answer.headers
    if status < 200:
        raise ProtocolBroken(f"the answer has the status {status}, which ends no exchange")
    if headers.get("Transfer-Encoding", "chunked").strip().lower() != "chunked":
        raise ProtocolBroken("the answer has a transfer coding that nobody asked for")
    if headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise ProtocolBroken("the answer is compressed, and nobody asked for that")
    if 300 <= status < 400:
        if redirects:
            return
        if status != NOT_MODIFIED:
            target = _host_of(headers.get("Location", ""))
            raise RedirectRefused(f"the answer is a redirect ({status}) to {target}")
    # Errors come in any type, and an empty body has none.
    if status >= 400 or answer.length == 0 or ANYTHING in accept or media_type in map(str.lower, accept):
        return
    if accept == JSON_DOCUMENT and is_json_document(media_type):
        return
    shown = media_type if _MEDIA_TYPE.fullmatch(media_type) else "of no known type"
    raise ContentTypeRefused(f"the answer is {shown}, expected {' or '.join(sorted(filter(None, accept)))}")


def _host_of(location: str) -> str:
    try:
        host = urlsplit(location).hostname
    except ValueError:
        host = ""
    if host is None:
        return "the same host"
    return host if _HOST.fullmatch(host) else "a host that cannot be shown"
