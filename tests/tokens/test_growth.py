"""What asks more of the database the more there is in it: nothing that happens often."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from tokens_cast import PASSWORD_BACKEND

from providers.models import ConsoleSession
from providers.retention import drop_old_sign_ins
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.accounts.services import open_accounts
from ssoconsole.platform.actors import Actor
from tokens.bots.services import disable_bot, enable_bot
from tokens.credentials.retirement import retire_unused_credentials
from tokens.credentials.services import add_client_secret
from tokens.models import Credential, TokenRecord
from tokens.records.revocation import revoke_token, revoke_tokens_of_credential
from tokens.records.services import forget_counts, issue_token, take_room
from tokens.status import published
from tokens.status.published import dead_numbers, status_list_uris
from tokens.status.services import find_status_list

pytestmark = pytest.mark.django_db
BY = Actor.command("test")


def statements(work):
    with CaptureQueriesContext(connection) as captured:
        work()
    return [query["sql"] for query in captured]


def plan_of(statement):
    if connection.vendor != "sqlite":
        pytest.skip("a planner that goes by statistics reads so small a table whole")
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {statement}")
        return "\n".join(row[-1] for row in cursor.fetchall())


@pytest.fixture
def issued(bot, audience):
    credential, _ = add_client_secret(bot=bot, by=BY)
    record, _ = issue_token(
        bot=bot, audience=audience, scopes=None, lifetime=timedelta(hours=1), credential=credential, by=BY
    )
    return record


@pytest.fixture
def at_once(django_capture_on_commit_callbacks):
    return django_capture_on_commit_callbacks(execute=True)


class PlanTests:
    def test_what_a_bot_holds_is_counted_by_an_index_of_its_own(self, bot):
        forget_counts()
        now = timezone.now()
        revoked, issued = statements(lambda: take_room(bot_id=bot.pk, most=100, at=now))
        assert "revocations_of_a_bot_by_end" in plan_of(revoked)
        assert "COVERING INDEX tokens_of_a_bot_by_end" in plan_of(issued)

    def test_tokens_of_a_credential_are_looked_for_among_those_of_its_bot(self, issued):
        asked = statements(lambda: revoke_tokens_of_credential(credential=issued.credential, by=BY))
        [change] = [sql for sql in asked if sql.startswith('INSERT INTO "tokens_revocation"')]
        assert '"bot_id" = ' in change
        issued.refresh_from_db()
        assert issued.revoked_at

    def test_accounts_with_an_end_are_found_among_all(self):
        [asked] = statements(lambda: list(open_accounts(at=timezone.now())))
        assert "people_with_an_end" in plan_of(asked)

    def test_credentials_are_listed_by_age_and_watched_by_an_index(self):
        [listed] = statements(lambda: list(Credential.objects.order_by("-created_at", "-id")[:100]))
        assert "credentials_by_age" in plan_of(listed)
        [watched] = statements(lambda: retire_unused_credentials(at=timezone.now(), by=BY))
        assert "credentials_that_retire" in plan_of(watched)

    def test_sessions_are_listed_and_dropped_by_their_times(self):
        [listed] = statements(lambda: list(ConsoleSession.objects.order_by("-started_at", "-id")[:100]))
        assert "sessions_by_start" in plan_of(listed)
        asked = statements(lambda: drop_old_sign_ins(at=timezone.now(), keep=timedelta(days=30)))
        plans = [plan_of(each) for each in asked if "consolesession" in each]
        assert "ended_sessions_by_end" in plans[0]
        assert "sessions_by_end" in plans[1]

    def test_what_is_dropped_is_dropped_in_the_order_of_the_time_it_is_found_by(self):
        for asked in statements(lambda: drop_old_sign_ins(at=timezone.now(), keep=timedelta(days=30))):
            where, _, order = asked.partition(" ORDER BY ")
            assert order.split()[0] in where.partition(" WHERE ")[2]


class StatusListTests:
    def test_a_revocation_asks_about_no_bot(self, issued, at_once):
        known = find_status_list(0)
        dead_numbers(known, at=timezone.now())
        with at_once:
            revoke_token(record=issued, by=BY)
        asked = statements(lambda: dead_numbers(known, at=timezone.now()))
        assert not [sql for sql in asked if "accounts_user" in sql]
        assert dead_numbers(known, at=timezone.now()) == {issued.number}

    def test_a_bot_that_is_disabled_and_a_person_too_is_in_it_at_once(self, issued, at_once):
        known = find_status_list(0)
        assert dead_numbers(known, at=timezone.now()) == set()
        with at_once:
            owner = User.objects.create(username="alice@corp.example", is_active=False)
        assert dead_numbers(known, at=timezone.now()) == {issued.number}
        owner.is_active = True
        owner.save()
        cache.clear()
        assert dead_numbers(known, at=timezone.now()) == set()

    def test_a_bot_that_is_disabled_is_in_it_at_once(self, issued, at_once):
        known = find_status_list(0)
        assert dead_numbers(known, at=timezone.now()) == set()
        with at_once:
            disable_bot(bot=issued.bot, by=BY)
        assert dead_numbers(known, at=timezone.now()) == {issued.number}

    @pytest.mark.parametrize("kept", [True, False])
    def test_tokens_of_a_disabled_bot_are_read_again_only_where_they_are_too_many_to_keep(
        self, issued, other_bot, audience, django_capture_on_commit_callbacks, monkeypatch, kept
    ):
        monkeypatch.setattr(published, "MOST_NUMBERS", 1 if kept else 0)
        known, now = find_status_list(0), timezone.now()
        theirs = TokenRecord.objects.create(
            bot=other_bot, audience=audience, signing_key=issued.signing_key, jti="another", issued_at=now
        )
        with django_capture_on_commit_callbacks(execute=True):
            disable_bot(bot=other_bot, by=BY)
        assert dead_numbers(known, at=now) == {theirs.number}
        with django_capture_on_commit_callbacks(execute=True):
            revoke_token(record=issued, by=BY)
        asked = statements(lambda: dead_numbers(known, at=now))
        assert bool([sql for sql in asked if '"bot_id" IN' in sql]) is not kept
        assert dead_numbers(known, at=now) == {theirs.number, issued.number}
        with django_capture_on_commit_callbacks(execute=True):
            enable_bot(bot=other_bot, by=BY)
        assert dead_numbers(known, at=now) == {issued.number}

    @pytest.mark.parametrize("left", [None, timedelta(hours=-23), timedelta(hours=1)])
    def test_tokens_of_a_disabled_bot_stay_in_it_until_they_are_long_over(self, issued, left):
        now = timezone.now()
        TokenRecord.objects.update(expires_at=None if left is None else now + left)
        disable_bot(bot=issued.bot, by=BY)
        assert dead_numbers(find_status_list(0), at=now) == {issued.number}

    def test_what_is_long_over_is_not(self, issued):
        now = timezone.now()
        TokenRecord.objects.update(expires_at=now - timedelta(hours=25))
        disable_bot(bot=issued.bot, by=BY)
        assert dead_numbers(find_status_list(0), at=now) == set()

    def test_where_the_lists_are_is_asked_once_whatever_is_revoked(self, issued, at_once):
        told = status_list_uris(at=timezone.now())
        with at_once:
            revoke_token(record=issued, by=BY)
        assert statements(lambda: status_list_uris(at=timezone.now())) == []
        assert len(told) == 1

    def test_where_the_lists_are_reads_the_few_that_live_long_by_their_indexes(self, issued):
        asked = statements(lambda: status_list_uris(at=timezone.now()))
        plans = [plan_of(each) for each in asked if "WITH RECURSIVE" not in each]
        assert "long_tokens_by_end" in plans[0]
        assert "SCAN U0" not in plans[1]  # by the end that there is not, or the numbers of one list


class AdminTests:
    @pytest.fixture
    def admin(self, client, people):
        client.force_login(people["bob"], PASSWORD_BACKEND)
        return client

    def about(self, admin, model, query=""):
        asked = statements(lambda: admin.get(reverse(f"admin:tokens_{model}_changelist") + query))
        return [sql for sql in asked if f'FROM "tokens_{model}"' in sql]

    @pytest.mark.parametrize("term", ["ingestion-bot", "nobody"])
    def test_a_search_for_tokens_asks_for_one_thing_at_a_time(self, admin, issued, term):
        asked = self.about(admin, "tokenrecord", f"?q={term}")
        assert asked
        assert not [sql for sql in asked if " OR " in sql.partition(" WHERE ")[2].partition("EXISTS")[0]]

    def test_bots_are_listed_without_grouping_the_credentials_of_all(self, admin, issued):
        asked = [sql for sql in self.about(admin, "bot") if "live_count" in sql or "tokens_credential" in sql]
        assert asked
        assert not [sql for sql in asked if 'JOIN "tokens_credential"' in sql]

    def test_credentials_and_their_last_use_are_told_of_each_bot(self, admin, issued, other_bot):
        Credential.objects.update(last_used_at=timezone.now())
        add_client_secret(bot=issued.bot, by=BY)
        shown = admin.get(reverse("admin:tokens_bot_changelist")).context["cl"].result_list
        told = {bot.name: (bot.live_count, bot.last_used_at is not None) for bot in shown}
        assert told == {"ingestion-bot": (2, True), "other-bot": (0, False)}
