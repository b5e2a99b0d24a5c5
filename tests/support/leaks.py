"""Looking for a secret in whatever spelling it may have got: raw, escaped, encoded, or within another text that is."""

import base64
import html
import json
import re
from urllib.parse import quote, quote_plus, unquote, unquote_plus

SHORTEST = 6  # characters; what is shorter is found by chance
DEPTH = 3  # a text in a text in a text: JSON within an attribute of a page that is quoted in a log
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_CONTROL = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "0": "\0"}


def leaks(told, *secrets):
    """
    Return those of `secrets` that can be read in `told`: text, bytes, or what `str` makes of anything else.

    Found are the secret itself, with the escapes of JSON, Python, YAML, HTML and URLs, in base64 and base64url at each
    alignment (so also in `Authorization: Basic` and in the parts of a JWT) and in hexadecimal; and texts of these kinds
    within each other. ValueError for a secret that is too short to be looked for, or without any.
    """
    if not secrets or any(len(secret) < SHORTEST for secret in secrets):
        raise ValueError(f"secrets of at least {SHORTEST} characters are needed")
    views = _views(told)
    return [secret for secret in secrets if any(form in view for form in _forms(secret) for view in views)]


def assert_without(told, *secrets):
    """Fail if one of `secrets` can be read in `told` (see `leaks`)."""
    found = leaks(told, *secrets)
    assert not found, f"can be read: {found}"


def _views(told):
    """The text, and what comes of it when it is decoded, again and again."""
    if isinstance(told, (bytes, bytearray, memoryview)):
        found = {bytes(told).decode("utf-8", "replace"), bytes(told).decode("latin-1")}
    else:
        found = {told if isinstance(told, str) else str(told)}
    newest = found
    for _ in range(DEPTH):
        newest = {decode(text) for text in newest for decode in (html.unescape, unquote, _unescaped)} - found
        newest |= {unquote_plus(text) for text in found if "+" in text} - found
        found = found | newest
    # Base64 is broken into lines of 64 or 76 characters.
    return found | {re.sub(r"\s+", "", text) for text in found}


def _forms(secret):
    plain = {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        quote(secret, safe=""),
        quote_plus(secret),
        html.escape(secret),
        secret.encode().decode("latin-1"),  # as the bytes of a header or a repr of bytes are read
    }
    encoded = {form for text in plain for form in _base64_of(text.encode())}
    raw = secret.encode()
    return plain | encoded | {raw.hex(), raw.hex().upper(), re.sub(r"\s+", "", secret)}


def _base64_of(data):
    """The characters that stand for `data` alone, whatever stands before and behind it."""
    for before in range(3):
        first, end = -(-before * 8 // 6), (before + len(data)) * 8 // 6
        text = base64.b64encode(b"\0" * before + data).decode()[first:end]
        yield from (text, text.replace("+", "-").replace("/", "_"))


def _unescaped(text):
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(found):
    digits = found[1] or found[2] or found[3]
    if digits is None:
        return _CONTROL.get(found[4], found[4])
    number = int(digits, 16)
    return chr(number) if number <= 0x10FFFF else found[0]
