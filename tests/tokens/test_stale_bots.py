"""Bots that nobody seems to look after: which those are, what the list says of each, and stopping many at once."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from tokens_cast import PASSWORD_BACKEND

from ssoconsole.platform.accounts.models import User
from tests.support.revoked import revoke_by_hand
from tokens.bots.services import GrantSpec, disable_bot, retire_bot, save_bot
from tokens.credentials.services import add_client_secret, retire_credential
from tokens.models import Bot, Credential, Stale, TokenRecord
from tokens.records.services import issue_token

LIST = reverse("admin:tokens_bot_changelist")
OLD = timedelta(days=90)
A_YEAR = timedelta(days=365)
REASONS = [reason.value for reason in Stale]


def nothing(record):
    pass


def it_is_revoked(record):
    revoke_by_hand(record)


def it_is_over(record):
    TokenRecord.objects.filter(pk=record.pk).update(expires_at=timezone.now() - timedelta(days=1))


@pytest.fixture
def admin(people):
    browser = Client()
    browser.force_login(people["bob"], PASSWORD_BACKEND)
    return browser


@pytest.fixture
def tended(bot, people, by):
    """Alice's bot, with a secret that ends and was used a day ago: nothing is wrong with it."""
    end = timezone.now() + OLD
    add_client_secret(bot=bot, label="nightly", expires_at=end, by=by)
    Credential.objects.update(last_used_at=timezone.now() - timedelta(days=1))
    return bot


def listed(admin, query):
    page = admin.get(f"{LIST}?{query}")
    assert page.status_code == 200
    return [bot.name for bot in page.context["cl"].result_list]


def told_of(admin, name="ingestion-bot"):
    """What the row of a bot says, by column."""
    page = admin.get(LIST)
    shown = page.context["cl"]
    row = next(bot for bot in shown.result_list if bot.name == name)
    return str(shown.model_admin.stale_because(row) or "")


def aged(bot, age):
    Bot.objects.filter(pk=bot.pk).update(created_at=timezone.now() - age)


def last_used(age):
    Credential.objects.update(last_used_at=None if age is None else timezone.now() - age)


def test_a_bot_that_is_used_and_has_an_owner_and_an_end_is_not_stale(admin, tended):
    aged(tended, A_YEAR)
    assert listed(admin, "stale=any") == []
    assert told_of(admin) == ""


class UnusedTests:
    @pytest.mark.parametrize(
        ("age", "used", "stale"),
        [
            (A_YEAR, OLD + timedelta(minutes=1), True),
            (A_YEAR, OLD - timedelta(minutes=1), False),
            (OLD + timedelta(minutes=1), None, True),
            (OLD - timedelta(minutes=1), None, False),
        ],
        ids=["unused", "used", "never used", "new"],
    )
    def test_it_is_for_90_days(self, admin, tended, age, used, stale):
        aged(tended, age)
        last_used(used)
        assert listed(admin, "stale=unused") == (["ingestion-bot"] if stale else [])

    def test_a_credential_that_is_used_is_enough(self, admin, tended, by):
        aged(tended, A_YEAR)
        last_used(A_YEAR)
        Credential.objects.filter(
            pk=add_client_secret(bot=tended, expires_at=timezone.now() + OLD, by=by)[0].pk
        ).update(last_used_at=timezone.now())
        assert listed(admin, "stale=unused") == []

    @pytest.mark.parametrize(
        ("lifetime", "happens", "stale"),
        [
            (None, nothing, False),
            (A_YEAR, nothing, False),
            (timedelta(hours=1), nothing, True),
            (None, it_is_revoked, True),
            (A_YEAR, it_is_over, True),
        ],
        ids=["endless", "a year", "an hour", "revoked", "over"],
    )
    def test_a_token_that_was_made_to_last_may_be_in_use(
        self, admin, tended, openmetadata, by, lifetime, happens, stale
    ):
        save_bot(bot=tended, grants=[GrantSpec(openmetadata, [])], by=by)
        issue_token(bot=tended, audience=openmetadata, scopes=None, lifetime=lifetime, by=by)
        happens(TokenRecord.objects.get())
        # One more, so that no two tokens together make one that lasts.
        issue_token(bot=tended, audience=openmetadata, scopes=None, lifetime=timedelta(hours=1), by=by)
        aged(tended, A_YEAR)
        last_used(None)
        assert listed(admin, "stale=unused") == (["ingestion-bot"] if stale else [])


class OwnerTests:
    def test_nobody_answers_for_it(self, admin, tended):
        Bot.objects.update(owner="")
        assert listed(admin, "stale=no-owner") == ["ingestion-bot"]
        assert listed(admin, "stale=owner-gone") == []

    @pytest.mark.parametrize(
        ("owner", "active", "stale"),
        [
            ("alice@corp.example", True, False),
            ("ALICE@corp.example", True, False),
            ("alice@corp.example", False, True),
            ("ALICE@corp.example", False, True),
            ("carol@corp.example", True, True),
        ],
    )
    def test_it_is_somebody_whom_the_console_knows(self, admin, tended, owner, active, stale):
        Bot.objects.update(owner=owner)
        User.objects.filter(username="alice@corp.example").update(is_active=active)
        assert listed(admin, "stale=owner-gone") == (["ingestion-bot"] if stale else [])


