"""The sum of a batch changes in one step where its row stays the same, as at the end of a take.

A charge's batch, day, project, person, credential, provider and currency hardly ever change, but
its row of `tasks_batchsum` was taken from and added to in three statements each time. The sums are
those of before.

A later migration that remakes `tasks_charge` on SQLite has to create these triggers again.
"""

from django.db import migrations

# What a charge adds to each column. {row} is NEW or OLD.

RESERVED = "{row}.state = 'reserved' AND {row}.outcome = 'open'"
ESTIMATED = "{row}.state = 'reserved' AND {row}.outcome <> 'open'"
COUNTED = "{row}.state = 'billed' AND {row}.is_counted"
GUESSED = f"({ESTIMATED}) OR ({{row}}.state = 'billed' AND NOT {{row}}.is_counted)"


def where(condition, value="1"):
    return f"CASE WHEN {condition} THEN {value} ELSE 0 END"


ADDED = {
    "takes": "1",
    "reserved_takes": where(RESERVED),
    "estimated_takes": where(ESTIMATED),
    "unpriced_takes": where("{row}.state <> 'free' AND {row}.currency = ''"),
    "uncounted_takes": where("{row}.outcome = 'succeeded' AND NOT {row}.is_counted"),
    "unmeasured_takes": where("{row}.outcome = 'succeeded' AND {row}.made_seconds IS NULL"),
    "tokens": where(COUNTED, "{row}.tokens"),
    "reserved_tokens": where(RESERVED, "{row}.tokens"),
    "estimated_tokens": where(GUESSED, "{row}.tokens"),
    "micros": where("{row}.state = 'billed'", "{row}.micros"),
    "reserved_micros": where(RESERVED, "{row}.micros"),
    "estimated_micros": where(ESTIMATED, "{row}.micros"),
    "seconds": "coalesce({row}.made_seconds, 0)",
}
DAY = {"sqlite": "{row}.day", "postgresql": "to_char({row}.day, 'YYYY-MM-DD')"}
COMMON = {
    "project_id": "{row}.project_id",
    "person": "{row}.person",
    "credential": "coalesce({row}.credential_id, 0)",
    "provider": "{row}.provider",
    "currency": "{row}.currency",
}
#: Each table of sums: its columns beside `key` and `day`, those in the key in its order.
COSTS, BATCHES = "tasks_costsum", "tasks_batchsum"
TABLES = {
    COSTS: COMMON
    | {name: f"{{row}}.{name}" for name in ("resolution", "mode", "outcome", "model")},
    BATCHES: COMMON | {"batch": "{row}.batch"},
}
COLUMNS = (
    "project_id, person, credential_id, provider, model, resolution, mode, outcome, batch, day, "
    "currency, state, tokens, micros, is_counted, made_seconds"
)
IS_SAME = {"sqlite": "IS", "postgresql": "IS NOT DISTINCT FROM"}
SAME_SUM = ("day", "project_id", "person", "credential_id", "provider", "currency", "batch")


def key(table, vendor):
    return " || '|' || ".join([DAY[vendor], *TABLES[table].values()])


def come(table, vendor):
    """The statement that adds row NEW to its sums."""
    columns = ["key", "day", *TABLES[table], *ADDED]
    values = [key(table, vendor), "{row}.day", *TABLES[table].values(), *ADDED.values()]
    more = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in ADDED)
    words = ", ".join(values).format(row="NEW")
    # A condition, for SQLite takes the ON of a conflict for one of a join without it.
    has_batch = "NEW.batch IS NOT NULL" if table == BATCHES else "NEW.id IS NOT NULL"
    return f"""INSERT INTO {table} ({", ".join(columns)}) SELECT {words} WHERE {has_batch}
        ON CONFLICT (key) DO UPDATE SET {more};"""


def leave(table, vendor):
    """The statement that takes row OLD from its sums."""
    less = ", ".join(f"{name} = {name} - ({value})" for name, value in ADDED.items())
    return f"UPDATE {table} SET {less} WHERE key = {key(table, vendor)};".format(row="OLD")


def forget(table, vendor):
    """The statement that deletes the sums of row OLD where nothing is left."""
    return f"DELETE FROM {table} WHERE key = {key(table, vendor)} AND takes = 0;".format(row="OLD")


def move(table, vendor):
    """The statement that changes the sums which rows OLD and NEW have in common."""
    changes = ", ".join(
        f"{name} = {name} + ({value.format(row='NEW')}) - ({value.format(row='OLD')})"
        for name, value in ADDED.items()
        if name != "takes"
    )
    return f"UPDATE {table} SET {changes} WHERE key = {key(table, vendor).format(row='NEW')};"


def changed(table, vendor):
    return f"{leave(table, vendor)} {come(table, vendor)} {forget(table, vendor)}"


def triggers(vendor):
    is_same = " AND ".join(f"OLD.{name} {IS_SAME[vendor]} NEW.{name}" for name in SAME_SUM)
    if vendor == "sqlite":
        update = f"AFTER UPDATE OF {COLUMNS} ON tasks_charge"
        return [
            "DROP TRIGGER tasks_cost_changed",
            f"CREATE TRIGGER tasks_cost_changed {update} BEGIN {changed(COSTS, vendor)} END",
            f"""CREATE TRIGGER tasks_cost_same_batch {update}
            WHEN NEW.batch IS NOT NULL AND {is_same} BEGIN {move(BATCHES, vendor)} END""",
            f"""CREATE TRIGGER tasks_cost_other_batch {update}
            WHEN NOT ({is_same}) BEGIN {changed(BATCHES, vendor)} END""",
        ]
    return [
        f"""CREATE OR REPLACE FUNCTION tasks_add_cost() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP = 'UPDATE' AND {is_same} THEN
            {changed(COSTS, vendor)}
            IF NEW.batch IS NOT NULL THEN {move(BATCHES, vendor)} END IF;
            RETURN NULL;
        END IF;
        IF TG_OP <> 'INSERT' THEN {leave(COSTS, vendor)} {leave(BATCHES, vendor)} END IF;
        IF TG_OP <> 'DELETE' THEN {come(COSTS, vendor)} {come(BATCHES, vendor)} END IF;
        IF TG_OP <> 'INSERT' THEN {forget(COSTS, vendor)} {forget(BATCHES, vendor)} END IF;
        RETURN NULL; END $$"""
    ]


def replace(apps, schema_editor):
    for statement in triggers(schema_editor.connection.vendor):
        schema_editor.execute(statement, None)


class Migration(migrations.Migration):
    dependencies = [("tasks", "0021_exports")]

    operations = [migrations.RunPython(replace)]
