"""The event log: what gets in, what never does, and that nothing changes afterwards."""

import uuid

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, connection, transaction

from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.models import Event, EventIsFinal
from ssoconsole.platform.eventlog.services import MASK, is_secret, mask, record_change, record_event
from ssoconsole.platform.metrics import REGISTRY

BOB = Actor("user", "bob", "203.0.113.7")


@pytest.fixture
def event(db):
    return record_event("bot_created", by=BOB, target="ingestion-bot", after={"name": "ingestion-bot"})


class RecordTests:
    def test_who_did_what_to_what_from_where(self, event):
        event.refresh_from_db()
        assert (event.actor, event.action, event.target) == ("user:bob", "bot_created", "ingestion-bot")
        assert (event.address, event.outcome) == ("203.0.113.7", "ok")
        assert str(event).endswith("user:bob bot_created ingestion-bot")

    def test_what_is_undone_was_never_recorded(self, db):
        @transaction.atomic
        def fail():
            record_event("bot_created", by=BOB)
            raise RuntimeError

        with pytest.raises(RuntimeError):
            fail()
        assert not Event.objects.filter(action="bot_created").exists()

    def test_what_is_undone_was_never_said_either(self, db, caplog, django_capture_on_commit_callbacks):
        """Neither in the log nor in the metrics, before the transaction has been committed."""
        caplog.set_level("INFO")

        def counted():
            return REGISTRY.get_sample_value("sso_console_events_total", {"action": "bot_retired"}) or 0

        before = counted()
        with django_capture_on_commit_callbacks(execute=True):
            with transaction.atomic():
                record_event("bot_retired", by=BOB, target="ingestion-bot")
                transaction.set_rollback(True)
            assert "bot_retired" not in caplog.text
        assert ("bot_retired" in caplog.text, counted() - before) == (False, 0)
        with django_capture_on_commit_callbacks(execute=True):
            record_event("bot_retired", by=BOB, target="ingestion-bot")
            assert ("bot_retired" in caplog.text, counted() - before) == (False, 0)
        assert ("bot_retired" in caplog.text, counted() - before) == (True, 1)

    def test_a_change_holds_only_what_differs(self, db):
        before = {"name": "a", "scopes": ["x"], "gone": 1}
        event = record_change(
            "bot_changed", by=BOB, target="a", before=before, after={"name": "a", "scopes": ["y"]}
        )
        assert event.before == {"scopes": ["x"], "gone": 1}
        assert event.after == {"scopes": ["y"], "gone": None}

    def test_very_long_names_are_cut_and_not_refused(self, db):
        event = record_event("x", by=Actor("user", "n" * 400), target="t" * 400)
        assert (len(event.actor), len(event.target)) == (300, 300)


class FinalTests:
    @pytest.mark.parametrize(
        "attempt",
        [
            lambda events: events.update(actor="user:mallory"),
            lambda events: events.delete(),
            lambda events: events.bulk_update(list(events), ["actor"]),
        ],
        ids=["update", "delete", "bulk_update"],
    )
    def test_the_application_cannot_rewrite_it(self, event, attempt):
        with pytest.raises(EventIsFinal):
            attempt(Event.objects.all())
        assert Event.objects.get(pk=event.pk).actor == "user:bob"

    def test_one_event_cannot_be_deleted(self, event):
        with pytest.raises(EventIsFinal):
            event.delete()
        assert Event.objects.filter(pk=event.pk).exists()

    def test_nor_can_saving_again(self, event):
        event.actor = "user:mallory"
        with pytest.raises(DatabaseError), transaction.atomic():
            event.save()
        assert Event.objects.get(pk=event.pk).actor == "user:bob"

    def test_nor_can_raw_sql(self, event):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE eventlog_event SET actor = 'user:mallory'")
        assert Event.objects.get(pk=event.pk).actor == "user:bob"


class MaskingTests:
    @pytest.mark.parametrize(
        "name",
        [
            "client_secret",
            "CLIENT_SECRET",
            "password",
            "private_key",
            "access_token",
            "refresh_token",
            "client_assertion",
            "code_verifier",
            "Authorization",
            "Cookie",
            "Set-Cookie",
        ],
    )
    def test_a_value_whose_name_says_secret_is_never_shown(self, name):
        assert is_secret(name)
        assert mask({name: "hunter2", "deep": [{name: {"inner": "hunter2"}}]}) == {
            name: MASK,
            "deep": [{name: MASK}],
        }

    @pytest.mark.parametrize(
        "name",
        ["issuer", "token_endpoint", "token_endpoint_auth_method", "token_lifetime", "assertion_audience"],
    )
    def test_what_only_sounds_like_one_is(self, name):
        assert mask({name: "shown"}) == {name: "shown"}

    @pytest.mark.parametrize("empty", [None, ""])
    def test_that_there_is_no_secret_is_no_secret(self, empty):
        assert mask({"client_secret": empty}) == {"client_secret": empty}

    def test_what_json_does_not_know_becomes_text(self):
        some = uuid.uuid4()
        assert mask({"id": some, "set": {1}, "tuple": (2,), "flag": True}) == {
            "id": str(some),
            "set": [1],
            "tuple": [2],
            "flag": True,
        }

    @pytest.mark.parametrize(
        "secret", ["hunter2", b"hunter2", ["hunter2"], {"inner": "hunter2"}, 7, ("hunter2",)]
    )
    def test_a_recorded_secret_is_masked_on_both_sides_whatever_it_is(self, db, secret):
        sides = {"client_secret": secret, "deep": [{"rules": ({"password": secret},)}]}
        event = record_event("provider_changed", by=BOB, before=sides, after=sides)
        event.refresh_from_db()
        masked = {"client_secret": MASK, "deep": [{"rules": [{"password": MASK}]}]}
        assert (event.before, event.after) == (masked, masked)

    def test_a_changed_secret_is_told_as_changed_and_not_shown(self, db):
        event = record_change(
            "x", by=BOB, target="x", before={"client_secret": "hunter2"}, after={"client_secret": "hunter3"}
        )
        event.refresh_from_db()
        assert event.before == event.after == {"client_secret": MASK}


class ActorTests:
    @pytest.mark.parametrize(
        ("who", "told"), [(AnonymousUser(), "stranger"), (User(username="alice"), "user:alice")]
    )
    def test_behind_a_request_is_a_person_or_a_stranger_at_an_address(self, rf, who, told):
        request = rf.get("/", REMOTE_ADDR="203.0.113.7")
        request.user = who
        assert (str(Actor.of(request)), Actor.of(request).address) == (told, "203.0.113.7")

    def test_each_kind_says_what_it_is(self):
        assert str(Actor.command("apply")) == "command:apply"
        assert str(Actor.bot("ingestion-bot")) == "bot:ingestion-bot"
        assert str(Actor("stranger", "")) == "stranger"
