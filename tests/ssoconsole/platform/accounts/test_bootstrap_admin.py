"""Breaking the glass: who gets in, for how long, and whom it never touches."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.eventlog.models import Event
from tests.ssoconsole.pages.pages_cast import administrator, person
from tests.support.leaks import assert_without

pytestmark = pytest.mark.django_db


def bootstrap(*arguments):
    """Run the command; return its two printed values and what it wrote to the error stream."""
    out, err = StringIO(), StringIO()
    call_command("bootstrap_admin", *arguments, stdout=out, stderr=err)
    lines = [line.split(": ", 1) for line in out.getvalue().splitlines()]
    assert [name for name, _ in lines] == ["username", "password"]
    return lines[0][1], lines[1][1], err.getvalue()


def enters(client, username, password):
    client.post("/admin/login/", {"username": username, "password": password, "next": "/admin/"})
    return client.get("/admin/").status_code == 200


class TemporaryAdministratorTests:
    def test_exactly_two_lines_are_printed_and_they_open_the_password_door(self, client):
        username, password, aside = bootstrap()
        assert username == "break-glass"
        assert enters(client, username, password)
        assert "This account works until" in aside
        assert_without(aside, password)

    def test_the_name_can_be_chosen(self, client):
        username, password, _ = bootstrap("--name", "rescue")
        assert username == "rescue"
        assert enters(client, "rescue", password)

    @pytest.mark.parametrize("name", ["", "  ", "x" * 256, "a\nb", "a\x00b"])
    def test_a_name_that_nobody_could_type_is_refused(self, name):
        with pytest.raises(CommandError, match="255 characters"):
            call_command("bootstrap_admin", "--name", name)
        assert not User.objects.exists()

    def test_the_password_is_long_and_new_every_time(self):
        passwords = {bootstrap("--name", f"rescue-{n}")[1] for n in range(3)}
        assert len(passwords) == 3
        assert min(map(len, passwords)) >= 32

    def test_the_password_is_kept_nowhere(self, caplog):
        username, password, _ = bootstrap()
        assert_without(User.objects.get(username=username).password, password)
        assert_without(caplog.text, password)
        assert not any(password in f"{event.before}{event.after}" for event in Event.objects.all())

    def test_opening_is_in_the_event_log(self):
        username, _, _ = bootstrap()
        event = Event.objects.get(action="break_glass_opened")
        assert (event.target, event.actor) == (username, "command:bootstrap_admin")

    def test_it_is_over_after_a_day_even_for_a_browser_that_is_in(self, client, settings):
        settings.SESSION_IDLE_MINUTES = 0
        start = datetime(2030, 1, 1, tzinfo=UTC)
        with time_machine.travel(start, tick=False) as clock:
            username, password, _ = bootstrap()
            assert enters(client, username, password)
            clock.move_to(start + timedelta(hours=23, minutes=59))
            assert client.get("/admin/").status_code == 200
            clock.move_to(start + timedelta(hours=24))
            assert client.get("/admin/").status_code == 302
            assert not enters(client, username, password)

    def test_the_time_can_be_chosen(self):
        before = timezone.now()
        bootstrap("--hours", "2")
        left = User.objects.get(username="break-glass").expires_at - before
        assert timedelta(hours=2) <= left < timedelta(hours=2, minutes=1)

    def test_once_more_renews_the_same_account_with_another_password(self, client):
        username, first, _ = bootstrap()
        User.objects.update(is_active=False, expires_at=timezone.now() - timedelta(days=1))
        _, second, _ = bootstrap()
        assert User.objects.count() == 1
        assert not enters(client, username, first)
        assert enters(client, username, second)


class RefusalTests:
    @pytest.mark.parametrize("name", ["bob@corp.example", "BOB@corp.example"])
    def test_a_lasting_persons_name_is_refused_in_any_case(self, name):
        bob = administrator()
        with pytest.raises(CommandError, match="Choose another with --name"):
            bootstrap("--name", name)
        assert User.objects.get() == bob
        assert not User.objects.get().has_usable_password()
        assert not Event.objects.filter(action="break_glass_opened").exists()

    def test_a_person_without_rights_gets_none_by_it(self):
        person("mallory")
        with pytest.raises(CommandError):
            bootstrap("--name", "mallory")
        assert not User.objects.get(username="mallory").is_staff

    @pytest.mark.parametrize("hours", ["0", "-1", "169"])
    def test_neither_no_time_nor_more_than_a_week(self, hours):
        with pytest.raises(CommandError, match="between 1 and 168"):
            bootstrap("--hours", hours)
        assert not User.objects.exists()

    def test_a_wrong_password_opens_nothing(self, client):
        username, _, _ = bootstrap()
        assert not enters(client, username, "wrong")

    def test_a_deactivated_account_does_not_get_in(self, client):
        username, password, _ = bootstrap()
        User.objects.update(is_active=False)
        assert not enters(client, username, password)
