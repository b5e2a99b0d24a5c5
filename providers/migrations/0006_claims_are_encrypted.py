import ssoconsole.platform.encryption.field
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('providers', '0005_rehearsals'),
    ]

    operations = [
        migrations.AddField(
            model_name='signinattempt',
            name='claims',
            field=ssoconsole.platform.encryption.field.EncryptedTextField(null=True),
        ),
    ]
