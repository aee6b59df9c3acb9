"""The sums of charges, kept by triggers; and the charges of what was made before there were any.

A later migration that makes tasks_charge anew on SQLite loses its triggers.
"""

from itertools import islice

from django.conf import settings
from django.db import migrations
from django.utils import timezone

MONTH = {"sqlite": "substr({row}.day, 1, 7)", "postgresql": "to_char({row}.day, 'YYYY-MM')"}
KEY = "{row}.project_id || '-' || {month} || '-' || {row}.person || '-' || {row}.currency"
ROW_FOR_SUM = """INSERT INTO tasks_spending (key, project_id, month, person, currency, takes,
    tokens, held_tokens, micros, held_micros)
    VALUES ({key}, {row}.project_id, {month}, {row}.person, {row}.currency, 0, 0, 0, 0, 0)
    ON CONFLICT (key) DO NOTHING;"""
CHANGE = """UPDATE tasks_spending SET takes = takes {sign} 1,
    tokens = tokens {sign} CASE {row}.state WHEN 'billed' THEN {row}.tokens ELSE 0 END,
    held_tokens = held_tokens {sign} CASE {row}.state WHEN 'held' THEN {row}.tokens ELSE 0 END,
    micros = micros {sign} CASE {row}.state WHEN 'billed' THEN {row}.micros ELSE 0 END,
    held_micros = held_micros {sign} CASE {row}.state WHEN 'held' THEN {row}.micros ELSE 0 END
    WHERE key = {key};"""
COLUMNS = "project_id, person, day, currency, state, tokens, micros"


def _for(vendor, row, sign):
    month = MONTH[vendor].format(row=row)
    words = {"row": row, "month": month, "key": KEY.format(row=row, month=month), "sign": sign}
    change = CHANGE.format(**words)
    return f"{ROW_FOR_SUM.format(**words)}\n{change}" if sign == "+" else change


def triggers(vendor):
    more, less = _for(vendor, "NEW", "+"), _for(vendor, "OLD", "-")
    if vendor == "sqlite":
        return [
            f"""CREATE TRIGGER tasks_charge_made AFTER INSERT ON tasks_charge
            WHEN NEW.state <> 'free' BEGIN {more} END""",
            f"""CREATE TRIGGER tasks_charge_left AFTER UPDATE OF {COLUMNS} ON tasks_charge
            WHEN OLD.state <> 'free' BEGIN {less} END""",
            f"""CREATE TRIGGER tasks_charge_came AFTER UPDATE OF {COLUMNS} ON tasks_charge
            WHEN NEW.state <> 'free' BEGIN {more} END""",
            f"""CREATE TRIGGER tasks_charge_deleted AFTER DELETE ON tasks_charge
            WHEN OLD.state <> 'free' BEGIN {less} END""",
        ]
    return [
        f"""CREATE FUNCTION tasks_add_charge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP <> 'INSERT' AND OLD.state <> 'free' THEN {less} END IF;
        IF TG_OP <> 'DELETE' AND NEW.state <> 'free' THEN {more} END IF;
        RETURN NULL; END $$""",
        f"""CREATE TRIGGER tasks_add_charge AFTER INSERT OR DELETE OR UPDATE OF {COLUMNS}
        ON tasks_charge FOR EACH ROW EXECUTE FUNCTION tasks_add_charge()""",
    ]


BACK = {
    "sqlite": [f"DROP TRIGGER tasks_charge_{what}" for what in ("made", "left", "came", "deleted")],
    "postgresql": [
        "DROP TRIGGER tasks_add_charge ON tasks_charge",
        "DROP FUNCTION tasks_add_charge()",
    ],
}
ADD_UP = """INSERT INTO tasks_spending (key, project_id, month, person, currency, takes, tokens,
    held_tokens, micros, held_micros)
    SELECT {key}, c.project_id, {month}, c.person, c.currency, count(*), sum(c.tokens), 0, 0, 0
    FROM tasks_charge c GROUP BY c.project_id, {month}, c.person, c.currency"""
TOLD = (
    "pk project_id credential_id created_by_id created_at remote_created_at model resolution ratio "
    "duration generate_audio service_tier total_tokens"
).split()
MOST_TOKENS = 10**9


def count_what_was_made(apps):
    """What providers have counted so far, by the day on which it was made."""
    Task, Charge = apps.get_model("tasks", "Task"), apps.get_model("tasks", "Charge")
    rows = Task.objects.filter(total_tokens__gt=0).order_by("pk").values_list(*TOLD, named=True)
    found = rows.iterator(chunk_size=2_000)
    while charges := [_charge(Charge, row) for row in islice(found, 2_000)]:
        Charge.objects.bulk_create(charges)


def _charge(Charge, row):
    from tasks.providers.catalog import find_model
    from tasks.providers.tariff import had_video, tier_of

    known = find_model(row.model)
    model, tokens = known.name if known else "", min(row.total_tokens, MOST_TOKENS)
    at = timezone.localtime(row.remote_created_at or row.created_at, timezone.get_default_timezone())
    return Charge(
        task_id=row.pk,
        project_id=row.project_id,
        credential_id=row.credential_id,
        person=row.created_by_id or 0,
        day=at.date(),
        state="billed",
        tokens=tokens,
        model=model,
        tier=tier_of(row.resolution),
        with_video=had_video(model, row.resolution, row.ratio, row.duration or 0, tokens),
        with_audio=row.generate_audio,
        is_flex=row.service_tier == "flex",
    )


def forward(apps, schema_editor):
    count_what_was_made(apps)
    vendor = schema_editor.connection.vendor
    month = MONTH[vendor].format(row="c")
    add_up = ADD_UP.format(key=KEY.format(row="c", month=month), month=month)
    for statement in [add_up, *triggers(vendor)]:
        schema_editor.execute(statement, None)


def backward(apps, schema_editor):
    for statement in BACK[schema_editor.connection.vendor]:
        schema_editor.execute(statement, None)


class Migration(migrations.Migration):
    dependencies = [
        ("tasks", "0024_money"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [migrations.RunPython(forward, backward)]
