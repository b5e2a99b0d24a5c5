"""Backups by a timer: a new one each time, so many kept, and what a failure leaves behind."""

import os
import time

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from ssoconsole.console.checklist.services import go_through
from ssoconsole.platform.accounts.models import User
from ssoconsole.platform.runs.models import LastFailure, LastRun
from tests.ssoconsole.pages.pages_cast import person

pytestmark = pytest.mark.django_db(transaction=True)


def backup(folder, day, *options):
    with time_machine.travel(f"2026-03-{day:02}T02:00:00Z", tick=False):
        call_command("backup", "--folder", folder, *options)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def status():
    return next(each.status for each in go_through(at=timezone.now()) if each.item.code == "backup_seen")


def test_the_newest_are_kept_and_nothing_else_is_touched(tmp_path, capsys):
    other = {"console-before-upgrade.backup", "console-20260101T000000Z.backup.old", "notes"}
    for name in other:
        (tmp_path / name).write_text("precious")
    for day in range(1, 6):
        backup(tmp_path, day, "--keep", "2")
    made = ["console-20260304T020000Z.backup", "console-20260305T020000Z.backup"]
    assert names(tmp_path) == sorted([*other, *made])
    assert str(tmp_path / made[-1]) in capsys.readouterr().out


@pytest.mark.parametrize("keep", [1, 2, 3])
def test_the_one_just_made_stays_after_a_clock_was_ahead(tmp_path, keep):
    for day in (28, 29, 30):
        backup(tmp_path, day)
    backup(tmp_path, 1, "--keep", str(keep))
    later = [f"console-202603{day}T020000Z.backup" for day in (28, 29, 30)]
    assert names(tmp_path) == ["console-20260301T020000Z.backup", *later[4 - keep :]]


def test_one_of_them_puts_everything_back_and_the_checklist_is_content(tmp_path):
    person("alice")
    LastRun.objects.filter(what="backup").delete()
    assert status() == "bad"
    call_command("backup", "--folder", tmp_path)
    assert status() == "good"
    person("mallory")
    [made] = tmp_path.iterdir()
    call_command("restore", made, "--force")
    assert list(User.objects.values_list("username", flat=True)) == ["alice"]
    assert status() == "good"


def test_where_none_can_be_made_the_old_ones_stay_and_it_is_on_record(tmp_path, monkeypatch):
    backup(tmp_path, 1)
    before = names(tmp_path)
    monkeypatch.setattr("ssoconsole.console.backup.services.keys_in_use", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        backup(tmp_path, 2, "--keep", "1")
    assert names(tmp_path) == before
    assert LastFailure.objects.get().what == "backup"


def test_what_killed_runs_have_left_goes_after_a_day(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / ".backup-long-ago").mkdir()
    (tmp_path / "sso-console-restore-of-long-ago").mkdir()
    (tmp_path / ".backup-long-ago" / "database").write_bytes(b"x" * 1000)
    (tmp_path / "console-20260101T000000Z.backup.partial").write_bytes(b"x" * 1000)
    (tmp_path / ".backup-link").symlink_to(elsewhere)
    (tmp_path / ".backup-of-just-now").mkdir()
    for path in tmp_path.iterdir():
        if path.name != ".backup-of-just-now":
            os.utime(path, (time.time() - 90_000,) * 2, follow_symlinks=False)
    call_command("backup", "--folder", tmp_path)
    assert [name for name in names(tmp_path) if not name.endswith("Z.backup")] == [
        ".backup-of-just-now", "elsewhere",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("folder", "options", "said"),
    [
        ("missing", [], "missing is no folder that is there"),
        ("file", [], "file is no folder that is there"),
        (".", ["--keep", "0"], "--keep is one or more"),
        (".", ["--out", "x"], "not allowed with"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path, folder, options, said):
    (tmp_path / "file").write_text("precious")
    with pytest.raises(CommandError, match=said):
        call_command("backup", f"--folder={tmp_path / folder}", *options)
    assert names(tmp_path) == ["file"]
