"""What a provider means by a refusal, told by the words of its page or of its error (RFC 6749 section 4.1.2.1)."""

import re

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
        (r"unauthorized_client|not (allowed|permitted|authorized) to (use|initiate)", "client_not_allowed"),
        (r"response[ _]type", "response_type_refused"),
        (r"invalid_client|client[ _]?id\b|deleted_client|AADSTS700016|AADSTS9000[12]\b", "client_unknown"),
        (
            r"\b(client|application|app)\b.{0,40}\b(not found|unknown|invalid|disabled|does not exist)",
            "client_unknown",
        ),
        (r"\b(unknown|invalid|no such|disabled) (client|application|app)\b", "client_unknown"),
        (r"invalid_scope|\bscopes?\b|AADSTS70011", "scope_refused"),
    )
]
# RFC 6749 section 4.1.2.1, RFC 9126 section 2.3, OpenID Connect Core 1.0 section 3.1.2.6.
_NAMED = re.compile(
    r"AADSTS\d{5,7}|\b(?:unsupported_response_type|unauthorized_client|invalid_client|invalid_scope|"
    r"invalid_redirect_uri)\b"
)
# What single-page applications hold in their scripts, and show only there.
_MARKS = re.compile(r"AADSTS\d{5,7}[^\"\\<]{0,200}")


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
