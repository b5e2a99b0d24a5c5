"""Every fourth case of a test is left for another database, and every one where the database decides."""

from types import SimpleNamespace

import pytest

from tests.support.cases import DECIDED_BY_THE_DATABASE
from tests.support.cases import pytest_collection_modifyitems as mark
from tests.support.servers import ROOT


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


@pytest.mark.parametrize("how", [{}, {"fixtures": ["db"]}, {"marker": pytest.mark.django_db.mark}])
def test_every_fourth_case_is_left_of_each_test(how):
    items = [*cases_of("one", many=10, **how), *cases_of("another", many=2, **how)]
    assert left(items) == ["one[0]", "one[4]", "one[8]", "another[0]"]


@pytest.mark.parametrize(
    "how",
    [
        {"fixtures": ["transactional_db"]},
        {"fixtures": ["migrated_database"]},
        {"fixtures": ["live_server"]},
        {"marker": pytest.mark.django_db(transaction=True).mark},
    ],
)
def test_all_are_left_of_what_commits(how):
    assert len(left([*cases_of("one", **how)])) == 20


@pytest.mark.parametrize("place", DECIDED_BY_THE_DATABASE)
def test_all_are_left_where_the_database_decides(place):
    assert [*ROOT.glob(f"{place}*")], "there is no such test any more"
    assert len(left([*cases_of(f"{place}::test", fixtures=["db"])])) == 20


def test_what_has_no_cases_is_left():
    item = SimpleNamespace(nodeid="alone", fixturenames=[])
    mark([item])
