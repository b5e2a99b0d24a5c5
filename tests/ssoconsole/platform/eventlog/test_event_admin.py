"""The event log in the admin: found and read by administrators, written by nobody, counted by nobody."""

from itertools import chain

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.models import Event
from ssoconsole.platform.eventlog.services import record_change, record_event
from tests.ssoconsole.pages.pages_cast import administrator, come_in, person, provider
from tests.support.leaks import assert_without

LIST = "/admin/eventlog/event/"
ALICE, BOB = Actor("user", "alice"), Actor("user", "bob")


@pytest.fixture
def events(db):
    record_event("token_issued", by=ALICE, target="bot:ingestion-bot")
    record_event("sign_in_refused", by=Actor("stranger", ""), target="corp", outcome="issuer_mismatch")
    return record_change(
        "provider_changed",
        by=BOB,
        target="corp",
        before={"issuer": "https://old.example", "scopes": ["openid"], "client_secret": "hunter2"},
        after={"issuer": "<b>", "scopes": ["openid", "email"], "client_secret": "hunter3"},
    )


@pytest.fixture
def bob(client, events):
    user = administrator("bob")
    come_in(client, user, provider())
    return user


def actions(client, query=""):
    response = client.get(f"{LIST}{query}")
    assert response.status_code == 200
    return [event.action for event in response.context["cl"].result_list]


class RightTests:
    def browser(self, client, *codenames):
        user = person("carol", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        come_in(client, user, provider())
        return client

    def test_the_right_to_look_is_enough_to_read_and_for_nothing_else(self, client, events):
        browser = self.browser(client, "view_event")
        assert browser.get(LIST).status_code == 200
        assert browser.get(f"{LIST}{events.pk}/change/").status_code == 200
        assert browser.get(f"{LIST}add/").status_code == 403
        assert browser.post(f"{LIST}{events.pk}/delete/", {"post": "yes"}).status_code == 403

    def test_every_other_right_is_not(self, client, events):
        others = Permission.objects.exclude(codename__in=["view_event", "change_event"])
        browser = self.browser(client, *others.values_list("codename", flat=True))
        assert browser.get(LIST).status_code == 403
        assert browser.get(f"{LIST}{events.pk}/change/").status_code == 403

    def test_not_even_every_right_writes(self, client, events):
        browser = self.browser(client, *Permission.objects.values_list("codename", flat=True))
        before = list(Event.objects.order_by("pk").values())
        assert browser.get(f"{LIST}add/").status_code == 403
        assert browser.post(f"{LIST}add/", {"action": "x"}).status_code == 403
        assert browser.post(f"{LIST}{events.pk}/change/", {"action": "x"}).status_code == 403
        assert browser.post(f"{LIST}{events.pk}/delete/", {"post": "yes"}).status_code == 403
        form = {"action": "delete_selected", "_selected_action": [events.pk], "post": "yes"}
        browser.post(LIST, form)
        assert list(Event.objects.order_by("pk").values()) == before


class ReadingTests:
    def test_the_newest_comes_first(self, client, bob):
        assert actions(client)[:2] == ["provider_changed", "sign_in_refused"]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("?action=token_issued", ["token_issued"]),
            ("?outcome=refused", ["sign_in_refused"]),
            ("?q=bot:ingest", ["token_issued"]),
            ("?q=user:ali", ["token_issued"]),
            ("?q=corp", ["provider_changed", "sign_in_refused"]),
            ("?q=ingestion", []),
            ("?q=corp&action=provider_changed", ["provider_changed"]),
        ],
    )
    def test_filters_and_prefixes_find_what_they_say(self, client, bob, query, found):
        assert actions(client, query) == found

    def test_ok_is_everything_that_was_not_refused(self, client, bob):
        assert "sign_in_refused" not in actions(client, "?outcome=ok")
        assert "token_issued" in actions(client, "?outcome=ok")

    def test_every_action_that_ever_happened_can_be_chosen(self, client, bob):
        page = client.get(LIST).content.decode()
        chosen = {line.split('"')[0] for line in page.split("?action=")[1:]}
        assert chosen == set(Event.objects.values_list("action", flat=True))

    def test_a_search_keeps_the_filter(self, client, bob):
        page = client.get(f"{LIST}?action=token_issued").content.decode()
        assert '<input type="hidden" name="action" value="token_issued">' in page

    def test_an_event_shows_before_and_after_in_words_with_secrets_masked(self, client, bob, events):
        page = client.get(f"{LIST}{events.pk}/change/").content.decode()
        assert "<td>https://old.example</td><td>&lt;b&gt;</td>" in page
        assert "<td>openid</td><td>openid, email</td>" in page
        assert_without(page, "hunter")

    def test_an_event_without_changes_says_so(self, client, bob):
        event = Event.objects.get(action="token_issued")
        assert "None recorded" in client.get(f"{LIST}{event.pk}/change/").content.decode()

    def test_one_side_may_be_missing(self, client, bob):
        event = record_event("bot_created", by=BOB, after={"name": "", "owner": None})
        page = client.get(f"{LIST}{event.pk}/change/").content.decode()
        assert "<td>-</td><td>empty</td>" in page
        assert "<td>-</td><td>none</td>" in page


