"""JSON that everybody reads the same way (RFC 8259 with RFC 7493's restrictions), or not at all."""

import json
import math
import re
from typing import Any, NoReturn

# Room for any 128-bit integer and any float written out in full; 10**400 and quadratic int() are not needed.
LONGEST_NUMBER = 64
BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # editors and shells of Windows put it before a text

_STRING_OR_BRACKET = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{}]', re.DOTALL)


class MalformedJson(ValueError):
    """The bytes are not JSON that every parser would understand alike."""


def loads(raw: bytes, *, max_depth: int = 16) -> Any:
    """
    Parse UTF-8 JSON; `max_depth` is how many arrays and objects may be open at once.

    Raises MalformedJson, and nothing else, for: another encoding or a BOM, a duplicate key at any level,
    NaN and Infinity, a number of more than 64 characters or beyond a double, a lone surrogate, deeper
    nesting, or plain syntax. The size of `raw` is the caller's to limit.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedJson("not UTF-8") from error
    if text.startswith("\N{ZERO WIDTH NO-BREAK SPACE}"):
        raise MalformedJson("starts with a byte order mark")
    # Before json.loads, because its recursion is what deep nesting attacks.
    if text.count("[") + text.count("{") > max_depth:
        _refuse_depth(text, max_depth)
    try:
        value = _DECODER.decode(text)
    except MalformedJson:
        raise
    except (ValueError, RecursionError) as error:
        raise MalformedJson("not JSON") from error
    if "\\u" in text:
        _refuse_lone_surrogates(value)
    return value


def loads_document(raw: bytes, *, max_depth: int = 16) -> dict[str, Any]:
    """Parse an object that came as a document of its own, and ignore a BOM before it (RFC 8259 section 8.1)."""
    return loads_object(raw.removeprefix(BYTE_ORDER_MARK), max_depth=max_depth)


def loads_object(raw: bytes, *, max_depth: int = 16) -> dict[str, Any]:
    """Parse as `loads` does; raises MalformedJson also when the outermost value is not an object."""
    value = loads(raw, max_depth=max_depth)
    if not isinstance(value, dict):
        raise MalformedJson("not a JSON object")
    return value


def _refuse_depth(text: str, max_depth: int) -> None:
    # Up to the first syntax error this sees the same strings as the parser does, so that nothing can hide
    # brackets from it.
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        token = match[0]
        if token in ("[", "{"):
            depth += 1
            if depth > max_depth:
                raise MalformedJson(f"nested deeper than {max_depth}")
        elif token in ("]", "}"):
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedJson("a key occurs twice in one object")
    return members


def _integer(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise MalformedJson("a number is too long")
    return int(text)


def _float(text: str) -> float:
    number = float(text) if len(text) <= LONGEST_NUMBER else math.inf
    if not math.isfinite(number):
        raise MalformedJson("a number is too long or too large")
    return number


def _no_constant(name: str) -> NoReturn:
    raise MalformedJson(f"{name} is not JSON")


def _refuse_lone_surrogates(value: object) -> None:
    # Raw UTF-8 cannot hold one; only an escape such as \ud800 can, in a key as well as in a value.
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise MalformedJson("a lone surrogate") from error


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_no_constant
)
