"""When each saved file was last checked, and what was wrong with it; and a daily job that tidies up.

The columns may be empty, so that SQLite adds them without making the table anew: it would lose the
triggers that add the storage's use up.
"""

from django.db import migrations, models

DAMAGES = [
    ("suspected", "Being checked"),
    ("missing", "Missing from the storage"),
    ("changed", "Changed in the storage"),
]


def take_over(apps, schema_editor):
    """A file was checked when it was saved, and one that a restore missed is known as missing."""
    copies = apps.get_model("tasks", "Copy").objects
    copies.filter(state="saved").update(checked_at=models.F("saved_at"))
    lost = copies.filter(state__in=("waiting", "saving", "gone"), trouble="missing")
    lost.exclude(name="").update(damage="missing", damaged_at=models.F("created_at"))


def create_schedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.get_or_create(
        name="tidy", defaults={"func": "tasks.jobs.tidy", "schedule_type": "D"}
    )


def remove_schedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(name="tidy").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("tasks", "0008_viewers_see_details"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]

    operations = [
        migrations.AddField(
            "copy",
            "checked_at",
            models.DateTimeField(editable=False, null=True, verbose_name="file last checked"),
        ),
        migrations.AddField(
            "copy",
            "damage",
            models.CharField(
                blank=True,
                choices=DAMAGES,
                editable=False,
                max_length=9,
                null=True,
                verbose_name="damage",
            ),
        ),
        migrations.AddField(
            "copy",
            "damaged_at",
            models.DateTimeField(editable=False, null=True, verbose_name="damage noticed"),
        ),
        migrations.AddField(
            "copy",
            "storage_etag",
            models.CharField(blank=True, editable=False, max_length=200, null=True),
        ),
        migrations.AddIndex(
            "copy",
            models.Index(
                fields=["checked_at", "id"],
                name="copy_checks",
                condition=models.Q(deleted_at__isnull=True, state="saved"),
            ),
        ),
        migrations.AddIndex(
            "copy",
            models.Index(
                fields=["-id"], name="copy_damage", condition=models.Q(damage__isnull=False)
            ),
        ),
        migrations.RunPython(take_over, migrations.RunPython.noop),
        migrations.RunPython(create_schedule, remove_schedule),
    ]
