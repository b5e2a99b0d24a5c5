"""
Every migration works while the release before still serves: it only adds.

Code that does not know a column never writes it, and Django keeps no default in the database: on the tables that
signing in and tokens write, a column that is added is nullable or has a `db_default`. On others a default will do:
there only an administrator who registers something during the upgrade is asked to try again.
"""

import tomllib
from pathlib import Path

import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader

from ssoconsole.platform.version import VERSION

OURS = ("accounts", "eventlog", "operation", "providers", "tokens")
# What a release may take away of what the one before has not used any more; (app, migration): why.
ALLOWED: dict[tuple[str, str], str] = {}
WRITTEN_WHILE_SERVING = {
    "accounts": {"user"},
    "eventlog": {"event"},
    "providers": {"consolesession", "identity", "signinattempt", "discoveryversion", "spentlogouttoken"},
    "tokens": {"tokenrecord", "spentassertion", "remotekeys", "repeatablerequest", "signingkey"},
}
TAKES_AWAY = (
    migrations.DeleteModel,
    migrations.RemoveField,
    migrations.RenameField,
    migrations.RenameModel,
    migrations.AlterModelTable,
    migrations.AlterUniqueTogether,
)


def objections(app, operations, before=None):
    """What the release before could not live with, a sentence each; `before(model, field)` is a field until then."""
    made = {operation.name_lower for operation in operations if isinstance(operation, migrations.CreateModel)}
    for operation in operations:
        if isinstance(operation, TAKES_AWAY):
            yield f"{type(operation).__name__} takes away what is in use"
        if isinstance(operation, migrations.AddField) and operation.model_name_lower not in made:
            yield from objections_to_column(app, operation)
        if isinstance(operation, migrations.AlterField) and operation.model_name_lower not in made:
            yield from objections_to_change(operation, before(operation.model_name_lower, operation.name))


def objections_to_column(app, operation):
    field = operation.field
    if field.null or field.many_to_many or field.has_db_default():
        return
    if not field.has_default():
        yield f"{operation.model_name}.{operation.name} is neither nullable nor has a default"
    elif operation.model_name_lower in WRITTEN_WHILE_SERVING.get(app, ()):
        yield f"{operation.model_name}.{operation.name} is not nullable and has no db_default"


def objections_to_change(operation, before):
    after, name = operation.field, f"{operation.model_name}.{operation.name}"
    if before.get_internal_type() != after.get_internal_type():
        yield f"{name} is of another type"
    if before.null and not after.null:
        yield f"{name} may not be null any more"
    if after.max_length and (before.max_length is None or after.max_length < before.max_length):
        yield f"{name} has less room"


LOADER = MigrationLoader(None)
OUR_MIGRATIONS = sorted(key for key in LOADER.disk_migrations if key[0] in OURS)


@pytest.mark.parametrize(("app", "name"), OUR_MIGRATIONS)
def test_it_only_adds(app, name):
    def before(model, field):
        return LOADER.project_state((app, name), at_end=False).models[app, model].fields[field]

    if (app, name) not in ALLOWED:
        assert list(objections(app, LOADER.disk_migrations[app, name].operations, before)) == []


def test_what_is_allowed_is_there_and_says_why():
    known = MigrationLoader(None).disk_migrations
    assert [key for key, why in ALLOWED.items() if key not in known or not why] == []


def an_owner(model, field):
    return models.CharField(max_length=300, null=True)


@pytest.mark.parametrize(
    "operation",
    [
        migrations.DeleteModel("Bot"),
        migrations.RemoveField("bot", "owner"),
        migrations.RenameField("bot", "owner", "holder"),
        migrations.RenameModel("Bot", "Robot"),
        migrations.AddField("bot", "size", models.IntegerField()),
        migrations.AddField("tokenrecord", "size", models.IntegerField(default=1)),
        migrations.AlterField("bot", "owner", models.CharField(max_length=10, null=True)),
        migrations.AlterField("bot", "owner", models.CharField(max_length=300)),
        migrations.AlterField("bot", "owner", models.TextField(null=True)),
    ],
)
def test_a_planted_operation_is_found(operation):
    assert len(list(objections("tokens", [operation], an_owner))) == 1


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddField("tokenrecord", "size", models.IntegerField(null=True)),
        migrations.AddField("tokenrecord", "size", models.IntegerField(db_default=1)),
        migrations.AddField("bot", "size", models.IntegerField(default=1)),
        migrations.AlterField("bot", "owner", models.CharField(max_length=400, null=True)),
        migrations.CreateModel("Robot", [("name", models.CharField())]),
    ],
)
def test_what_adds_is_not(operation):
    assert list(objections("tokens", [operation], an_owner)) == []


def test_the_version_is_the_same_everywhere():
    text = (Path(__file__).parents[4] / "pyproject.toml").read_text()
    assert tomllib.loads(text)["project"]["version"] == VERSION
