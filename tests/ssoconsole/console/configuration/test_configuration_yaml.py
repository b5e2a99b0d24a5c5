"""Whatever the file holds, reading it ends with a document or with problems, never with another error."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ssoconsole.console.configuration.apply import read_configuration
from ssoconsole.console.configuration.export import write_yaml
from ssoconsole.platform import yaml as console_yaml
from ssoconsole.platform.yaml import ConfigurationRefused, ScalarRefused, meaning, read_yaml, spell

WORDS = [
    "providers",
    "audiences",
    "bots",
    "slug",
    "name",
    "client_secret",
    "env",
    "file",
    "grants",
    "federation",
]
SIGNS = [
    ": ",
    "- ",
    "\n",
    "  ",
    "{",
    "}",
    "[",
    "]",
    ",",
    "&a ",
    "*a",
    "!!str ",
    "<<",
    "? ",
    "| ",
    "> ",
    "'",
    '"',
    "#",
]
yaml_like = st.lists(
    st.sampled_from(WORDS + SIGNS)
    | st.text(max_size=3)
    | st.sampled_from(["null", "true", "1", "1e999", "~"]),
    max_size=40,
).map("".join)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=3), inner)
    ),
    max_leaves=12,
)
documents = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("providers", "audiences", "bots"), st.lists(values, max_size=3) | values)
).map(lambda document: yaml.safe_dump(document, allow_unicode=True))


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        yaml_like.map(lambda text: text.encode("utf-8", "surrogatepass")),
        documents.map(str.encode),
        st.binary(max_size=60),
    )
)
def test_reading_anything_gives_a_document_or_problems(content):
    try:
        document, _ = read_configuration(content, environment={})
    except ConfigurationRefused as refused:
        document, problems = None, refused.problems
    else:
        problems = []
    assert bool(problems) == (document is None)
    assert all(problem.line >= 1 and problem.message for problem in problems)
    assert document is None or document.keys() <= {"providers", "audiences", "bots"}


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs", "Cc"])), st.integers(-9999, 9999) | st.booleans()
    )
)
def test_what_others_write_is_read_as_they_meant_it(document):
    value, findings = read_yaml(yaml.safe_dump(document, allow_unicode=True, default_style='"').encode())

    if not findings.problems:
        assert value.keys() == document.keys()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no", "no"),
        ("2026-01-01", "2026-01-01"),
        ("1:30", "1:30"),
        ("0x1f", "0x1f"),
        (".inf", ".inf"),
        ("007", 7),
        ("-5", -5),
        ("1.5", 1.5),
        ("2e3", 2000.0),
        ("True", True),
        ("false", False),
        ("~", None),
        ("", None),
    ],
)
def test_a_plain_scalar_means_what_yaml_1_2_says(text, expected):
    assert meaning(text, plain=True) == expected
    assert meaning(text, plain=False) == text


def test_a_text_that_cannot_be_stored_is_refused():
    with pytest.raises(ScalarRefused):
        meaning("a\0", plain=False)


def test_a_path_stops_at_a_secret_and_shortens_long_keys():
    assert spell(("bots", 0, "client_secret", "hunter2")) == "bots[0].client_secret"
    assert spell(("x" * 80,)) == "x" * 60 + "…"
    assert spell(("a\nb", 1)) == '["a\\nb"][1]'


def test_every_value_has_its_line():
    _, findings = read_yaml(b"a:\n  - b\n  -\n    c: 1\n    d: [2,\n      3]\n")

    assert findings.lines[("a", 1, "c")] == 4
    assert findings.lines[("a", 1, "d", 1)] == 6
    assert findings.line_of(("a", 0, "missing")) == 2


def test_the_fast_reader_and_the_careful_one_see_the_same(contract, monkeypatch):
    text = contract + "more: [&a {'x': 1}, *a, \"z\\u00e4\", !!str 1, ~]\nlong: |-\n  a\n  b\n"
    assert console_yaml.FAST is not yaml.SafeLoader  # PyYAML's wheels have libyaml
    fast = console_yaml.compose(text)
    monkeypatch.setattr(console_yaml, "FAST", yaml.SafeLoader)
    assert repr(console_yaml.compose(text)) == repr(fast)


ODD_TEXTS = [
    *(
        "1e3",
        "12E5",
        "1.e2",
        "+1",
        "-0",
        "007",
        "0o17",
        "0x1f",
        "1_000",
        "12:30:45",
        ".5",
        "1.",
        ".inf",
        "9" * 30,
    ),
    *(
        "on",
        "no",
        "Yes",
        "y",
        "N",
        "null",
        "~",
        "NULL",
        "True",
        "2026-01-01",
        "2026-01-01T00:00:00Z",
        "=",
        "<<",
    ),
    *(
        "- a",
        "? a",
        ": a",
        "a: b",
        "a #b",
        "#a",
        "!tag x",
        "&a",
        "*a",
        "%x",
        "@x",
        "`x`",
        "{a: b}",
        "[a]",
        "--- x",
    ),
    *("...", "|", "> x", "'", '"', "a'b\"c", "\\n", "${X}", "{{ x }}", "{env: X}", "a\tb", "a\nb", "a\r\nb"),
    *(
        "a\x85b",
        "a\u2028b",
        "a\u2029b",
        "\xa0",
        "\ufeffa",
        "\u200b",
        "\u202ea",
        "\x7f",
        "\U0001f600",
        "\u65e5\u672c",
    ),
]


@pytest.mark.parametrize("text", ODD_TEXTS, ids=ascii)
def test_a_text_that_looks_like_something_else_comes_back_as_itself(text):
    document = {"bots": [{"description": text, text: [text, {text: text}]}]}
    value, findings = read_yaml(write_yaml(document).encode())
    assert (value, findings.problems) == (document, [])


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12))
def test_so_does_every_text(text):
    value, findings = read_yaml(write_yaml({"a": text, "b": [text]}).encode())
    assert (value, findings.problems) == ({"a": text, "b": [text]}, [])
