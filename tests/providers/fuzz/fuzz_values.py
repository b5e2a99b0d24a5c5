"""Values that do not belong where they are put, and JSON that Python's own writer would not write."""

import json
import math
from dataclasses import dataclass

from hypothesis import strategies as st


@dataclass(frozen=True)
class Raw:
    """Text that goes into JSON as it is."""

    text: str


@dataclass(frozen=True)
class Change:
    """From an honest value to another one; `name` is what a failure shows."""

    name: str
    apply: object

    def __repr__(self):
        return self.name


REMOVED = object()

LIKE_NUMBERS = [
    0,
    -1,
    1,
    2**31,
    2**63,
    -(2**63),
    10**400,
    0.5,
    1e308,
    -1e-300,
    math.nan,
    math.inf,
    -math.inf,
    Raw("1e999"),
    Raw("-0"),
    Raw("01"),
]
LIKE_TEXT = [
    "",
    " ",
    "null",
    "true",
    "0",
    "\0",
    "a\0b",
    "\ud800",
    "a\udfffb",
    "\u202etxt",
    "x" * 256,
    "x" * 5_000,
    "ä" * 255,
    "../../etc",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "{{ 7*7 }}",
    "%00",
    "\r\nSet-Cookie: a=b",
]
STRUCTURES = [
    [],
    {},
    [None],
    [[]],
    {"": None},
    {"a": {"b": [1, {"c": "\0"}]}},
    ["\ud800"],
    Raw("[" * 15 + "]" * 15),
    Raw("[" * 40 + "]" * 40),
    Raw("[" * 5_000 + "]" * 5_000),
    Raw('{"a":1,"a":2}'),
    Raw(""),
    Raw("'x'"),
    Raw("/* */ 1"),
]
ANYTHING = st.one_of(
    st.sampled_from([None, True, False, *LIKE_NUMBERS, *LIKE_TEXT, *STRUCTURES]),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(st.characters(categories=["L", "M", "N", "P", "S", "Z", "C"]), max_size=40),
    st.lists(st.text(max_size=5), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
)


def _text(function):
    return lambda value: function(value) if isinstance(value, str) else function(json.dumps(value))


def _number(function):
    return lambda value: function(value) if isinstance(value, int | float) else value


NEAR = [
    Change("one more character", _text(lambda text: text + "1")),
    Change("a slash more", _text(lambda text: text + "/")),
    Change("INVALID more", _text(lambda text: text + "INVALID")),
    Change("one character less", _text(lambda text: text[:-1])),
    Change("the first character less", _text(lambda text: text[1:])),
    Change("capitals", _text(str.upper)),
    Change("other case", _text(str.swapcase)),
    Change("a blank before", _text(lambda text: " " + text)),
    Change("a blank after", _text(lambda text: text + " ")),
    Change("a line more", _text(lambda text: text + "\n")),
    Change("a NUL more", _text(lambda text: text + "\0")),
    Change("a NUL and another", _text(lambda text: text + "\0other")),
    Change("a lone surrogate more", _text(lambda text: text + "\ud800")),
    Change("an invisible character more", _text(lambda text: text + "\u200b")),
    Change(
        "full-width",
        _text(lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)),
    ),
    Change("twice", _text(lambda text: text + text)),
    Change("as text", json.dumps),
    Change("in a list", lambda value: [value]),
    Change("in a list, twice", lambda value: [value, value]),
    Change("in a list with a stranger", lambda value: [value, "stranger"]),
    Change("in a list after a stranger", lambda value: ["stranger", value]),
    Change("in a list in a list", lambda value: [[value]]),
    Change("in an object", lambda value: {"value": value}),
    Change("truth", bool),
    Change("nothing", lambda value: None),
    Change("as a fraction", _number(lambda value: value + 0.5)),
    Change("as a float", _number(float)),
    Change("negative", _number(lambda value: -value)),
    Change("an hour and a half earlier", _number(lambda value: value - 5_400)),
    Change("an hour and a half later", _number(lambda value: value + 5_400)),
    Change("in milliseconds", _number(lambda value: value * 1000)),
    Change("two days earlier", _number(lambda value: value - 172_800)),
    Change("a second later", _number(lambda value: value + 1)),
]


def constant(value):
    shown = repr(value)
    return Change(shown if len(shown) < 100 else f"{shown[:100]}…", lambda _: value)


GONE = Change("removed", lambda _: REMOVED)
NAMED = {change.name: change for change in NEAR}
# What every forged value is tried as, whatever the dice say: the changes that a check which is missing would let pass.
SURE = [
    GONE,
    *(
        NAMED[name]
        for name in ("one more character", "one character less", "other case", "in a list", "nothing")
    ),
    *(NAMED[name] for name in ("an hour and a half earlier", "an hour and a half later")),
]
CHANGES = st.one_of(st.just(GONE), st.sampled_from(NEAR), st.sampled_from(NEAR[:16]), ANYTHING.map(constant))


def is_number(value):
    """A JSON number, however large."""
    return isinstance(value, int | float) and not isinstance(value, bool) and not is_no_json(value)


def is_no_json(value):
    """Whether RFC 8259 has no way to write this, or forbids the text."""
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, Raw):
        try:
            json.loads(value.text, parse_constant=_refuse)
        except RecursionError:
            return False
        except ValueError:
            return True
    return False


def _refuse(name):
    raise ValueError(name)


def has_twins(value):
    """Whether an object in it names a member twice."""
    return isinstance(value, Raw) and value.text == '{"a":1,"a":2}'


def json_of(pairs):
    """JSON of these members in this order, one name as often as it is there."""
    members = (
        f"{json.dumps(name)}:{value.text if isinstance(value, Raw) else json.dumps(value)}"
        for name, value in pairs
    )
    return "{" + ",".join(members) + "}"
