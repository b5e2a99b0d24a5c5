"""A backup is proved by restoring it."""

import json
import secrets
import stat
import tarfile

import psycopg
import pytest

from tests.ssoconsole.console.backup.conftest import PROVIDER_SECRET
from tests.support.leaks import assert_without


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


def test_the_whole_story(manage, manage_of, another_database, tmp_path):
    (kept, revoked_since), _, _ = manage.life(issue=2)
    backup = tmp_path / "console.backup"

    said = manage("backup", "--out", backup)
    manifest = manifest_in(backup)
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert manifest["sha256"] in said
    assert len(manifest["encryption_keys"]) == 1
    assert_without(backup.read_bytes(), manage.environment["FIELD_ENCRYPTION_KEYS"])
    assert_without(backup.read_bytes(), PROVIDER_SECRET)
    assert sorted(path.name for path in tmp_path.iterdir() if "backup" in path.name) == ["console.backup"]

    (issued_since,), counts, _ = manage.life(issue=1, revoke=[revoked_since], examine=[kept, revoked_since])
    assert counts == [True, False, True]
    tokens = [kept, revoked_since, issued_since]

    refused = manage.run("restore", backup)
    assert (refused.returncode, "--force" in refused.stderr) == (1, True)
    assert manage.life(examine=tokens)[1] == [True, False, True]

    # As it was: with what was revoked since, and that is said.
    restored = manage.run("restore", backup, "--force")
    assert restored.returncode == 0, restored.stderr
    assert "--revoke-issued-since-backup" in restored.stderr
    assert manage.life(examine=tokens)[1] == [True, True, False]

    # Nothing from before counts, and the console works.
    assert "revoked: 2 tokens" in manage("restore", backup, "--force", "--revoke-issued-since-backup")
    _, counts, secret = manage.life(issue=1, examine=tokens)
    assert (counts, secret) == ([False, False, False, True], PROVIDER_SECRET)

    # Elsewhere: an empty database, with no force; and with another key, not at all.
    refused = manage_of(another_database, FIELD_ENCRYPTION_KEYS=secrets.token_urlsafe(32)).run(
        "restore", backup
    )
    assert (refused.returncode, manifest["encryption_keys"][0] in refused.stderr) == (1, True)
    elsewhere = manage_of(another_database)
    elsewhere("restore", backup)
    assert elsewhere.life(examine=tokens)[1:] == ([True, True, False], PROVIDER_SECRET)
