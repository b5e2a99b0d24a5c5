"""
The version of what tokens are issued and judged by, and the triggers that change it.

On PostgreSQL they wait for the commit: all transactions that change something meet at this row, and one that had it
early could wait for what another one holds, while that one waits for it. What refers to a row waits at the commit as
well, for whoever has locked its key: so the services lock rows without their keys. A transaction changes it once: of
a row that is changed a hundred thousand times in one, each change would look through all before it. By the number in
the row alone it could be missed: a row that was restored has it from another cluster.
"""

import uuid

from django.db import migrations, models

# Model to columns whose change changes nothing.
TABLES = {
    ("tokens", "Bot"): (),
    ("tokens", "Credential"): ("last_used_at", "last_used_from"),
    ("tokens", "Grant"): (),
    ("tokens", "Audience"): (),
    ("tokens", "SigningKey"): (),
}
# Of a person it only matters who is disabled.
OF_PEOPLE = ("username", "is_active")

POSTGRESQL = """
CREATE FUNCTION registry_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'INSERT INTO %I.tokens_registryversion AS found (id, version, changed_in)
            VALUES (1, gen_random_uuid(), pg_current_xact_id()::text::bigint)
            ON CONFLICT (id) DO UPDATE SET version = excluded.version, changed_in = excluded.changed_in
            WHERE found.changed_in <> excluded.changed_in OR found.xmin <> pg_current_xact_id()::xid',
        TG_TABLE_SCHEMA
    );
    RETURN NULL;
END $$;
"""
ON_POSTGRESQL = """
CREATE CONSTRAINT TRIGGER registry_changed AFTER INSERT OR DELETE OR UPDATE OF {columns} ON {table}
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION registry_changed();
CREATE TRIGGER registry_emptied AFTER TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION registry_changed();
"""
ON_SQLITE = """
CREATE TRIGGER registry_changed_{place} AFTER {event} ON {table}
BEGIN
    DELETE FROM tokens_registryversion;
    INSERT INTO tokens_registryversion (id, version, changed_in) VALUES (1, lower(hex(randomblob(16))), 0);
END;
"""


def watched(apps):
    for (app, name), harmless in TABLES.items():
        meta = apps.get_model(app, name)._meta
        yield meta.db_table, [field.column for field in meta.concrete_fields if field.column not in harmless]
    yield apps.get_model("accounts", "User")._meta.db_table, OF_PEOPLE


def create(apps, schema_editor):
    postgresql = schema_editor.connection.vendor == "postgresql"
    if postgresql:
        schema_editor.execute(POSTGRESQL, params=None)  # its % stands for itself
    for table, columns in watched(apps):
        listed = ", ".join(map(schema_editor.quote_name, columns))
        if postgresql:
            schema_editor.execute(ON_POSTGRESQL.format(columns=listed, table=table))
            continue
        for event in ("INSERT", "DELETE", f"UPDATE OF {listed}"):
            place = f"{table}_{event.split()[0].lower()}"
            schema_editor.execute(ON_SQLITE.format(place=place, event=event, table=table))
    apps.get_model("tokens", "RegistryVersion").objects.create(version=uuid.uuid4())


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION registry_changed() CASCADE")
        return
    for table, _ in watched(apps):
        for event in ("insert", "delete", "update"):
            schema_editor.execute(f"DROP TRIGGER registry_changed_{table}_{event}")


class Migration(migrations.Migration):
    dependencies = [("tokens", "0001_initial"), ("accounts", "__first__")]
    operations = [
        migrations.CreateModel(
            "RegistryVersion",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("version", models.UUIDField()),
                ("changed_in", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.RunPython(create, drop),
    ]