class EndlessSecretTests:
    def test_it_is_told_until_it_is_retired(self, admin, tended, by):
        credential, _ = add_client_secret(bot=tended, by=by)
        assert listed(admin, "stale=endless-secret") == ["ingestion-bot"]
        assert "never" in admin.get(LIST).content.decode()
        retire_credential(credential=credential, by=by)
        assert listed(admin, "stale=endless-secret") == []

    @pytest.mark.parametrize("kind", ["public_keys", "federation"])
    def test_what_has_no_secret_needs_no_end(self, admin, tended, kind):
        Credential.objects.update(kind=kind, expires_at=None)
        assert listed(admin, "stale=endless-secret") == []


class ListTests:
    @pytest.mark.parametrize("stop", [disable_bot, retire_bot])
    def test_what_has_been_stopped_is_not_stale(self, admin, other_bot, by, stop):
        assert listed(admin, "stale=any") == ["other-bot"]
        stop(bot=other_bot, by=by)
        assert listed(admin, "stale=any") == []
        assert told_of(admin, "other-bot") == ""

    def test_each_reason_stands_beside_the_bot(self, admin, other_bot, other_secret):
        aged(other_bot, A_YEAR)
        shown = told_of(admin, "other-bot")
        assert [reason.label for reason in Stale if reason.label in shown] == [
            Stale.UNUSED.label,
            Stale.NO_OWNER.label,
            Stale.ENDLESS_SECRET.label,
        ]

    def test_the_list_leads_to_each_reason_and_to_each_state(self, admin, bot):
        page = admin.get(LIST).content.decode()
        for reason in ("any", *REASONS):
            assert f'href="?stale={reason}"' in page
        for state in ("enabled", "disabled", "retired"):
            assert f'href="?state={state}"' in page

    def test_bots_are_found_by_their_state(self, admin, bot, other_bot, by):
        assert listed(admin, "state=disabled") == []
        disable_bot(bot=other_bot, by=by)
        assert (listed(admin, "state=enabled"), listed(admin, "state=disabled")) == (
            ["ingestion-bot"],
            ["other-bot"],
        )
        retire_bot(bot=other_bot, by=by)
        assert (listed(admin, "state=disabled"), listed(admin, "state=retired")) == ([], ["other-bot"])

    @pytest.mark.parametrize("query", ["stale=nonsense", "stale=", "state=nonsense", "state="])
    def test_no_such_reason_or_state_finds_nothing(self, admin, bot, query):
        assert listed(admin, query) == []

    def test_a_list_asks_as_much_whatever_there_is(self, admin, audience, by):
        def asked():
            with CaptureQueriesContext(connection) as captured:
                listed(admin, "stale=any")
            return len(captured)

        save_bot(bot=Bot(name="first"), grants=None, by=by)
        of_one = asked()
        for number in range(20):
            add_client_secret(bot=save_bot(bot=Bot(name=f"bot-{number}"), grants=None, by=by), by=by)
        assert asked() == of_one

    def test_the_page_that_asks_before_they_are_retired_has_the_evidence_beside_each(
        self, admin, tended, other_bot, other_secret
    ):
        aged(other_bot, A_YEAR)
        Credential.objects.filter(bot=tended).update(last_used_at="2026-11-01T12:30:00Z")
        Credential.objects.filter(bot=other_bot).update(last_used_at="2026-01-01T12:30:00Z")
        chosen = {"action": "retire", "_selected_action": [tended.pk, other_bot.pk]}
        with CaptureQueriesContext(connection) as of_two:
            page = admin.post(LIST, chosen).content.decode()
        assert "<li>ingestion-bot: last used 2026-11-01 12:30 UTC · owner alice@corp.example</li>" in page
        reasons = " · ".join([Stale.UNUSED.label, Stale.NO_OWNER.label, Stale.ENDLESS_SECRET.label])
        assert f"<li>other-bot: {reasons} · last used 2026-01-01 12:30 UTC</li>" in page
        with CaptureQueriesContext(connection) as of_one:
            admin.post(LIST, chosen | {"_selected_action": [tended.pk]})
        assert len(of_two) == len(of_one)
        assert not Bot.objects.exclude(retired_at=None).exists()

    def test_a_bot_that_was_never_used_and_whose_owner_is_gone_is_said_to_be(self, admin, tended, people):
        last_used(None)
        people["alice"].delete()
        page = admin.post(LIST, {"action": "retire", "_selected_action": [tended.pk]}).content.decode()
        assert (
            f"<li>ingestion-bot: {Stale.OWNER_GONE.label} · never used · owner alice@corp.example</li>"
            in page
        )

    def test_who_may_not_see_bots_sees_none(self, people, bot):
        browser = Client()
        browser.force_login(people["mallory"], PASSWORD_BACKEND)
        assert browser.get(f"{LIST}?stale=any").status_code == 302
