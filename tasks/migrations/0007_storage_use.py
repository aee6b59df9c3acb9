"""The size of what is saved, by project, kept by triggers; and an index of what is gone."""

import django.db.models.deletion
from django.db import migrations, models

#: What one saved copy adds to its project, and takes away; {row} is NEW or OLD.
ROW_FOR_PROJECT = """INSERT INTO tasks_storageuse (project_id, files, bytes)
    SELECT project_id, 0, 0 FROM tasks_task WHERE id = {row}.task_id AND NOT EXISTS
        (SELECT 1 FROM tasks_storageuse u WHERE u.project_id = tasks_task.project_id);"""
CHANGE = """UPDATE tasks_storageuse
    SET files = files {sign} 1, bytes = bytes {sign} coalesce({row}.size, 0)
    WHERE project_id = (SELECT project_id FROM tasks_task WHERE id = {row}.task_id);"""
MORE = ROW_FOR_PROJECT.format(row="NEW") + "\n" + CHANGE.format(row="NEW", sign="+")
LESS = CHANGE.format(row="OLD", sign="-")

SQLITE = [
    f"""CREATE TRIGGER tasks_copy_made AFTER INSERT ON tasks_copy
    WHEN NEW.state = 'saved' BEGIN {MORE} END""",
    f"""CREATE TRIGGER tasks_copy_unsaved AFTER UPDATE OF state, size ON tasks_copy
    WHEN OLD.state = 'saved' BEGIN {LESS} END""",
    f"""CREATE TRIGGER tasks_copy_saved AFTER UPDATE OF state, size ON tasks_copy
    WHEN NEW.state = 'saved' BEGIN {MORE} END""",
    f"""CREATE TRIGGER tasks_copy_deleted AFTER DELETE ON tasks_copy
    WHEN OLD.state = 'saved' BEGIN {LESS} END""",
]
SQLITE_BACK = [
    f"DROP TRIGGER tasks_copy_{what}" for what in ("made", "unsaved", "saved", "deleted")
]
POSTGRES = [
    f"""CREATE FUNCTION tasks_count_copy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP <> 'INSERT' AND OLD.state = 'saved' THEN {LESS} END IF;
    IF TG_OP <> 'DELETE' AND NEW.state = 'saved' THEN {MORE} END IF;
    RETURN NULL; END $$""",
    """CREATE TRIGGER tasks_count_copy AFTER INSERT OR DELETE OR UPDATE OF state, size
    ON tasks_copy FOR EACH ROW EXECUTE FUNCTION tasks_count_copy()""",
]
POSTGRES_BACK = ["DROP TRIGGER tasks_count_copy ON tasks_copy", "DROP FUNCTION tasks_count_copy()"]

COUNT = """INSERT INTO tasks_storageuse (project_id, files, bytes)
    SELECT t.project_id, count(*), coalesce(sum(c.size), 0)
    FROM tasks_copy c JOIN tasks_task t ON t.id = c.task_id
    WHERE c.state = 'saved' GROUP BY t.project_id"""


def forward(apps, schema_editor):
    sqlite = schema_editor.connection.vendor == "sqlite"
    for statement in [COUNT, *(SQLITE if sqlite else POSTGRES)]:
        schema_editor.execute(statement, None)


def backward(apps, schema_editor):
    sqlite = schema_editor.connection.vendor == "sqlite"
    for statement in SQLITE_BACK if sqlite else POSTGRES_BACK:
        schema_editor.execute(statement, None)


class Migration(migrations.Migration):
    dependencies = [("tasks", "0006_filters_within_a_project")]

    operations = [
        migrations.CreateModel(
            name="StorageUse",
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
                ("files", models.BigIntegerField(default=0, verbose_name="files")),
                (
                    "bytes",
                    models.BigIntegerField(default=0, help_text="bytes", verbose_name="size"),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="copy",
            index=models.Index(
                condition=models.Q(("state", "gone")), fields=["-id", "task"], name="copy_gone"
            ),
        ),
        migrations.RunPython(forward, backward),
    ]
