
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("providers", "0011_sessions_are_found_by_their_times"),
    ]

    operations = [
        migrations.AddField(
            model_name="provider",
            name="acr_values",
            field=models.JSONField(blank=True, default=list, verbose_name="ACR values"),
        ),
        migrations.AddField(
            model_name="provider",
            name="admin_required_acr",
            field=models.JSONField(blank=True, default=list, verbose_name="required ACR of administrators"),
        ),
        migrations.AddField(
            model_name="provider",
            name="admin_required_amr",
            field=models.JSONField(blank=True, default=list, verbose_name="required AMR of administrators"),
        ),
        migrations.AddField(
            model_name="provider",
            name="required_acr",
            field=models.JSONField(blank=True, default=list, verbose_name="required ACR"),
        ),
        migrations.AddField(
            model_name="provider",
            name="required_amr",
            field=models.JSONField(blank=True, default=list, verbose_name="required AMR"),
        ),
        migrations.AddField(
            model_name="provider",
            name="signout_params",
            field=models.JSONField(blank=True, default=dict, verbose_name="sign-out parameters"),
        ),
        migrations.AddField(
            model_name="provider",
            name="trusted_audiences",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name="provider",
            name="userinfo",
            field=models.CharField(
                choices=[
                    ("always", "always"),
                    ("when_needed", "only for mapped claims that the ID token lacks"),
                    ("never", "never"),
                ],
                default="always",
                help_text="When to ask the userinfo endpoint for claims.",
                max_length=16,
            ),
        ),
    ]
