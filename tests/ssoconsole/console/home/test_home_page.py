"""The start page: what each of the cast is shown, and at what cost."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from providers.models import SignInAttempt
from ssoconsole.console.home import BOTS_SHOWN, COUNTED
from ssoconsole.platform.accounts.services import bootstrap_admin
from ssoconsole.platform.actors import Actor
from tests.ssoconsole.pages.pages_cast import (
    administrator,
    come_in,
    come_in_by_password,
    person,
    provider,
    session_of,
)
from tokens.models import Bot, SigningKey


@pytest.fixture
def corp(db):
    return provider()


@pytest.fixture
def alice(client, corp):
    user = person("alice@corp.example", name="Alice Andersson", email="alice@corp.example")
    come_in(client, user, corp)
    return user


@pytest.fixture
def bot(db):
    return Bot.objects.create(
        name="ingestion-bot", owner="alice@corp.example", description="Nightly ingestion"
    )


def home(client):
    response = client.get("/")
    assert response.status_code == 200
    return response.content.decode()


class SignedOutTests:
    def test_it_is_the_sign_in_page(self, client, corp):
        page = home(client)
        assert "<h1>Sign in</h1>" in page
        assert 'href="/signin/corp"' in page

    def test_a_visit_leaves_no_session_behind(self, client, corp):
        assert "session" not in client.get("/").cookies

    def test_only_reading_is_allowed(self, client, corp):
        assert client.post("/").status_code == 405


class AliceTests:
    def test_she_sees_who_she_is_and_who_says_so(self, client, alice):
        page = home(client)
        assert "<h1>Alice Andersson</h1>" in page
        assert "alice@corp.example" in page
        assert "Signed in through <strong>Corp SSO</strong>" in page

    def test_she_sees_her_groups(self, client, alice):
        alice.groups.add(Group.objects.create(name="Data admins"))
        Group.objects.create(name="Somebody else's")
        page = home(client)
        assert "Data admins" in page
        assert "Somebody else" not in page

    def test_she_sees_how_many_browsers_are_signed_in(self, client, alice, corp):
        session_of(alice, corp)
        session_of(alice, corp, ended_at=timezone.now())
        session_of(alice, corp, expires_at=timezone.now())
        session_of(person("mallory"), corp)
        assert client.get("/").context["session_count"] == 2

    def test_she_sees_her_bots_and_how_they_are(self, client, alice, bot):
        now = timezone.now()
        Bot.objects.create(name="asleep", owner=alice.username, disabled_at=now)
        Bot.objects.create(name="gone", owner=alice.username, disabled_at=now, retired_at=now)
        page = home(client)
        assert all(
            word in page for word in ("ingestion-bot", "Nightly ingestion", "Enabled", "Disabled", "Retired")
        )

    def test_she_sees_nobody_elses(self, client, alice):
        Bot.objects.create(name="of-bob", owner="bob@corp.example")
        Bot.objects.create(name="of-nobody", owner="")
        assert list(client.get("/").context["bots"]) == []

    def test_she_is_led_to_no_page_that_she_may_not_open(self, client, alice, bot):
        assert "/admin/" not in home(client)

    def test_very_many_bots_are_cut_short_and_say_so(self, client, alice):
        Bot.objects.bulk_create(Bot(name=f"bot-{n:03}", owner=alice.username) for n in range(BOTS_SHOWN + 1))
        page = home(client)
        assert f"bot-{BOTS_SHOWN - 1:03}" in page
        assert f"bot-{BOTS_SHOWN:03}" not in page
        assert f"the first {BOTS_SHOWN} by name" in page


class MalloryTests:
    def test_she_sees_no_bot_and_no_administration(self, client, corp, bot):
        come_in(client, person("mallory"), corp)
        page = home(client)
        assert "You own no bot" in page
        assert "ingestion-bot" not in page
        assert "/admin/" not in page

    def test_a_name_that_only_looks_like_the_owners_owns_nothing(self, client, corp, bot):
        come_in(client, person("alice@corp.example.evil.example"), corp)
        assert "ingestion-bot" not in home(client)

    def test_an_ended_session_shows_her_the_sign_in_page(self, client, corp):
        row = come_in(client, person("mallory"), corp)
        row.ended_at = timezone.now()
        row.save()
        assert "<h1>Sign in</h1>" in home(client)


class BobTests:
    @pytest.fixture
    def bob(self, client, corp):
        user = administrator()
        come_in(client, user, corp)
        return user

    def areas(self, client):
        return {area.label: area.summary for area in client.get("/").context["areas"]}

    def test_he_sees_how_every_area_stands(self, client, bob, bot):
        provider("off", enabled=False)
        Bot.objects.create(name="asleep", disabled_at=timezone.now())
        areas = self.areas(client)
        assert areas["Identity providers"] == "1 of 2 enabled"
        assert areas["Bots"] == "1 of 2 enabled"
        assert areas["Sign-in attempts"] == "0 refused in the last 24 hours"
        assert areas["Signing keys"].startswith("Signing with ES256")
        assert {"People", "Event log"} <= areas.keys()

    def test_what_is_missing_is_said(self, client, bob):
        SigningKey.objects.update(retired_at=timezone.now())
        areas = self.areas(client)
        assert areas["Bots"] == "None yet"
        assert areas["Signing keys"] == "No key is signing"

    def test_refusals_are_counted_and_successes_are_not(self, client, bob):
        now = timezone.now()
        for number, outcome in enumerate(["ok", "", "expired", "state_unknown"]):
            SignInAttempt.objects.create(reference=str(number), started_at=now, outcome=outcome)
        long_ago = now - timezone.timedelta(days=2)
        SignInAttempt.objects.create(reference="old", started_at=long_ago, outcome="expired")
        assert self.areas(client)["Sign-in attempts"] == "2 refused in the last 24 hours"

    def test_a_flood_of_refusals_is_not_counted_to_its_end(self, client, bob):
        now = timezone.now()
        SignInAttempt.objects.bulk_create(
            SignInAttempt(reference=str(n), started_at=now, outcome="expired") for n in range(COUNTED + 5)
        )
        assert self.areas(client)["Sign-in attempts"] == f"more than {COUNTED} refused in the last 24 hours"

    def test_his_bots_lead_to_their_pages(self, client, bob):
        bot = Bot.objects.create(name="his", owner=bob.username)
        assert 'href="/bots/his"' in home(client)
        assert f'href="/admin/tokens/bot/{bot.pk}/change/"' in client.get("/bots/his").content.decode()

    def test_every_area_leads_to_a_page_that_opens(self, client, bob):
        for area in client.get("/").context["areas"]:
            assert client.get(area.url).status_code == 200, area

    def test_staff_with_few_rights_see_few_areas(self, client, corp):
        user = person("auditor", is_staff=True)
        user.user_permissions.add(Permission.objects.get(codename="view_event"))
        come_in(client, user, corp)
        assert self.areas(client).keys() == {"Event log"}


class BreakGlassTests:
    def test_a_temporary_administrator_is_told_when_it_ends(self, client, db):
        user, _ = bootstrap_admin(name="break-glass", by=Actor.command("test"))
        come_in_by_password(client, user)
        page = home(client)
        assert "This is a temporary administrator." in page
        assert f"{user.expires_at:%H:%M} UTC" in page
        assert "Signed in with a password" in page

    def test_nobody_else_is(self, client, alice):
        assert "temporary administrator" not in home(client)


class CostTests:
    def statements(self, client):
        with CaptureQueriesContext(connection) as queries:
            home(client)
        return len(queries)

    def test_more_of_everything_costs_no_more_statements(self, client, alice, corp, bot):
        few = self.statements(client)
        for number in range(10):
            Bot.objects.create(name=f"more-{number}", owner=alice.username)
            alice.groups.add(Group.objects.create(name=f"Group {number}"))
            session_of(alice, corp)
        assert self.statements(client) == few
        assert few <= 6

    def test_an_administrators_page_stays_cheap(self, client, corp):
        come_in(client, administrator(), corp)
        assert self.statements(client) <= 11

    def test_a_strangers_page_costs_one(self, client, corp):
        assert self.statements(client) == 1
