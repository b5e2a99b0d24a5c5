from django.db import migrations, models

from providers.protocol.takers import takers_of


def let_what_is_stored_belong(apps, schema_editor):
    """To the issuer and the endpoints of each registration as it stands."""
    for provider in apps.get_model("providers", "Provider").objects.defer("client_secret"):
        takers = takers_of(provider.issuer, provider.discovery)
        rows = provider.__class__.objects.filter(pk=provider.pk)
        rows.exclude(client_secret=None).update(client_secret_for=takers)
        provider.client_keys.update(made_for=takers)


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
