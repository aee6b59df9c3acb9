"""Sums of the charges by day and credential, so that weeks, days and credentials have budgets.

They take the place of the sums by month, and are counted anew from the charges. The triggers are
the only writers of them, and are dropped before their table goes.

A later migration that remakes `tasks_charge` on SQLite has to create these triggers again.
"""

import django.db.models.deletion
from django.db import migrations, models

DAY = {"sqlite": "{row}.day", "postgresql": "to_char({row}.day, 'YYYY-MM-DD')"}
KEY = (
    "{row}.project_id || '-' || {day} || '-' || {row}.person || '-'"
    " || coalesce({row}.credential_id, 0) || '-' || {row}.currency"
)
COLUMNS = """key, project_id, day, person, credential, currency, takes,
    tokens, reserved_tokens, micros, reserved_micros"""
ROW_FOR_SUM = """INSERT INTO tasks_spending ({columns})
    VALUES ({key}, {row}.project_id, {row}.day, {row}.person, coalesce({row}.credential_id, 0),
        {row}.currency, 0, 0, 0, 0, 0)
    ON CONFLICT (key) DO NOTHING;"""
CHANGE_SUM = """UPDATE tasks_spending SET takes = takes {sign} 1,
    tokens = tokens {sign} CASE {row}.state WHEN 'billed' THEN {row}.tokens ELSE 0 END,
    reserved_tokens = reserved_tokens {sign}
        CASE {row}.state WHEN 'reserved' THEN {row}.tokens ELSE 0 END,
    micros = micros {sign} CASE {row}.state WHEN 'billed' THEN {row}.micros ELSE 0 END,
    reserved_micros = reserved_micros {sign}
        CASE {row}.state WHEN 'reserved' THEN {row}.micros ELSE 0 END
    WHERE key = {key};"""
WATCHED = "project_id, person, credential_id, day, currency, state, tokens, micros"
FILL = """INSERT INTO tasks_spending ({columns})
    SELECT min({key}), c.project_id, c.day, c.person, coalesce(c.credential_id, 0), c.currency,
        count(*),
        sum(CASE c.state WHEN 'billed' THEN c.tokens ELSE 0 END),
        sum(CASE c.state WHEN 'reserved' THEN c.tokens ELSE 0 END),
        sum(CASE c.state WHEN 'billed' THEN c.micros ELSE 0 END),
        sum(CASE c.state WHEN 'reserved' THEN c.micros ELSE 0 END)
    FROM tasks_charge c WHERE c.state <> 'free'
    GROUP BY c.project_id, c.day, c.person, coalesce(c.credential_id, 0), c.currency"""

DROP = {
    "sqlite": [f"DROP TRIGGER tasks_charge_{name}" for name in ("made", "left", "came", "deleted")],
    "postgresql": [
        "DROP TRIGGER tasks_add_charge ON tasks_charge",
        "DROP FUNCTION tasks_add_charge()",
    ],
}


def words(vendor, row):
    day = DAY[vendor].format(row=row)
    return {"row": row, "key": KEY.format(row=row, day=day), "columns": COLUMNS}


def sum_of_charges(vendor, row, sign):
    change = CHANGE_SUM.format(**words(vendor, row), sign=sign)
    return f"{ROW_FOR_SUM.format(**words(vendor, row))}\n{change}" if sign == "+" else change


def create(vendor):
    more, less = sum_of_charges(vendor, "NEW", "+"), sum_of_charges(vendor, "OLD", "-")
    if vendor == "sqlite":
        return [
            f"""CREATE TRIGGER tasks_charge_made AFTER INSERT ON tasks_charge
            WHEN NEW.state <> 'free' BEGIN {more} END""",
            f"""CREATE TRIGGER tasks_charge_left AFTER UPDATE OF {WATCHED} ON tasks_charge
            WHEN OLD.state <> 'free' BEGIN {less} END""",
            f"""CREATE TRIGGER tasks_charge_came AFTER UPDATE OF {WATCHED} ON tasks_charge
            WHEN NEW.state <> 'free' BEGIN {more} END""",
            f"""CREATE TRIGGER tasks_charge_deleted AFTER DELETE ON tasks_charge
            WHEN OLD.state <> 'free' BEGIN {less} END""",
        ]
    return [
        f"""CREATE FUNCTION tasks_add_charge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP <> 'INSERT' AND OLD.state <> 'free' THEN {less} END IF;
        IF TG_OP <> 'DELETE' AND NEW.state <> 'free' THEN {more} END IF;
        RETURN NULL; END $$""",
        f"""CREATE TRIGGER tasks_add_charge AFTER INSERT OR DELETE OR UPDATE OF {WATCHED}
        ON tasks_charge FOR EACH ROW EXECUTE FUNCTION tasks_add_charge()""",
    ]


def drop_triggers(apps, schema_editor):
    for statement in DROP[schema_editor.connection.vendor]:
        schema_editor.execute(statement, None)


def add_up_and_create_triggers(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    for statement in [FILL.format(**words(vendor, "c")), *create(vendor)]:
        schema_editor.execute(statement, None)


def create_what_was_put_off(apps, schema_editor):
    """Create indexes and foreign keys now: PostgreSQL alters no table with triggers waiting."""
    while schema_editor.deferred_sql:
        schema_editor.execute(schema_editor.deferred_sql.pop(0), None)


def number(label, **more):
    return models.BigIntegerField(default=0, verbose_name=label, **more)


class Migration(migrations.Migration):
    dependencies = [("tasks", "0016_budgets")]

    operations = [
        migrations.RunPython(drop_triggers),
        migrations.DeleteModel("Spending"),
        migrations.CreateModel(
            name="Spending",
            fields=[
                (
                    "key",
                    models.CharField(
                        editable=False, max_length=90, primary_key=True, serialize=False
                    ),
                ),
                ("day", models.DateField(verbose_name="day")),
                ("person", number("person's id")),
                ("credential", number("credential's id")),
                (
                    "currency",
                    models.CharField(blank=True, default="", max_length=3, verbose_name="currency"),
                ),
                ("takes", number("takes")),
                ("tokens", number("tokens counted")),
                ("reserved_tokens", number("tokens reserved")),
                ("micros", number("money counted", help_text="millionths")),
                ("reserved_micros", number("money reserved", help_text="millionths")),
                (
                    "project",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="tasks.project",
                        verbose_name="project",
                    ),
                ),
            ],
            options={
                "verbose_name": "spending",
                "verbose_name_plural": "spending",
                "ordering": ["-day", "project"],
                "indexes": [
                    models.Index(fields=["project", "day"], name="spending_project"),
                    models.Index(fields=["person", "day"], name="spending_person"),
                    models.Index(fields=["credential", "day"], name="spending_credential"),
                ],
            },
        ),
        migrations.RunPython(create_what_was_put_off),
        migrations.RunPython(add_up_and_create_triggers),
    ]
