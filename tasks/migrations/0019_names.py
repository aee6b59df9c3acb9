"""Names for the machinery's tables in the Django admin."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('tasks', '0018_uploads'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='changecounter',
            options={'verbose_name': 'change counter', 'verbose_name_plural': 'change counters'},
        ),
        migrations.AlterModelOptions(
            name='lease',
            options={'verbose_name': 'lease', 'verbose_name_plural': 'leases'},
        ),
        migrations.AlterModelOptions(
            name='signinlink',
            options={'verbose_name': 'one-time link', 'verbose_name_plural': 'one-time links'},
        ),
        migrations.AlterModelOptions(
            name='storageuse',
            options={'verbose_name': 'storage used', 'verbose_name_plural': 'storage used'},
        ),
    ]
