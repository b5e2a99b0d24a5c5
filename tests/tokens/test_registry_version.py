"""The version of what tokens are issued and judged by changes with all of it, in the transaction of the change."""

import threading
import uuid
from datetime import timedelta
from functools import partial

import pytest
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.encryption.field import EncryptedTextField
from tokens.audiences import save_audience
from tokens.bots.services import GrantSpec, save_bot
from tokens.credentials.services import add_client_secret
from tokens.models import Audience, Bot, Credential, Grant, RegistryVersion, SigningKey

WATCHED = (Bot, Credential, Grant, Audience, SigningKey)
# What says when something was used, or where somebody signed in from, decides nothing.
HARMLESS = {Credential: {"last_used_at", "last_used_from"}}
ONE = {SigningKey: {"alg": "none"}}  # of which there is no other that could sign
OF_PEOPLE = {"username", "is_active"}
OTHERS = {
    models.BooleanField: False,
    models.CharField: "other",
    models.TextField: "other",
    models.IntegerField: 7_000,
    models.JSONField: ["other"],
    models.DateTimeField: timezone.now() + timedelta(days=3),
    models.GenericIPAddressField: "192.0.2.9",
    models.UUIDField: uuid.UUID(int=9),
}


def version():
    """What it is now; on PostgreSQL as if the last change were one of another transaction."""
    RegistryVersion.objects.update(changed_in=0)
    return RegistryVersion.objects.get().version


def another(field):
    """A value that a column of this field may have, and that nobody has yet."""
    if field.is_relation:
        return {Bot: Bot, Audience: Audience}[field.related_model].objects.order_by("-pk").first().pk
    return next(value for kind, value in OTHERS.items() if isinstance(field, kind))


def columns(model):
    return [field for field in model._meta.concrete_fields if not field.primary_key]


def changes(field, model):
    """Whether the version is another one when this column of a row is."""
    before, row = version(), model.objects.filter(**ONE.get(model, {})).order_by("pk").first()
    with transaction.atomic():
        if isinstance(field, EncryptedTextField):
            setattr(row, field.name, "other")
            row.save(update_fields=[field.name])
        else:
            model.objects.filter(pk=row.pk).update(**{field.attname: another(field)})
        changed = version() != before
        transaction.set_rollback(True)
    assert version() == before
    return changed


@pytest.fixture
def rows(bot, by, audience):
    """Of each kind one that may be anything, and others that it may refer to."""
    Bot.objects.create(name="another", disabled_at=timezone.now())
    Audience.objects.create(identifier="https://another.example", name="Another")
    add_client_secret(bot=bot, by=by)
    User.objects.create(username="carol")
    SigningKey(kid="a key", alg="none", public_jwk={}, private_key="none").save()


@pytest.mark.parametrize("model", WATCHED, ids=lambda model: model.__name__)
def test_every_column_of_what_decides_changes_it(rows, model):
    Bot.objects.filter(name="ingestion-bot").update(disabled_at=timezone.now())  # a retired one has to be
    unwatched = {field.attname for field in columns(model) if not changes(field, model)}
    assert unwatched == HARMLESS.get(model, set())


def test_of_a_person_only_who_is_disabled_does(rows):
    User.objects.filter(username="carol").update(is_active=True)
    assert {field.attname for field in columns(User) if changes(field, User)} == OF_PEOPLE


@pytest.mark.parametrize("model", [*WATCHED, User], ids=lambda model: model.__name__)
def test_what_comes_and_what_goes_changes_it(rows, model):
    row = model.objects.order_by("pk").last()
    before = version()
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {model._meta.db_table} WHERE {model._meta.pk.column} = %s", [stored(row)]
        )
    gone = version()
    row.save(force_insert=True)
    assert len({before, gone, version()}) == 3


def stored(row):
    return row._meta.pk.get_db_prep_value(row.pk, connection)


