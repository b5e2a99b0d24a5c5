"""`<<` in files of others: merged as everybody else does, at a cost that the file's size bounds."""

import time

import pytest
import yaml

from ssoconsole.platform.yaml import read_yaml

MERGES = {
    "one mapping": "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\n",
    "its own key behind or before": "a: &a {x: 1}\nb: {x: 2, <<: *a}\nc: {<<: *a, x: 2}\n",
    "several, the first wins": "a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc: {<<: [*a, *b]}\n",
    "what merges itself": "a: &a {x: 1, y: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: *b, z: 3}\n",
    "a mapping in place": "a: {<<: {x: 1}, y: 2}\n",
    "two merge keys": "a: &a {x: 1}\nb: &b {y: 2}\nc:\n  <<: *a\n  <<: *b\n",
    "no merge key, in quotes": "a: {'<<': 1}\n",
}


@pytest.mark.parametrize("text", MERGES.values(), ids=MERGES.keys())
def test_a_merge_gives_what_others_read(text):
    value, findings = read_yaml(text.encode(), merge=True)
    assert findings.problems == []
    assert value == yaml.safe_load(text)


def test_a_merged_key_has_the_line_where_it_stands():
    _, findings = read_yaml(b"a: &a\n  x: 1\n  y: {z: 1}\nb:\n  <<: *a\n  w: 1\n", merge=True)
    assert (findings.lines["b", "x"], findings.lines["b", "y", "z"], findings.lines["b", "w"]) == (2, 3, 6)


@pytest.mark.parametrize("source", ["1", "text", "null", "[1]", "[[{x: 1}], 2]"])
def test_what_cannot_be_merged_is_a_problem_and_the_rest_is_read(source):
    value, findings = read_yaml(f"a: {{<<: {source}, y: 2}}\n".encode(), merge=True)
    assert ["merge key" in problem.message for problem in findings.problems] == [True]
    assert value["a"]["y"] == 2


def test_without_leave_a_merge_key_is_refused():
    _, findings = read_yaml(b"a: &a {x: 1}\nb: {<<: *a}\n")
    assert [problem.line for problem in findings.problems] == [2]


def test_a_compose_files_tags_say_how_it_is_merged():
    """https://docs.docker.com/reference/compose-file/merge/"""
    text = b"a: !reset [1]\nb: !override {x: 1}\nc: !reset null\nd: !override [2]\n"
    value, findings = read_yaml(text, merge=True)
    assert (value, findings.problems) == ({"a": None, "b": {"x": 1}, "c": None, "d": [2]}, [])
    _, findings = read_yaml(text)
    assert [problem.line for problem in findings.problems] == [1, 2, 3, 4]


@pytest.mark.parametrize("tag", ["!Reset", "!override2", "!!str", "!<!resett>", "!vault"])
def test_another_tag_is_refused(tag):
    _, findings = read_yaml(f"a: {tag} x\n".encode(), merge=True)
    assert [problem.message for problem in findings.problems] == ["tags (!…) are not supported"]


def _layers(line):
    first = "a0: &a0 {" + ",".join(f"k{n}: 1" for n in range(9)) + "}"
    return "\n".join([first, *(line.format(n=n, m=n - 1) for n in range(1, 4000))])


@pytest.mark.parametrize(
    "line",
    [
        "a{n}: &a{n} {{<<: *a{m}, x: {n}}}",
        "a{n}: &a{n} {{<<: [*a{m}, *a{m}, *a{m}, *a{m}]}}",
        "a{n}: &a{n} {{x: {{<<: *a0}}, y: {{<<: *a{m}}}, z: *a{m}}}",
        "a{n}: {{<<: [*a0, *a0, *a0, *a0, *a0, *a0, *a0, *a0, *a0, *a0, *a0, *a0, *a0]}}",
    ],
    ids=["a chain", "a tree", "values", "many losers"],
)
def test_a_bomb_of_merges_is_defused(line):
    before = time.process_time()
    _, findings = read_yaml(_layers(line).encode(), merge=True)
    assert findings.problems
    assert time.process_time() - before < 10
