"""What a backup's file promises, and everything that a restore ends."""

import stat
import tarfile
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from ssoconsole.console.backup.archive import (
    Manifest,
    end_everything_before_now,
    opened_archive,
    sha256_of,
    write_archive,
)
from ssoconsole.console.backup.services import ENGINES, keys_in_use, make_backup
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.encryption.keyring import key_ring
from ssoconsole.platform.eventlog.models import Event
from tests.ssoconsole.pages.pages_cast import come_in, person, provider, session_of
from tests.support.faults import event_refused
from tokens.audiences import disable_audience, save_audience
from tokens.bots.services import GrantSpec, disable_bot, save_bot
from tokens.credentials.services import add_client_secret
from tokens.keys.services import KEYS_AHEAD, rotate_signing_key
from tokens.models import Audience, Bot, Credential, SigningKey, TokenRecord
from tokens.records.services import issue_token
from tokens.records.verification import find_live_record

pytestmark = pytest.mark.django_db
BY = Actor.command("backup")
OLDER, NEWEST = "A" * 43, "B" * 42 + "A"


@pytest.fixture
def dump(tmp_path):
    path = tmp_path / "database"
    path.write_bytes(b"of the console" * 100)
    return path


@pytest.fixture
def manifest(dump):
    return Manifest("0.1.0", "2026-01-01T00:00:00+00:00", "sqlite", [], [], sha256_of(dump))


def test_it_is_from_the_moment_at_which_it_began(tmp_path, monkeypatch):
    began = datetime(2031, 3, 1, 12, tzinfo=UTC)
    with time_machine.travel(began, tick=False) as clock:

        def slowly(target):
            target.write_bytes(b"x")
            clock.shift(timedelta(hours=1))

        monkeypatch.setitem(ENGINES, connection.vendor, SimpleNamespace(dump=slowly))
        assert make_backup(out=tmp_path / "backup", by=BY).at == began


class FileTests:
    @pytest.mark.parametrize("mode", [0o666, 0o644, 0o640, 0o604])
    def test_what_was_left_of_an_earlier_one_does_not_leave_it_open(self, tmp_path, dump, manifest, mode):
        left = tmp_path / "backup.partial"
        left.write_bytes(b"x" * 100_000)
        left.chmod(mode)
        write_archive(tmp_path / "backup", manifest=manifest, database=dump)
        assert stat.S_IMODE((tmp_path / "backup").stat().st_mode) == 0o600
        assert not left.exists()
        write_archive(tmp_path / "fresh", manifest=manifest, database=dump)
        assert (tmp_path / "backup").stat().st_size == (tmp_path / "fresh").stat().st_size
        with opened_archive(tmp_path / "backup") as (found, database):
            assert (found, sha256_of(database)) == (manifest, manifest.sha256)

    def test_nobody_leads_it_elsewhere(self, tmp_path, dump, manifest):
        elsewhere = tmp_path / "elsewhere"
        elsewhere.write_text("precious")
        (tmp_path / "backup.partial").symlink_to(elsewhere)
        with pytest.raises(OSError, match="symbolic link"):
            write_archive(tmp_path / "backup", manifest=manifest, database=dump)
        assert elsewhere.read_text() == "precious"
        assert not (tmp_path / "backup").exists()

    def test_it_says_nothing_of_who_made_it(self, tmp_path, dump, manifest):
        write_archive(tmp_path / "backup", manifest=manifest, database=dump)
        with tarfile.open(tmp_path / "backup") as tar:
            assert {(member.uname, member.gname, member.uid, member.gid) for member in tar} == {
                ("", "", 0, 0)
            }
            assert [member.name for member in tar] == ["manifest.json", "database"]


