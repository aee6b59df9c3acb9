"""Wishes to cancel a task, and what came of them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tasks', '0016_model_names'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Cancellation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('asked_at', models.DateTimeField(verbose_name='asked')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='answered')),
                ('outcome', models.CharField(choices=[('waiting', 'Being asked for'), ('asking', 'On its way'), ('accepted', 'Accepted by the provider'), ('too_late', 'Too late: it was not queued any more'), ('refused', 'Refused by the provider'), ('unknown', 'Nobody knows: the answer was lost')], default='waiting', max_length=8, verbose_name='outcome')),
                ('message', models.CharField(blank=True, default='', max_length=500, verbose_name='last words')),
                ('asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL, verbose_name='asked by')),
                ('task', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='cancellations', to='tasks.task')),
            ],
            options={
                'verbose_name': 'cancellation',
                'verbose_name_plural': 'cancellations',
                'ordering': ['-id'],
            },
        ),
    ]
