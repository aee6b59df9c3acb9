"""Tables, columns and states by the words of the field. Every row is kept.

The triggers that add up the charges name two of the columns and one of the states. SQLite loses
them besides when it remakes the table of charges, so they are dropped first and made anew at the
end, in between of which nothing is added up: the sums hold, for only names change.
"""

from django.contrib.sessions.backends.db import SessionStore
from django.db import migrations, models
from django.db.models import deletion
from django.db.models import deletion

MONTH = {"sqlite": "substr({row}.day, 1, 7)", "postgresql": "to_char({row}.day, 'YYYY-MM')"}
KEY = "{row}.project_id || '-' || {month} || '-' || {row}.person || '-' || {row}.currency"
ROW_FOR_SUM = """INSERT INTO tasks_spending (key, project_id, month, person, currency, takes,
    tokens, reserved_tokens, micros, reserved_micros)
    VALUES ({key}, {row}.project_id, {month}, {row}.person, {row}.currency, 0, 0, 0, 0, 0)
    ON CONFLICT (key) DO NOTHING;"""
CHANGE_SUM = """UPDATE tasks_spending SET takes = takes {sign} 1,
    tokens = tokens {sign} CASE {row}.state WHEN 'billed' THEN {row}.tokens ELSE 0 END,
    reserved_tokens = reserved_tokens {sign}
        CASE {row}.state WHEN 'reserved' THEN {row}.tokens ELSE 0 END,
    micros = micros {sign} CASE {row}.state WHEN 'billed' THEN {row}.micros ELSE 0 END,
    reserved_micros = reserved_micros {sign}
        CASE {row}.state WHEN 'reserved' THEN {row}.micros ELSE 0 END
    WHERE key = {key};"""
COLUMNS = "project_id, person, day, currency, state, tokens, micros"

DROP = {
    "sqlite": [
        f"DROP TRIGGER tasks_charge_{name}" for name in ("made", "left", "came", "deleted")
    ],
    "postgresql": [
        "DROP TRIGGER tasks_add_charge ON tasks_charge",
        "DROP FUNCTION tasks_add_charge()",
    ],
}

#: (model, field, what it said, what it says)
STATES = [
    ("Submission", "state", "made", "created"),
    ("Submission", "state", "given_up", "not_created"),
    ("Charge", "state", "held", "reserved"),
]


def sum_of_charges(vendor, row, sign):
    month = MONTH[vendor].format(row=row)
    words = {"row": row, "month": month, "key": KEY.format(row=row, month=month), "sign": sign}
    change = CHANGE_SUM.format(**words)
    return f"{ROW_FOR_SUM.format(**words)}\n{change}" if sign == "+" else change


def create(vendor):
    more, less = sum_of_charges(vendor, "NEW", "+"), sum_of_charges(vendor, "OLD", "-")
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


def drop_triggers(apps, schema_editor):
    for statement in DROP[schema_editor.connection.vendor]:
        schema_editor.execute(statement, None)


def create_triggers(apps, schema_editor):
    for statement in create(schema_editor.connection.vendor):
        schema_editor.execute(statement, None)


def rename_states(apps, schema_editor):
    for model, field, old, new in STATES:
        rows = apps.get_model("tasks", model)._base_manager
        rows.using(schema_editor.connection.alias).filter(**{field: old}).update(**{field: new})


def rename_backend_in_sessions(apps, schema_editor):
    """Keep everybody signed in: a session names the class that let its person in."""
    sessions = apps.get_model("sessions", "Session").objects
    for row in sessions.using(schema_editor.connection.alias).iterator():
        found = SessionStore().decode(row.session_data)
        if found.get("_auth_user_backend") == "seedance_site.lookups.PersonBackend":
            found["_auth_user_backend"] = "tasks.team.signin.auth.PersonBackend"
            row.session_data = SessionStore().encode(found)
            row.save(update_fields=["session_data"])


def create_what_was_put_off(apps, schema_editor):
    """Create indexes and foreign keys now: PostgreSQL alters no table with triggers waiting."""
    while schema_editor.deferred_sql:
        schema_editor.execute(schema_editor.deferred_sql.pop(0), None)