@pytest.mark.parametrize("how", ["IGNORE", "REPLACE", "FAIL", "ABORT", "ROLLBACK"])
def test_however_sqlite_takes_a_conflict_it_changes(rows, how):
    if connection.vendor != "sqlite":
        pytest.skip("no such form")
    before = version()
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE OR {how} tokens_bot SET disabled_at = created_at WHERE name = 'ingestion-bot'"
        )
    assert version() != before


def test_there_is_one(db):
    with pytest.raises(IntegrityError), transaction.atomic():
        RegistryVersion.objects.create(version=uuid.uuid4())


# --- Transactions that are committed ---------------------------------------------------------------------------


@pytest.fixture
def committed(transactional_db):
    if connection.vendor != "postgresql":
        pytest.skip("one writer at a time")
    return Bot.objects.create(name="nightly")


def test_it_is_another_one_for_others_with_the_commit(committed):
    before = seen_by_another()
    with transaction.atomic():
        Bot.objects.update(disabled_at=timezone.now())
        assert seen_by_another() == before
    assert seen_by_another() != before


def test_a_row_that_another_cluster_has_numbered_misses_nothing(committed):
    """A dump has the number of the transaction that wrote the row there; some day one here has the same."""
    before = seen_by_another()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        [mine] = cursor.fetchone()
        by_another(lambda: RegistryVersion.objects.update(changed_in=mine))
        Bot.objects.update(disabled_at=timezone.now())
    assert seen_by_another() != before


@pytest.mark.parametrize("model", [*WATCHED, User], ids=lambda model: model.__name__)
def test_a_table_that_is_emptied_at_once_changes_it(committed, model):
    before = seen_by_another()
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {model._meta.db_table} CASCADE")
    assert seen_by_another() != before


def test_what_was_undone_changes_nothing(committed):
    before = seen_by_another()
    with transaction.atomic():
        Bot.objects.update(disabled_at=timezone.now())
        transaction.set_rollback(True)
    assert seen_by_another() == before


def test_two_that_change_rows_in_another_order_do_not_wait_for_each_other(committed):
    Bot.objects.create(name="daily")
    meet, failed = threading.Barrier(2), []

    def change(first, then):
        try:
            with transaction.atomic():
                Bot.objects.filter(name=first).update(description="changed")
                meet.wait(timeout=10)
                Audience.objects.create(identifier=f"https://{then}.example", name=then)
                meet.wait(timeout=10)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=change, args=names) for names in (("nightly", "a"), ("daily", "b"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert not failed
    assert Audience.objects.filter(name__in=("a", "b")).count() == 2


def test_a_bot_and_its_audience_are_saved_by_two_at_once(committed, by):
    """What refers to a row looks for it at the commit, and does not wait for whoever changes it."""
    audience = save_audience(audience=Audience(identifier="https://api.example", name="API"), by=by)
    met, failed = threading.Barrier(2), []

    def save(change):
        try:
            with transaction.atomic():
                change()
                met.wait(timeout=10)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    bot = Bot.objects.get()
    bot.description = "changed"
    audience.name = "Another name"
    changes = (
        partial(save_bot, bot=bot, grants=[GrantSpec(audience, [])], by=by),
        partial(save_audience, audience=audience, by=by),
    )
    threads = [threading.Thread(target=save, args=[change]) for change in changes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert not failed
    assert (Bot.objects.get().description, Audience.objects.get(pk=audience.pk).name) == (
        "changed",
        "Another name",
    )


def test_many_changes_of_one_transaction_are_one_that_it_does_not_go_by(committed):
    before = seen_by_another()
    with transaction.atomic():
        Bot.objects.bulk_create(Bot(name=f"bot-{number}") for number in range(5_000))
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS registry_changed IMMEDIATE")
        assert not RegistryVersion.objects.readable().exists()
    assert RegistryVersion.objects.readable().get().version != before


def seen_by_another():
    """The version, for another connection."""
    return by_another(lambda: RegistryVersion.objects.get().version)


def by_another(deed):
    """What another connection gets."""
    found = []

    def do():
        found.append(deed())
        connection.close()

    thread = threading.Thread(target=do)
    thread.start()
    thread.join(timeout=10)
    return found[0]
