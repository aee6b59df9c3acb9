"""Sprites beside posters, both with a hash of their content, and counted as storage used.

The columns may be empty, so that SQLite adds them without making the table anew: it would lose the
triggers that add the storage's use up. These are made anew, because a sprite's bytes count as well.
"""

from django.db import migrations, models

BYTES = "coalesce({row}.size, 0) + coalesce({row}.poster_size, 0) + coalesce({row}.sprite_size, 0)"
COLUMNS = "state, size, poster_size, sprite_size"
ROW_FOR_PROJECT = """INSERT INTO tasks_storageuse (project_id, files, bytes)
    SELECT project_id, 0, 0 FROM tasks_task WHERE id = NEW.task_id AND NOT EXISTS
        (SELECT 1 FROM tasks_storageuse u WHERE u.project_id = tasks_task.project_id);"""


def change_use(row, sign):
    return f"""UPDATE tasks_storageuse
    SET files = files {sign} 1, bytes = bytes {sign} ({BYTES.format(row=row)})
    WHERE project_id = (SELECT project_id FROM tasks_task WHERE id = {row}.task_id);"""


MORE, LESS = ROW_FOR_PROJECT + "\n" + change_use("NEW", "+"), change_use("OLD", "-")
TRIGGERS = {
    "sqlite": [
        *(f"DROP TRIGGER tasks_copy_{name}" for name in ("made", "unsaved", "saved", "deleted")),
        f"""CREATE TRIGGER tasks_copy_made AFTER INSERT ON tasks_copy
        WHEN NEW.state = 'saved' BEGIN {MORE} END""",
        f"""CREATE TRIGGER tasks_copy_unsaved AFTER UPDATE OF {COLUMNS} ON tasks_copy
        WHEN OLD.state = 'saved' BEGIN {LESS} END""",
        f"""CREATE TRIGGER tasks_copy_saved AFTER UPDATE OF {COLUMNS} ON tasks_copy
        WHEN NEW.state = 'saved' BEGIN {MORE} END""",
        f"""CREATE TRIGGER tasks_copy_deleted AFTER DELETE ON tasks_copy
        WHEN OLD.state = 'saved' BEGIN {LESS} END""",
    ],
    "postgresql": [
        "DROP TRIGGER tasks_count_copy ON tasks_copy",
        f"""CREATE OR REPLACE FUNCTION tasks_count_copy() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
        IF TG_OP <> 'INSERT' AND OLD.state = 'saved' THEN {LESS} END IF;
        IF TG_OP <> 'DELETE' AND NEW.state = 'saved' THEN {MORE} END IF;
        RETURN NULL; END $$""",
        f"""CREATE TRIGGER tasks_count_copy AFTER INSERT OR DELETE OR UPDATE OF {COLUMNS}
        ON tasks_copy FOR EACH ROW EXECUTE FUNCTION tasks_count_copy()""",
    ],
}


def make_triggers_anew(apps, schema_editor):
    for statement in TRIGGERS[schema_editor.connection.vendor]:
        schema_editor.execute(statement, None)


def column(name, field):
    return migrations.AddField("copy", name, field)


class Migration(migrations.Migration):
    dependencies = [("tasks", "0011_project_changes")]

    operations = [
        column(
            "poster_hash",
            models.CharField(blank=True, editable=False, max_length=16, null=True),
        ),
        column(
            "sprite",
            models.CharField(
                blank=True, editable=False, max_length=200, null=True, verbose_name="sprite"
            ),
        ),
        column(
            "sprite_size",
            models.BigIntegerField(
                editable=False, help_text="bytes", null=True, verbose_name="sprite's size"
            ),
        ),
        column(
            "sprite_hash",
            models.CharField(blank=True, editable=False, max_length=16, null=True),
        ),
        *(
            column(f"sprite_{name}", models.PositiveSmallIntegerField(editable=False, null=True))
            for name in ("frames", "columns", "width", "height")
        ),
        column(
            "previewed_at",
            models.DateTimeField(editable=False, null=True, verbose_name="previews made"),
        ),
        column(
            "frame_sha256",
            models.CharField(blank=True, editable=False, max_length=64, null=True),
        ),
        migrations.AddIndex(
            "copy",
            models.Index(
                fields=["previewed_at", "id"],
                name="copy_previews",
                condition=models.Q(deleted_at__isnull=True, kind="video", state="saved"),
            ),
        ),
        migrations.RunPython(make_triggers_anew),
    ]
