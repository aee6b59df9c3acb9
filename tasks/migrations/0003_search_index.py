"""An index of words beside the tasks: FTS5 on SQLite, trigrams on PostgreSQL."""

from django.db import migrations

SQLITE = [
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
    "INSERT INTO tasks_search(tasks_search) VALUES ('rebuild')",
]
SQLITE_BACK = [
    "DROP TRIGGER tasks_search_update",
    "DROP TRIGGER tasks_search_delete",
    "DROP TRIGGER tasks_search_insert",
    "DROP TABLE tasks_search",
]
POSTGRES = [
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX tasks_search ON tasks_task USING gin (search_text gin_trgm_ops)",
]
POSTGRES_BACK = ["DROP INDEX tasks_search"]


def forward(apps, schema_editor):
    sqlite = schema_editor.connection.vendor == "sqlite"
    for statement in SQLITE if sqlite else POSTGRES:
        schema_editor.execute(statement, None)


def backward(apps, schema_editor):
    sqlite = schema_editor.connection.vendor == "sqlite"
    for statement in SQLITE_BACK if sqlite else POSTGRES_BACK:
        schema_editor.execute(statement, None)


class Migration(migrations.Migration):
    dependencies = [("tasks", "0002_first_rows")]

    operations = [migrations.RunPython(forward, backward)]
