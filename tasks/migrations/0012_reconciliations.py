"""Comparing a provider's list with ours."""

import django.db.models.deletion
import tasks.status
from django.conf import settings
from django.db import migrations, models


NAME = "reconcile"


def make(apps, schema_editor):
    """Every hour, see which credential was not compared for a day."""
    apps.get_model("django_q", "Schedule").objects.get_or_create(
        name=NAME, defaults={"func": "tasks.jobs.reconcile", "schedule_type": "I", "minutes": 60}
    )


def drop(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '__first__'),
        ('django_q', '0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more'),
        ('tasks', '0011_credentials_of_projects'),
    ]

    operations = [
        migrations.CreateModel(
            name='Found',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('base_url', models.CharField(max_length=300, verbose_name='base URL')),
                ('remote_id', models.CharField(max_length=128, verbose_name='task id')),
                ('status', models.CharField(choices=[(tasks.status.Status['SUBMITTING'], 'Submitting'), (tasks.status.Status['UNCONFIRMED'], 'Unconfirmed'), (tasks.status.Status['UNKNOWN'], 'Unknown'), (tasks.status.Status['QUEUED'], 'Queued'), (tasks.status.Status['RUNNING'], 'Running'), (tasks.status.Status['SUCCEEDED'], 'Succeeded'), (tasks.status.Status['FAILED'], 'Failed'), (tasks.status.Status['CANCELLED'], 'Cancelled'), (tasks.status.Status['EXPIRED'], 'Expired'), (tasks.status.Status['LOST'], 'Lost')], max_length=12, verbose_name='status')),
                ('model', models.CharField(blank=True, default='', max_length=200, verbose_name='model')),
                ('service_tier', models.CharField(blank=True, default='', max_length=200, verbose_name='service tier')),
                ('remote_created_at', models.DateTimeField(null=True, verbose_name='created there')),
                ('remote_updated_at', models.DateTimeField(null=True, verbose_name='updated there')),
                ('found_at', models.DateTimeField(verbose_name='found')),
                ('seen_at', models.DateTimeField(verbose_name='last listed')),
                ('raw', models.TextField(blank=True, default='', verbose_name='raw answer')),
                ('credential', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='found', to='tasks.credential', verbose_name='credential')),
            ],
            options={
                'verbose_name': 'found task',
                'verbose_name_plural': 'found tasks',
                'ordering': ['-remote_created_at', '-id'],
                'indexes': [models.Index(fields=['credential', 'remote_created_at'], name='found_nearest_end')],
                'constraints': [models.UniqueConstraint(fields=('base_url', 'remote_id'), name='found_once')],
            },
        ),
        migrations.CreateModel(
            name='Reconciliation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('base_url', models.CharField(max_length=300, verbose_name='base URL')),
                ('asked_at', models.DateTimeField(verbose_name='asked')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='ended')),
                ('outcome', models.CharField(choices=[('waiting', 'Waiting for its turn'), ('running', 'Asking'), ('compared', 'Compared'), ('empty', 'The provider lists nothing'), ('failed', 'The list could not be had'), ('cannot', 'This provider has no list')], default='waiting', max_length=10, verbose_name='outcome')),
                ('trouble', models.CharField(blank=True, default='', max_length=20, verbose_name='trouble')),
                ('message', models.CharField(blank=True, default='', max_length=500, verbose_name='last words')),
                ('stage', models.CharField(choices=[('default', 'the list'), ('flex', 'the list of flex tasks'), ('confirm', 'what the list left out'), ('confirm_flex', 'what the list left out, as flex tasks')], default='default', max_length=12, verbose_name='stage')),
                ('place', models.BigIntegerField(default=1, verbose_name='place')),
                ('items', models.PositiveIntegerField(default=0)),
                ('page_digest', models.CharField(blank=True, default='', max_length=32)),
                ('listed', models.PositiveIntegerField(default=0, verbose_name='listed there')),
                ('missing_here', models.PositiveIntegerField(default=0, verbose_name='missing here')),
                ('missing_there', models.PositiveIntegerField(default=0, verbose_name='missing there')),
                ('differing', models.PositiveIntegerField(default=0, verbose_name='differing')),
                ('asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('credential', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reconciliations', to='tasks.credential', verbose_name='credential')),
            ],
            options={
                'verbose_name': 'reconciliation',
                'verbose_name_plural': 'reconciliations',
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['credential', '-id'], name='reconciliation_newest')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('outcome__in', ['waiting', 'running'])), fields=('credential',), name='one_reconciliation_at_a_time')],
            },
        ),
        migrations.CreateModel(
            name='Difference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('met', 'in the list'), ('missing', 'missing there'), ('differs', 'differing')], max_length=7, verbose_name='kind')),
                ('status_there', models.CharField(blank=True, choices=[(tasks.status.Status['SUBMITTING'], 'Submitting'), (tasks.status.Status['UNCONFIRMED'], 'Unconfirmed'), (tasks.status.Status['UNKNOWN'], 'Unknown'), (tasks.status.Status['QUEUED'], 'Queued'), (tasks.status.Status['RUNNING'], 'Running'), (tasks.status.Status['SUCCEEDED'], 'Succeeded'), (tasks.status.Status['FAILED'], 'Failed'), (tasks.status.Status['CANCELLED'], 'Cancelled'), (tasks.status.Status['EXPIRED'], 'Expired'), (tasks.status.Status['LOST'], 'Lost')], default='', max_length=12, verbose_name='status there')),
                ('reconciliation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='differences', to='tasks.reconciliation', verbose_name='reconciliation')),
                ('task', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tasks.task', verbose_name='task')),
            ],
            options={
                'verbose_name': 'difference',
                'verbose_name_plural': 'differences',
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(fields=('reconciliation', 'task'), name='one_difference_each')],
            },
        ),
        migrations.RunPython(make, drop),
    ]
