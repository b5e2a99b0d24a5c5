"""The scripts that people run: without a complaint of shellcheck, and with what they promise of secrets."""

import base64
import stat
import subprocess

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


class EntrypointTests:
    """Commands by the clock, in a container that has no other one: the entry point with a clock that a test sets."""

    @pytest.fixture
    def times(self, tmp_path):
        """Run a schedule at each of these times, with what the command answers each time; return how often it ran."""

        def run_at(schedule, times, answers=()):
            programs = tmp_path / "bin"
            programs.mkdir()
            (tmp_path / "times").write_text("".join(f"{each}\n" for each in times))
            (tmp_path / "answers").write_text("".join(f"{each}\n" for each in answers))
            next_line = 'line=$(head -n 1 "$f"); sed -i 1d "$f"'
            for name, text in {
                "date": f'f={tmp_path}/times; {next_line}; [ -n "$line" ] || kill $PPID; echo "$line"',
                "sleep": "exit 0",
                "python": f'echo "$*" >>{tmp_path}/ran; f={tmp_path}/answers; {next_line}; exit "${{line:-0}}"',
            }.items():
                (programs / name).write_text(f"#!/bin/sh\n{text}\n")
                (programs / name).chmod(0o755)
            entrypoint = DEPLOY / "docker" / "entrypoint"
            environment = {"PATH": f"{programs}:/usr/bin:/bin"}
            done = subprocess.run(
                [str(entrypoint), *schedule], env=environment, capture_output=True, text=True, timeout=60
            )
            ran = tmp_path / "ran"
            return (ran.read_text().splitlines() if ran.exists() else []), done.stderr

        return run_at

    def test_daily_is_once_a_day(self, times):
        clock = [
            "2026-03 01 00",
            "2026-03 01 01",
            "2026-03 01 01",
            "2026-03 01 02",
            "2026-03 02 01",
            "2026-03 02 03",
        ]
        ran, said = times(["daily", "backup", "--keep", "3"], clock)
        assert ran == ["manage.py backup --keep 3"] * 2
        assert said == ""

    def test_monthly_is_once_a_month(self, times):
        clock = ["2026-03 01 01", "2026-03 01 03", "2026-03 01 03", "2026-03 02 03", "2026-04 01 03"]
        ran, _ = times(["monthly", "rotate_signing_key"], clock)
        assert ran == ["manage.py rotate_signing_key"] * 2

    def test_what_failed_is_tried_again_within_the_hour(self, times):
        ran, said = times(["daily", "backup"], ["2026-03 01 01"] * 4, answers=[1, 1])
        assert len(ran) == 3
        assert said.count("failed, and tried again") == 2


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
