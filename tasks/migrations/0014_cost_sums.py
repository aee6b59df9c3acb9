"""What charges of before cost by, as far as it is known; their sums, and the triggers that keep them.

Each step is one statement, however many rows there are: on two cores a million charges take about a
minute. Of a take whose task was deleted for good only a part is known; the rest says so. A
later migration that remakes `tasks_charge` on SQLite has to create these triggers again.
"""

from django.db import migrations

# What is known of the task, and of what was asked for

WORDS = {
    "sqlite": {
        "mode": "json_extract(s.request, '$.mode')",
        "asked_resolution": "json_extract(s.request, '$.resolution')",
        "asked_seconds": "CAST(json_extract(s.request, '$.duration') AS integer)",
        "since": "max(0, CAST(round((julianday({end}) - julianday(c.placed_at)) * 86400)"
        " AS integer))",
    },
    "postgresql": {
        "mode": "(s.request ->> 'mode')",
        "asked_resolution": "(s.request ->> 'resolution')",
        "asked_seconds": "CAST(s.request ->> 'duration' AS integer)",
        "since": "greatest(0, round(extract(epoch FROM {end} - c.placed_at)))::integer",
    },
}
DESCRIBE = """UPDATE tasks_charge SET
    provider = t.provider,
    batch = s.batch_id,
    mode = CASE WHEN s.id IS NULL THEN '' ELSE coalesce({mode}, 'text') END,
    resolution = CASE WHEN lower(t.resolution) IN {resolutions} THEN lower(t.resolution)
        WHEN lower({asked_resolution}) IN {resolutions} THEN lower({asked_resolution})
        WHEN c.tier = '720p' THEN '' ELSE c.tier END,
    outcome = CASE WHEN t.status IN ('succeeded', 'failed', 'cancelled', 'expired') THEN t.status
        WHEN t.status = 'lost' AND s.state = 'not_created' THEN 'not_created'
        WHEN t.status = 'lost' THEN 'lost' ELSE 'open' END,
    is_counted = coalesce(nullif(t.total_tokens, 0), t.completion_tokens, 0) <> 0,
    made_seconds = CASE WHEN t.status <> 'succeeded' THEN NULL WHEN t.duration > 0 THEN t.duration
        WHEN t.frames > 0 THEN (t.frames + 23) / 24
        WHEN {asked_seconds} > 0 THEN {asked_seconds} END,
    error_code = CASE WHEN t.status = 'failed' THEN substr(t.error_code, 1, 60) ELSE '' END,
    queue_seconds = CASE WHEN c.placed_at IS NOT NULL AND t.running_at IS NOT NULL
        THEN {until_running} END,
    finish_seconds = CASE WHEN c.placed_at IS NOT NULL AND t.ended_at IS NOT NULL
        THEN {until_ended} END
    FROM tasks_charge c JOIN tasks_task t ON t.id = c.task_id
    LEFT JOIN tasks_submission s ON s.task_id = t.id
    WHERE tasks_charge.id = c.id"""
DESCRIBE_DELETED = """UPDATE tasks_charge SET
    provider = coalesce((SELECT provider FROM tasks_credential a WHERE a.id = credential_id), ''),
    resolution = CASE tier WHEN '720p' THEN '' ELSE tier END,
    outcome = CASE state WHEN 'billed' THEN 'succeeded' ELSE 'unknown' END,
    is_counted = state = 'billed' AND provider_micros IS NULL AND NOT EXISTS
        (SELECT 1 FROM tasks_price p WHERE p.id = price_id AND p.unit <> 'tokens'),
    made_seconds = CASE WHEN state = 'billed' AND EXISTS
        (SELECT 1 FROM tasks_price p WHERE p.id = price_id AND p.unit = 'second') THEN seconds END
    WHERE task_id IS NULL"""
RESOLUTIONS = "('360p', '480p', '540p', '720p', '1080p', '2k', '4k')"

# Sums: what a charge adds to each column. {row} is NEW, OLD or the table.

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
CREDENTIAL = "coalesce({row}.credential_id, 0)"
COMMON = {
    "project_id": "{row}.project_id",
    "person": "{row}.person",
    "credential": CREDENTIAL,
    "provider": "{row}.provider",
    "currency": "{row}.currency",
}
#: Each table of sums: its columns beside `key` and `day`, those in the key in its order.
TABLES = {
    "tasks_costsum": COMMON
    | {name: f"{{row}}.{name}" for name in ("resolution", "mode", "outcome", "model")},
    "tasks_batchsum": COMMON | {"batch": "{row}.batch"},
}
COLUMNS = (
    "project_id, person, credential_id, provider, model, resolution, mode, outcome, batch, day, "
    "currency, state, tokens, micros, is_counted, made_seconds"
)


