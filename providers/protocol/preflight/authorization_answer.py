"""
Judge what an authorization endpoint and a token endpoint answer to a real request, before anybody has signed in.

A sign-in page is a good answer; so is a redirect to the console with a code, or with the error that somebody has to
sign in. A page is read for its words, its forms, and whether it asks who the person is. What a refusal means is decided
by the words of its page or of its error (RFC 6749 section 4.1.2.1).

A token endpoint is sent a code that was never issued (RFC 6749 section 5.2). `invalid_grant` is the good answer: the
client was let in, and the code was not.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import SplitResult, parse_qsl, urljoin, urlsplit

from providers.protocol.preflight.documents import is_page, shown_location
from providers.protocol.preflight.findings import Finding, finding
from ssoconsole.platform.eventlog.services import MASK
from ssoconsole.platform.jose.strict_json import MalformedJson
from ssoconsole.platform.outbound.response import Response

# The first that is found decides: the more particular ones come first.
_WORDS = [
    (re.compile(pattern, re.IGNORECASE), code)
    for pattern, code in (
        (r"pushed[ _]authorization|AADSTS9002350", "pushed_request_required"),
        (r"code[ _]challenge|\bPKCE\b|AADSTS9002325", "pkce_refused"),
        (
            r"redirect[ _-]?ur[il]|callback ur[il]|reply (url|address)|AADSTS50011",
            "redirect_uri_not_registered",
        ),
        (r"redirect_mismatch|(invalid|registered)[ _]callback", "redirect_uri_not_registered"),
        (r"unauthorized_client|not (allowed|permitted|authorized) to (use|initiate)", "client_not_allowed"),
        (r"response[ _]mode", "response_mode_not_supported"),
        (r"response[ _]type", "response_type_refused"),
        (r"invalid_client|client[ _]?id\b|deleted_client|AADSTS700016|AADSTS9000[12]\b", "client_unknown"),
        (
            r"\b(client|application|app)\b.{0,40}\b(not found|unknown|invalid|disabled|does not exist)",
            "client_unknown",
        ),
        (r"\b(unknown|invalid|no such|disabled) (client|application|app)\b", "client_unknown"),
        (r"\brequester not enabled", "client_unknown"),
        (r"invalid_scope|\bscopes?\b|AADSTS70011", "scope_refused"),
    )
]
# RFC 6749 section 4.1.2.1, RFC 9126 section 2.3, OpenID Connect Core 1.0 section 3.1.2.6.
_NAMED = re.compile(
    r"AADSTS\d{5,7}|\b(?:unsupported_response_type|unauthorized_client|invalid_client|invalid_scope|"
    r"invalid_redirect_uri)\b"
)
# A parameter by its name, which a page about a missing path has no reason to spell out.
_PARAMETER = re.compile(r"\b(?:client_id|redirect_uri)\b")
# What single-page applications hold in their scripts, and show only there.
_MARKS = re.compile(r"AADSTS\d{5,7}[^\"\\<]{0,200}")
_PLAIN = re.compile(rb"[ -~]{8,}")
_UNSEEN = ("script", "style", "template", "noscript")
_ASKS = ("password", "email", "text", "tel")

# The request is good, and somebody has to do something (OpenID Connect Core 1.0 section 3.1.2.6).
_SOMEBODY_IS_NEEDED = (
    "login_required",
    "interaction_required",
    "consent_required",
    "account_selection_required",
)
_BY_ERROR = {
    "invalid_scope": "scope_refused",
    "unauthorized_client": "client_not_allowed",
    "unsupported_response_type": "response_type_refused",
    "server_error": "authorization_fails",
    "temporarily_unavailable": "authorization_fails",
}
# How a finding begins that rests on the words of a page, which may be there for another reason.
A_PAGE = "a page: "
_NOT_THERE = (404, 405, 410)
_BUSY = (408, 429)

REJECTED = "client_credentials_rejected"

_BY_STATUS = {
    404: "token_endpoint_not_found",
    405: "token_endpoint_not_found",
    408: "token_endpoint_busy",
    410: "token_endpoint_not_found",
    429: "token_endpoint_busy",
}
_BY_TOKEN_ERROR = {
    "invalid_grant": None,
    "invalid_client": REJECTED,
    "invalid_client_id": REJECTED,
    "invalid_client_credentials": REJECTED,
    "unauthorized_client": "grant_not_allowed",
    "unsupported_grant_type": "grant_not_allowed",
}
# A secret is spoken of in no other refusal, whatever the error is called.
_OF_THE_SECRET = re.compile(r"client[ _]secret", re.IGNORECASE)


def meaning_of(text: str) -> str | None:
    """Return the code of the finding that `text` means; None for what is not recognised. A named error counts first."""
    return error_named_in(text) or _first_word(text)


def error_named_in(text: str) -> str | None:
    """Return the code of the finding for an error of the protocol that `text` spells out, or a product's number."""
    named = _NAMED.search(text)
    return _first_word(named.group()) if named else None


