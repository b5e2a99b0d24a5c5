"""
What a token endpoint says to a code that was never issued (RFC 6749 section 5.2).

`invalid_grant` is the good answer: the client was let in, and the code was not.
"""

from providers.protocol.preflight.documents import is_page
from ssoconsole.platform.jose.strict_json import MalformedJson
from ssoconsole.platform.outbound.response import Response

REJECTED = "client_credentials_rejected"

_BY_STATUS = {
    404: "token_endpoint_not_found",
    405: "token_endpoint_not_found",
    408: "token_endpoint_busy",
    410: "token_endpoint_not_found",
    429: "token_endpoint_busy",
}
_BY_ERROR = {
    "invalid_grant": None,
    "invalid_client": REJECTED,
    "unauthorized_client": "grant_not_allowed",
    "unsupported_grant_type": "grant_not_allowed",
}


def judge_token_answer(answer: Response) -> str | None:
    """Return the code of the finding, None if the client was let in."""
    if 300 <= answer.status < 400:
        return "token_endpoint_redirects"
    if answer.status >= 500:
        return "token_endpoint_fails"
    if answer.status in _BY_STATUS:
        return _BY_STATUS[answer.status]
    if is_page(answer):
        return "token_endpoint_not_json"
    try:
        members = answer.json()
    except MalformedJson:
        members = None
    if not isinstance(members, dict):
        return REJECTED if answer.status == 401 else "token_endpoint_not_json"
    return _by_error(answer.status, members)


def _by_error(status: int, members: dict[str, object]) -> str | None:
    error = members.get("error")
    if error == "invalid_grant":
        return None
    if status == 401:
        return REJECTED
    if status < 300 and ("access_token" in members or "id_token" in members):
        return "token_endpoint_accepts_anything"
    return (
        _BY_ERROR.get(error, "token_endpoint_unclear") if isinstance(error, str) else "token_endpoint_unclear"
    )
