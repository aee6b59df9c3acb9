"""Deleted for thirty days first; found again by a star."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

NAME = "purge"
TRIGGERS = """SELECT name, sql FROM sqlite_master
    WHERE type = 'trigger' AND tbl_name IN ('tasks_task', 'tasks_copy')"""

#: On the way back SQLite makes the two tables anew, and its triggers would be in the way and lost.
aside = []


def put_triggers_aside(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        with schema_editor.connection.cursor() as cursor:
            aside[:] = cursor.execute(TRIGGERS).fetchall()
        for name, _sql in aside:
            schema_editor.execute(f"DROP TRIGGER {name}", None)


def put_triggers_back(apps, schema_editor):
    while aside:
        schema_editor.execute(aside.pop()[1], None)



def schedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.get_or_create(
        name=NAME, defaults={"func": "tasks.jobs.purge", "schedule_type": "D"}
    )


def unschedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '__first__'),
        ('tasks', '0012_reconciliations'),
        ('django_q', '0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more'),
    ]

    operations = [
        migrations.RunPython(migrations.RunPython.noop, put_triggers_back),
        migrations.AddField(
            model_name='copy',
            name='deleted_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='deleted'),
        ),
        migrations.AddField(
            model_name='copy',
            name='deleted_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='deleted by'),
        ),
        migrations.AddField(
            model_name='task',
            name='deleted_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='deleted'),
        ),
        migrations.AddField(
            model_name='task',
            name='deleted_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='deleted by'),
        ),
        migrations.CreateModel(
            name='Star',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='starred')),
                ('task', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='stars', to='tasks.task', verbose_name='task')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='stars', to=settings.AUTH_USER_MODEL, verbose_name='person')),
            ],
            options={
                'verbose_name': 'star',
                'verbose_name_plural': 'stars',
                'constraints': [models.UniqueConstraint(fields=('user', 'task'), name='starred_once')],
            },
        ),
        migrations.AlterField(
            model_name='copy',
            name='state',
            field=models.CharField(choices=[('waiting', 'Waiting to be saved'), ('saving', 'Saving'), ('saved', 'Saved'), ('gone', 'Gone'), ('deleted', 'Deleted')], default='waiting', max_length=8, verbose_name='state'),
        ),
        migrations.RemoveIndex(model_name='task', name='task_status'),
        migrations.AddIndex(
            model_name='task',
            index=models.Index(fields=['status', '-id', 'project', 'provider', 'credential', 'created_by', 'deleted_at'], name='task_status'),
        ),
        migrations.AddIndex(
            model_name='task',
            index=models.Index(condition=models.Q(('deleted_at__isnull', False)), fields=['-deleted_at', '-id'], name='task_trash'),
        ),
        migrations.AddIndex(
            model_name='copy',
            index=models.Index(condition=models.Q(('deleted_at__isnull', False), ('state', 'saved')), fields=['-deleted_at', '-id'], name='copy_trash'),
        ),
        migrations.RunPython(schedule, unschedule),
        migrations.RunPython(migrations.RunPython.noop, put_triggers_aside),
    ]
