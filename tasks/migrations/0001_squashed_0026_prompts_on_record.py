"""The whole schema of release 0.1.0: tables, triggers, indexes, first rows, schedules.

It stands for the 26 migrations that led there. A database that has all of them counts it as
applied; an older one is refused (`tasks/management/upgrade.py`). Like every migration that has
landed it never changes, and so it imports nothing of the product.

Triggers and SQLite: a later migration that remakes `tasks_task`, `tasks_copy`, `tasks_charge` or
`tasks_auditentry` there loses their triggers. Add columns and indexes, or create them again.
"""

import uuid
from decimal import Decimal

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.core.management import call_command
from django.db import migrations, models

STATUSES = [
    ("submitting", "Submitting"),
    ("unconfirmed", "Unconfirmed"),
    ("unknown", "Unknown"),
    ("queued", "Queued"),
    ("running", "Running"),
    ("succeeded", "Succeeded"),
    ("failed", "Failed"),
    ("cancelled", "Cancelled"),
    ("expired", "Expired"),
    ("lost", "Lost"),
]
CURRENCIES = [
    ("CNY", "CNY ¥"),
    ("USD", "USD $"),
    ("EUR", "EUR €"),
    ("GBP", "GBP £"),
    ("HKD", "HKD"),
    ("JPY", "JPY"),
    ("SGD", "SGD"),
]
LIST_OUTCOMES = [
    ("waiting", "Waiting for its turn"),
    ("running", "Asking"),
    ("compared", "Compared"),
    ("empty", "The provider lists nothing"),
    ("failed", "The list could not be had"),
    ("cannot", "This provider has no list"),
]
AUDIT_VERBS = [
    ("signed_in", "signed in"),
    ("sign_in_failed", "could not sign in"),
    ("signed_out", "signed out"),
    ("sessions_ended", "ended sessions"),
    ("password_changed", "changed the password"),
    ("factor_added", "added a second factor"),
    ("factor_removed", "removed a second factor"),
    ("invited", "invited"),
    ("invitation_withdrawn", "withdrew an invitation"),
    ("joined", "joined"),
    ("role_changed", "changed a role"),
    ("person_removed", "removed a person"),
    ("person_added", "made an account"),
    ("person_changed", "changed an account"),
    ("project_made", "made a project"),
    ("project_changed", "changed a project"),
    ("project_removed", "removed a project"),
    ("credential_added", "added a credential"),
    ("credential_changed", "changed a credential"),
    ("credential_removed", "removed a credential"),
    ("key_replaced", "replaced a key"),
    ("price_set", "set a price"),
    ("price_ended", "ended a price"),
    ("price_removed", "removed a price"),
    ("budget_changed", "changed a budget"),
    ("prompt_saved", "saved a prompt"),
    ("prompt_changed", "changed a saved prompt"),
    ("tracked", "tracked tasks"),
    ("adopted", "adopted tasks"),
    ("exported", "exported"),
    ("deleted", "deleted"),
    ("restored", "restored"),
    ("purged", "deleted for good"),
    ("cancelled", "cancelled"),
]
MODELS = [
    ("seedance-2-5-260628", "Seedance 2.5"),
    ("seedance-2-0-mini-260615", "Seedance 2.0 mini"),
    ("seedance-2-0-fast-260128", "Seedance 2.0 fast"),
    ("seedance-2-0-260128", "Seedance 2.0"),
    ("seedance-1-5-pro-251215", "Seedance 1.5 pro"),
    ("seedance-1-0-pro-fast-251015", "Seedance 1.0 pro fast"),
    ("seedance-1-0-pro-250528", "Seedance 1.0 pro"),
    ("seedance-1-0-lite-t2v-250428", "Seedance 1.0 lite t2v"),
    ("seedance-1-0-lite-i2v-250428", "Seedance 1.0 lite i2v"),
]
KINSHIPS = [
    ("retry", "tried again"),
    ("again", "made again"),
    ("edited", "changed"),
    ("final", "final of the draft"),
    ("continued", "on from the last frame"),
    ("seed", "with the same seed"),
]


# Words of the tasks, searchable: FTS5 on SQLite, trigrams on PostgreSQL

SEARCH = {
    "sqlite": [
        """CREATE VIRTUAL TABLE tasks_search USING fts5(
        search_text, content='tasks_task', content_rowid='id',
        tokenize='unicode61 remove_diacritics 0')""",
        """CREATE TRIGGER tasks_search_insert AFTER INSERT ON tasks_task BEGIN
        INSERT INTO tasks_search(rowid, search_text) VALUES (new.id, new.search_text);
    END""",
        """CREATE TRIGGER tasks_search_delete AFTER DELETE ON tasks_task BEGIN
        INSERT INTO tasks_search(tasks_search, rowid, search_text)
        VALUES ('delete', old.id, old.search_text);
    END""",
        """CREATE TRIGGER tasks_search_update AFTER UPDATE OF search_text ON tasks_task
    WHEN old.search_text IS NOT new.search_text BEGIN
        INSERT INTO tasks_search(tasks_search, rowid, search_text)
        VALUES ('delete', old.id, old.search_text);
        INSERT INTO tasks_search(rowid, search_text) VALUES (new.id, new.search_text);
    END""",
    ],
    "postgresql": [
        "CREATE EXTENSION IF NOT EXISTS pg_trgm",
        "CREATE INDEX tasks_search ON tasks_task USING gin (search_text gin_trgm_ops)",
    ],
}

# The audit, which the database itself refuses to change. On SQLite only UPDATE is refused: it has
# no TRUNCATE, so `flush` could not empty the table.