def _first_word(text: str) -> str | None:
    return next((code for pattern, code in _WORDS if pattern.search(text)), None)


def marked_error(source: str) -> str:
    """Return the error that a page holds in its source, "" if none is recognised there."""
    found = _MARKS.search(source)
    return found.group() if found else ""


@dataclass
class Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)


class Page(HTMLParser):
    """`words` is the visible text, `forms` each with its hidden fields; `asks` is whether something can be typed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words = ""
        self.forms: list[Form] = []
        self.asks = False
        self._unseen = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag == "form":
            self.forms.append(Form(given.get("action", "")))
        elif tag == "input":
            self._input(given)

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.words += f" {data.strip()}" if data.strip() else ""

    def _input(self, given: dict[str, str]) -> None:
        kind = given.get("type", "text").lower()
        if kind in _ASKS:
            self.asks = True
        elif kind == "hidden" and self.forms:
            self.forms[-1].fields[given.get("name", "")] = given.get("value", "")


@dataclass(frozen=True)
class Asked:
    """The request as it was sent; `one_time` is what of it nobody may read in a finding."""

    endpoint: str
    redirect_uri: str
    state: str
    issuer: str
    announces_iss: bool
    one_time: tuple[str, ...] = ()

    def hide(self, text: str) -> str:
        for value in filter(None, self.one_time):
            text = text.replace(value, MASK)
        return text


def near_misses(redirect_uri: str) -> list[str]:
    """Return what people register in the place of this one: another end, slash, scheme, port, case or local name."""
    parts = urlsplit(redirect_uri)
    host = parts.hostname or ""
    port = f":{parts.port}" if parts.port else ""
    others = [parts._replace(path=f"{parts.path}/"), parts._replace(path=f"/{parts.path}")]
    others += [parts._replace(path=end) for end in ("/callback", "/callback/") if parts.path != end]
    scheme = {"https": "http"}.get(parts.scheme, "https")
    others += [parts._replace(scheme=scheme)]
    others += (
        [parts._replace(netloc=host), parts._replace(scheme=scheme, netloc=host)]
        if port
        else [
            parts._replace(netloc=f"{host}:{number}")
            for number in (443 if parts.scheme == "https" else 80, 8000)
        ]
    )
    if host in ("localhost", "127.0.0.1"):
        others.append(parts._replace(netloc={"localhost": "127.0.0.1"}.get(host, "localhost") + port))
    if parts.path.lower() != parts.path:
        others.append(parts._replace(path=parts.path.lower()))
    others.append(parts._replace(path=parts.path.title()))
    return list(dict.fromkeys(other.geturl() for other in others))


def judge_authorization_answer(answer: Response, asked: Asked) -> list[Finding]:
    """Judge the answer. `authorization_unclear` is among the findings where nothing can be said."""
    if 300 <= answer.status < 400:
        return _judge_redirect(answer, asked)
    text = asked.hide(answer.body.decode("utf-8", "replace"))
    page = Page(text)
    # What the provider says counts before the status that it says it with.
    for form in page.forms:
        if _absolute(form.action, asked) == asked.redirect_uri:
            # Masked values cannot be compared; what was masked in `state` is the state that was sent.
            returned = {**form.fields}
            if returned.get("state") == MASK:
                returned["state"] = asked.state
            return _judge_return(returned, asked)
    if answer.status == 401 and _asks_who(answer, page):
        return []
    if answer.status >= 400:
        return [_refused(answer, page, text, asked)]
    return _judge_page(page, text, asked)


def _judge_redirect(answer: Response, asked: Asked) -> list[Finding]:
    location = _absolute(answer.headers.get("Location", ""), asked)
    if not location:
        return [_told("authorization_unclear", asked, "a redirect that cannot be read")]
    parts = urlsplit(location)
    parameters = dict(parse_qsl(parts.query) + parse_qsl(parts.fragment))
    if _address(parts) == asked.redirect_uri:
        return _judge_return(parameters, asked)
    if _is_ours(parts, asked):
        received = f"a redirect to {shown_location(answer.headers)}"
        return [finding("redirect_uri_replaced", expected=asked.redirect_uri, received=received)]
    if "error" in parameters or "error" in parts.path.lower():
        said = asked.hide(" ".join([*map(_spelt_out, parameters.values()), parts.path]))
        code = meaning_of(said) or "authorization_refused"
        return [_told(code, asked, f"a redirect to an error page: {said}")]
    return []


def _spelt_out(value: str) -> str:
    """Return the error that a parameter holds in base64, as Google's authError does; else the parameter."""
    try:
        held = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except ValueError:
        return value
    told = (text.decode("ascii") for text in _PLAIN.findall(held))
    return next(filter(meaning_of, told), value)


