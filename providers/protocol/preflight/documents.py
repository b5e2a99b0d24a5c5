"""Judge the answer in which one of a provider's documents comes, or why none came."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from providers.protocol.preflight.findings import Finding, finding
from ssoconsole.platform.jose.strict_json import MalformedJson, loads_document
from ssoconsole.platform.outbound.errors import OutboundError
from ssoconsole.platform.outbound.response import JSON_DOCUMENT, Response

_BY_ERROR = {
    "response_timeout": "timed_out",
    "response_too_large": "too_large",
    "protocol_broken": "broken_answer",
}
_BY_STATUS = {401: "forbidden", 403: "forbidden", 404: "not_found", 410: "not_found"}


def read_document(
    answer: Response | OutboundError, *, prefix: str, url: str
) -> tuple[dict[str, Any] | None, list[Finding]]:
    """
    Return the document in `answer` and no finding, or None and why.

    `prefix` is `discovery` or `keys`: the findings' codes begin with it. `url` is where it was asked for.
    """
    problem, received = _problem(answer)
    if problem:
        return None, [finding(f"{prefix}_{problem}", expected=f"a JSON object at {url}", received=received)]
    assert isinstance(answer, Response)  # noqa: S101 - for the type checker: an error is always a problem
    expected = f"a JSON object at {url}"
    if b"\\u0000" in answer.body:  # PostgreSQL stores none
        return None, [finding(f"{prefix}_malformed", expected=expected, received="a NUL character")]
    try:
        return loads_document(answer.body), []
    except MalformedJson as malformed:
        return None, [finding(f"{prefix}_malformed", expected=expected, received=str(malformed))]


def _problem(answer: Response | OutboundError) -> tuple[str, str]:
    if isinstance(answer, OutboundError):
        return _BY_ERROR.get(answer.code, "unreachable"), answer.detail
    status = f"status {answer.status}"
    if 300 <= answer.status < 400:
        return "redirects", f"{status} to {shown_location(answer.headers)}"
    if answer.status >= 500:
        return "server_error", status
    if answer.status != 200:
        return _BY_STATUS.get(answer.status, "unexpected_status"), status
    if is_page(answer):
        return "is_html", f"{answer.content_type or 'no media type'}, a web page"
    if answer.content_type not in JSON_DOCUMENT:
        return "wrong_media_type", answer.content_type or "no media type"
    return "", ""


def is_page(answer: Response) -> bool:
    """Tell whether an answer is a web page, whatever it calls itself."""
    return "html" in answer.content_type or answer.body.lstrip()[:1] == b"<"


def shown_location(headers: Mapping[str, str]) -> str:
    """Return where a redirect leads, without its query and its fragment: these may hold what was sent."""
    try:
        parts = urlsplit(headers.get("Location", ""))
    except ValueError:
        return "an address that cannot be read"
    return parts._replace(query="", fragment="").geturl() or "nowhere"
