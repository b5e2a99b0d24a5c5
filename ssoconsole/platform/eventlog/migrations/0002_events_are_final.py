"""A trigger that refuses UPDATE of an event; deleting is left to retention."""

from django.db import migrations

SQLITE = """
CREATE TRIGGER an_event_is_final BEFORE UPDATE ON eventlog_event
BEGIN
    SELECT RAISE(ABORT, 'an event is final');
END;
"""
POSTGRESQL = """
CREATE FUNCTION refuse_event_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an event is final' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER an_event_is_final BEFORE UPDATE ON eventlog_event
    FOR EACH ROW EXECUTE FUNCTION refuse_event_update();
"""


def create(apps, schema_editor):
    schema_editor.execute(POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER an_event_is_final ON eventlog_event")
        schema_editor.execute("DROP FUNCTION refuse_event_update()")
    else:
        schema_editor.execute("DROP TRIGGER an_event_is_final")


class Migration(migrations.Migration):
    dependencies = [("eventlog", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
