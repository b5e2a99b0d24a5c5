"""Several secrets at once: a rotation with overlap, evidence when the old one can go, and its end."""

from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone
from tokens_cast import problem, state

from ssoconsole.platform.eventlog.models import Event
from tokens.credentials.retirement import evidence_of
from tokens.credentials.services import add_client_secret
from tokens.models import Credential


def later(**interval):
    return time_machine.travel(timezone.now() + timedelta(**interval), tick=False)


def sentence(credential):
    return evidence_of(credential.bot, at=timezone.now())[credential.pk]


@pytest.fixture
def rotated(bot, by):
    """An old secret and a new one, with their rows."""
    return [add_client_secret(bot=bot, label=label, by=by) for label in ("old", "new")]


class OverlapTests:
    def test_the_old_secret_works_until_it_is_retired(self, oauth, bob, bot, rotated):
        for _, secret in rotated:
            assert oauth.token((bot.name, secret)).status_code == 200
        old = rotated[0][0]
        assert bob.delete(f"/api/v1/bots/{bot.name}/secrets/{old.pk}").status_code == 204
        assert [oauth.token((bot.name, secret)).status_code for _, secret in rotated] == [401, 200]

    def test_each_has_its_own_last_use(self, oauth, bot, rotated):
        (old, old_secret), (new, _) = rotated
        assert oauth.token((bot.name, old_secret)).status_code == 200
        old.refresh_from_db()
        new.refresh_from_db()
        assert old.last_used_at
        assert new.last_used_at is None


class EvidenceTests:
    def test_a_secret_in_use_is_said_to_be(self, oauth, bot, rotated):
        (old, secret), _ = rotated
        assert sentence(old).sentence == "Not used yet."
        oauth.token((bot.name, secret))
        with later(hours=2):
            assert sentence(old).sentence == "Last used 2 hours ago: still in use."

    def test_one_that_was_quiet_while_another_was_used_is_safe_to_retire(self, oauth, bot, rotated):
        (old, old_secret), (_, new_secret) = rotated
        oauth.token((bot.name, old_secret))
        with later(days=9):
            oauth.token((bot.name, new_secret))
            found = sentence(old)
        assert found.safe
        assert found.sentence == ("Last used 9 days ago, and the bot has used another since: safe to retire.")

    def test_one_that_was_quiet_with_all_others_may_run_rarely(self, oauth, bot, rotated):
        (old, old_secret), _ = rotated
        oauth.token((bot.name, old_secret))
        with later(days=9):
            assert not sentence(old).safe
            assert "may run rarely" in sentence(old).sentence

    def test_one_that_was_never_used_is_safe_once_another_is(self, oauth, bot, rotated):
        (old, _), (_, new_secret) = rotated
        with later(days=8):
            oauth.token((bot.name, new_secret))
            assert sentence(old).safe


class AutomaticRetirementTests:
    @pytest.fixture
    def watched(self, bot, by):
        return add_client_secret(bot=bot, label="batch", by=by, retire_after_unused_days=30)

    def test_a_secret_unused_for_so_long_is_retired_by_cleanup(self, oauth, bot, watched):
        credential, secret = watched
        with later(days=30):
            call_command("cleanup")
            credential.refresh_from_db()
            assert credential.retired_by == "command:cleanup"
            event = Event.objects.get(action="credential_retired")
            assert (event.target, event.after["reason"]) == (bot.name, "unused for 30 days")
            assert oauth.token((bot.name, secret)).status_code == 401
            call_command("cleanup")
            assert Event.objects.filter(action="credential_retired").count() == 1

    def test_every_use_starts_the_time_again(self, oauth, bot, watched):
        credential, secret = watched
        with later(days=29):
            assert oauth.token((bot.name, secret)).status_code == 200
        with later(days=58):
            call_command("cleanup")
            credential.refresh_from_db()
            assert credential.retired_at is None

    def test_a_secret_that_says_nothing_stays(self, oauth, bot, me):
        with later(days=3_000):
            call_command("cleanup")
            assert oauth.token(me).status_code == 200

    @pytest.mark.parametrize("days", [0, -1, 3_651, 10**9])
    def test_days_that_make_no_sense_are_refused(self, bob, bot, days):
        before = state()
        answer = bob.post(f"/api/v1/bots/{bot.name}/secrets", {"retire_after_unused_days": days})
        problem(answer, 400, "expiry_invalid")
        assert state() == before

    def test_it_can_be_asked_for_by_the_api(self, bob, bot):
        answer = bob.post(f"/api/v1/bots/{bot.name}/secrets", {"retire_after_unused_days": 90})
        assert answer.status_code == 201
        assert set(answer.json()) == {"id", "label", "client_secret", "hint", "created_at", "expires_at"}
        assert Credential.objects.get(pk=answer.json()["id"]).retire_after_unused_days == 90
