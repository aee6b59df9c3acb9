"""Every minute, start a sweep: ends at once where one works, and is the last restart where none does."""

from django.db import migrations

NAME = "sweep"


def make(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.get_or_create(
        name=NAME, defaults={"func": "tasks.jobs.sweep", "schedule_type": "I", "minutes": 1}
    )


def drop(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("tasks", "0003_search_index"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]

    operations = [migrations.RunPython(make, drop)]
