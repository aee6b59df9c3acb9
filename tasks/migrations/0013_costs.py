"""Charges carry what costs are grouped by, and two tables of their sums.

The columns are added as SQLite can add them to a table of any size, with a constant default: Django
would make the table anew once for each, and the triggers that add charges up would be lost. The next
migration fills all of this, and makes the triggers that keep the sums.
"""

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

OUTCOMES = [
    ("open", "Open"),
    ("succeeded", "Succeeded"),
    ("failed", "Failed"),
    ("cancelled", "Cancelled"),
    ("expired", "Expired"),
    ("lost", "Lost"),
    ("not_created", "Not created"),
    ("unknown", "Unknown"),
]


class AddColumn(migrations.AddField):
    """Adds a column in place, also on SQLite, where its default is a constant of the database."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            field = model._meta.get_field(self.name)
            field.model = model
            BaseDatabaseSchemaEditor.add_field(schema_editor, model, field)


def sums(name, words, index, more):
    """The operation that creates a table of sums with these columns beside the common ones."""
    whole = {"default": 0}
    money = {"default": 0, "help_text": "millionths"}
    project = models.ForeignKey(
        db_index=False,
        on_delete=django.db.models.deletion.CASCADE,
        related_name="+",
        to="tasks.project",
        verbose_name="project",
    )
    number = models.BigIntegerField
    return migrations.CreateModel(
        name=name,
        fields=[
            (
                "key",
                models.CharField(editable=False, max_length=250, primary_key=True, serialize=False),
            ),
            ("day", models.DateField(verbose_name="made on")),
            ("project", project),
            ("person", number(verbose_name="person's id", **whole)),
            ("credential", number(verbose_name="credential's id", **whole)),
            (
                "provider",
                models.CharField(blank=True, default="", max_length=30, verbose_name="provider"),
            ),
            (
                "currency",
                models.CharField(blank=True, default="", max_length=3, verbose_name="currency"),
            ),
            ("takes", number(verbose_name="takes", **whole)),
            ("reserved_takes", number(verbose_name="takes that are open", **whole)),
            ("estimated_takes", number(verbose_name="takes whose cost nobody said", **whole)),
            ("unpriced_takes", number(verbose_name="takes without a price", **whole)),
            ("uncounted_takes", number(verbose_name="takes whose tokens nobody counted", **whole)),
            ("unmeasured_takes", number(verbose_name="takes of unknown length", **whole)),
            ("tokens", number(verbose_name="tokens billed", **whole)),
            ("reserved_tokens", number(verbose_name="tokens reserved", **whole)),
            ("estimated_tokens", number(verbose_name="tokens estimated", **whole)),
            ("micros", number(verbose_name="money billed", **money)),
            ("reserved_micros", number(verbose_name="money reserved", **money)),
            ("estimated_micros", number(verbose_name="money estimated", **money)),
            ("seconds", number(verbose_name="seconds made", **whole)),
            *more,
        ],
        options={
            "verbose_name": words[0],
            "verbose_name_plural": words[1],
            "ordering": ["-day", "key"],
            "abstract": False,
            "indexes": [models.Index(fields=["day", "project"], name=index)],
        },
    )


class Migration(migrations.Migration):
    dependencies = [("tasks", "0012_previews")]

    operations = [
        AddColumn(
            "charge",
            "provider",
            models.CharField(
                blank=True, db_default="", default="", max_length=30, verbose_name="provider"
            ),
        ),
        AddColumn("charge", "batch", models.BigIntegerField(null=True, verbose_name="batch's id")),
        AddColumn(
            "charge",
            "mode",
            models.CharField(
                blank=True, db_default="", default="", max_length=20, verbose_name="mode"
            ),
        ),
        AddColumn(
            "charge",
            "resolution",
            models.CharField(
                blank=True,
                db_default="",
                default="",
                max_length=10,
                verbose_name="exact resolution",
            ),
        ),
        AddColumn(
            "charge",
            "outcome",
            models.CharField(
                choices=OUTCOMES,
                db_default="open",
                default="open",
                max_length=11,
                verbose_name="outcome",
            ),
        ),
        AddColumn(
            "charge",
            "is_counted",
            models.BooleanField(
                db_default=False, default=False, verbose_name="provider counted tokens"
            ),
        ),
        AddColumn(
            "charge",
            "made_seconds",
            models.PositiveIntegerField(null=True, verbose_name="seconds made"),
        ),
        AddColumn(
            "charge",
            "error_code",
            models.CharField(
                blank=True, db_default="", default="", max_length=60, verbose_name="error code"
            ),
        ),
        AddColumn(
            "charge",
            "queue_seconds",
            models.PositiveIntegerField(null=True, verbose_name="seconds until it ran"),
        ),
        AddColumn(
            "charge",
            "finish_seconds",
            models.PositiveIntegerField(null=True, verbose_name="seconds until it ended"),
        ),
        AddColumn(
            "profile",
            "export_columns",
            models.TextField(
                blank=True,
                db_default="",
                default="",
                editable=False,
                verbose_name="columns of exported tasks",
            ),
        ),
        migrations.AddIndex("charge", models.Index(fields=["day", "id"], name="charge_day")),
        migrations.AddIndex(
            "charge",
            models.Index(
                condition=models.Q(("batch__isnull", False)), fields=["batch"], name="charge_batch"
            ),
        ),
        sums(
            "CostSum",
            ("sum of costs", "sums of costs"),
            "cost_sum_day",
            [
                (
                    "model",
                    models.CharField(blank=True, default="", max_length=60, verbose_name="model"),
                ),
                (
                    "resolution",
                    models.CharField(
                        blank=True, default="", max_length=10, verbose_name="resolution"
                    ),
                ),
                (
                    "mode",
                    models.CharField(blank=True, default="", max_length=20, verbose_name="mode"),
                ),
                (
                    "outcome",
                    models.CharField(choices=OUTCOMES, max_length=11, verbose_name="outcome"),
                ),
            ],
        ),
        sums(
            "BatchSum",
            ("sum of a batch", "sums of batches"),
            "batch_sum_day",
            [("batch", models.BigIntegerField(verbose_name="batch's id"))],
        ),
        migrations.CreateModel(
            name="Recalculation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="recalculated")),
                ("person", models.BigIntegerField(default=0, verbose_name="person's id")),
                ("model", models.CharField(max_length=60, verbose_name="model")),
                ("since", models.DateField(verbose_name="takes made since")),
                ("before", models.JSONField(verbose_name="sums before")),
                ("after", models.JSONField(verbose_name="sums after")),
                (
                    "credential",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="recalculations",
                        to="tasks.credential",
                        verbose_name="credential",
                    ),
                ),
            ],
            options={
                "verbose_name": "recalculation",
                "verbose_name_plural": "recalculations",
                "ordering": ["-id"],
            },
        ),
    ]
