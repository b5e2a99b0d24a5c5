from django.db import migrations, models

from providers.protocol.claims import takers_of


def let_what_is_stored_belong(apps, schema_editor):
    """To the issuer and the endpoints of each registration as it stands."""
    alias = schema_editor.connection.alias
    providers = apps.get_model("providers", "Provider").objects.using(alias)
    keys = apps.get_model("providers", "ClientKey").objects.using(alias)
    for pk, issuer, discovery in providers.values_list("pk", "issuer", "discovery"):
        takers = takers_of(issuer, discovery)
        providers.filter(pk=pk, client_secret__isnull=False).update(client_secret_for=takers)
        keys.filter(provider_id=pk).update(made_for=takers)


class Migration(migrations.Migration):
    dependencies = [
        ("providers", "0008_client_secrets_end"),
    ]

    operations = [
        migrations.AddField(
            model_name="provider",
            name="client_secret_for",
            field=models.JSONField(default=list, editable=False),
        ),
        migrations.AddField(
            model_name="clientkey",
            name="made_for",
            field=models.JSONField(default=list),
        ),
        migrations.RunPython(let_what_is_stored_belong, migrations.RunPython.noop),
    ]