class KeysTests:
    def test_a_key_that_only_a_hash_is_under_is_needed_too(self, settings):
        """Without it no bot could prove itself by its secret in the restored database."""
        settings.FIELD_ENCRYPTION_KEYS = [OLDER, *settings.FIELD_ENCRYPTION_KEYS]
        older = key_ring().newest_key_id
        add_client_secret(bot=save_bot(bot=Bot(name="ingestion-bot"), grants=None, by=BY), by=BY)
        settings.FIELD_ENCRYPTION_KEYS = [NEWEST, *settings.FIELD_ENCRYPTION_KEYS]
        with pytest.raises(CommandError, match="have to stay"):
            call_command("reencrypt")
        assert Credential.objects.get().secret_hash.startswith(older)
        assert keys_in_use() == {key_ring().newest_key_id, older}

    def test_a_key_that_only_something_encrypted_is_under_is_needed_too(self, settings):
        old = key_ring().newest_key_id
        settings.FIELD_ENCRYPTION_KEYS = [NEWEST, *settings.FIELD_ENCRYPTION_KEYS]
        add_client_secret(bot=save_bot(bot=Bot(name="ingestion-bot"), grants=None, by=BY), by=BY)
        assert keys_in_use() == {key_ring().newest_key_id, old}


@pytest.fixture
def life(client):
    """Tokens of bots and audiences in every state, keys in every state, and people in their browsers."""
    audiences = [
        save_audience(
            audience=Audience(identifier=f"https://{n}.example", name=n, max_token_lifetime=None), by=BY
        )
        for n in ("a", "b")
    ]
    tokens = []
    for name in ("one", "two"):
        bot = save_bot(bot=Bot(name=name), grants=[GrantSpec(each, []) for each in audiences], by=BY)
        tokens += [
            issue_token(bot=bot, audience=each, scopes=None, lifetime=None, by=BY)[1] for each in audiences
        ]
    rotate_signing_key(alg="ES256", by=BY)
    disable_bot(bot=Bot.objects.get(name="two"), by=BY)
    disable_audience(audience=audiences[1], by=BY)
    corp, alice = provider(), person("alice")
    come_in(client, alice, corp)
    session_of(person("mallory"), corp)
    return tokens


class EndedTests:
    def test_every_token_is_revoked_whatever_state_its_bot_and_audience_are_in(self, life):
        assert end_everything_before_now(by=BY).tokens == len(life)
        Bot.objects.update(disabled_at=None)
        Audience.objects.update(disabled_at=None)
        assert not TokenRecord.objects.filter(revocation=None).exists()
        assert not any(find_live_record(token) for token in life)

    def test_every_key_is_out_and_none_of_them_came_to_sign_meanwhile(self, life):
        before = dict(SigningKey.objects.values_list("kid", "signing_from"))
        end_everything_before_now(by=BY)
        old = SigningKey.objects.filter(kid__in=before)
        assert not old.filter(compromised_at=None).exists()
        assert dict(old.values_list("kid", "signing_from")) == before
        new = SigningKey.objects.exclude(kid__in=before).filter(alg="ES256")
        assert new.filter(compromised_at=None).count() == new.count() == 1 + KEYS_AHEAD
        assert not {key["kid"] for key in published()} & before.keys()

    def test_nobody_is_signed_in_any_more_with_any_browser(self, life, client):
        assert client.get("/account").status_code == 200
        assert Session.objects.exists()
        assert end_everything_before_now(by=BY).sessions == 2
        assert not Session.objects.exists()
        assert client.get("/account").status_code == 302

    def test_a_failure_in_the_middle_ends_nothing(self, life):
        keys = list(SigningKey.objects.order_by("pk").values())
        with event_refused("everything_before_restore_ended"), pytest.raises(OperationalError):
            end_everything_before_now(by=BY)
        assert list(SigningKey.objects.order_by("pk").values()) == keys
        assert not TokenRecord.objects.exclude(revocation=None).exists()
        assert Session.objects.exists()
        assert not Event.objects.filter(action="signing_key_compromised").exists()

    def test_what_was_over_before_stays_as_it_was(self, life):
        gone = SigningKey.objects.exclude(retired_at=None).get()
        SigningKey.objects.filter(pk=gone.pk).update(verify_until=timezone.now())
        end_everything_before_now(by=BY)
        assert SigningKey.objects.get(pk=gone.pk).compromised_at is None


def published():
    return Client().get("/.well-known/jwks.json").json()["keys"]