class WritingTests:
    def test_nothing_is_added(self, client, bob):
        before = Event.objects.count()
        assert client.post(f"{LIST}add/", {"action": "forged"}).status_code == 403
        assert Event.objects.count() == before

    def test_nothing_is_changed(self, client, bob, events):
        assert client.post(f"{LIST}{events.pk}/change/", {"actor": "user:mallory"}).status_code == 403
        assert Event.objects.get(pk=events.pk).actor == "user:bob"

    def test_nothing_is_deleted(self, client, bob, events):
        assert client.post(f"{LIST}{events.pk}/delete/", {"post": "yes"}).status_code == 403
        data = {"action": "delete_selected", "_selected_action": [events.pk], "post": "yes"}
        client.post(LIST, data)
        assert Event.objects.filter(pk=events.pk).exists()

    @pytest.mark.parametrize("path", ["", "{}/change/"])
    def test_mallory_reads_nothing(self, client, events, path):
        come_in(client, person("mallory"), provider())
        response = client.get(f"{LIST}{path.format(events.pk)}", follow=True)
        assert "provider_changed" not in response.content.decode()


class PageTests:
    @pytest.fixture
    def many(self, bob):
        for number in range(205):
            record_event("many", by=BOB, target=f"number-{number:03}")

    def targets(self, client, page):
        response = client.get(f"{LIST}?action=many&p={page}")
        return [event.target for event in response.context["cl"].result_list]

    def test_pages_follow_each_other_without_a_gap(self, client, many):
        pages = [self.targets(client, page) for page in (1, 2, 3)]
        assert [len(page) for page in pages] == [100, 100, 5]
        assert [*chain(*pages)] == [f"number-{number:03}" for number in reversed(range(205))]

    def test_each_page_leads_to_the_next_older_one_and_the_last_to_none(self, client, many):
        assert "p=3" not in client.get(f"{LIST}?action=many").content.decode()
        assert "p=2" in client.get(f"{LIST}?action=many").content.decode()
        assert "p=4" not in client.get(f"{LIST}?action=many&p=3").content.decode()

    @pytest.mark.parametrize("number", ["0", "-1", "x", "99", "9" * 30, "9" * 5_000])
    def test_a_page_that_there_is_not_is_no_fault(self, client, many, number):
        assert client.get(f"{LIST}?action=many&p={number}", follow=True).status_code == 200

    def test_nothing_is_counted(self, client, many):
        with CaptureQueriesContext(connection) as queries:
            client.get(f"{LIST}?action=many&q=number")
        assert [query["sql"] for query in queries if "COUNT(" in query["sql"].upper()] == []

    def test_no_matches_say_so(self, client, bob):
        assert "No events" in client.get(f"{LIST}?q=nothing-like-it").content.decode()