def _judge_return(parameters: Mapping[str, str], asked: Asked) -> list[Finding]:
    """Judge what came back to the callback."""
    error = parameters.get("error", "")
    if not error and not {"code", "id_token"} & parameters.keys():
        error = parameters.get("error_description", "")  # some only describe it
    if error and error not in _SOMEBODY_IS_NEEDED:
        said = asked.hide(
            ": ".join(dict.fromkeys(filter(None, (error, parameters.get("error_description")))))
        )
        code = _BY_ERROR.get(error) or meaning_of(said) or "authorization_refused"
        # It came back: whatever the words are about, the redirect URI and the client are known.
        known = code in ("redirect_uri_not_registered", "client_unknown")
        return [_told("authorization_refused" if known else code, asked, said)]
    if parameters.get("state") != asked.state:
        received = "absent" if "state" not in parameters else "another one"
        return [finding("state_not_returned", expected="the state that was sent", received=received)]
    iss = parameters.get("iss")
    if iss is None and asked.announces_iss:
        return [finding("iss_parameter_missing", expected=f"iss {asked.issuer}", received="absent")]
    if iss is not None and iss != asked.issuer:
        return [finding("iss_parameter_mismatch", expected=asked.issuer, received=iss)]
    return []


def _judge_page(page: Page, text: str, asked: Asked) -> list[Finding]:
    """A page with status 200: a sign-in page, an error in words, or none of these."""
    if marked := marked_error(text):
        return [_told(meaning_of(marked) or "authorization_refused", asked, marked)]
    if page.asks:
        return []
    code = meaning_of(page.words)
    received = f"{A_PAGE}{page.words.strip()}" if page.words else "an empty page"
    return [_told(code or "authorization_unclear", asked, received)]


def _asks_who(answer: Response, page: Page) -> bool:
    """
    Tell whether a 401 is the beginning of a sign-in: by Kerberos or NTLM (RFC 4559), or by what can be typed.

    Keycloak answers so where both are offered.
    """
    offered = answer.headers.get("WWW-Authenticate", "").lower()
    return bool(page.asks or re.search(r"\b(negotiate|ntlm)\b", offered)) and not error_named_in(page.words)


def _refused(answer: Response, page: Page, text: str, asked: Asked) -> Finding:
    words = page.words if "html" in answer.content_type else text
    said = marked_error(text) or words.strip()
    received = f"status {answer.status}: {said}" if said else f"status {answer.status}"
    if answer.status in _BUSY:
        return _told("authorization_unclear", asked, received)
    # In a page of many words any word may stand for something else: there the error itself has to be named.
    fault = answer.status >= 500 or answer.status in _NOT_THERE
    if code := error_named_in(said) if fault else meaning_of(said):
        return _told(code, asked, received)
    hidden = " ".join(value for form in page.forms for value in form.fields.values())
    if code := error_named_in(hidden):
        return _told(code, asked, f"{received}: {hidden}")
    if answer.status in _NOT_THERE and _PARAMETER.search(said):
        return _told(meaning_of(said) or "authorization_refused", asked, received)
    if answer.status in _NOT_THERE:
        return _told("authorization_not_found", asked, received)
    return _told("authorization_fails" if answer.status >= 500 else "authorization_refused", asked, received)


def _told(code: str, asked: Asked, received: str) -> Finding:
    about_uri = code == "redirect_uri_not_registered"
    expected = asked.redirect_uri if about_uri else "a sign-in page, or a way back to the callback"
    return finding(code, expected=expected, received=" ".join(received.split()))


def _absolute(reference: str, asked: Asked) -> str:
    """Where a reference in the answer leads; "" for one that two readers could take for two places."""
    try:
        location = urljoin(asked.endpoint, reference)
        urlsplit(location)
    except ValueError:
        return ""
    return location


def _address(parts: SplitResult) -> str:
    return parts._replace(query="", fragment="").geturl()


def _is_ours(parts: SplitResult, asked: Asked) -> bool:
    """An address of the console; where the provider has the same host, nothing can be told apart by it."""
    ours, theirs = urlsplit(asked.redirect_uri), urlsplit(asked.endpoint)
    same = (parts.scheme, parts.netloc) == (ours.scheme, ours.netloc)
    return same and (ours.scheme, ours.netloc) != (theirs.scheme, theirs.netloc)


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
    code = _BY_TOKEN_ERROR.get(error) if isinstance(error, str) else None
    if code is None and _OF_THE_SECRET.search(str(members.get("error_description", ""))):
        return REJECTED
    return code or "token_endpoint_unclear"
