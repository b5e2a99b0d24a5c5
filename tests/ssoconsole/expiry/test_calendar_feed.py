"""A calendar reads what ends at a private address, which no log, page or database ever shows again."""

import logging
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from ssoconsole.accounts.models import User
from ssoconsole.eventlog.models import Event
from ssoconsole.expiry.calendar.services import make_calendar_address
from ssoconsole.expiry.models import CalendarAddress
from tests.ssoconsole.expiry import things_that_end as things
from tests.ssoconsole.expiry.conftest import PASSWORD_BACKEND
from tests.ssoconsole.expiry.reading_calendars import read
from tests.support.leaks import assert_without

LIST = "/admin/expiry/calendaraddress/"
MAKE = f"{LIST}make"
ADDRESS = re.compile(r'value="http://localhost:8000(/calendar/[A-Za-z0-9_-]{43}\.ics)"')


@pytest.fixture
def address(bob):
    """What Bob copies from the page."""
    return ADDRESS.search(bob.post(MAKE, {"label": "Team calendar"}, follow=True).content.decode()).group(1)


@pytest.fixture
def reader():
    """A calendar: it has the address and nothing else."""
    return Client(enforce_csrf_checks=True)


class MakingTests:
    def test_it_is_shown_once_and_kept_as_a_hash(self, bob, address):
        token = address.removeprefix("/calendar/").removesuffix(".ics")
        row = CalendarAddress.objects.get()
        assert (row.label, row.owner.username) == ("Team calendar", "bob")
        assert_without(str(CalendarAddress.objects.values().get()), token)
        assert_without(bob.get(LIST).content + bob.get(f"{LIST}{row.pk}/change/").content, token)
        event = Event.objects.get(action="calendar_address_made")
        assert (event.actor, event.after["label"]) == ("user:bob", "Team calendar")
        assert_without(str(Event.objects.values()), token)

    def test_the_page_that_shows_it_is_kept_by_nobody(self, bob):
        response = bob.post(MAKE, {"label": "x"}, follow=True)
        assert "no-store" in response["Cache-Control"]

    def test_each_has_bits_of_its_own(self, bob_himself):
        made = {make_calendar_address(owner=bob_himself, label="x", by=things.BOB)[1] for _ in range(20)}
        assert len(made) == 20
        assert {len(token) for token in made} == {43}

    def test_it_needs_a_label(self, bob):
        assert "No address was made" in bob.post(MAKE, {"label": ""}).content.decode()
        assert not CalendarAddress.objects.exists()

    @pytest.mark.parametrize("ask", ["get", "post"])
    def test_who_may_only_look_makes_none(self, client, db, ask):
        victor = User.objects.create(username="victor", is_staff=True)
        victor.user_permissions.set(Permission.objects.filter(codename="view_calendaraddress"))
        client.force_login(victor, backend=PASSWORD_BACKEND)
        assert getattr(client, ask)(MAKE, {"label": "x"}).status_code == 403
        assert "Make calendar address" not in client.get(LIST).content.decode()
        assert not CalendarAddress.objects.exists()

    def test_no_form_of_django_changes_one(self, bob, address):
        row = CalendarAddress.objects.get()
        assert bob.get(f"{LIST}add/").status_code == 403
        assert bob.post(f"{LIST}{row.pk}/change/", {"label": "other"}).status_code == 403
        assert bob.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code == 403


class ReadingTests:
    def test_it_has_every_ending_of_the_next_year(self, address, reader):
        things.one_of_each()
        things.client_secret(bot=things.bot_with_grant("later"), label="yearly", days=350)
        response = reader.get(address)
        assert response.status_code == 200
        assert response["Content-Type"] == "text/calendar; charset=utf-8"
        events = read(response.content)
        assert len(events) == 7
        summaries = [event["SUMMARY"] for event in events]
        assert "Client secret of a bot: later, yearly" in summaries
        assert len({event["UID"] for event in events}) == 7
        corp = next(event for event in events if event["SUMMARY"] == "TLS certificate of a provider: corp")
        end = things.ahead(days=20)
        assert abs(corp["DTSTART"] - end) < timedelta(minutes=1)
        assert corp["URL"].startswith("http://localhost:8000/admin/providers/provider/")

    def test_a_second_reading_is_about_the_same_events(self, address, reader):
        things.one_of_each()
        first, second = (
            {event["UID"]: event["DTSTART"] for event in read(reader.get(address).content)} for _ in range(2)
        )
        assert first == second

    def test_no_cookie_is_set_and_nobody_keeps_a_copy(self, address, reader):
        response = reader.get(address)
        assert response.cookies == {}
        assert "Vary" not in response or "Cookie" not in response["Vary"]
        assert response["Cache-Control"] == "private"
        assert response["Referrer-Policy"] == "no-referrer"

    def test_it_shows_what_its_owner_may_see(self, client, db, reader):
        victor = User.objects.create(username="victor", is_staff=True)
        names = ("view_provider", "add_calendaraddress")
        victor.user_permissions.set(Permission.objects.filter(codename__in=names))
        client.force_login(victor, backend=PASSWORD_BACKEND)
        address = ADDRESS.search(client.post(MAKE, {"label": "mine"}, follow=True).content.decode()).group(1)
        things.one_of_each()
        summaries = {event["SUMMARY"].partition(":")[0] for event in read(reader.get(address).content)}
        assert summaries == {"TLS certificate of a provider", "Client secret at a provider"}

    def test_it_is_found_under_an_older_key(self, address, reader, settings):
        settings.FIELD_ENCRYPTION_KEYS = [
            "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyMTI",
            *settings.FIELD_ENCRYPTION_KEYS,
        ]
        assert reader.get(address).status_code == 200


