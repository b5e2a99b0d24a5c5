import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jose_forgery import few_examples

from ssoconsole.platform.jose.strict_json import MalformedJson, loads, loads_document, loads_object


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'{"a": [1, 2.5, true, null, "x"]}', {"a": [1, 2.5, True, None, "x"]}),
        (
            ' "gr\N{LATIN SMALL LETTER U WITH DIAERESIS}n" '.encode(),
            "gr\N{LATIN SMALL LETTER U WITH DIAERESIS}n",
        ),
        (rb'"\ud83d\ude00"', "\N{GRINNING FACE}"),
        (rb'"\u0000"', "\0"),
        (b'"[[[[[[[[[[[[[[[[[[[[ {{{{{{{{{{{{{{{{{{{{{{{"', "[" * 20 + " " + "{" * 23),
        (rb'["\"[[[[[[[[[[[[[[[[[[[["]', ['"' + "[" * 20]),
        (b"340282366920938463463374607431768211456", 2**128),
        (b"-0", 0),
        (rb'"\n[[[[[[[[[[[[[[[[[[[["', "\n" + "[" * 20),
    ],
)
def test_ordinary_json_is_read(raw, value):
    assert loads(raw) == value


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"{'a': 1}",
        b"[1,]",
        b"{} {}",
        b'"\n"',
        b"\xff",
        b'"\xed\xa0\x80"',
        b'\xef\xbb\xbf{"a": 1}',
        '{"a": 1}'.encode("utf-16"),
        '{"a": 1}'.encode("utf-16-le"),
        '{"a": 1}'.encode("utf-32-be"),
        b'{"a": 1, "a": 1}',
        b'[{"x": {"a": 1, "b": 2, "a": 3}}]',
        rb'{"a": 1, "\u0061": 2}',
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"1e400",
        b"-1e400",
        b"1" + b"0" * 400,
        b"9" * 5000,
        b"0." + b"1" * 5000,
        rb'"\ud800"',
        rb'{"\udc00": 1}',
        rb'{"a": ["\udfff\ud800"]}',
        b"[" * 17 + b"]" * 17,
        b'{"a":' * 17 + b"1" + b"}" * 17,
        rb'["\\", ' + b"[" * 16 + b"]" * 16 + b"]",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'["' + b"\\" * 3,
    ],
)
def test_what_parsers_read_differently_is_refused(raw):
    with pytest.raises(MalformedJson):
        loads(raw)


def test_the_depth_is_the_callers_choice_and_counts_open_brackets():
    assert loads(b"[[],[[]]]", max_depth=3) == [[], [[]]]
    with pytest.raises(MalformedJson, match="deeper than 2"):
        loads(b"[[],[[]]]", max_depth=2)


def test_a_caller_who_allows_any_depth_gets_a_refusal_and_no_recursion_error():
    with pytest.raises(MalformedJson):
        loads(b"[" * 100_000 + b"]" * 100_000, max_depth=1_000_000)


def test_an_unfinished_string_of_a_megabyte_is_refused_quickly():
    started = time.process_time()
    with pytest.raises(MalformedJson):
        loads(b'"' + b"\\a[" * 300_000)
    assert time.process_time() - started < 2


def test_a_document_of_its_own_may_begin_with_one_byte_order_mark():
    assert loads_document(b'\xef\xbb\xbf{"a": 1}') == loads_document(b'{"a": 1}') == {"a": 1}
    for raw in (b'\xef\xbb\xbf\xef\xbb\xbf{"a": 1}', b' \xef\xbb\xbf{"a": 1}', b"\xef\xbb\xbf[]"):
        with pytest.raises(MalformedJson):
            loads_document(raw)


@pytest.mark.parametrize("raw", [b"[]", b"1", b"null", b'"{}"', b"true"])
def test_an_object_is_asked_for_and_something_else_is_refused(raw):
    with pytest.raises(MalformedJson, match="not a JSON object"):
        loads_object(raw)


@few_examples
@given(st.binary(max_size=200) | st.text(alphabet='{}[]",:\\u0d8ce1-. tnN', max_size=60).map(str.encode))
def test_no_bytes_raise_anything_but_malformed_json(raw):
    try:
        loads(raw)
    except MalformedJson:
        pass


@few_examples
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    )
)
def test_what_python_writes_is_read_back(value):
    assert loads(json.dumps(value, ensure_ascii=False).encode(), max_depth=64) == value
    assert loads(json.dumps(value).encode(), max_depth=64) == value
