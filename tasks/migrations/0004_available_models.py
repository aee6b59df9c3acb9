"""The video models that a provider lists for a credential, asked for once a day.

Besides: until when creates wait for a plan's quota, the outcome of a cancel that came too late, a
create that was withdrawn, and the names of newer models for prices.
"""

import django.db.models.deletion
from django.db import migrations, models

MODELS = [
    ("seedance-2-5-260628", "Seedance 2.5"),
    ("seedance-2-5-flash-261115", "Seedance 2.5 Flash"),
    ("seedance-2-5-premium-260915", "Seedance 2.5 premium"),
    ("seedance-2-0-mini-260615", "Seedance 2.0 mini"),
    ("seedance-2-0-fast-260128", "Seedance 2.0 fast"),
    ("seedance-2-0-260128", "Seedance 2.0"),
    ("seedance-1-5-pro-251215", "Seedance 1.5 pro"),
    ("seedance-1-0-pro-fast-251015", "Seedance 1.0 pro fast"),
    ("seedance-1-0-pro-250528", "Seedance 1.0 pro"),
    ("seedance-1-0-lite-t2v-250428", "Seedance 1.0 lite t2v"),
    ("seedance-1-0-lite-i2v-250428", "Seedance 1.0 lite i2v"),
]
OUTCOMES = [
    ("waiting", "Being asked for"),
    ("asking", "On its way"),
    ("accepted", "Accepted by the provider"),
    ("too_late", "Too late: it was not queued any more"),
    ("running", "Too late: it is already running"),
    ("refused", "Refused by the provider"),
    ("unknown", "Nobody knows: the answer was lost"),
]
STATES = [
    ("waiting", "Waiting to be sent"),
    ("sending", "Being sent"),
    ("created", "Created"),
    ("refused", "Refused"),
    ("unconfirmed", "Unconfirmed"),
    ("not_created", "Not created"),
    ("withdrawn", "Withdrawn"),
]


def create_schedule(apps, schema_editor):
    """Have a job look each hour for credentials that were not asked for a day."""
    apps.get_model("django_q", "Schedule").objects.get_or_create(
        name="models",
        defaults={"func": "tasks.jobs.models", "schedule_type": "I", "minutes": 60},
    )


def remove_schedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(name="models").delete()


class Migration(migrations.Migration):
    dependencies = [("tasks", "0003_copy_links")]

    operations = [
        migrations.AddField(
            model_name="credential",
            name="creates_wait_until",
            field=models.DateTimeField(
                editable=False, null=True, verbose_name="creates wait until"
            ),
        ),
        migrations.AddField(
            model_name="credential",
            name="models_asked_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="models asked for"),
        ),
        migrations.AddField(
            model_name="credential",
            name="models_listed_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="models listed"),
        ),
        migrations.AddField(
            model_name="credential",
            name="models_trouble",
            field=models.CharField(
                db_default="",
                default="",
                editable=False,
                max_length=20,
                verbose_name="trouble with the models",
            ),
        ),
        migrations.AlterField(
            model_name="cancellation",
            name="outcome",
            field=models.CharField(
                choices=OUTCOMES, default="waiting", max_length=8, verbose_name="outcome"
            ),
        ),
        migrations.AlterField(
            model_name="submission",
            name="state",
            field=models.CharField(
                choices=STATES, default="waiting", max_length=11, verbose_name="state"
            ),
        ),
        migrations.AlterField(
            model_name="price",
            name="model",
            field=models.CharField(choices=MODELS, max_length=60, verbose_name="model"),
        ),
        migrations.CreateModel(
            name="AvailableModel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("status", models.CharField(default="", max_length=40, verbose_name="status")),
                ("task_types", models.JSONField(default=list, verbose_name="kinds of task")),
                ("has_ended", models.BooleanField(default=False, verbose_name="shut down")),
                ("first_seen_at", models.DateTimeField(verbose_name="first seen")),
                (
                    "credential",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="available_models",
                        to="tasks.credential",
                        verbose_name="credential",
                    ),
                ),
            ],
            options={
                "verbose_name": "available model",
                "verbose_name_plural": "available models",
                "ordering": ["credential", "name"],
                "constraints": [
                    models.UniqueConstraint(fields=("credential", "name"), name="listed_once")
                ],
            },
        ),
        migrations.RunPython(create_schedule, remove_schedule),
    ]
