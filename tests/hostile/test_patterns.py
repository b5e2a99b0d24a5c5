"""Nothing superlinear runs over a stranger's text: what a text costs grows in proportion to its length."""

import re

import pytest

from tests.hostile.growth import LENGTH, SHAPES, grows_in_proportion
from tests.hostile.patterns import EVERYWHERE, every_pattern

# What only some patterns look for: tried at a quarter of the length, where a fault is plain already.
RARER = [
    *("\t", "/", ":", "0", "@", "=", "\\", "'", '"', "$", "{", "}", "<", "#", "$}", "a=", "a:", "a/", "a,", "/a"),
    *("'\"", '\\"', "{a", "${a", "<a", " #", "- ", "a: ", "0.", "0e", "1_", "e\u0301", "eyJ", "eyJa.", "aA", "A_"),
    *("export ", "secret=", "token:", "bearer ", "status 400", "jwt.io", "/oauth2/", "a@a", "\u201c"),
]  # fmt: skip
ENDS = ("", "\x00")


def own_shapes(source):
    """The words of a pattern, repeated: what it looks for and nearly finds."""
    text = source.decode("latin-1") if isinstance(source, bytes) else source
    words = re.findall(r"[A-Za-z0-9/:.=_-]{2,40}", text)
    return [word.replace("\\", "") for word in words]


def calls(found):
    pattern, empty = found.pattern, b"" if isinstance(found.pattern.pattern, bytes) else ""
    if found.methods & set(EVERYWHERE):
        yield "sub", lambda text: pattern.sub(empty, text)  # searches on and on
    for name in ("match", "fullmatch"):
        if name in found.methods:
            yield name, getattr(pattern, name)


PATTERNS = every_pattern()


@pytest.mark.parametrize(
    "found", PATTERNS, ids=lambda found: f"{min(found.places)}-{found.pattern.pattern!r:.40}"
)
def test_what_a_pattern_costs_grows_in_proportion(found):
    as_text = (lambda text: text.encode()) if isinstance(found.pattern.pattern, bytes) else str
    rarer = [*RARER, *own_shapes(found.pattern.pattern)]
    slow = [
        (method, shape, end)
        for method, call in calls(found)
        for length, shapes in ((found.longest, SHAPES), (found.longest // 4, rarer))
        for shape in shapes
        for end in ENDS
        if not grows_in_proportion(call, shape, length=length, end=end, as_text=as_text)
    ]
    assert not slow, (found.places, found.pattern.pattern, slow)


@pytest.mark.parametrize(
    ("pattern", "shape"),
    [(r"[\w-]{32,}\.ics", "a"), (r"\s+$", " "), (r"a[^@]*@", "a")],
)
def test_a_pattern_that_goes_back_and_forth_is_noticed(pattern, shape):
    assert not grows_in_proportion(re.compile(pattern).search, shape, end="\x00", length=LENGTH)


def test_the_project_has_patterns_of_every_kind():
    places = {place for found in PATTERNS for place in found.places}
    assert len(PATTERNS) > 80
    assert "ssoconsole.jose.strict_json._STRING_OR_BRACKET" in places
    assert any(place.startswith("path ^r/") for place in places)
    assert any(":" in place for place in places)