def key(table, vendor):
    return " || '|' || ".join([DAY[vendor], *TABLES[table].values()])


def come(table, vendor):
    """The statement that adds row NEW to its sums."""
    columns = ["key", "day", *TABLES[table], *ADDED]
    values = [key(table, vendor), "{row}.day", *TABLES[table].values(), *ADDED.values()]
    more = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in ADDED)
    words = ", ".join(values).format(row="NEW")
    # A condition, for SQLite takes the ON of a conflict for one of a join without it.
    has_batch = "NEW.batch IS NOT NULL" if table == "tasks_batchsum" else "NEW.id IS NOT NULL"
    return f"""INSERT INTO {table} ({", ".join(columns)}) SELECT {words} WHERE {has_batch}
        ON CONFLICT (key) DO UPDATE SET {more};"""


def leave(table, vendor):
    """The statement that takes row OLD from its sums."""
    less = ", ".join(f"{name} = {name} - ({value})" for name, value in ADDED.items())
    return f"UPDATE {table} SET {less} WHERE key = {key(table, vendor)};".format(row="OLD")


def forget(table, vendor):
    """The statement that deletes the sums of row OLD where nothing is left."""
    return f"DELETE FROM {table} WHERE key = {key(table, vendor)} AND takes = 0;".format(row="OLD")


def fill(table, vendor):
    """The statement that makes the sums of all rows."""
    grouped = [value.format(row="c") for value in TABLES[table].values()]
    sums = [f"sum({value.format(row='c')})" for value in ADDED.values()]
    columns = ", ".join(["key", "day", *TABLES[table], *ADDED])
    values = ", ".join([key(table, vendor).format(row="c"), "c.day", *grouped, *sums])
    which = "WHERE c.batch IS NOT NULL " if table == "tasks_batchsum" else ""
    groups = ", ".join(["c.day", *grouped])
    return f"""INSERT INTO {table} ({columns}) SELECT {values} FROM tasks_charge c
        {which}GROUP BY {groups}"""


def triggers(vendor):
    came = "\n".join(come(table, vendor) for table in TABLES)
    left = "\n".join(leave(table, vendor) for table in TABLES)
    gone = "\n".join(forget(table, vendor) for table in TABLES)
    if vendor == "sqlite":
        return [
            f"""CREATE TRIGGER tasks_cost_made AFTER INSERT ON tasks_charge
            BEGIN {came} END""",
            f"""CREATE TRIGGER tasks_cost_changed AFTER UPDATE OF {COLUMNS} ON tasks_charge
            BEGIN {left} {came} {gone} END""",
            f"""CREATE TRIGGER tasks_cost_deleted AFTER DELETE ON tasks_charge
            BEGIN {left} {gone} END""",
        ]
    return [
        f"""CREATE FUNCTION tasks_add_cost() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP <> 'INSERT' THEN {left} END IF;
        IF TG_OP <> 'DELETE' THEN {came} END IF;
        IF TG_OP <> 'INSERT' THEN {gone} END IF;
        RETURN NULL; END $$""",
        f"""CREATE TRIGGER tasks_add_cost AFTER INSERT OR DELETE OR UPDATE OF {COLUMNS}
        ON tasks_charge FOR EACH ROW EXECUTE FUNCTION tasks_add_cost()""",
    ]


def fill_and_keep(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    words = WORDS[vendor]
    described = DESCRIBE.format(
        resolutions=RESOLUTIONS,
        until_running=words["since"].format(end="t.running_at"),
        until_ended=words["since"].format(end="t.ended_at"),
        **words,
    )
    fills = [fill(table, vendor) for table in TABLES]
    for statement in [described, DESCRIBE_DELETED, *fills, *triggers(vendor)]:
        schema_editor.execute(statement, None)


class Migration(migrations.Migration):
    dependencies = [("tasks", "0013_costs")]

    operations = [migrations.RunPython(fill_and_keep)]
