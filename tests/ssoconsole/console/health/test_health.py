"""The two probes, and each way not to be ready."""

import pytest
from django.contrib.sessions.models import Session
from django.core.cache.backends.locmem import LocMemCache
from django.db import InterfaceError, OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.support.leaks import assert_without
from tokens.models import SigningKey

ALL_WELL = {"database": "ok", "migrations": "ok", "cache": "ok", "signing_key": "ok"}
SECRET = "postgres://console:hunter2@db.internal"


class BrokenCache(LocMemCache):
    def set(self, *args, **kwargs):
        raise ConnectionError(SECRET)


class StaleCache(LocMemCache):
    def get(self, *args, **kwargs):
        return "what somebody else wrote"


def without_database(patch, settings, error):
    def refuse(*args, **kwargs):
        raise error

    patch.setattr(BaseDatabaseWrapper, "cursor", refuse)


def with_cache(name):
    def break_it(patch, settings):
        settings.CACHES = {"default": {"BACKEND": f"{__name__}.{name}"}}

    return break_it


def with_a_migration_to_come(patch, settings):
    MigrationRecorder.Migration.objects.filter(app="tokens").delete()


def without_a_key(patch, settings):
    SigningKey.objects.update(retired_at=timezone.now())


def without_the_keys_table(patch, settings):
    def refuse(*args):
        raise OperationalError(SECRET)

    patch.setattr(type(SigningKey.objects.all()), "signing", refuse)


def without_the_migrations_table(patch, settings):
    def refuse(*args):
        raise OperationalError(SECRET)

    patch.setattr(MigrationRecorder, "applied_migrations", refuse)


GONE = {"database": "unavailable", "migrations": "unknown", "signing_key": "unknown"}
FAULTS = {
    "the database is down": (lambda p, s: without_database(p, s, OperationalError(SECRET)), GONE),
    "the connection is lost": (lambda p, s: without_database(p, s, InterfaceError(SECRET)), GONE),
    "a migration is to come": (with_a_migration_to_come, {"migrations": "pending"}),
    "the migrations cannot be read": (without_the_migrations_table, {"migrations": "unavailable"}),
    "the cache is down": (with_cache("BrokenCache"), {"cache": "unavailable"}),
    "the cache forgets": (with_cache("StaleCache"), {"cache": "unavailable"}),
    "no key signs": (without_a_key, {"signing_key": "missing"}),
    "the keys cannot be read": (without_the_keys_table, {"signing_key": "unavailable"}),
}


class ReadyTests:
    def test_all_is_well(self, client, db):
        response = client.get("/readyz")
        assert response.status_code == 200
        assert response.json() == {"status": "ready", "checks": ALL_WELL}

    @pytest.mark.parametrize("fault", FAULTS)
    def test_the_part_that_fails_is_named_and_nothing_is_told_of_it(
        self, client, db, settings, caplog, fault
    ):
        break_it, failing = FAULTS[fault]
        with pytest.MonkeyPatch.context() as patch:
            break_it(patch, settings)
            response = client.get("/readyz")
        assert response.status_code == 503
        assert response.json() == {"status": "not_ready", "checks": ALL_WELL | failing}
        assert_without(response.content.decode() + caplog.text, "hunter2")

    def test_the_log_names_the_kind_of_fault(self, client, db, settings, caplog):
        with_cache("BrokenCache")(None, settings)
        client.get("/readyz")
        assert "ConnectionError" in caplog.text

    def test_it_is_ready_again_when_the_fault_is_over(self, client, db):
        without_a_key(None, None)
        assert client.get("/readyz").status_code == 503
        SigningKey.objects.update(retired_at=None)
        assert client.get("/readyz").status_code == 200


class AliveTests:
    def test_it_says_so(self, client):
        response = client.get("/healthz")
        assert (response.status_code, response.json()) == (200, {"status": "ok"})

    def test_a_lost_database_does_not_make_it_dead(self, client, db, settings):
        with pytest.MonkeyPatch.context() as patch:
            without_database(patch, settings, OperationalError(SECRET))
            assert client.get("/healthz").status_code == 200

    def test_it_asks_nobody(self, client, db):
        with CaptureQueriesContext(connection) as queries:
            client.get("/healthz")
        assert len(queries) == 0


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
class BothTests:
    def test_no_session_is_made(self, client, db, path):
        assert not client.get(path).cookies
        assert not Session.objects.exists()

    def test_no_answer_is_kept(self, client, db, path):
        assert "no-store" in client.get(path)["Cache-Control"]

    def test_head_will_do_and_nothing_else(self, client, db, path):
        assert client.head(path).status_code == 200
        assert client.post(path).status_code == 405


class ReadyApartFromTests:
    """What all replicas share is no reason to take every one of them out of service at once."""

    @pytest.fixture
    def patch(self, db):
        """Undone before the database of the test is."""
        with pytest.MonkeyPatch.context() as patch:
            yield patch

    @pytest.mark.parametrize("left_out", ["cache", "cache,database"])
    def test_without_its_cache_it_is_in_service(self, client, db, settings, left_out):
        settings.CACHES = {"default": {"BACKEND": f"{__name__}.BrokenCache"}}
        response = client.get(f"/readyz?except={left_out}")
        assert response.json()["checks"]["cache"] == "unavailable"
        assert response.status_code == 200

    def test_without_its_database_only_where_that_is_left_out(self, client, settings, patch):
        without_database(patch, settings, OperationalError(SECRET))
        assert client.get("/readyz?except=cache").status_code == 503
        assert client.get("/readyz?except=cache,database").status_code == 200

    @pytest.mark.parametrize(
        "query", ["?except=", "?except=migrations", "?except=signing_key", "?except=all", ""]
    )
    def test_nothing_else_can_be_left_out_by_accident(self, client, settings, query, patch):
        without_database(patch, settings, OperationalError(SECRET))
        assert client.get(f"/readyz{query}").status_code == 503

    def test_what_is_this_server_s_own_is_never_left_out(self, client, settings, patch):
        with_a_migration_to_come(patch, settings)
        assert client.get("/readyz?except=cache,database").status_code == 503
