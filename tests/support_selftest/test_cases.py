"""Of a test that stands on no database every fourth case is left, of one that does all are."""

from types import SimpleNamespace

import pytest

from tests.support.cases import pytest_collection_modifyitems as mark


def cases_of(name, fixtures=(), marker=None, many=20):
    """Like what pytest collects: so many cases of one test."""
    for number in range(many):
        item = SimpleNamespace(
            nodeid=f"{name}[{number}]", fixturenames=[*fixtures], callspec=object(), marks=[]
        )
        item.get_closest_marker, item.add_marker = lambda _: marker, item.marks.append
        yield item


def left(items):
    mark(items)
    return [item.nodeid for item in items if not item.marks]


def test_every_fourth_case_is_left_of_each_test():
    items = [*cases_of("one", many=10), *cases_of("another", many=2)]
    assert left(items) == ["one[0]", "one[4]", "one[8]", "another[0]"]


@pytest.mark.parametrize(
    "how", [{"fixtures": ["db"]}, {"fixtures": ["migrated_database"]}, {"marker": "django_db"}]
)
def test_all_are_left_of_what_stands_on_a_database(how):
    assert len(left([*cases_of("one", **how)])) == 20


def test_what_has_no_cases_is_left():
    item = SimpleNamespace(nodeid="alone", fixturenames=[])
    mark([item])
