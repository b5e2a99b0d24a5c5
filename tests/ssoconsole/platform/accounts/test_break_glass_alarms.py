"""Every sign-in by password rings: in the event log, in the log, and in the admin for as long as it lasts."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from ssoconsole.platform.accounts import passwords
from ssoconsole.platform.accounts.services import bootstrap_admin, open_accounts
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.models import Event
from tests.ssoconsole.pages.page_reading import Page
from tests.ssoconsole.pages.pages_cast import administrator, come_in, person, provider

pytestmark = pytest.mark.django_db
HERE = "203.0.113.7"
DOOR = "/admin/login/"


@pytest.fixture
def password():
    return bootstrap_admin(name="break-glass", by=Actor.command("bootstrap_admin"))[1]


@pytest.fixture
def client():
    return Client(REMOTE_ADDR=HERE)


def knock(client, password, name="break-glass"):
    return client.post(DOOR, {"username": name, "password": password, "next": "/admin/"})


def alarms_raised():
    fields = ("outcome", "actor", "target", "address")
    return list(Event.objects.filter(action="break_glass_signin").order_by("id").values_list(*fields))


class EventTests:
    def test_a_sign_in_is_an_event(self, client, password):
        knock(client, password)
        assert alarms_raised() == [("ok", "user:break-glass", "break-glass", HERE)]
        ends = get_user_model().objects.get().expires_at.isoformat()
        assert Event.objects.get(action="break_glass_signin").after == {"expires_at": ends}

    def test_a_lasting_administrator_by_password_rings_too(self, client):
        get_user_model().objects.create_superuser("root", password="x" * 20)
        knock(client, "x" * 20, "root")
        assert alarms_raised() == [("ok", "user:root", "root", HERE)]

    def test_a_refusal_is_an_event(self, client, password):
        knock(client, "wrong")
        assert alarms_raised() == [("refused", "stranger", "break-glass", HERE)]

    def test_a_name_that_nobody_has_is_not_told_it_may_be_a_password(self, client, password):
        knock(client, "wrong", "my-secret-in-the-wrong-field")
        assert alarms_raised() == [("refused", "stranger", "", HERE)]

    def test_the_failure_that_makes_somebody_wait_says_so_and_the_next_ones_are_no_rows(
        self, client, password
    ):
        for _ in range(13):
            knock(client, "wrong")
        assert [outcome for outcome, *_ in alarms_raised()] == ["refused"] * 9 + ["locked"]

    def test_an_expired_or_deactivated_account_is_refused_like_a_wrong_password(self, client, password):
        get_user_model().objects.update(expires_at=timezone.now())
        pages = [
            knock(client, password).context["form"].errors,
            knock(client, "wrong").context["form"].errors,
        ]
        assert pages[0] == pages[1]
        assert [outcome for outcome, *_ in alarms_raised()] == ["refused"] * 2

    def test_nothing_rings_for_who_comes_through_a_provider(self, client):
        come_in(client, administrator(), provider())
        assert alarms_raised() == []

    def test_who_cannot_be_written_down_does_not_come_in(self, client, password, monkeypatch):
        def fails(*args, **kwargs):
            raise RuntimeError("no event")

        monkeypatch.setattr(passwords, "record_event", fails)
        client.raise_request_exception = False
        assert knock(client, password).status_code == 500
        monkeypatch.undo()
        assert client.get("/admin/").status_code == 302


class LogLineTests:
    """What a watcher of the log sees, once it has happened."""

    @pytest.fixture
    def lines(self, client, password, caplog, django_capture_on_commit_callbacks):
        def after(*passwords):
            caplog.clear()
            for given in passwords:
                with django_capture_on_commit_callbacks(execute=True):
                    knock(client, given)
            found = [record for record in caplog.records if record.name == "alarms"]
            return [(record.levelname, record.msg["outcome"], record.msg["address"]) for record in found]

        return after

    @pytest.mark.parametrize("given", ["right", "wrong"])
    def test_what_is_rolled_back_leaves_no_line(self, client, password, caplog, given):
        knock(client, password if given == "right" else given)  # the test's transaction never commits
        assert [record for record in caplog.records if record.name == "alarms"] == []

    def test_a_sign_in_is_an_error_line(self, lines, password):
        assert lines(password) == [("ERROR", "ok", HERE)]

    def test_a_refusal_is_a_warning_and_a_lock_is_an_error(self, lines):
        told = lines(*["wrong"] * 12)
        assert told[:9] == [("WARNING", "refused", HERE)] * 9
        assert told[9:] == [("ERROR", "locked", HERE), *[("WARNING", "waiting", HERE)] * 2]


class BannerTests:
    """In the admin, on every page, for whoever administers."""

    OPEN, CAME = "Break-glass access is open.", "You came in with a password"

    def test_it_says_since_when_by_whom_until_when_and_how_to_end_it(self, client, password):
        come_in(client, administrator(), provider())
        page = Page(client.get("/admin/").content.decode()).text("section")
        account = get_user_model().objects.get(username="break-glass")
        opened = Event.objects.get(action="break_glass_opened")
        assert self.OPEN in page
        assert f"since {opened.at:%Y-%m-%d %H:%M} UTC" in page
        assert f"until {account.expires_at:%Y-%m-%d %H:%M} UTC" in page
        assert "opened by command:bootstrap_admin" in page
        assert "clear Active and save" in page
        assert self.CAME not in page

    def test_of_an_account_that_was_opened_again_the_last_time_counts(self, client, password):
        bootstrap_admin(name="break-glass", by=Actor.command("first_run"))
        come_in(client, administrator(), provider())
        page = client.get("/admin/").content.decode()
        assert "opened by command:first_run" in page
        assert "command:bootstrap_admin" not in page

    def test_of_two_accounts_each_is_told_with_who_opened_it(self, client, password):
        bootstrap_admin(name="second-glass", by=Actor.command("first_run"))
        first, second = open_accounts(at=timezone.now())
        assert (first.username, first.opened_by) == ("break-glass", "command:bootstrap_admin")
        assert (second.username, second.opened_by) == ("second-glass", "command:first_run")

    @pytest.mark.parametrize("path", ["/admin/", "/admin/providers/provider/", "/admin/auth/group/add/"])
    def test_who_has_come_by_password_is_told_on_every_page(self, client, password, path):
        knock(client, password)
        page = Page(client.get(path).content.decode())
        assert self.CAME in page.text("section")
        assert "may stay until" in page.text("section")
        assert any(url.startswith("/signin?choose=1&next=%2Fadmin%2F") for url in page.urls())

    def test_a_lasting_administrator_by_password_is_told_too(self, client):
        get_user_model().objects.create_superuser("root", password="x" * 20)
        knock(client, "x" * 20, "root")
        page = client.get("/admin/").content.decode()
        assert self.CAME in page
        assert "may stay until" not in page

    def test_once_it_is_ended_nothing_is_left(self, client, password):
        knock(client, password)
        account = get_user_model().objects.get(username="break-glass")
        other = Client()
        come_in(other, administrator(), provider())
        change = f"/admin/accounts/user/{account.pk}/change/"
        other.post(change, {"name": "", "email": "", "is_staff": "on", "is_superuser": "on"})
        assert client.get("/admin/").status_code == 302
        assert self.OPEN not in other.get("/admin/").content.decode()

    def test_nobody_else_is_told(self, client, password):
        come_in(client, person("mallory"), provider())
        page = client.get(DOOR).content.decode()
        assert self.OPEN not in page
        assert self.CAME not in page
