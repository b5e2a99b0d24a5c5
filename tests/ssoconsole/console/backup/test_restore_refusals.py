"""What is not restored, with the database as it was."""

import io
import json
import sqlite3
import subprocess
import tarfile
from dataclasses import asdict, replace
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from ssoconsole.console.backup import postgresql, services, sqlite
from ssoconsole.console.backup.archive import (
    BackupRefused,
    Manifest,
    RestoreRefused,
    end_everything_before_now,
    sha256_of,
    write_archive,
)
from ssoconsole.console.backup.services import is_in_use, keys_in_use, make_backup, restore_backup
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.actors import Actor
from ssoconsole.platform.encryption.keyring import key_ring
from ssoconsole.platform.encryption.reencrypt import encrypted_fields
from ssoconsole.platform.eventlog.models import Event
from ssoconsole.platform.runs.models import LastRun
from tests.ssoconsole.pages.pages_cast import person, provider, session_of
from tokens.models import Bot, Credential, SigningKey

pytestmark = pytest.mark.django_db
BY = Actor.command("backup")


@pytest.fixture
def dump(tmp_path):
    path = tmp_path / "database"
    path.write_bytes(b"not a database" * 100)
    return path


@pytest.fixture
def manifest(dump):
    return Manifest(
        version="0.1.0",
        made_at="2026-01-01T00:00:00+00:00",
        engine=connection.vendor,
        migrations=[],
        encryption_keys=[],
        sha256=sha256_of(dump),
    )


def archive(tmp_path, *members):
    path = tmp_path / "backup"
    with tarfile.open(path, "w") as tar:
        for name, body in members:
            info = tarfile.TarInfo(name)
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
    return path


def refusal_of(path):
    before = User.objects.count()
    with pytest.raises(RestoreRefused) as refused:
        restore_backup(path=path, force=True)
    assert User.objects.count() == before
    return refused.value.message


class UnfitTests:
    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"engine": "oracle"}, "oracle"),
            ({"migrations": [["tokens", "0999_what_only_a_newer_release_knows"]]}, "newer than this code"),
            ({"encryption_keys": ["00000000"]}, "00000000"),
            ({"sha256": "0" * 64}, "damaged"),
            ({"format": 2}, "format 2"),
        ],
    )
    def test_a_backup_that_does_not_fit(self, tmp_path, dump, manifest, changes, says):
        path = tmp_path / "backup"
        write_archive(path, manifest=replace(manifest, **changes), database=dump)
        assert says in refusal_of(path)

    def test_what_is_no_backup(self, tmp_path, manifest):
        body = json.dumps(asdict(manifest)).encode()
        assert "cannot be read" in refusal_of(tmp_path / "missing")
        (tmp_path / "text").write_text("x" * 2000)
        assert "cannot be read" in refusal_of(tmp_path / "text")
        assert "no manifest.json" in refusal_of(archive(tmp_path, ("x", b"")))
        assert "no database" in refusal_of(archive(tmp_path, ("manifest.json", body)))
        for broken in (b"{", b"[]", b'{"format": 1}', body.replace(b"2026-01-01", b"yesterday")):
            assert "malformed" in refusal_of(archive(tmp_path, ("manifest.json", broken)))

    def test_a_database_in_use_is_not_replaced_without_force(self, tmp_path, dump, manifest):
        person("alice")
        path = tmp_path / "backup"
        write_archive(path, manifest=manifest, database=dump)
        with pytest.raises(CommandError, match="--force"):
            call_command("restore", path)

    def test_one_that_has_only_been_migrated_is_not_in_use(self):
        assert not is_in_use()

    @pytest.mark.parametrize("what", ["a user", "a provider", "a bot"])
    def test_one_with_a_single_row_of_somebodys_is_in_use(self, what):
        make = {
            "a user": lambda: person("alice"),
            "a provider": provider,
            "a bot": lambda: Bot(name="b").save(),
        }
        make[what]()
        assert is_in_use()

    def test_somebody_elses_database_is_in_use(self, monkeypatch):
        monkeypatch.setattr(MigrationRecorder.Migration._meta, "db_table", "not_there")
        assert is_in_use()


