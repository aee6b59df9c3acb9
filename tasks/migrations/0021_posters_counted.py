"""Posters count as storage used: their sizes, and the triggers of 0007 that add them up."""

from django.core.files.storage import FileSystemStorage, storages
from django.db import migrations, models

BEFORE = "coalesce({row}.size, 0)"
NOW = "coalesce({row}.size, 0) + coalesce({row}.poster_size, 0)"
AT_ONCE = 1000  # rows

#: What one saved copy adds to its project, and takes away; {row} is NEW or OLD.
ROW_FOR_PROJECT = """INSERT INTO tasks_storageuse (project_id, files, bytes)
    SELECT project_id, 0, 0 FROM tasks_task WHERE id = {row}.task_id AND NOT EXISTS
        (SELECT 1 FROM tasks_storageuse u WHERE u.project_id = tasks_task.project_id);"""
CHANGE = """UPDATE tasks_storageuse
    SET files = files {sign} 1, bytes = bytes {sign} ({size})
    WHERE project_id = (SELECT project_id FROM tasks_task WHERE id = {row}.task_id);"""
SQLITE_TRIGGERS = ("made", "unsaved", "saved", "deleted")


def more_and_less(size):
    less = CHANGE.format(row="OLD", sign="-", size=size.format(row="OLD"))
    more = CHANGE.format(row="NEW", sign="+", size=size.format(row="NEW"))
    return ROW_FOR_PROJECT.format(row="NEW") + "\n" + more, less


def sqlite(size, columns):
    more, less = more_and_less(size)
    updated = f"AFTER UPDATE OF {columns} ON tasks_copy"
    return [
        f"""CREATE TRIGGER tasks_copy_made AFTER INSERT ON tasks_copy
        WHEN NEW.state = 'saved' BEGIN {more} END""",
        f"""CREATE TRIGGER tasks_copy_unsaved {updated}
        WHEN OLD.state = 'saved' BEGIN {less} END""",
        f"""CREATE TRIGGER tasks_copy_saved {updated}
        WHEN NEW.state = 'saved' BEGIN {more} END""",
        f"""CREATE TRIGGER tasks_copy_deleted AFTER DELETE ON tasks_copy
        WHEN OLD.state = 'saved' BEGIN {less} END""",
    ]


def postgres(size, columns):
    more, less = more_and_less(size)
    return [
        f"""CREATE OR REPLACE FUNCTION tasks_count_copy() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
        IF TG_OP <> 'INSERT' AND OLD.state = 'saved' THEN {less} END IF;
        IF TG_OP <> 'DELETE' AND NEW.state = 'saved' THEN {more} END IF;
        RETURN NULL; END $$""",
        f"""CREATE TRIGGER tasks_count_copy AFTER INSERT OR DELETE OR UPDATE OF {columns}
        ON tasks_copy FOR EACH ROW EXECUTE FUNCTION tasks_count_copy()""",
    ]


def let_go(apps, schema_editor):
    """A column cannot go while a trigger names it."""
    if schema_editor.connection.vendor == "sqlite":
        for what in SQLITE_TRIGGERS:
            schema_editor.execute(f"DROP TRIGGER tasks_copy_{what}", None)
    else:
        schema_editor.execute("DROP TRIGGER tasks_count_copy ON tasks_copy", None)


def make(size, columns):
    def triggers(apps, schema_editor):
        is_sqlite = schema_editor.connection.vendor == "sqlite"
        for statement in (sqlite if is_sqlite else postgres)(size, columns):
            schema_editor.execute(statement, None)

    return triggers


def measure(apps, schema_editor):
    """Those that are there; of a remote storage it would take a question for each of them.

    The triggers are there by now and add up what this writes.
    """
    storage = storages["videos"]
    if not isinstance(storage, FileSystemStorage):
        return
    Copy = apps.get_model("tasks", "Copy")
    posters = Copy.objects.filter(state="saved").exclude(poster="").order_by("pk")
    after = 0
    while rows := list(posters.filter(pk__gt=after).only("pk", "poster")[:AT_ONCE]):
        for row in rows:
            row.poster_size = storage.size(row.poster) if storage.exists(row.poster) else None
        Copy.objects.bulk_update([row for row in rows if row.poster_size], ["poster_size"])
        after = rows[-1].pk


class Migration(migrations.Migration):
    dependencies = [("tasks", "0020_lineage")]

    operations = [
        migrations.RunPython(let_go, make(BEFORE, "state, size")),
        migrations.AddField(
            model_name="copy",
            name="poster_size",
            field=models.BigIntegerField(help_text="bytes", null=True, verbose_name="poster's size"),
        ),
        migrations.RunPython(make(NOW, "state, size, poster_size"), let_go),
        migrations.RunPython(measure, migrations.RunPython.noop),
    ]
