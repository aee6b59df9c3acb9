"""Let a new profile begin with the grid. Rows that are there keep their view."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tasks', '0024_api_creates'),
    ]

    operations = [
        migrations.AlterField(
            model_name='profile',
            name='view',
            field=models.CharField(choices=[('grid', 'Grid'), ('list', 'List')], default='grid', max_length=4, verbose_name='view'),
        ),
    ]