class SqliteTests:
    def test_a_copy_that_is_no_database_is_refused(self, dump):
        with pytest.raises(RestoreRefused, match="SQLite refuses"):
            sqlite.load(dump)

    def test_a_damaged_one_is_refused(self, tmp_path, monkeypatch):
        sqlite3.connect(tmp_path / "copy").close()
        monkeypatch.setattr(sqlite, "integrity_of", lambda database: "row 7 missing")
        with pytest.raises(RestoreRefused, match="row 7"):
            sqlite.load(tmp_path / "copy")

    @pytest.mark.django_db(transaction=True)
    def test_a_damaged_database_is_not_backed_up(self, tmp_path, monkeypatch):
        monkeypatch.setattr(sqlite, "integrity_of", lambda database: "row 7 missing")
        if connection.vendor == "sqlite":
            with pytest.raises(BackupRefused, match="row 7"):
                make_backup(out=tmp_path / "backup", by=BY)
        assert list(tmp_path.iterdir()) == []

    def test_one_that_another_keeps_to_itself_is_not_waited_for_for_ever(self, tmp_path, monkeypatch):
        monkeypatch.setattr(sqlite, "PATIENCE", 0.01)
        if connection.vendor == "sqlite":  # this test's own transaction keeps it
            with pytest.raises(BackupRefused, match="Stop the console"):
                make_backup(out=tmp_path / "backup", by=BY)
        assert list(tmp_path.iterdir()) == []


class PostgresqlTests:
    """How the programs are called; that they do their work is shown on PostgreSQL itself."""

    @pytest.fixture
    def calls(self, monkeypatch):
        made, codes = [], []

        def run(command, *, env=None, **options):
            if "--version" in command:
                return subprocess.CompletedProcess(
                    command, 0, "pg_dump (PostgreSQL) 15.20 (Debian 15.20-1)\n", ""
                )
            raise AssertionError(f"not waited for second by second: {command}")

        def start(command, *, env=None, stdout, stderr):
            made.append((command, env))
            stderr.write("relation is missing")
            code = codes.pop(0) if codes else 0
            return SimpleNamespace(wait=lambda timeout=None: code, kill=lambda: None, returncode=code)

        monkeypatch.setattr(subprocess, "run", run)
        monkeypatch.setattr(subprocess, "Popen", start)
        monkeypatch.setattr("shutil.which", lambda program, path=None: f"/usr/bin/{program}")
        known = {"NAME": "console", "USER": "console", "PASSWORD": "hunter2", "HOST": "db", "PORT": 5433}
        known["OPTIONS"] = {"sslmode": "verify-full", "pool": True}
        monkeypatch.setattr(
            postgresql, "connection", SimpleNamespace(settings_dict=known, pg_version=990_001)
        )
        return made, codes

    def test_the_password_is_no_argument(self, calls, dump):
        postgresql.dump(dump)
        [(command, env)] = calls[0]
        assert not any("hunter2" in argument for argument in command)
        assert "--no-password" in command
        assert {env["PGPASSWORD"], env["PGHOST"], env["PGPORT"], env["PGSSLMODE"]} == {
            *("hunter2", "db", "5433", "verify-full")
        }
        assert "SECRET_KEY" not in env

    def test_a_failure_says_why(self, calls, dump):
        calls[1].append(1)
        with pytest.raises(BackupRefused, match="relation is missing"):
            postgresql.dump(dump)

    def test_one_that_does_not_fit_the_server_is_named_with_what_does(self, calls, dump):
        calls[1].append(1)
        with pytest.raises(
            BackupRefused, match=r"pg_dump is of PostgreSQL 15, and the server of 99: install .* of 99\."
        ):
            postgresql.dump(dump)

    def test_of_several_the_one_of_the_servers_version_is_taken(self, calls, monkeypatch, tmp_path, dump):
        monkeypatch.undo()
        known = SimpleNamespace(settings_dict={"NAME": "console"}, pg_version=990_001)
        monkeypatch.setattr(postgresql, "connection", known)
        monkeypatch.setattr(postgresql, "PROGRAMS", f"{tmp_path}/{{version}}/bin")
        for folder, says in (("98/bin", "old"), ("99/bin", "fits"), ("path", "any")):
            (tmp_path / folder).mkdir(parents=True)
            program = tmp_path / folder / "pg_dump"
            program.write_text(f"#!/bin/sh\necho {says} >>{tmp_path}/called\n")
            program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}/path:/usr/bin:/bin")
        postgresql.dump(dump)
        (tmp_path / "99/bin/pg_dump").unlink()
        postgresql.dump(dump)
        assert (tmp_path / "called").read_text().split() == ["fits", "any"]

    def test_a_missing_program_is_named(self, monkeypatch, dump):
        monkeypatch.setattr("shutil.which", lambda program, path=None: None)
        monkeypatch.setattr(postgresql, "connection", SimpleNamespace(pg_version=990_001))
        with pytest.raises(BackupRefused, match="pg_dump is missing"):
            postgresql.dump(dump)


