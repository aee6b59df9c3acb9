"""The last change of each project, kept by triggers on the tasks.

An open page then asks for the changes of the projects that it shows. The triggers write after the
change counter, whose lock every writer of changes holds: they come in the order of their numbers,
and no two writers wait for each other. What is deleted for good from the trash is on no page.

A later migration that remakes `tasks_task` on SQLite has to create these triggers again.
"""

import django.db.models.deletion
from django.db import migrations, models

NOTE = """INSERT INTO tasks_projectchange (project_id, number) VALUES ({row}.project_id, 0)
    ON CONFLICT (project_id) DO NOTHING;
    UPDATE tasks_projectchange SET number = NEW.change
    WHERE project_id = {row}.project_id AND number < NEW.change;"""
NOTE_DELETED = """UPDATE tasks_projectchange
    SET number = coalesce((SELECT value FROM tasks_changecounter WHERE id = 1), number)
    WHERE project_id = OLD.project_id;"""
CAME, LEFT = NOTE.format(row="NEW"), NOTE.format(row="OLD")
TRIGGERS = {
    "sqlite": [
        f"""CREATE TRIGGER tasks_task_came AFTER INSERT ON tasks_task
        WHEN NEW.change > 0 BEGIN {CAME} END""",
        f"""CREATE TRIGGER tasks_task_changed AFTER UPDATE OF change ON tasks_task
        WHEN NEW.change > OLD.change BEGIN {CAME} END""",
        f"""CREATE TRIGGER tasks_task_moved AFTER UPDATE OF project_id ON tasks_task
        WHEN NEW.project_id <> OLD.project_id BEGIN {LEFT} END""",
        f"""CREATE TRIGGER tasks_task_deleted AFTER DELETE ON tasks_task
        WHEN OLD.deleted_at IS NULL BEGIN {NOTE_DELETED} END""",
    ],
    "postgresql": [
        f"""CREATE FUNCTION tasks_note_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP = 'DELETE' THEN {NOTE_DELETED} RETURN NULL; END IF;
        {CAME}
        IF TG_OP = 'UPDATE' THEN
            IF NEW.project_id <> OLD.project_id THEN {LEFT} END IF;
        END IF;
        RETURN NULL; END $$""",
        """CREATE TRIGGER tasks_task_came AFTER INSERT ON tasks_task
        FOR EACH ROW WHEN (NEW.change > 0) EXECUTE FUNCTION tasks_note_change()""",
        """CREATE TRIGGER tasks_task_changed AFTER UPDATE OF change, project_id ON tasks_task
        FOR EACH ROW WHEN (NEW.change > OLD.change OR NEW.project_id <> OLD.project_id)
        EXECUTE FUNCTION tasks_note_change()""",
        """CREATE TRIGGER tasks_task_deleted AFTER DELETE ON tasks_task
        FOR EACH ROW WHEN (OLD.deleted_at IS NULL) EXECUTE FUNCTION tasks_note_change()""",
    ],
}
#: No task of a project has changed later than the counter says.
FIRST_ROWS = """INSERT INTO tasks_projectchange (project_id, number)
    SELECT project_id, max(change) FROM tasks_task GROUP BY project_id"""


def create_what_was_put_off(apps, schema_editor):
    """Create indexes and foreign keys now: PostgreSQL alters no table with triggers waiting."""
    while schema_editor.deferred_sql:
        schema_editor.execute(schema_editor.deferred_sql.pop(0), None)


def create_triggers(apps, schema_editor):
    for statement in [*TRIGGERS[schema_editor.connection.vendor], FIRST_ROWS]:
        schema_editor.execute(statement, None)


class Migration(migrations.Migration):
    dependencies = [("tasks", "0010_no_addresses")]

    operations = [
        migrations.CreateModel(
            name="ProjectChange",
            fields=[
                (
                    "project",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to="tasks.project",
                        verbose_name="project",
                    ),
                ),
                ("number", models.BigIntegerField(default=0, verbose_name="last change")),
            ],
            options={
                "verbose_name": "last change of a project",
                "verbose_name_plural": "last changes of projects",
            },
        ),
        migrations.RunPython(create_triggers),
        migrations.RunPython(create_what_was_put_off),
    ]
