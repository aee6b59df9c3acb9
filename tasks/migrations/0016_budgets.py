"""Budgets of people and of credentials, and by week and day: each a row of its own.

A project had one row with its budget of a month and its limits of takes. The row stays under a new
name with the limits of takes; its budget, where it had one, becomes the first row of the new table.
"""

import decimal

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

UNITS = [
    ("tokens", "tokens"),
    ("CNY", "CNY ¥"),
    ("USD", "USD $"),
    ("EUR", "EUR €"),
    ("GBP", "GBP £"),
    ("HKD", "HKD"),
    ("JPY", "JPY"),
    ("SGD", "SGD"),
]


def create_what_was_put_off(apps, schema_editor):
    """Create indexes and foreign keys now: PostgreSQL alters no table with triggers waiting."""
    while schema_editor.deferred_sql:
        schema_editor.execute(schema_editor.deferred_sql.pop(0), None)


def move_budgets(apps, schema_editor):
    """Copy each limit of a month to the new table, before its columns go."""
    database = schema_editor.connection.alias
    known = apps.get_model("tasks", "TakeLimits").objects.using(database)
    budgets = apps.get_model("tasks", "Budget").objects.using(database)
    rows = known.exclude(limit=None).order_by("project_id")
    for project, unit, limit in rows.values_list("project_id", "unit", "limit"):
        budgets.create(project_id=project, unit=unit, limit=limit)


def one_each(scope, *fields, **condition):
    return models.UniqueConstraint(
        fields=(*fields, "period", "unit"),
        condition=Q(**condition),
        name=f"one_{scope}_budget_each",
    )


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("tasks", "0015_materials"),
    ]

    operations = [
        migrations.RenameModel("Budget", "TakeLimits"),
        migrations.AlterModelOptions(
            "takelimits",
            {"verbose_name": "limits of takes", "verbose_name_plural": "limits of takes"},
        ),
        migrations.CreateModel(
            name="Budget",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "period",
                    models.CharField(
                        choices=[("month", "a month"), ("week", "a week"), ("day", "a day")],
                        default="month",
                        max_length=5,
                        verbose_name="period",
                    ),
                ),
                (
                    "unit",
                    models.CharField(
                        choices=UNITS, default="tokens", max_length=6, verbose_name="counted in"
                    ),
                ),
                (
                    "limit",
                    models.DecimalField(
                        decimal_places=2,
                        max_digits=15,
                        validators=[django.core.validators.MinValueValidator(decimal.Decimal(0))],
                        verbose_name="limit",
                    ),
                ),
                (
                    "levels",
                    models.CharField(
                        blank=True,
                        default="80, 100",
                        help_text="Percent of the limit, like 50, 80, 100. Empty: no warning.",
                        max_length=40,
                        verbose_name="warn at",
                    ),
                ),
                (
                    "set_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="set on"),
                ),
                (
                    "credential",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="tasks.credential",
                        verbose_name="credential",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="budgets",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="tasks.project",
                        verbose_name="project",
                    ),
                ),
                (
                    "set_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="set by",
                    ),
                ),
            ],
            options={"verbose_name": "budget", "verbose_name_plural": "budgets"},
        ),
        migrations.AddConstraint(
            "budget",
            models.CheckConstraint(
                condition=Q(credential=None, project__isnull=False)
                | Q(credential=None, person__isnull=False)
                | Q(credential__isnull=False, person=None, project=None),
                name="budget_has_a_scope",
                violation_error_message=(
                    "A budget is for a project, a person in it, a person, or a credential."
                ),
            ),
        ),
        *(
            migrations.AddConstraint("budget", constraint)
            for constraint in (
                one_each("project", "project", project__isnull=False, person=None),
                one_each(
                    "member", "project", "person", project__isnull=False, person__isnull=False
                ),
                one_each("person", "person", project=None, person__isnull=False),
                one_each("credential", "credential", credential__isnull=False),
            )
        ),
        migrations.RunPython(move_budgets),
        migrations.RemoveField("takelimits", "limit"),
        migrations.RemoveField("takelimits", "unit"),
        migrations.RunPython(create_what_was_put_off),
    ]
