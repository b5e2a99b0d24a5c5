import ssoconsole.encryption.field
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('providers', '0004_rehearsals'),
    ]

    operations = [
        migrations.AddField(
            model_name='signinattempt',
            name='claims',
            field=ssoconsole.encryption.field.EncryptedTextField(null=True),
        ),
        migrations.AddIndex(
            model_name='signinattempt',
            index=models.Index(condition=models.Q(('outcome', 'ok'), ('purpose', 'sign_in')), fields=['provider', '-started_at'], name='sign_ins_of_a_provider'),
        ),
    ]