class RefusalTests:
    @pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
    def test_it_is_only_read(self, address, reader, method):
        assert getattr(Client(), method)(address).status_code == 405

    @pytest.mark.parametrize(
        "token", ["x", "A" * 43, "A" * 42, "A" * 44, "A" * 42 + "%00", "A" * 42 + "é", "..", "A" * 900]
    )
    def test_an_unknown_one_is_not_found(self, db, reader, token):
        assert reader.get(f"/calendar/{token}.ics").status_code == 404

    @pytest.mark.parametrize(
        "change", [str.upper, lambda token: token[:-1] + ("A" if token[-1] != "A" else "B")]
    )
    def test_nearly_right_is_wrong(self, address, reader, change):
        token = address.removeprefix("/calendar/").removesuffix(".ics")
        assert reader.get(f"/calendar/{change(token)}.ics").status_code == 404

    def test_a_revoked_one_is_not_found(self, bob, address, reader):
        row = CalendarAddress.objects.get()
        response = bob.post(LIST, {"action": "revoke", "_selected_action": [row.pk]}, follow=True)
        assert "Addresses revoked: 1." in response.content.decode()
        assert reader.get(address).status_code == 404
        assert Event.objects.get(action="calendar_address_revoked").actor == "user:bob"
        bob.post(LIST, {"action": "revoke", "_selected_action": [row.pk]})
        assert Event.objects.filter(action="calendar_address_revoked").count() == 1

    def test_who_may_only_look_revokes_none(self, address, reader):
        victor = User.objects.create(username="victor", is_staff=True)
        victor.user_permissions.set(Permission.objects.filter(codename="view_calendaraddress"))
        browser = Client()
        browser.force_login(victor, backend=PASSWORD_BACKEND)
        browser.post(LIST, {"action": "revoke", "_selected_action": [CalendarAddress.objects.get().pk]})
        assert reader.get(address).status_code == 200

    @pytest.mark.parametrize(
        "change", [{"is_active": False}, {"is_staff": False}, {"expires_at": timezone.now() - timedelta(1)}]
    )
    def test_one_whose_owner_no_longer_administers_is_not_found(self, address, reader, change):
        User.objects.filter(username="bob").update(**change)
        assert reader.get(address).status_code == 404


class LogTests:
    @pytest.fixture(autouse=True)
    def _everything(self, caplog):
        caplog.set_level(logging.DEBUG)

    def test_the_address_is_in_no_line(self, address, reader, caplog, capfd):
        token = address.removeprefix("/calendar/").removesuffix(".ics")
        caplog.clear()
        reader.get(address)
        Client().post(address)
        reader.post(address)
        reader.get(f"/calendar/{token}")
        reader.get(f"/calendar/{token}.ics/")
        reader.get(f"/x//calendar//{token}.ics")
        reader.get(f"/somewhere/{token}.ics")
        reader.get(f"/Calendar/{token}.ics")
        reader.get(f"/nowhere?next={address}")
        User.objects.update(is_active=False)
        reader.get(address)
        assert_without(caplog.text, token)
        assert_without("".join(capfd.readouterr()), token)
        lines = [record.msg for record in caplog.records if record.name == "requests"]
        assert lines[0]["path"] == "/calendar/..."
        assert len(lines) == 10

    @pytest.mark.parametrize("before", [*range(930, 1_010, 3)])
    def test_nor_is_a_part_of_it_where_a_long_path_is_cut(self, address, reader, caplog, capfd, before):
        token = address.removeprefix("/calendar/").removesuffix(".ics")
        caplog.clear()
        for path in (f"/{'x/' * (before // 2)}{token}.ics", f"/{'x' * before}/{token}.ics/more"):
            reader.get(path)
        written = caplog.text + "".join(capfd.readouterr())
        assert not any(token[start : start + 8] in written for start in range(len(token) - 8))
        assert max(len(record.msg["path"]) for record in caplog.records if record.name == "requests") <= 1_003

    def test_nor_is_it_where_the_database_is_away(self, address, caplog, capfd, monkeypatch):
        token = address.removeprefix("/calendar/").removesuffix(".ics")
        caplog.clear()

        def away(*args, **kwargs):
            raise OperationalError

        monkeypatch.setattr("ssoconsole.expiry.calendar.views.calendar", away)
        assert Client(raise_request_exception=False).get(address).status_code == 503
        assert "database_unavailable" in caplog.text
        assert token not in caplog.text + "".join(capfd.readouterr())

    def test_a_fault_does_not_show_it_either(self, address, caplog, capfd, monkeypatch):
        token = address.removeprefix("/calendar/").removesuffix(".ics")
        caplog.clear()
        monkeypatch.setattr("ssoconsole.expiry.calendar.views.calendar", fault)
        reader = Client(raise_request_exception=False)
        assert reader.get(address).status_code == 500
        assert "Internal Server Error: /calendar/..." in caplog.text
        assert_without(caplog.text, token)
        assert_without("".join(capfd.readouterr()), token)

    def test_other_paths_are_told_as_they_are(self, client, db, caplog):
        client.get("/nowhere/at-all")
        assert "Not Found: /nowhere/at-all" in caplog.text


def fault(*args, **kwargs):
    raise RuntimeError("a fault")
