"""Which projects may use a credential; what its last test found; how it fared, by the minute."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '__first__'),
        ('tasks', '0010_audit'),
    ]

    operations = [
        migrations.AddField(
            model_name='credential',
            name='open_to_all',
            field=models.BooleanField(default=True, help_text='Otherwise only the projects chosen below.', verbose_name='every project may use it'),
        ),
        migrations.AddField(
            model_name='credential',
            name='projects',
            field=models.ManyToManyField(blank=True, related_name='credentials', to='tasks.project', verbose_name='projects'),
        ),
        migrations.AddField(
            model_name='credential',
            name='test_asked_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='test asked for'),
        ),
        migrations.AddField(
            model_name='credential',
            name='tested_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='tested'),
        ),
        migrations.AddField(
            model_name='credential',
            name='test_findings',
            field=models.JSONField(default=list, editable=False, verbose_name='findings of the test'),
        ),
        migrations.CreateModel(
            name='HealthMinute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('minute', models.DateTimeField(verbose_name='minute')),
                ('answers', models.PositiveIntegerField(default=0, verbose_name='answers')),
                ('troubles', models.JSONField(default=dict, help_text='number by kind', verbose_name='troubles')),
                ('latencies', models.JSONField(default=dict, verbose_name='latencies')),
                ('credential', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='minutes', to='tasks.credential')),
            ],
            options={
                'verbose_name': 'minute of health',
                'verbose_name_plural': 'minutes of health',
                'constraints': [models.UniqueConstraint(fields=('credential', 'minute'), name='one_row_a_minute')],
            },
        ),
    ]
