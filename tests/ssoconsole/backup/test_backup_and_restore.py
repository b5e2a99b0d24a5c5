"""A backup is proved by restoring it."""

import json
import os
import secrets
import stat
import tarfile

import psycopg
import pytest

from tests.ssoconsole.backup.conftest import PROVIDER_SECRET, Manage
from tests.tokens.tokens_cast import claims_in


@pytest.fixture
def another_database(database, tmp_path):
    """One more, empty, of the same kind."""
    if not database.startswith("postgres"):
        yield f"sqlite:///{tmp_path / 'another.sqlite3'}"
        return
    server, name = database.rpartition("/")[0], f"another_{secrets.token_hex(6)}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield f"{server}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def manifest_in(path):
    with tarfile.open(path) as tar:
        return json.load(tar.extractfile("manifest.json"))


def test_the_whole_story(manage, another_database, tmp_path):
    kept, revoked_since = manage.token(), manage.token()
    backup = tmp_path / "console.backup"

    said = manage("backup", "--out", backup)
    manifest = manifest_in(backup)
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert manifest["sha256"] in said
    assert len(manifest["encryption_keys"]) == 1
    assert manage.environment["FIELD_ENCRYPTION_KEYS"].encode() not in backup.read_bytes()
    assert PROVIDER_SECRET.encode() not in backup.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir() if "backup" in path.name) == ["console.backup"]

    manage("revoke_token", claims_in(revoked_since)["jti"])
    issued_since = manage.token()
    assert [manage.counts(token) for token in (kept, revoked_since, issued_since)] == [True, False, True]

    refused = manage.run("restore", backup)
    assert (refused.returncode, "--force" in refused.stderr) == (1, True)
    assert manage.counts(issued_since)

    # As it was: with what was revoked since, and that is said.
    restored = manage.run("restore", backup, "--force")
    assert restored.returncode == 0, restored.stderr
    assert "--revoke-issued-since-backup" in restored.stderr
    assert [manage.counts(token) for token in (kept, revoked_since, issued_since)] == [True, True, False]

    # Nothing from before counts, and the console works.
    ended = manage("restore", backup, "--force", "--revoke-issued-since-backup")
    assert "revoked: 2 tokens" in ended
    fresh = manage.token()
    assert [manage.counts(token) for token in (kept, revoked_since, issued_since, fresh)] == [
        *(False, False, False, True)
    ]
    assert "corp" in manage("export")

    # Elsewhere: an empty database, with no force; and with another key, not at all.
    elsewhere = Manage(another_database)
    locked_out = Manage(another_database, FIELD_ENCRYPTION_KEYS=secrets.token_urlsafe(32))
    refused = locked_out.run("restore", backup)
    assert manifest["encryption_keys"][0] in refused.stderr
    assert refused.returncode == 1
    elsewhere("restore", backup)
    assert elsewhere.counts(kept)
    assert "Nothing" not in elsewhere("migrate", "--check")


def test_nothing_is_left_when_a_backup_cannot_be_written(manage, tmp_path):
    nowhere = manage.run("backup", "--out", tmp_path / "no-such-folder" / "x")
    assert (nowhere.returncode, "could not be written" in nowhere.stderr) == (1, True)
    there = tmp_path / "there"
    there.write_text("precious")
    assert manage.run("backup", "--out", there).returncode == 1
    assert there.read_text() == "precious"
    assert not os.access(tmp_path / "there.partial", os.F_OK)
