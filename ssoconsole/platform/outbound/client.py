"""
One HTTP/1.1 request to somebody else, under every rule of this package.

No redirects, cookies, retries or compression, and no proxy but the operator's: each of them is a way to be led
elsewhere, or to be given more than was asked for.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from typing import Literal
from urllib.parse import urlencode

from ssoconsole.platform.metrics import outbound_request
from ssoconsole.platform.outbound.connection import open_route, route_to, secure
from ssoconsole.platform.outbound.errors import RequestHeaderRefused
from ssoconsole.platform.outbound.response import (
    DEFAULT_LIMITS,
    Deadline,
    Limits,
    Response,
    Wire,
    receive,
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
    with outbound_request(), span(method, attributes=attributes), ExitStack() as stack:
        deadline = Deadline(limits.total)
        timeout = deadline.wait(limits.idle)
        route = route_to(target, allow_loopback=allow_loopback, timeout=timeout)
        sock = stack.enter_context(open_route(route, limits=limits, deadline=deadline))
        if target.scheme == "https":
            secured = secure(sock, target.name, ca_file=ca_file, limits=limits, deadline=deadline)
            sock = stack.enter_context(secured)
        wire = Wire(sock, limits=limits, deadline=deadline)
        wire.send(message)
        return receive(
            wire, method=method, accept=accept, limits=limits, deadline=deadline, redirects=redirects
        )


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
