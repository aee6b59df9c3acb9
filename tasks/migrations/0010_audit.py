"""Who did what; the database itself refuses to change it.

On SQLite only UPDATE is refused: it has no TRUNCATE, so `flush` could not empty the table. A later
migration that rebuilds the table there has to make the trigger again.
"""

import django.utils.timezone
from django.db import migrations, models

SAID = "The record of who did what is only ever added to."
SQLITE = [
    f"""CREATE TRIGGER tasks_auditentry_kept BEFORE UPDATE ON tasks_auditentry
    BEGIN SELECT RAISE(ABORT, '{SAID}'); END"""
]
SQLITE_BACK = ["DROP TRIGGER tasks_auditentry_kept"]
POSTGRES = [
    f"""CREATE FUNCTION tasks_keep_auditentry() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION '{SAID}' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
    """CREATE TRIGGER tasks_auditentry_kept BEFORE UPDATE OR DELETE ON tasks_auditentry
    FOR EACH ROW EXECUTE FUNCTION tasks_keep_auditentry()""",
]
POSTGRES_BACK = [
    "DROP TRIGGER tasks_auditentry_kept ON tasks_auditentry",
    "DROP FUNCTION tasks_keep_auditentry()",
]


def forward(apps, schema_editor):
    sqlite = schema_editor.connection.vendor == "sqlite"
    for statement in SQLITE if sqlite else POSTGRES:
        schema_editor.execute(statement, None)


def backward(apps, schema_editor):
    sqlite = schema_editor.connection.vendor == "sqlite"
    for statement in SQLITE_BACK if sqlite else POSTGRES_BACK:
        schema_editor.execute(statement, None)


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '__first__'),
        ('tasks', '0009_profiles'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='at')),
                ('actor_id', models.BigIntegerField(null=True, verbose_name="actor's id")),
                ('actor', models.CharField(default='', max_length=150, verbose_name='who')),
                ('verb', models.CharField(choices=[('signed_in', 'signed in'), ('sign_in_failed', 'could not sign in'), ('signed_out', 'signed out'), ('sessions_ended', 'ended sessions'), ('password_changed', 'changed the password'), ('factor_added', 'added a second factor'), ('factor_removed', 'removed a second factor'), ('invited', 'invited'), ('invitation_withdrawn', 'withdrew an invitation'), ('joined', 'joined'), ('role_changed', 'changed a role'), ('person_removed', 'removed a person'), ('person_added', 'made an account'), ('person_changed', 'changed an account'), ('project_made', 'made a project'), ('project_changed', 'changed a project'), ('project_removed', 'removed a project'), ('credential_added', 'added a credential'), ('credential_changed', 'changed a credential'), ('credential_removed', 'removed a credential'), ('key_replaced', 'replaced a key'), ('tracked', 'tracked tasks'), ('adopted', 'adopted tasks'), ('exported', 'exported'), ('deleted', 'deleted'), ('restored', 'restored'), ('purged', 'deleted for good'), ('cancelled', 'cancelled')], max_length=24, verbose_name='did what')),
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
        migrations.RunPython(forward, backward),
    ]
