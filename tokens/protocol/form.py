"""Form bodies as the OAuth endpoints take them: one value a name, strict UTF-8, no NUL."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from tokens.errors import InvalidRequest, RequestTooLarge

MOST_BYTES = 65_536
MOST_PARAMETERS = 200

_BAD_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True)
class Form:
    """The parameters of one request; one without a value counts as absent (RFC 6749 section 3.2)."""

    values: dict[str, list[str]] = field(repr=False)

    def one(self, name: str) -> str | None:
        """The value of `name`, None if absent."""
        values = self.values.get(name)
        return values[0] if values else None

    def many(self, name: str) -> list[str]:
        """All values of a parameter that may be repeated."""
        return self.values.get(name, [])


# Whoever names one of these, as older HTTP libraries do by default, means the same as UTF-8 by every ASCII character.
# Written without the signs in which their names differ from one library to the next.
_UTF_8 = ("utf8", "")
_LIKE_UTF_8_IN_ASCII = (
    "iso88591",
    "iso885915",
    "latin1",
    "latin9",
    "usascii",
    "ascii",
    "windows1252",
    "cp1252",
)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_charset(content_type: str) -> str:
    """
    Return `utf-8`, or `ascii` for a body of which only ASCII is certain.

    Raises InvalidRequest unless it is application/x-www-form-urlencoded, and for every other charset. The media type
    has no such parameter, and its percent-encoded bytes are UTF-8 (RFC 6749 appendix B).
    """
    charset = "utf-8"
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    if media_type != "application/x-www-form-urlencoded":
        raise InvalidRequest("The body must be application/x-www-form-urlencoded.")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        named = re.sub(r"[-_\"']", "", value.strip())
        if name.strip() != "charset" or named in _UTF_8:
            continue
        if named not in _LIKE_UTF_8_IN_ASCII:
            raise InvalidRequest("The body must be encoded in UTF-8.")
        charset = "ascii"
    return charset


def parse_form(body: bytes, *, repeatable: Collection[str] = (), charset: str = "utf-8") -> Form:
    """
    Read a body of at most 64 KiB and 200 parameters.

    A byte order mark before it and the line ends around it, as editors leave them in a file, are no part of it: in the
    format itself they are percent-encoded. Raises RequestTooLarge, and InvalidRequest for a name that comes twice
    (unless it is `repeatable`), a percent sign without two hexadecimal digits, NUL, and text that is not UTF-8 or has
    characters beyond `charset`.
    """
    if len(body) > MOST_BYTES:
        raise RequestTooLarge(expected=f"at most {MOST_BYTES} bytes", received=f"{len(body)} bytes")
    body = body.removeprefix(_BYTE_ORDER_MARK).strip(b"\r\n")
    pairs = [pair for pair in body.split(b"&") if pair]
    if len(pairs) > MOST_PARAMETERS:
        raise RequestTooLarge(expected=f"at most {MOST_PARAMETERS} parameters", received=f"{len(pairs)}")
    seen: set[str] = set()
    values: dict[str, list[str]] = {}
    for pair in pairs:
        raw_name, _, raw_value = pair.partition(b"=")
        name, value = decode_component(raw_name), decode_component(raw_value)
        if charset == "ascii" and not (name.isascii() and value.isascii()):
            raise InvalidRequest("The body must be encoded in UTF-8.")
        if name in seen and name not in repeatable:
            raise InvalidRequest("A parameter is given more than once.")
        seen.add(name)
        if value:
            values.setdefault(name, []).append(value)
    return Form(values)


def decode_component(raw: bytes) -> str:
    """Undo application/x-www-form-urlencoded for one name or value. Raises InvalidRequest."""
    if b"%" in raw or b"+" in raw:
        if _BAD_PERCENT.search(raw):
            raise InvalidRequest("A percent sign is not followed by two hexadecimal digits.")
        raw = unquote_to_bytes(raw.replace(b"+", b" "))
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidRequest("The body is not UTF-8.") from None
    if "\0" in text:
        raise InvalidRequest("The body holds a NUL character.")
    return text