REFUSAL = "The record of who did what is only ever added to."
AUDIT = {
    "sqlite": [
        f"""CREATE TRIGGER tasks_auditentry_kept BEFORE UPDATE ON tasks_auditentry
    BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"""
    ],
    "postgresql": [
        f"""CREATE FUNCTION tasks_keep_auditentry() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
        """CREATE TRIGGER tasks_auditentry_kept BEFORE UPDATE OR DELETE ON tasks_auditentry
    FOR EACH ROW EXECUTE FUNCTION tasks_keep_auditentry()""",
    ],
}

# Sums of what is saved, by project: a saved copy adds MORE of row NEW and takes LESS of row OLD

ROW_FOR_PROJECT = """INSERT INTO tasks_storageuse (project_id, files, bytes)
    SELECT project_id, 0, 0 FROM tasks_task WHERE id = NEW.task_id AND NOT EXISTS
        (SELECT 1 FROM tasks_storageuse u WHERE u.project_id = tasks_task.project_id);"""
CHANGE_USE = """UPDATE tasks_storageuse
    SET files = files {sign} 1, bytes = bytes {sign} (coalesce({row}.size, 0) + coalesce({row}.poster_size, 0))
    WHERE project_id = (SELECT project_id FROM tasks_task WHERE id = {row}.task_id);"""
MORE = ROW_FOR_PROJECT + "\n" + CHANGE_USE.format(row="NEW", sign="+")
LESS = CHANGE_USE.format(row="OLD", sign="-")
STORAGE_USE = {
    "sqlite": [
        f"""CREATE TRIGGER tasks_copy_made AFTER INSERT ON tasks_copy
        WHEN NEW.state = 'saved' BEGIN {MORE} END""",
        f"""CREATE TRIGGER tasks_copy_unsaved AFTER UPDATE OF state, size, poster_size ON tasks_copy
        WHEN OLD.state = 'saved' BEGIN {LESS} END""",
        f"""CREATE TRIGGER tasks_copy_saved AFTER UPDATE OF state, size, poster_size ON tasks_copy
        WHEN NEW.state = 'saved' BEGIN {MORE} END""",
        f"""CREATE TRIGGER tasks_copy_deleted AFTER DELETE ON tasks_copy
        WHEN OLD.state = 'saved' BEGIN {LESS} END""",
    ],
    "postgresql": [
        f"""CREATE FUNCTION tasks_count_copy() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
        IF TG_OP <> 'INSERT' AND OLD.state = 'saved' THEN {LESS} END IF;
        IF TG_OP <> 'DELETE' AND NEW.state = 'saved' THEN {MORE} END IF;
        RETURN NULL; END $$""",
        """CREATE TRIGGER tasks_count_copy AFTER INSERT OR DELETE OR UPDATE OF state, size, poster_size
        ON tasks_copy FOR EACH ROW EXECUTE FUNCTION tasks_count_copy()""",
    ],
}

# Sums of the charges, by project, month, person and currency

MONTH = {"sqlite": "substr({row}.day, 1, 7)", "postgresql": "to_char({row}.day, 'YYYY-MM')"}
KEY = "{row}.project_id || '-' || {month} || '-' || {row}.person || '-' || {row}.currency"
ROW_FOR_SUM = """INSERT INTO tasks_spending (key, project_id, month, person, currency, takes,
    tokens, held_tokens, micros, held_micros)
    VALUES ({key}, {row}.project_id, {month}, {row}.person, {row}.currency, 0, 0, 0, 0, 0)
    ON CONFLICT (key) DO NOTHING;"""
CHANGE_SUM = """UPDATE tasks_spending SET takes = takes {sign} 1,
    tokens = tokens {sign} CASE {row}.state WHEN 'billed' THEN {row}.tokens ELSE 0 END,
    held_tokens = held_tokens {sign} CASE {row}.state WHEN 'held' THEN {row}.tokens ELSE 0 END,
    micros = micros {sign} CASE {row}.state WHEN 'billed' THEN {row}.micros ELSE 0 END,
    held_micros = held_micros {sign} CASE {row}.state WHEN 'held' THEN {row}.micros ELSE 0 END
    WHERE key = {key};"""
COLUMNS = "project_id, person, day, currency, state, tokens, micros"


def sum_of_charges(vendor, row, sign):
    month = MONTH[vendor].format(row=row)
    words = {"row": row, "month": month, "key": KEY.format(row=row, month=month), "sign": sign}
    change = CHANGE_SUM.format(**words)
    return f"{ROW_FOR_SUM.format(**words)}\n{change}" if sign == "+" else change


def spending(vendor):
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


ONE_ACCOUNT_AN_EMAIL = (
    "CREATE UNIQUE INDEX one_account_an_email ON auth_user (LOWER(email)) WHERE email <> ''"
)


def create_what_was_put_off(apps, schema_editor):
    """Create indexes and foreign keys now, so that nothing is left to do after the last operation.

    Django then records the migration in the same transaction: a kill leaves all of it or nothing.
    """
    while schema_editor.deferred_sql:
        schema_editor.execute(schema_editor.deferred_sql.pop(0), None)


def create_triggers_and_indexes(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    others = SEARCH[vendor] + AUDIT[vendor] + STORAGE_USE[vendor] + spending(vendor)
    for statement in [*others, ONE_ACCOUNT_AN_EMAIL]:
        schema_editor.execute(statement, None)


def create_cache_table(apps, schema_editor):
    """Create it also where Redis is used now: it may not always be."""
    alias = schema_editor.connection.alias
    call_command("createcachetable", "tasks_cache", database=alias, verbosity=0)


def create_first_rows(apps, schema_editor):
    """Create the change counter's one row, the first project, and the schedules of django-q2."""
    apps.get_model("tasks", "ChangeCounter").objects.get_or_create(id=1)
    apps.get_model("tasks", "Project").objects.get_or_create(name="Dailies")
    # A sweep ends at once where another one works, and is the last restart where none does; each
    # hour the comparison looks for a credential that was not compared for a day.
    for name, how in {
        "sweep": {"schedule_type": "I", "minutes": 1},
        "reconcile": {"schedule_type": "I", "minutes": 60},
        "purge": {"schedule_type": "D"},
    }.items():
        apps.get_model("django_q", "Schedule").objects.get_or_create(
            name=name, defaults={"func": f"tasks.jobs.{name}", **how}
        )


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("tasks", "0001_initial"),
        ("tasks", "0002_first_rows"),
        ("tasks", "0003_search_index"),
        ("tasks", "0004_restart_the_sweep"),
        ("tasks", "0005_copies"),
        ("tasks", "0006_filters_within_a_project"),
        ("tasks", "0007_storage_use"),
        ("tasks", "0008_invitations"),
        ("tasks", "0009_profiles"),
        ("tasks", "0010_audit"),
        ("tasks", "0011_credentials_of_projects"),
        ("tasks", "0012_reconciliations"),
        ("tasks", "0013_trash_and_stars"),
        ("tasks", "0014_submissions"),
        ("tasks", "0015_door"),
        ("tasks", "0016_model_names"),
        ("tasks", "0017_cancellations"),
        ("tasks", "0018_uploads"),
        ("tasks", "0019_names"),
        ("tasks", "0020_lineage"),
        ("tasks", "0021_posters_counted"),
        ("tasks", "0022_saved_prompts"),
        ("tasks", "0023_lost_and_callbacks"),
        ("tasks", "0024_money"),
        ("tasks", "0025_charges"),
        ("tasks", "0026_prompts_on_record"),
    ]

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]

    operations = [
        migrations.CreateModel(
            name='ChangeCounter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('value', models.BigIntegerField(default=0)),
            ],
            options={
                'verbose_name': 'change counter',
                'verbose_name_plural': 'change counters',
            },
        ),
        migrations.CreateModel(
            name='Lease',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=30, unique=True)),
                ('holder', models.CharField(default='', max_length=40)),
                ('until', models.DateTimeField()),
                ('beat_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'lease',
                'verbose_name_plural': 'leases',
            },
        ),
        migrations.CreateModel(
            name='Project',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, unique=True, verbose_name='name')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
            ],
            options={
                'verbose_name': 'project',
                'verbose_name_plural': 'projects',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Credential',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, unique=True, verbose_name='name')),
                ('provider', models.SlugField(max_length=30, verbose_name='provider')),
                ('base_url', models.CharField(help_text='Filled in for known providers. Without a slash at the end.', max_length=300, verbose_name='base URL')),
                ('active', models.BooleanField(default=True, help_text='Tasks of an inactive credential are not checked.', verbose_name='active')),
                ('requests_per_second', models.FloatField(blank=True, help_text="Leave empty for the provider's own limit.", null=True, validators=[django.core.validators.MinValueValidator(0.01)], verbose_name='requests per second')),
                ('check_seconds', models.FloatField(blank=True, help_text='Leave empty for a pace that fits the provider and slows down with age.', null=True, validators=[django.core.validators.MinValueValidator(0.5)], verbose_name='seconds between checks of a task')),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('sealed_key', models.TextField(default='', editable=False)),
                ('key_tail', models.CharField(default='', editable=False, max_length=4, verbose_name='key ends with')),
                ('heard_at', models.DateTimeField(editable=False, null=True, verbose_name='last answer')),
                ('trouble', models.CharField(default='', editable=False, max_length=20, verbose_name='trouble')),
                ('trouble_message', models.CharField(default='', editable=False, max_length=500, verbose_name='last words')),
                ('trouble_since', models.DateTimeField(editable=False, null=True, verbose_name='in trouble since')),
                ('troubles_in_a_row', models.PositiveIntegerField(default=0, editable=False, verbose_name='troubles in a row')),
                ('paused_until', models.DateTimeField(editable=False, null=True, verbose_name='resting until')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('open_to_all', models.BooleanField(default=True, help_text='Otherwise only the projects chosen below.', verbose_name='every project may use it')),
                ('test_asked_at', models.DateTimeField(editable=False, null=True, verbose_name='test asked for')),
                ('tested_at', models.DateTimeField(editable=False, null=True, verbose_name='tested')),
                ('test_findings', models.JSONField(default=list, editable=False, verbose_name='findings of the test')),
                ('projects', models.ManyToManyField(blank=True, related_name='credentials', to='tasks.project', verbose_name='projects')),
            ],
            options={
                'verbose_name': 'credential',
                'verbose_name_plural': 'credentials',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('viewer', 'viewer'), ('member', 'member'), ('manager', 'manager')], default='member', max_length=10, verbose_name='role')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL, verbose_name='person')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='tasks.project', verbose_name='project')),
            ],
            options={
                'verbose_name': 'membership',
                'verbose_name_plural': 'memberships',
                'constraints': [models.UniqueConstraint(fields=('project', 'user'), name='one_membership_each')],
            },
        ),
        migrations.CreateModel(
            name='SignInLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token_hash', models.CharField(max_length=64, unique=True)),
                ('ends_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(null=True)),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
                ('without_second_factor', models.BooleanField(default=False)),
            ],
            options={
                'verbose_name': 'one-time link',
                'verbose_name_plural': 'one-time links',
            },
        ),
        migrations.CreateModel(
            name='Task',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='tracked since')),
                ('provider', models.SlugField(max_length=30, verbose_name='provider')),
                ('base_url', models.CharField(max_length=300, verbose_name='base URL')),
                ('remote_id', models.CharField(max_length=128, verbose_name='task id')),
                ('status', models.CharField(choices=STATUSES, default='unknown', max_length=12, verbose_name='status')),
                ('status_word', models.CharField(blank=True, default='', max_length=64, verbose_name="provider's word")),
                ('model', models.CharField(blank=True, default='', max_length=200, verbose_name='model')),
                ('prompt', models.TextField(blank=True, default='', verbose_name='prompt')),
                ('action', models.CharField(blank=True, default='', max_length=200, verbose_name='action')),
                ('progress', models.IntegerField(null=True, verbose_name='progress')),
                ('video_url', models.TextField(blank=True, default='', verbose_name='video link')),
                ('video_needs_key', models.BooleanField(default=False, verbose_name='link needs the key')),
                ('last_frame_url', models.TextField(blank=True, default='', verbose_name='last frame link')),
                ('file_url', models.TextField(blank=True, default='', verbose_name='file link')),
                ('link_ends_at', models.DateTimeField(null=True, verbose_name='link ends')),
                ('error_code', models.CharField(blank=True, default='', max_length=200, verbose_name='error code')),
                ('error_message', models.TextField(blank=True, default='', verbose_name='error')),
                ('request_id', models.CharField(blank=True, default='', max_length=200, verbose_name='request id')),
                ('remote_created_at', models.DateTimeField(null=True, verbose_name='created there')),
                ('remote_updated_at', models.DateTimeField(null=True, verbose_name='updated there')),
                ('remote_started_at', models.DateTimeField(null=True, verbose_name='started, as the gateway saw it')),
                ('remote_finished_at', models.DateTimeField(null=True, verbose_name='finished, as the gateway saw it')),
                ('seed', models.BigIntegerField(null=True, verbose_name='seed')),
                ('resolution', models.CharField(blank=True, default='', max_length=200, verbose_name='resolution')),
                ('ratio', models.CharField(blank=True, default='', max_length=200, verbose_name='ratio')),
                ('duration', models.IntegerField(help_text='seconds', null=True, verbose_name='duration')),
                ('frames', models.IntegerField(null=True, verbose_name='frames')),
                ('framespersecond', models.IntegerField(null=True, verbose_name='frames per second')),
                ('generate_audio', models.BooleanField(null=True, verbose_name='audio')),
                ('draft', models.BooleanField(null=True, verbose_name='draft')),
                ('draft_task_id', models.CharField(blank=True, default='', max_length=200, verbose_name='draft task')),
                ('tools', models.CharField(blank=True, default='', max_length=200, verbose_name='tools')),
                ('safety_identifier', models.CharField(blank=True, default='', max_length=200, verbose_name='safety identifier')),
                ('priority', models.IntegerField(null=True, verbose_name='priority')),
                ('output_format', models.CharField(blank=True, default='', max_length=200, verbose_name='format')),
                ('service_tier', models.CharField(blank=True, default='', max_length=200, verbose_name='service tier')),
                ('execution_expires_after', models.BigIntegerField(help_text='seconds', null=True, verbose_name='expires after')),
                ('revised_prompt', models.TextField(blank=True, default='', verbose_name='revised prompt')),
                ('completion_tokens', models.BigIntegerField(null=True, verbose_name='completion tokens')),
                ('total_tokens', models.BigIntegerField(null=True, verbose_name='tokens')),
                ('web_searches', models.IntegerField(null=True, verbose_name='web searches')),
                ('quota', models.BigIntegerField(null=True, verbose_name="gateway's quota units")),
                ('queued_at', models.DateTimeField(null=True, verbose_name='first seen queued')),
                ('running_at', models.DateTimeField(null=True, verbose_name='first seen running')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='first seen ended')),
                ('check_after', models.DateTimeField(default=django.utils.timezone.now, null=True, verbose_name='next check')),
                ('asked_at', models.DateTimeField(null=True, verbose_name='last asked')),
                ('heard_at', models.DateTimeField(null=True, verbose_name='last answer before the last question')),
                ('trouble', models.CharField(blank=True, default='', max_length=20, verbose_name='trouble')),
                ('trouble_message', models.CharField(blank=True, default='', max_length=500, verbose_name='last words')),
                ('troubles_in_a_row', models.PositiveIntegerField(default=0, verbose_name='troubles in a row')),
                ('not_founds', models.PositiveIntegerField(default=0, verbose_name='times not found in a row')),
                ('answer_digest', models.CharField(blank=True, default='', max_length=32, verbose_name="answer's digest")),
                ('change', models.BigIntegerField(default=0, editable=False)),
                ('search_text', models.TextField(blank=True, default='', editable=False)),
                ('raw', models.TextField(blank=True, default='', verbose_name='raw answer')),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL, verbose_name='person')),
                ('credential', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='tasks.credential', verbose_name='credential')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='tasks.project', verbose_name='project')),
                ('deleted_at', models.DateTimeField(editable=False, null=True, verbose_name='deleted')),
                ('deleted_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='deleted by')),
            ],
            options={
                'verbose_name': 'task',
                'verbose_name_plural': 'tasks',
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['project', '-id'], name='task_project'), models.Index(fields=['credential', '-id'], name='task_credential'), models.Index(fields=['provider', '-id'], name='task_provider'), models.Index(fields=['created_by', '-id'], name='task_person'), models.Index(fields=['change'], name='task_change'), models.Index(condition=models.Q(('check_after__isnull', False)), fields=['credential', 'check_after'], name='task_due'), models.Index(fields=['project', 'created_by', '-id'], name='task_project_person'), models.Index(fields=['project', 'credential', '-id'], name='task_project_credential'), models.Index(fields=['project', 'provider', '-id'], name='task_project_provider'), models.Index(fields=['project', 'created_by', 'total_tokens'], name='task_tokens'), models.Index(fields=['status', '-id', 'project', 'provider', 'credential', 'created_by', 'deleted_at'], name='task_status'), models.Index(condition=models.Q(('deleted_at__isnull', False)), fields=['-deleted_at', '-id'], name='task_trash')],
                'constraints': [models.UniqueConstraint(fields=('base_url', 'remote_id'), name='followed_once')],
            },
        ),
        migrations.CreateModel(
            name='StatusChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('was', models.CharField(choices=STATUSES, max_length=12, verbose_name='was')),
                ('became', models.CharField(choices=STATUSES, max_length=12, verbose_name='became')),
                ('word', models.CharField(default='', max_length=64, verbose_name="provider's word")),
                ('at', models.DateTimeField(verbose_name='seen')),
                ('task', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='tasks.task')),
            ],
            options={
                'verbose_name': 'status change',
                'verbose_name_plural': 'status changes',
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Copy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('video', 'Video'), ('last_frame', 'Last frame')], max_length=10, verbose_name='kind')),
                ('state', models.CharField(choices=[('waiting', 'Waiting to be saved'), ('saving', 'Saving'), ('saved', 'Saved'), ('gone', 'Gone'), ('deleted', 'Deleted')], default='waiting', max_length=8, verbose_name='state')),
                ('url', models.TextField(verbose_name='link')),
                ('needs_key', models.BooleanField(default=False, verbose_name='link needs the key')),
                ('link_ends_at', models.DateTimeField(null=True, verbose_name='link ends')),
                ('due_at', models.DateTimeField(null=True, verbose_name='next try')),
                ('tries', models.PositiveIntegerField(default=0, verbose_name='failed tries')),
                ('trouble', models.CharField(blank=True, default='', max_length=20, verbose_name='trouble')),
                ('trouble_message', models.CharField(blank=True, default='', max_length=500, verbose_name='last words')),
                ('bytes_done', models.BigIntegerField(default=0, verbose_name='bytes fetched')),
                ('bytes_total', models.BigIntegerField(null=True, verbose_name='bytes in all')),
                ('etag', models.CharField(blank=True, default='', max_length=200)),
                ('name', models.CharField(blank=True, default='', max_length=200, verbose_name='file')),
                ('poster', models.CharField(blank=True, default='', max_length=200, verbose_name='poster')),
                ('size', models.BigIntegerField(help_text='bytes', null=True, verbose_name='size')),
                ('sha256', models.CharField(blank=True, default='', max_length=64, verbose_name='SHA-256')),
                ('duration', models.FloatField(help_text='seconds', null=True, verbose_name='duration')),
                ('width', models.PositiveIntegerField(null=True, verbose_name='width')),
                ('height', models.PositiveIntegerField(null=True, verbose_name='height')),
                ('video_codec', models.CharField(blank=True, default='', max_length=20, verbose_name='video codec')),
                ('audio_codec', models.CharField(blank=True, default='', max_length=20, verbose_name='audio codec')),
                ('mismatch', models.CharField(blank=True, default='', max_length=300, verbose_name='differs from the task')),
                ('created_at', models.DateTimeField(verbose_name='in the queue since')),
                ('saved_at', models.DateTimeField(null=True, verbose_name='saved')),
                ('task', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='copies', to='tasks.task', verbose_name='task')),
                ('deleted_at', models.DateTimeField(editable=False, null=True, verbose_name='deleted')),
                ('deleted_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='deleted by')),
                ('poster_size', models.BigIntegerField(help_text='bytes', null=True, verbose_name="poster's size")),
            ],
            options={
                'verbose_name': 'copy',
                'verbose_name_plural': 'copies',
                'ordering': ['id'],
                'indexes': [models.Index(condition=models.Q(('state__in', ['waiting', 'saving'])), fields=['link_ends_at', 'id'], name='copy_queue'), models.Index(condition=models.Q(('state', 'gone')), fields=['-id', 'task'], name='copy_gone'), models.Index(condition=models.Q(('deleted_at__isnull', False), ('state', 'saved')), fields=['-deleted_at', '-id'], name='copy_trash')],
                'constraints': [models.UniqueConstraint(fields=('task', 'kind'), name='copied_once')],
            },
        ),
        migrations.CreateModel(
            name='StorageUse',
            fields=[
                ('project', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to='tasks.project', verbose_name='project')),
                ('files', models.BigIntegerField(default=0, verbose_name='files')),
                ('bytes', models.BigIntegerField(default=0, help_text='bytes', verbose_name='size')),
            ],
            options={
                'verbose_name': 'storage used',
                'verbose_name_plural': 'storage used',
            },
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('viewer', 'viewer'), ('member', 'member'), ('manager', 'manager')], default='viewer', max_length=10, verbose_name='role')),
                ('email', models.EmailField(blank=True, default='', max_length=254, verbose_name='e-mail')),
                ('token_hash', models.CharField(editable=False, max_length=64, unique=True)),
                ('created_at', models.DateTimeField(verbose_name='invited')),
                ('ends_at', models.DateTimeField(verbose_name='ends')),
                ('used_at', models.DateTimeField(null=True, verbose_name='accepted')),
                ('withdrawn_at', models.DateTimeField(null=True, verbose_name='withdrawn')),
                ('invited_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='invited by')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='tasks.project', verbose_name='project')),
                ('used_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='accepted by')),
            ],
            options={
                'verbose_name': 'invitation',
                'verbose_name_plural': 'invitations',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Profile',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='profile', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('language', models.CharField(blank=True, default='', max_length=10, verbose_name='language')),
                ('time_zone', models.CharField(blank=True, default='', max_length=64, verbose_name='time zone')),
                ('theme', models.CharField(blank=True, choices=[('auto', 'Auto'), ('light', 'Light'), ('dark', 'Dark')], default='', max_length=5, verbose_name='theme')),
                ('density', models.CharField(choices=[('comfortable', 'Comfortable'), ('compact', 'Compact')], default='comfortable', max_length=11, verbose_name='density')),
                ('shortcuts', models.BooleanField(default=True, verbose_name='keyboard shortcuts')),
                ('notifies', models.BooleanField(default=False, verbose_name='notifications')),
                ('sounds', models.BooleanField(default=False, verbose_name='sound with notifications')),
                ('seen_at', models.DateTimeField(editable=False, null=True, verbose_name='last seen')),
            ],
            options={
                'verbose_name': 'profile',
                'verbose_name_plural': 'profiles',
            },
        ),
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='at')),
                ('actor_id', models.BigIntegerField(null=True, verbose_name="actor's id")),
                ('actor', models.CharField(default='', max_length=150, verbose_name='who')),
                ('verb', models.CharField(choices=AUDIT_VERBS, max_length=24, verbose_name='did what')),
                ('kind', models.CharField(default='', max_length=30, verbose_name='kind of thing')),
                ('object_id', models.BigIntegerField(null=True, verbose_name="thing's id")),
                ('label', models.CharField(default='', max_length=200, verbose_name='to what')),
                ('project_id', models.BigIntegerField(null=True, verbose_name="project's id")),
                ('address', models.GenericIPAddressField(null=True, verbose_name='from where')),
                ('changes', models.JSONField(default=dict, verbose_name='what changed')),
            ],
            options={
                'verbose_name': 'audit entry',
                'verbose_name_plural': 'audit',
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['project_id', '-id'], name='audit_project'), models.Index(fields=['actor_id', '-id'], name='audit_actor'), models.Index(fields=['verb', '-id'], name='audit_verb')],
            },
        ),
        migrations.CreateModel(
            name='HealthMinute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('minute', models.DateTimeField(verbose_name='minute')),
                ('answers', models.PositiveIntegerField(default=0, verbose_name='answers')),
                ('troubles', models.JSONField(default=dict, help_text='number by kind', verbose_name='troubles')),
                ('latencies', models.JSONField(default=dict, verbose_name='latencies')),
                ('credential', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='minutes', to='tasks.credential')),
            ],
            options={
                'verbose_name': 'minute of health',
                'verbose_name_plural': 'minutes of health',
                'constraints': [models.UniqueConstraint(fields=('credential', 'minute'), name='one_row_a_minute')],
            },
        ),
        migrations.CreateModel(
            name='Found',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('base_url', models.CharField(max_length=300, verbose_name='base URL')),
                ('remote_id', models.CharField(max_length=128, verbose_name='task id')),
                ('status', models.CharField(choices=STATUSES, max_length=12, verbose_name='status')),
                ('model', models.CharField(blank=True, default='', max_length=200, verbose_name='model')),
                ('service_tier', models.CharField(blank=True, default='', max_length=200, verbose_name='service tier')),
                ('remote_created_at', models.DateTimeField(null=True, verbose_name='created there')),
                ('remote_updated_at', models.DateTimeField(null=True, verbose_name='updated there')),
                ('found_at', models.DateTimeField(verbose_name='found')),
                ('seen_at', models.DateTimeField(verbose_name='last listed')),
                ('raw', models.TextField(blank=True, default='', verbose_name='raw answer')),
                ('credential', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='found', to='tasks.credential', verbose_name='credential')),
            ],
            options={
                'verbose_name': 'found task',
                'verbose_name_plural': 'found tasks',
                'ordering': ['-remote_created_at', '-id'],
                'indexes': [models.Index(fields=['credential', 'remote_created_at'], name='found_nearest_end')],
                'constraints': [models.UniqueConstraint(fields=('base_url', 'remote_id'), name='found_once')],
            },
        ),
        migrations.CreateModel(
            name='Reconciliation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('base_url', models.CharField(max_length=300, verbose_name='base URL')),
                ('asked_at', models.DateTimeField(verbose_name='asked')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='ended')),
                ('outcome', models.CharField(choices=LIST_OUTCOMES, default='waiting', max_length=10, verbose_name='outcome')),
                ('trouble', models.CharField(blank=True, default='', max_length=20, verbose_name='trouble')),
                ('message', models.CharField(blank=True, default='', max_length=500, verbose_name='last words')),
                ('stage', models.CharField(choices=[('default', 'the list'), ('flex', 'the list of flex tasks'), ('confirm', 'what the list left out'), ('confirm_flex', 'what the list left out, as flex tasks')], default='default', max_length=12, verbose_name='stage')),
                ('place', models.BigIntegerField(default=1, verbose_name='place')),
                ('items', models.PositiveIntegerField(default=0)),
                ('page_digest', models.CharField(blank=True, default='', max_length=32)),
                ('listed', models.PositiveIntegerField(default=0, verbose_name='listed there')),
                ('missing_here', models.PositiveIntegerField(default=0, verbose_name='missing here')),
                ('missing_there', models.PositiveIntegerField(default=0, verbose_name='missing there')),
                ('differing', models.PositiveIntegerField(default=0, verbose_name='differing')),
                ('asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('credential', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reconciliations', to='tasks.credential', verbose_name='credential')),
                ('clock_ahead', models.FloatField(null=True, verbose_name="provider's clock ahead")),
            ],
            options={
                'verbose_name': 'reconciliation',
                'verbose_name_plural': 'reconciliations',
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['credential', '-id'], name='reconciliation_newest')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('outcome__in', ['waiting', 'running'])), fields=('credential',), name='one_reconciliation_at_a_time')],
            },
        ),
        migrations.CreateModel(
            name='Difference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('met', 'in the list'), ('missing', 'missing there'), ('differs', 'differing')], max_length=7, verbose_name='kind')),
                ('status_there', models.CharField(blank=True, choices=STATUSES, default='', max_length=12, verbose_name='status there')),
                ('reconciliation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='differences', to='tasks.reconciliation', verbose_name='reconciliation')),
                ('task', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tasks.task', verbose_name='task')),
            ],
            options={
                'verbose_name': 'difference',
                'verbose_name_plural': 'differences',
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(fields=('reconciliation', 'task'), name='one_difference_each')],
            },
        ),
        migrations.CreateModel(
            name='Star',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='starred')),
                ('task', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='stars', to='tasks.task', verbose_name='task')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='stars', to=settings.AUTH_USER_MODEL, verbose_name='person')),
            ],
            options={
                'verbose_name': 'star',
                'verbose_name_plural': 'stars',
                'constraints': [models.UniqueConstraint(fields=('user', 'task'), name='starred_once')],
            },
        ),
        migrations.CreateModel(
            name='Batch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='idempotency key')),
                ('created_at', models.DateTimeField(verbose_name='made')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL, verbose_name='person')),
                ('credential', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='tasks.credential', verbose_name='credential')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='tasks.project', verbose_name='project')),
                ('takes', models.PositiveIntegerField(db_default=1, default=1, verbose_name='takes')),
            ],
            options={
                'verbose_name': 'batch',
                'verbose_name_plural': 'batches',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='ModelName',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider', models.SlugField(max_length=30, verbose_name='provider')),
                ('name', models.CharField(help_text='As it is sent: ep-20261120-abcde, doubao-seedance-2.0-V2V …', max_length=200, verbose_name='name')),
                ('known_as', models.CharField(max_length=60, verbose_name='model behind it')),
            ],
            options={
                'verbose_name': 'model name',
                'verbose_name_plural': 'model names',
                'ordering': ['provider', 'name'],
                'constraints': [models.UniqueConstraint(fields=('provider', 'name'), name='named_once')],
            },
        ),
        migrations.CreateModel(
            name='Cancellation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('asked_at', models.DateTimeField(verbose_name='asked')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='answered')),
                ('outcome', models.CharField(choices=[('waiting', 'Being asked for'), ('asking', 'On its way'), ('accepted', 'Accepted by the provider'), ('too_late', 'Too late: it was not queued any more'), ('refused', 'Refused by the provider'), ('unknown', 'Nobody knows: the answer was lost')], default='waiting', max_length=8, verbose_name='outcome')),
                ('message', models.CharField(blank=True, default='', max_length=500, verbose_name='last words')),
                ('asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL, verbose_name='asked by')),
                ('task', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='cancellations', to='tasks.task')),
            ],
            options={
                'verbose_name': 'cancellation',
                'verbose_name_plural': 'cancellations',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Upload',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sha256', models.CharField(editable=False, max_length=64, verbose_name='SHA-256')),
                ('size', models.PositiveIntegerField(help_text='bytes', verbose_name='size')),
                ('width', models.PositiveIntegerField(verbose_name='width')),
                ('height', models.PositiveIntegerField(verbose_name='height')),
                ('kind', models.CharField(choices=[('jpeg', 'jpeg'), ('png', 'png'), ('webp', 'webp'), ('gif', 'gif'), ('bmp', 'bmp')], max_length=4, verbose_name='kind')),
                ('name', models.CharField(default='', editable=False, max_length=100, verbose_name='file')),
                ('created_at', models.DateTimeField(editable=False, verbose_name='uploaded')),
                ('touched_at', models.DateTimeField(editable=False, verbose_name='last wanted')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='person')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='tasks.project', verbose_name='project')),
            ],
            options={
                'verbose_name': 'upload',
                'verbose_name_plural': 'uploads',
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['touched_at'], name='upload_touched')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('sha256', ''), _negated=True), fields=('project', 'sha256'), name='upload_once_a_project')],
            },
        ),
        migrations.CreateModel(
            name='Submission',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('take', models.PositiveIntegerField(default=1, verbose_name='take')),
                ('wish', models.JSONField(verbose_name='wish')),
                ('state', models.CharField(choices=[('waiting', 'Waiting to be sent'), ('sending', 'Being sent'), ('made', 'Made'), ('refused', 'Refused'), ('unconfirmed', 'Unconfirmed'), ('given_up', 'Given up')], default='waiting', max_length=11, verbose_name='state')),
                ('sent_at', models.DateTimeField(null=True, verbose_name='sent')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='answered')),
                ('trouble', models.CharField(blank=True, default='', max_length=20, verbose_name='trouble')),
                ('message', models.CharField(blank=True, default='', max_length=500, verbose_name='last words')),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='submissions', to='tasks.batch')),
                ('task', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='submission', to='tasks.task')),
                ('kinship', models.CharField(blank=True, choices=KINSHIPS, db_default='', default='', max_length=9, verbose_name='kinship')),
                ('parent', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='offspring', to='tasks.task', verbose_name='comes from')),
                ('estimated_currency', models.CharField(max_length=3, null=True, verbose_name='currency of the estimate')),
                ('estimated_least', models.BigIntegerField(null=True, verbose_name='estimated tokens, at least')),
                ('estimated_money', models.DecimalField(decimal_places=6, max_digits=18, null=True, verbose_name='estimated money, at most')),
                ('estimated_tokens', models.BigIntegerField(null=True, verbose_name='estimated tokens, at most')),
                ('uploads', models.ManyToManyField(editable=False, related_name='submissions', to='tasks.upload')),
            ],
            options={
                'verbose_name': 'submission',
                'verbose_name_plural': 'submissions',
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('state__in', ['waiting', 'sending'])), fields=['id'], name='submission_open')],
            },
        ),
        migrations.CreateModel(
            name='SavedPrompt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('text', models.TextField(verbose_name='prompt')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='saved')),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='changed')),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='person')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='saved_prompts', to='tasks.project', verbose_name='project')),
            ],
            options={
                'verbose_name': 'saved prompt',
                'verbose_name_plural': 'saved prompts',
                'ordering': ['name', 'id'],
                'constraints': [models.UniqueConstraint(fields=('project', 'name'), name='prompt_name_once_a_project', violation_error_message='This project has a saved prompt of this name.')],
            },
        ),
        migrations.CreateModel(
            name='Inquiry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(null=True, verbose_name='next look')),
                ('looks', models.PositiveIntegerField(default=0, verbose_name='complete looks')),
                ('outcome', models.CharField(blank=True, choices=LIST_OUTCOMES, default='', max_length=10, verbose_name='outcome')),
                ('looked_at', models.DateTimeField(null=True, verbose_name='last look')),
                ('trouble', models.CharField(blank=True, default='', max_length=20, verbose_name='trouble')),
                ('message', models.CharField(blank=True, default='', max_length=500, verbose_name='last words')),
                ('submission', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='inquiry', to='tasks.submission', verbose_name='submission')),
            ],
            options={
                'verbose_name': 'inquiry',
                'verbose_name_plural': 'inquiries',
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='inquiry_due')],
            },
        ),
        migrations.CreateModel(
            name='Candidate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('base_url', models.CharField(max_length=300, verbose_name='base URL')),
                ('remote_id', models.CharField(max_length=128, verbose_name='task id')),
                ('status', models.CharField(choices=STATUSES, max_length=12, verbose_name='status')),
                ('created_at', models.DateTimeField(verbose_name='created there, by our clock')),
                ('agreed', models.JSONField(default=list, verbose_name='agrees in')),
                ('inquiry', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='candidates', to='tasks.inquiry', verbose_name='inquiry')),
            ],
            options={
                'verbose_name': 'candidate',
                'verbose_name_plural': 'candidates',
                'ordering': ['id'],
                'indexes': [models.Index(fields=['remote_id'], name='candidate_remote_id')],
                'constraints': [models.UniqueConstraint(fields=('inquiry', 'remote_id'), name='candidate_once')],
            },
        ),
        migrations.CreateModel(
            name='Callback',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('made_at', models.DateTimeField(verbose_name='made')),
                ('called_at', models.DateTimeField(null=True, verbose_name='last called')),
                ('submission', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='callback', to='tasks.submission', verbose_name='submission')),
            ],
            options={
                'verbose_name': 'callback',
                'verbose_name_plural': 'callbacks',
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('called_at__isnull', False)), fields=['called_at'], name='callback_called')],
            },
        ),
        migrations.CreateModel(
            name='Budget',
            fields=[
                ('project', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to='tasks.project', verbose_name='project')),
                ('unit', models.CharField(choices=[('tokens', 'tokens'), ('CNY', 'CNY ¥'), ('USD', 'USD $'), ('EUR', 'EUR €'), ('GBP', 'GBP £'), ('HKD', 'HKD'), ('JPY', 'JPY'), ('SGD', 'SGD')], default='tokens', max_length=6, verbose_name='counted in')),
                ('limit', models.DecimalField(blank=True, decimal_places=2, help_text='Empty: without a limit.', max_digits=15, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='limit of a month')),
                ('most_takes', models.PositiveSmallIntegerField(default=20, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(200)], verbose_name='takes at one press')),
                ('takes_per_hour', models.PositiveIntegerField(blank=True, help_text='Empty: only what holds for the whole site.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='takes of a person in an hour')),
            ],
            options={
                'verbose_name': 'budget',
                'verbose_name_plural': 'budgets',
            },
        ),
        migrations.CreateModel(
            name='Price',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('model', models.CharField(choices=MODELS, max_length=60, verbose_name='model')),
                ('amount', models.DecimalField(decimal_places=4, max_digits=9, validators=[django.core.validators.MinValueValidator(Decimal('0')), django.core.validators.MaxValueValidator(Decimal('99999.9999'))], verbose_name='price of a million tokens')),
                ('currency', models.CharField(choices=CURRENCIES, default='CNY', max_length=3, verbose_name='currency')),
                ('tier', models.CharField(blank=True, choices=[('720p', '480p and 720p'), ('1080p', '1080p'), ('4k', '4k')], default='', max_length=5, verbose_name='resolution')),
                ('with_video', models.BooleanField(blank=True, choices=[(None, 'either'), (True, 'with a video given'), (False, 'without')], null=True, verbose_name='video given')),
                ('with_audio', models.BooleanField(blank=True, choices=[(None, 'either'), (True, 'with sound'), (False, 'silent')], null=True, verbose_name='sound')),
                ('flex_percent', models.PositiveSmallIntegerField(default=50, help_text='Of the price. Only where the model has the flex tier.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)], verbose_name='flex costs, in percent')),
                ('valid_from', models.DateField(verbose_name='from')),
                ('valid_until', models.DateField(blank=True, help_text='The last day. Empty: until it is changed.', null=True, verbose_name='until')),
                ('source', models.CharField(blank=True, default='', help_text='A contract, a page and its date.', max_length=200, verbose_name='where it is from')),
                ('credential', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='prices', to='tasks.credential', verbose_name='credential')),
            ],
            options={
                'verbose_name': 'price',
                'verbose_name_plural': 'prices',
                'ordering': ['credential', 'model', 'tier', 'with_video', 'with_audio', 'valid_from'],
                'indexes': [models.Index(fields=['credential', 'model'], name='price_of_model')],
            },
        ),
        migrations.CreateModel(
            name='Charge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person', models.BigIntegerField(default=0, verbose_name="person's id")),
                ('day', models.DateField(verbose_name='made on')),
                ('placed_at', models.DateTimeField(null=True, verbose_name='asked for')),
                ('state', models.CharField(choices=[('held', 'Held'), ('billed', 'Counted'), ('free', 'Free')], default='held', max_length=6, verbose_name='state')),
                ('tokens', models.BigIntegerField(default=0, verbose_name='tokens')),
                ('model', models.CharField(blank=True, default='', max_length=60, verbose_name='model')),
                ('tier', models.CharField(blank=True, default='', max_length=5, verbose_name='resolution')),
                ('with_video', models.BooleanField(null=True, verbose_name='video given')),
                ('with_audio', models.BooleanField(null=True, verbose_name='sound')),
                ('is_flex', models.BooleanField(default=False, verbose_name='flex')),
                ('currency', models.CharField(blank=True, choices=CURRENCIES, default='', max_length=3, verbose_name='currency')),
                ('micros', models.BigIntegerField(default=0, help_text='millionths', verbose_name='money')),
                ('credential', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to='tasks.credential', verbose_name='credential')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='tasks.project', verbose_name='project')),
                ('task', models.OneToOneField(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='charge', to='tasks.task', verbose_name='task')),
                ('price', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to='tasks.price', verbose_name='price')),
            ],
            options={
                'verbose_name': 'charge',
                'verbose_name_plural': 'charges',
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('placed_at__isnull', False)), fields=['person', 'placed_at'], name='charge_rate'), models.Index(fields=['credential', 'model', 'day'], name='charge_priced')],
            },
        ),
        migrations.CreateModel(
            name='Spending',
            fields=[
                ('key', models.CharField(editable=False, max_length=60, primary_key=True, serialize=False)),
                ('month', models.CharField(max_length=7, verbose_name='month')),
                ('person', models.BigIntegerField(default=0, verbose_name="person's id")),
                ('currency', models.CharField(blank=True, default='', max_length=3, verbose_name='currency')),
                ('takes', models.BigIntegerField(default=0, verbose_name='takes')),
                ('tokens', models.BigIntegerField(default=0, verbose_name='tokens counted')),
                ('held_tokens', models.BigIntegerField(default=0, verbose_name='tokens held')),
                ('micros', models.BigIntegerField(default=0, help_text='millionths', verbose_name='money counted')),
                ('held_micros', models.BigIntegerField(default=0, help_text='millionths', verbose_name='money held')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='tasks.project', verbose_name='project')),
            ],
            options={
                'verbose_name': 'spending',
                'verbose_name_plural': 'spending',
                'ordering': ['-month', 'project'],
                'indexes': [models.Index(fields=['project', 'month'], name='spending_month')],
            },
        ),
        migrations.AddField(
            model_name='project',
            name='members',
            field=models.ManyToManyField(related_name='projects', through='tasks.Membership', to=settings.AUTH_USER_MODEL),
        ),
        migrations.RunPython(create_what_was_put_off),
        migrations.RunPython(create_triggers_and_indexes),
        migrations.RunPython(create_cache_table),
        migrations.RunPython(create_first_rows),
    ]