class Migration(migrations.Migration):

    dependencies = [
        ("sessions", "0001_initial"),
        ("tasks", "0001_squashed_0026_prompts_on_record"),
    ]

    operations = [
        migrations.RunPython(drop_triggers),
        # A lookup of a create whose answer was lost
        migrations.RenameModel("Inquiry", "CreateLookup"),
        migrations.RenameIndex(
            "createlookup", new_name="create_lookup_due", old_name="inquiry_due"
        ),
        migrations.RenameField("createlookup", "looks", "attempts"),
        migrations.RenameField("createlookup", "looked_at", "attempted_at"),
        migrations.RemoveConstraint("candidate", "candidate_once"),
        migrations.RenameField("candidate", "inquiry", "lookup"),
        migrations.AddConstraint(
            "candidate",
            models.UniqueConstraint(fields=["lookup", "remote_id"], name="candidate_once"),
        ),
        # A task that only the provider has
        migrations.RenameModel("Found", "UntrackedTask"),
        migrations.RenameIndex(
            "untrackedtask", new_name="untracked_nearest_end", old_name="found_nearest_end"
        ),
        migrations.RemoveConstraint("untrackedtask", "found_once"),
        migrations.AddConstraint(
            "untrackedtask",
            models.UniqueConstraint(fields=["base_url", "remote_id"], name="untracked_once"),
        ),
        # What a create asks for, and what it reserves
        migrations.RenameField("submission", "wish", "request"),
        migrations.RenameField("submission", "kinship", "relation"),
        migrations.RenameField("spending", "held_tokens", "reserved_tokens"),
        migrations.RenameField("spending", "held_micros", "reserved_micros"),
        migrations.AlterField(
            "charge",
            "state",
            models.CharField(
                choices=[("reserved", "Reserved"), ("billed", "Counted"), ("free", "Free")],
                default="reserved",
                max_length=8,
                verbose_name="state",
            ),
        ),
        # Names that only people read
        migrations.AlterModelOptions(
            name='createlookup',
            options={'ordering': ['-id'], 'verbose_name': 'create lookup', 'verbose_name_plural': 'create lookups'},
        ),
        migrations.AlterModelOptions(
            name='untrackedtask',
            options={'ordering': ['-remote_created_at', '-id'], 'verbose_name': 'untracked task', 'verbose_name_plural': 'untracked tasks'},
        ),
        migrations.AlterField(
            model_name='candidate',
            name='lookup',
            field=models.ForeignKey(on_delete=deletion.CASCADE, related_name='candidates', to='tasks.createlookup', verbose_name='create lookup'),
        ),
        migrations.AlterField(
            model_name='createlookup',
            name='attempted_at',
            field=models.DateTimeField(null=True, verbose_name='last attempt'),
        ),
        migrations.AlterField(
            model_name='createlookup',
            name='attempts',
            field=models.PositiveIntegerField(default=0, verbose_name='complete attempts'),
        ),
        migrations.AlterField(
            model_name='createlookup',
            name='due_at',
            field=models.DateTimeField(null=True, verbose_name='next attempt'),
        ),
        migrations.AlterField(
            model_name='createlookup',
            name='submission',
            field=models.OneToOneField(on_delete=deletion.CASCADE, related_name='lookup', to='tasks.submission', verbose_name='submission'),
        ),
        migrations.AlterField(
            model_name='spending',
            name='reserved_micros',
            field=models.BigIntegerField(default=0, help_text='millionths', verbose_name='money reserved'),
        ),
        migrations.AlterField(
            model_name='spending',
            name='reserved_tokens',
            field=models.BigIntegerField(default=0, verbose_name='tokens reserved'),
        ),
        migrations.AlterField(
            model_name='submission',
            name='request',
            field=models.JSONField(verbose_name='request'),
        ),
        migrations.AlterField(
            model_name='submission',
            name='state',
            field=models.CharField(choices=[('waiting', 'Waiting to be sent'), ('sending', 'Being sent'), ('created', 'Created'), ('refused', 'Refused'), ('unconfirmed', 'Unconfirmed'), ('not_created', 'Not created')], default='waiting', max_length=11, verbose_name='state'),
        ),
        migrations.AlterField(
            model_name='untrackedtask',
            name='credential',
            field=models.ForeignKey(on_delete=deletion.CASCADE, related_name='untracked_tasks', to='tasks.credential', verbose_name='credential'),
        ),
    
        migrations.AlterField(
            model_name='submission',
            name='parent',
            field=models.ForeignKey(null=True, on_delete=deletion.SET_NULL, related_name='derived_submissions', to='tasks.task', verbose_name='comes from'),
        ),
        migrations.AlterField(
            model_name='submission',
            name='relation',
            field=models.CharField(blank=True, choices=[('retry', 'tried again'), ('again', 'made again'), ('edited', 'changed'), ('final', 'final of the draft'), ('continued', 'on from the last frame'), ('seed', 'with the same seed')], db_default='', default='', max_length=9, verbose_name='relation'),
        ),
    
        migrations.RunPython(rename_states),
        migrations.RunPython(create_triggers),
        migrations.RunPython(rename_backend_in_sessions),
        migrations.RunPython(create_what_was_put_off),
    ]
