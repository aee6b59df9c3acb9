"""Looking for creates whose answers were lost, and the addresses at which providers may call."""

import django.db.models.deletion
from django.db import migrations, models
from django.utils import timezone

OUTCOMES = [
    ('waiting', 'Waiting for its turn'),
    ('running', 'Asking'),
    ('compared', 'Compared'),
    ('empty', 'The provider lists nothing'),
    ('failed', 'The list could not be had'),
    ('cannot', 'This provider has no list'),
]
STATUSES = [
    ('submitting', 'Submitting'),
    ('unconfirmed', 'Unconfirmed'),
    ('unknown', 'Unknown'),
    ('queued', 'Queued'),
    ('running', 'Running'),
    ('succeeded', 'Succeeded'),
    ('failed', 'Failed'),
    ('cancelled', 'Cancelled'),
    ('expired', 'Expired'),
    ('lost', 'Lost'),
]


def look_for_the_lost(apps, schema_editor):
    """Of which nobody has known so far whether they were made."""
    lost = apps.get_model('tasks', 'Submission').objects.filter(state='unconfirmed')
    inquiry, now = apps.get_model('tasks', 'Inquiry'), timezone.now()
    inquiry.objects.bulk_create([inquiry(submission=row, due_at=now) for row in lost])


class Migration(migrations.Migration):

    dependencies = [
        ('tasks', '0022_saved_prompts'),
    ]

    operations = [
        migrations.AddField(
            model_name='reconciliation',
            name='clock_ahead',
            field=models.FloatField(null=True, verbose_name="provider's clock ahead"),
        ),
        migrations.CreateModel(
            name='Inquiry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(null=True, verbose_name='next look')),
                ('looks', models.PositiveIntegerField(default=0, verbose_name='complete looks')),
                ('outcome', models.CharField(blank=True, choices=OUTCOMES, default='', max_length=10, verbose_name='outcome')),
                ('looked_at', models.DateTimeField(null=True, verbose_name='last look')),
                ('trouble', models.CharField(blank=True, default='', max_length=20, verbose_name='trouble')),
                ('message', models.CharField(blank=True, default='', max_length=500, verbose_name='last words')),
                ('submission', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='inquiry', to='tasks.submission', verbose_name='submission')),
            ],
            options={
                'verbose_name': 'inquiry',
                'verbose_name_plural': 'inquiries',
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='inquiry_due')],
            },
        ),
        migrations.CreateModel(
            name='Candidate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('base_url', models.CharField(max_length=300, verbose_name='base URL')),
                ('remote_id', models.CharField(max_length=128, verbose_name='task id')),
                ('status', models.CharField(choices=STATUSES, max_length=12, verbose_name='status')),
                ('created_at', models.DateTimeField(verbose_name='created there, by our clock')),
                ('agreed', models.JSONField(default=list, verbose_name='agrees in')),
                ('inquiry', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='candidates', to='tasks.inquiry', verbose_name='inquiry')),
            ],
            options={
                'verbose_name': 'candidate',
                'verbose_name_plural': 'candidates',
                'ordering': ['id'],
                'indexes': [models.Index(fields=['remote_id'], name='candidate_remote_id')],
                'constraints': [models.UniqueConstraint(fields=('inquiry', 'remote_id'), name='candidate_once')],
            },
        ),
        migrations.CreateModel(
            name='Callback',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('made_at', models.DateTimeField(verbose_name='made')),
                ('called_at', models.DateTimeField(null=True, verbose_name='last called')),
                ('submission', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='callback', to='tasks.submission', verbose_name='submission')),
            ],
            options={
                'verbose_name': 'callback',
                'verbose_name_plural': 'callbacks',
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('called_at__isnull', False)), fields=['called_at'], name='callback_called')],
            },
        ),
        migrations.RunPython(look_for_the_lost, migrations.RunPython.noop),
    ]
