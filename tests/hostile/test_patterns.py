"""Nothing superlinear runs over a stranger's text: what a text costs grows in proportion to its length."""

import re
from functools import cache

import pytest

from tests.hostile.growth import SHAPES, grows_in_proportion
from tests.hostile.patterns import EVERYWHERE, Found, every_pattern

# In seconds: a step for each pair of characters of the longest text takes a hundred times as long.
QUICK = 0.01
# What only some patterns look for: tried at half the length, where a fault is plain already.
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


# To find the patterns takes longer than to try some of them.
SHARES = 6
patterns = cache(every_pattern)


@pytest.mark.parametrize("share", range(SHARES))
def test_what_a_pattern_costs_grows_in_proportion(share):
    slow = [
        (found.places, found.pattern.pattern, method, shape, end)
        for found in patterns()[share::SHARES]
        for method, shape, end in out_of_proportion(found)
    ]
    assert not slow


def out_of_proportion(found):
    as_text = (lambda text: text.encode()) if isinstance(found.pattern.pattern, bytes) else str
    rarer = [*RARER, *own_shapes(found.pattern.pattern)]
    for method, call in calls(found):
        for length, shapes in ((found.longest, SHAPES), (found.longest // 2, rarer)):
            for shape in shapes:
                for end in ENDS:
                    sizes = {"length": length, "quick": QUICK}
                    if not grows_in_proportion(call, shape, end=end, as_text=as_text, **sizes):
                        yield method, shape, end


@pytest.mark.parametrize(
    ("pattern", "shape"),
    [(r"[\w-]{32,}\.ics", "a"), (r"\s+$", " "), (r"a[^@]*@", "a"), (r"a.*@", "a")],
)
def test_a_pattern_that_goes_back_and_forth_is_noticed(pattern, shape):
    search = re.compile(pattern).search
    assert not grows_in_proportion(search, shape, end="\x00", length=Found.longest // 2, quick=QUICK)


def test_the_project_has_patterns_of_every_kind():
    places = {place for found in patterns() for place in found.places}
    assert len(patterns()) > 80
    assert "ssoconsole.platform.jose.strict_json._STRING_OR_BRACKET" in places
    assert any(place.startswith("path ^r/") for place in places)
    assert any(":" in place for place in places)
