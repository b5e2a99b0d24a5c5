"""Code and database that do not fit together are kept apart, and it is said what to run."""

from types import SimpleNamespace

import pytest
from django.core.management import BaseCommand, CommandError, call_command, get_commands
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test.utils import CaptureQueriesContext

from ssoconsole import startup
from ssoconsole.console.upgrade import schema
from ssoconsole.console.upgrade.commands import ConsoleUtility, uses_database
from ssoconsole.first_run.__main__ import prepare_database
from ssoconsole.management.commands import backup
from ssoconsole.platform.runs.models import LastRun
from ssoconsole.platform.runs.services import note_migration
from ssoconsole.platform.version import VERSION

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _development(settings):
    """So that nothing else keeps a process from starting."""
    settings.DEBUG = True


def a_newer_release_has_migrated():
    MigrationRecorder(connection).record_applied("tokens", "0999_what_only_a_newer_release_knows")
    LastRun.objects.update_or_create(what="migrate", defaults={"version": "9.9.9"})


def an_application_is_unknown():
    MigrationRecorder(connection).record_applied("saml", "0001_initial")


def a_migration_is_missing():
    MigrationRecorder(connection).record_unapplied("tokens", "0001_initial")


def nothing_was_ever_migrated():
    MigrationRecorder.Migration.objects.all().delete()


MISFITS = {
    "a newer release has migrated": (a_newer_release_has_migrated, "ssoconsole.E011", "newer version"),
    "an application is unknown": (an_application_is_unknown, "ssoconsole.E011", "newer version"),
    "a migration is missing": (a_migration_is_missing, "ssoconsole.E012", "manage.py migrate"),
    "nothing was ever migrated": (nothing_was_ever_migrated, "ssoconsole.E012", "manage.py migrate"),
}


@pytest.mark.parametrize("misfit", MISFITS)
class MisfitTests:
    def test_no_process_serves(self, misfit, capsys):
        plant, code, remedy = MISFITS[misfit]
        plant()
        with pytest.raises(SystemExit) as exit_, CaptureQueriesContext(connection) as queries:
            startup.refuse_unsafe_start()
        assert exit_.value.code == 1
        said = capsys.readouterr().err
        assert code in said
        assert remedy in said
        assert [query["sql"] for query in queries if "SELECT" not in query["sql"][:40]] == []

    def test_no_command_runs(self, misfit, capsys):
        plant, code, _ = MISFITS[misfit]
        plant()
        with pytest.raises(SystemExit) as exit_:
            ConsoleUtility(["manage.py", "cleanup"]).execute()
        assert exit_.value.code == 1
        assert code in capsys.readouterr().err
        assert not LastRun.objects.filter(what="cleanup").exists()

    def test_what_mends_it_runs_all_the_same(self, misfit, capsys):
        MISFITS[misfit][0]()
        for command in ("migrate", "check", "backup", "restore", "showmigrations"):
            assert isinstance(ConsoleUtility(["manage.py", command]).fetch_command(command), BaseCommand)

    def test_a_backup_is_made_before_an_upgrade_and_by_no_older_code(self, misfit, monkeypatch, tmp_path):
        plant, code, _ = MISFITS[misfit]
        plant()
        made = SimpleNamespace(sha256="x", encryption_keys=[])
        monkeypatch.setattr(backup, "make_backup", lambda **asked: made)
        out = str(tmp_path / "backup")
        if code == "ssoconsole.E012":
            call_command("backup", out=out)
            return
        with pytest.raises(CommandError, match=code):
            call_command("backup", out=out)

    def test_make_run_serves_none_that_is_newer(self, misfit, monkeypatch):
        plant, code, _ = MISFITS[misfit]
        plant()
        migrated = []
        monkeypatch.setattr("django.setup", lambda: None)
        monkeypatch.setattr(
            "django.core.management.call_command", lambda *words, **options: migrated.append(words)
        )
        if code == "ssoconsole.E011":
            with pytest.raises(SystemExit, match=r"ssoconsole\.E011"):
                prepare_database()
        else:
            prepare_database()
        assert migrated == ([] if code == "ssoconsole.E011" else [("migrate",)])

    def test_help_is_given(self, misfit, capsys):
        MISFITS[misfit][0]()
        with pytest.raises(SystemExit) as exit_:
            ConsoleUtility(["manage.py", "cleanup", "--help"]).execute()
        assert exit_.value.code == 0


