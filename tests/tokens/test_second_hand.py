"""
A second hand in the middle of the first one's work waits for it, or finds that it comes too late.

On PostgreSQL, where several write at once; SQLite has one writer at a time.
"""

import threading
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection, connections
from django.utils import timezone
from tokens_cast import METADATA

from ssoconsole.platform.actors import Actor
from ssoconsole.platform.eventlog.models import Event
from tests.support.at_once import at_once
from tests.support.faults import just_before
from tokens.audiences import save_audience
from tokens.bots.services import GrantSpec, save_bot
from tokens.credentials.authentication import authenticate_client
from tokens.credentials.retirement import retire_unused_credentials
from tokens.credentials.services import add_client_secret
from tokens.keys.services import (
    KEYS_AHEAD,
    compromise_signing_key,
    ensure_signing_key,
    rotate_signing_key,
)
from tokens.models import Audience, Bot, Credential, SigningKey

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="one writer at a time"),
]
BOB, CAROL = Actor("user", "bob"), Actor("user", "carol")
# Long enough for whoever does not wait; whoever waits, waits for the first one's end.
A_MOMENT = 0.4


class SecondHand:
    """Somebody with a connection of his own, who is let begin in the middle of another one's work."""

    def __init__(self, deed):
        self.waited, self.result, self._deed = None, None, deed
        self._thread = threading.Thread(target=self._run)

    def begin(self):
        self._thread.start()
        self._thread.join(A_MOMENT)
        self.waited = self._thread.is_alive()

    def end(self):
        self._thread.join(20)
        assert not self._thread.is_alive()
        if isinstance(self.result, Exception):
            raise self.result
        return self.result

    def _run(self):
        try:
            self.result = self._deed()
        except Exception as error:
            self.result = error
        finally:
            connections.close_all()


def changes_in(action, name):
    return [
        (event.before[name], event.after[name])
        for event in Event.objects.filter(action=action).order_by("id")
    ]


def chained(changes):
    return all(after == before for (_, after), (before, _) in pairwise(changes))


@pytest.fixture
def keys(db):
    ensure_signing_key(alg="ES256", by=BOB)


def test_of_two_rotations_the_second_begins_where_the_first_ended(keys):
    second = SecondHand(lambda: rotate_signing_key(alg="ES256", by=CAROL))
    with just_before("UPDATE", "tokens_signingkey", second.begin):
        first = rotate_signing_key(alg="ES256", by=BOB)
    assert second.waited
    assert second.end() != first
    changes = changes_in("signing_key_rotated", "kid")
    assert len(changes) == 2
    assert chained(changes)
    assert SigningKey.objects.signing().filter(alg="ES256").count() == 1
    assert SigningKey.objects.waiting().filter(alg="ES256").count() == KEYS_AHEAD


def test_a_rotation_in_the_middle_of_a_compromise_does_not_bring_the_key_back(keys):
    old = SigningKey.objects.signing().get(alg="ES256")
    second = SecondHand(lambda: rotate_signing_key(alg="ES256", by=CAROL))
    with just_before("UPDATE", "tokens_signingkey", second.begin):
        compromise_signing_key(kid=old.kid, by=BOB)
    assert second.waited
    second.end()
    old.refresh_from_db()
    assert old.compromised_at
    assert SigningKey.objects.signing().get(alg="ES256") != old
    assert SigningKey.objects.waiting().filter(alg="ES256").count() == KEYS_AHEAD


def test_all_who_make_the_first_key_of_an_algorithm_get_the_same_one():
    assert len({key.kid for key in at_once(lambda n: ensure_signing_key(alg="EdDSA", by=BOB), 4)}) == 1
    assert SigningKey.objects.waiting().filter(alg="EdDSA").count() == KEYS_AHEAD


def test_of_two_changes_of_a_bot_the_log_tells_each_from_what_it_changed():
    bot = save_bot(bot=Bot(name="ingestion-bot"), grants=None, by=BOB)

    def describe(text, by):
        row = Bot.objects.get(pk=bot.pk)
        row.description = text
        return save_bot(bot=row, grants=None, by=by)

    second = SecondHand(lambda: describe("second", CAROL))
    with just_before("UPDATE", "tokens_bot", second.begin):
        describe("first", BOB)
    assert second.waited
    second.end()
    assert changes_in("bot_changed", "description") == [("", "first"), ("first", "second")]


def test_of_two_changes_of_an_audience_the_log_tells_each_from_what_it_changed():
    audience = save_audience(audience=Audience(identifier=METADATA, name="zero"), by=BOB)

    def rename(text, by):
        row = Audience.objects.get(pk=audience.pk)
        row.name = text
        return save_audience(audience=row, by=by)

    second = SecondHand(lambda: rename("second", CAROL))
    with just_before("UPDATE", "tokens_audience", second.begin):
        rename("first", BOB)
    assert second.waited
    second.end()
    assert changes_in("audience_changed", "name") == [("zero", "first"), ("first", "second")]


def test_a_credential_that_is_used_while_it_is_looked_at_is_retired_before_or_not_at_all():
    audience = save_audience(audience=Audience(identifier=METADATA, name="x"), by=BOB)
    bot = save_bot(bot=Bot(name="ingestion-bot"), grants=[GrantSpec(audience, [])], by=BOB)
    _, secret = add_client_secret(bot=bot, retire_after_unused_days=1, by=BOB)
    Credential.objects.update(created_at=timezone.now() - timedelta(days=2))
    second = SecondHand(
        lambda: authenticate_client(client_id=bot.name, client_secrets=[secret], address="127.0.0.1")
    )
    with just_before("UPDATE", "tokens_credential", second.begin):
        retire_unused_credentials(at=timezone.now(), by=BOB)
    assert second.waited
    second.end()
    assert Credential.objects.get().retired_at
