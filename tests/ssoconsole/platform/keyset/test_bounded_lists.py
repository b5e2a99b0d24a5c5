"""Lists with numbered pages count so far and no further; whoever goes on finds the next page."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ssoconsole.platform.keyset.paginator import BoundedPaginator
from tests.ssoconsole.pages.pages_cast import administrator, come_in_by_password
from tokens.models import Bot

pytestmark = pytest.mark.django_db
BOTS = "/admin/tokens/bot/"
LISTS = (
    BOTS,
    "/admin/tokens/tokenrecord/",
    "/admin/tokens/credential/",
    "/admin/accounts/user/",
    "/admin/providers/identity/",
    "/admin/providers/consolesession/",
)


@pytest.fixture
def bob(client):
    come_in_by_password(client, administrator("bob"))
    return client


@pytest.fixture
def bots(monkeypatch):
    """Four pages of two."""
    monkeypatch.setattr("tokens.admin.bot.BotAdmin.list_per_page", 2)
    monkeypatch.setattr(BoundedPaginator, "MOST", 3)
    return Bot.objects.bulk_create(Bot(name=f"bot-{number}") for number in range(8))


def names(answer):
    return [bot.name for bot in answer.context["cl"].result_list]


@pytest.mark.parametrize("url", LISTS)
def test_every_count_has_its_limit(bob, url):
    with CaptureQueriesContext(connection) as queries:
        assert bob.get(url).status_code == 200
    counts = [query["sql"] for query in queries if query["sql"].startswith("SELECT COUNT(")]
    assert counts
    assert all("LIMIT 1000" in sql for sql in counts)


def test_the_count_goes_one_row_beyond_the_page_that_is_asked_for(bots):
    rows = Bot.objects.order_by("name")
    counts = [BoundedPaginator(rows, 2, asked=asked).count for asked in range(1, 6)]
    assert counts == [3, 5, 7, 8, 8]
    assert [BoundedPaginator(rows, 2, asked=asked).is_cut for asked in (3, 4)] == [True, False]


def test_what_is_no_query_is_counted_as_it_is():
    assert BoundedPaginator([1, 2], 10).count == 2
    assert not BoundedPaginator([1, 2], 10).is_cut


def test_one_leafs_through_to_the_end(bob, bots):
    seen = [names(bob.get(BOTS, {"p": page})) for page in range(1, 5)]
    assert seen == [[f"bot-{2 * page}", f"bot-{2 * page + 1}"] for page in range(4)]


@pytest.mark.parametrize("number", ["x", "0", "-1", "9" * 30, "²", "5000000"])
def test_a_page_that_is_none_is_no_fault(bob, bots, number):
    assert bob.get(BOTS, {"p": number}).status_code in (200, 302)


def test_a_list_that_is_not_counted_says_so_and_selects_no_more_than_a_page(bob, bots):
    cut, whole = (bob.get(BOTS, {"p": page}).content.decode() for page in (1, 4))
    assert "3+ bots" in cut
    assert "Select all 3" not in cut
    assert "8 bots" in whole
    assert "Select all 8 bots" in whole


def test_a_search_names_no_count_that_is_cut_without_saying_so(bob, bots):
    found = bob.get(BOTS, {"q": "bot-"}).content.decode()
    assert "3+ bots" in found
    assert "3 result" not in found
    assert 'value="bot-"' in found


@pytest.mark.parametrize("url", LISTS)
def test_nobody_has_the_rows_of_each_filter_counted(bob, url):
    def statements(query):
        with CaptureQueriesContext(connection) as asked:
            page = bob.get(url, query)
        assert page.status_code == 200
        assert "counts</a>" not in page.content.decode()
        return len(asked)

    bob.get(url)
    assert statements({"_facets": "True"}) == statements({})