class FitTests:
    def test_the_database_of_this_code_is_no_problem(self):
        assert schema.problem() is None

    def test_it_costs_one_query(self):
        with CaptureQueriesContext(connection) as queries:
            schema.problem()
        assert len(queries) <= 2  # one is whether the table is there

    def test_a_command_is_let_through(self):
        assert isinstance(ConsoleUtility(["manage.py", "cleanup"]).fetch_command("cleanup"), BaseCommand)

    def test_who_goes_back_by_one_version_says_so(self, settings):
        a_newer_release_has_migrated()
        settings.ALLOW_NEWER_DATABASE = True
        assert schema.problem() is None
        a_migration_is_missing()
        assert schema.problem().id == "ssoconsole.E012"

    def test_a_database_that_is_away_is_left_to_the_probe(self, monkeypatch):
        def refuse(*args, **kwargs):
            raise OperationalError("away")

        monkeypatch.setattr(MigrationRecorder, "applied_migrations", refuse)
        assert schema.problem() is None

    def test_every_command_of_the_consoles_own_is_guarded_but_those_that_mend(self):
        own = {
            name
            for name, app in get_commands().items()
            if app.split(".")[0] in ("ssoconsole", "providers", "tokens")
        }
        assert {name for name in own if not uses_database(name)} == {"backup", "restore"}


# Of the libraries, named one by one: each reads or writes the console's tables.
OF_THE_LIBRARIES = ["changepassword", "clearsessions", "createsuperuser", "dumpdata", "flush", "loaddata"]


@pytest.mark.parametrize("misfit", MISFITS)
def test_no_command_of_a_library_touches_a_database_that_does_not_fit(misfit, capsys):
    plant, code, _ = MISFITS[misfit]
    plant()
    for command in OF_THE_LIBRARIES:
        with pytest.raises(SystemExit):
            ConsoleUtility(["manage.py", command]).fetch_command(command)
        assert code in capsys.readouterr().err, command


def test_every_single_migration_is_missed():
    """Of each application that has tables, the last one alone is enough."""
    applied = MigrationRecorder(connection).applied_migrations()
    last = {app: max(name for other, name in applied if other == app) for app, _ in applied}
    assert {"tokens", "providers", "accounts", "eventlog", "operation", "sessions", "axes"} <= last.keys()
    for app, name in last.items():
        MigrationRecorder(connection).record_unapplied(app, name)
        found = schema.problem()
        assert (found.id, f"{app}.{name}" in found.msg) == ("ssoconsole.E012", True)
        MigrationRecorder(connection).record_applied(app, name)
    assert schema.problem() is None


class RecordTests:
    def test_the_version_that_migrated_is_on_record(self):
        call_command("migrate", verbosity=0)
        assert LastRun.objects.get(what="migrate").version == VERSION

    def test_the_refusal_names_it(self, capsys):
        a_newer_release_has_migrated()
        assert "last migrated by version 9.9.9" in schema.problem().msg

    def test_without_a_record_nothing_is_claimed(self):
        LastRun.objects.all().delete()
        assert schema.last_migrated_by() == ""

    def test_nothing_is_written_where_there_is_no_table(self, monkeypatch):
        LastRun.objects.all().delete()
        monkeypatch.setattr(LastRun._meta, "db_table", "not_there")
        note_migration()
        monkeypatch.undo()
        assert not LastRun.objects.exists()
