"""
What a plain YAML scalar means.

YAML 1.2's core schema (section 10.3.2), not PyYAML's YAML 1.1: `no` and `2026-01-01` are text, and `1:30` is
text and not ninety.
"""

import math
import re

LONGEST_NUMBER = 18  # digits: what every database keeps exactly

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_FLAGS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_whole = re.compile(r"[-+]?[0-9]+\Z")
_decimal = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_unstorable = re.compile("[\x00\ud800-\udfff]")


class ScalarRefused(ValueError):
    """A scalar that cannot be used; the message is for the administrator and does not hold it."""


def meaning(text: str, *, plain: bool) -> str | int | float | bool | None:
    """Return the value of a scalar; a quoted one is always text. Raises ScalarRefused."""
    if not plain:
        return storable(text)
    if text in _NULLS:
        return None
    if text in _FLAGS:
        return _FLAGS[text]
    if _whole.match(text):
        return _number(text)
    if _decimal.match(text):
        return _fraction(text)
    return storable(text)


def storable(text: str) -> str:
    """Return `text` as it is. Raises ScalarRefused for NUL and lone surrogates, which no database keeps."""
    if _unstorable.search(text):
        raise ScalarRefused("holds a character that cannot be stored (NUL or half of a surrogate pair)")
    return text


def _number(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise ScalarRefused("is too large a number; put it in quotes if it is text")
    return int(text)


def _fraction(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ScalarRefused("is too large a number; put it in quotes if it is text")
    return value
