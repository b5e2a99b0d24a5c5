"""The scripts that people run: without a complaint of shellcheck, and with what they promise of secrets."""

import base64
import stat

import pytest

from tests.deploy.names import DEPLOY
from tests.deploy.tools import run, tool


def scripts():
    return sorted(
        path
        for path in DEPLOY.rglob("*")
        if path.is_file() and path.read_bytes().startswith((b"#!/bin/sh", b"#!/bin/bash"))
    )


@pytest.mark.parametrize("script", scripts(), ids=lambda path: path.name)
def test_shellcheck_has_nothing_to_say(script):
    run(tool("shellcheck", package="shellcheck"), "--severity=style", str(script))


def test_there_are_all_of_them():
    assert {path.name for path in scripts()} == {
        "entrypoint",
        "install",
        "new-secrets",
        "sso-console",
        "uninstall",
    }
    assert all(path.stat().st_mode & stat.S_IXUSR for path in scripts())


class NewSecretsTests:
    @pytest.fixture
    def folder(self, tmp_path):
        run(str(DEPLOY / "new-secrets"), str(tmp_path / "secrets"), "db.example")
        return tmp_path / "secrets"

    def test_they_are_long_and_of_the_right_form(self, folder):
        assert len((folder / "secret_key").read_text()) >= 50
        key = (folder / "field_encryption_keys").read_text()
        assert len(base64.urlsafe_b64decode(key + "=")) == 32
        password = (folder / "postgres_password").read_text()
        assert (
            folder / "database_url"
        ).read_text() == f"postgres://console:{password}@db.example:5432/console"

    def test_the_folder_is_closed_to_everybody_else(self, folder):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    def test_what_is_there_is_never_touched(self, folder):
        before = {path.name: path.read_text() for path in folder.iterdir()}
        run(str(DEPLOY / "new-secrets"), str(folder))
        assert {path.name: path.read_text() for path in folder.iterdir()} == before

    def test_no_two_folders_have_the_same(self, folder, tmp_path):
        run(str(DEPLOY / "new-secrets"), str(tmp_path / "other"))
        for path in folder.iterdir():
            assert path.read_text() != (tmp_path / "other" / path.name).read_text()

    def test_it_says_none_of_them(self, tmp_path):
        said = run(str(DEPLOY / "new-secrets"), str(tmp_path / "quiet"))
        assert not any(path.read_text() in said for path in (tmp_path / "quiet").iterdir())
