"""Videos and sounds among the uploads, and proxies of videos that browsers cannot play.

The columns may be empty, so that SQLite adds them without making the tables anew: that of the copies
would lose the triggers that add the storage's use up. These are made anew, because a proxy's bytes
count as well.
"""

from django.db import migrations, models

PARTS = ("size", "poster_size", "sprite_size", "proxy_size")
BYTES = " + ".join(f"coalesce({{row}}.{part}, 0)" for part in PARTS)
COLUMNS = ", ".join(("state", *PARTS))
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


def words(length, name=None, **more):
    named = {"verbose_name": name} if name else {}
    return models.CharField(blank=True, max_length=length, null=True, **named, **more)


KINDS = ("jpeg", "png", "webp", "gif", "bmp", "mp4", "mov", "wav", "mp3")
RELATIONS = [
    ("retry", "tried again"),
    ("again", "made again"),
    ("edited", "changed"),
    ("final", "final of the draft"),
    ("continued", "on from the last frame"),
    ("seed", "with the same seed"),
    ("cut", "edited from the clip"),
    ("extended", "extends the clip"),
]
UPLOAD = {
    "duration": models.FloatField(help_text="seconds", null=True, verbose_name="duration"),
    "rate": models.FloatField(null=True, verbose_name="frames per second"),
    "video_codec": words(20, "video codec"),
    "audio_codec": words(20, "audio codec"),
    "picture": words(100, editable=False),
    "picture_size": models.PositiveIntegerField(editable=False, null=True),
    "picture_hash": words(16, editable=False),
}
COPY = {
    "proxy": words(200, "proxy", editable=False),
    "proxy_size": models.BigIntegerField(
        editable=False, help_text="bytes", null=True, verbose_name="proxy's size"
    ),
    "proxy_hash": words(16, editable=False),
    "proxied_at": models.DateTimeField(editable=False, null=True, verbose_name="proxy made"),
}


class Migration(migrations.Migration):
    dependencies = [("tasks", "0014_cost_sums")]

    operations = [
        *(migrations.AddField("upload", name, field) for name, field in UPLOAD.items()),
        *(migrations.AddField("copy", name, field) for name, field in COPY.items()),
        migrations.AlterField(
            "upload",
            "kind",
            models.CharField(
                choices=[(kind, kind) for kind in KINDS], max_length=4, verbose_name="kind"
            ),
        ),
        migrations.AlterField(
            "submission",
            "relation",
            models.CharField(
                blank=True,
                choices=RELATIONS,
                db_default="",
                default="",
                max_length=9,
                verbose_name="relation",
            ),
        ),
        migrations.AddIndex(
            "copy",
            models.Index(
                fields=["-id"],
                name="copy_proxies",
                condition=models.Q(
                    deleted_at__isnull=True,
                    kind="video",
                    proxied_at__isnull=True,
                    state="saved",
                    video_codec="hevc",
                ),
            ),
        ),
        migrations.RunPython(make_triggers_anew),
    ]