class WritingTests:
    @pytest.mark.django_db(transaction=True)
    def test_where_a_backup_cannot_be_written_nothing_is_left(self, tmp_path):
        with pytest.raises(CommandError, match="could not be written"):
            call_command("backup", "--out", tmp_path / "no-such-folder" / "backup")
        there = tmp_path / "there"
        there.write_text("precious")
        with pytest.raises(CommandError, match="exists already"):
            call_command("backup", "--out", there)
        assert (there.read_text(), list(tmp_path.iterdir())) == ("precious", [there])

    def test_half_a_file_is_none(self, tmp_path, manifest):
        with pytest.raises(FileNotFoundError):
            write_archive(tmp_path / "backup", manifest=manifest, database=tmp_path / "missing")
        assert not [path for path in tmp_path.iterdir() if path.name.startswith("backup")]


class RestoredTests:
    @pytest.mark.django_db(transaction=True)
    def test_what_was_there_is_there_again_and_its_sessions_are_ended(self, tmp_path, capsys):
        row = session_of(person("alice"), provider())
        call_command("backup", "--out", tmp_path / "backup")
        person("mallory")
        call_command("restore", tmp_path / "backup", "--force")
        assert "counts again" in capsys.readouterr().err
        assert list(User.objects.values_list("username", flat=True)) == ["alice"]
        call_command("restore", tmp_path / "backup", "--force", "--revoke-issued-since-backup")
        row.refresh_from_db()
        assert row.ended_by == "command:restore"
        assert Event.objects.filter(action="console_restored").count() == 1

    @pytest.mark.django_db(transaction=True)
    def test_a_dump_that_cannot_be_read_leaves_everything_as_it_was(self, tmp_path, dump, manifest):
        person("alice")
        path = tmp_path / "backup"
        write_archive(path, manifest=manifest, database=dump)
        with pytest.raises(CommandError, match=r"refuses|failed"):
            call_command("restore", path, "--force")
        assert list(User.objects.values_list("username", flat=True)) == ["alice"]


class RecordTests:
    @pytest.mark.django_db(transaction=True)
    def test_a_backup_is_on_record(self, tmp_path):
        call_command("backup", "--out", tmp_path / "backup")
        assert LastRun.objects.get(what="backup").details["sha256"]
        assert Event.objects.get(action="console_backed_up").actor == "command:backup"

    def test_one_that_cannot_be_recorded_is_one_all_the_same(self, manifest, monkeypatch, caplog):
        monkeypatch.setattr(LastRun._meta, "db_table", "not_there")
        services._remember(manifest, by=BY)
        assert "backup_not_recorded" in caplog.text

    def test_the_keys_are_those_that_something_is_under(self, monkeypatch):
        assert keys_in_use() == {key_ring().newest_key_id}
        monkeypatch.setattr(connection.introspection, "table_names", lambda cursor: [])
        assert keys_in_use() == set()

    def test_a_column_that_is_to_come_needs_none(self, monkeypatch):
        for field in (*encrypted_fields(), Credential._meta.get_field("secret_hash")):
            monkeypatch.setattr(field, "column", "to_come")
        assert keys_in_use() == set()

    def test_a_newer_database_is_not_backed_up_by_this_code(self, tmp_path):
        MigrationRecorder(connection).record_applied("tokens", "0999_later")
        with pytest.raises(CommandError, match="E011"):
            call_command("backup", "--out", tmp_path / "backup")


class SinceTests:
    def test_keys_sessions_and_tokens_end_together(self):
        before = set(SigningKey.objects.values_list("kid", flat=True))
        row = session_of(person("alice"), provider())
        ended = end_everything_before_now(by=BY)
        row.refresh_from_db()
        assert (ended.keys, ended.sessions, ended.tokens) == (len(before), 1, 0)
        assert row.ended_by == "command:backup"
        assert not SigningKey.objects.filter(kid__in=before, compromised_at=None).exists()
        assert SigningKey.objects.signing().filter(alg="ES256").count() == 1
        assert Event.objects.filter(action="everything_before_restore_ended").count() == 1
