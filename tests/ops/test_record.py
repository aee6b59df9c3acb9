"""The audit and the trash after a restore: as they were, and as strict."""

from pathlib import Path

from tests.ops.backups import bring_keys, restore, save
from tests.ops.homes import Home, Homes

CHANGE = """
from django.db import DatabaseError, connection
try:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tasks_auditentry SET actor = 'nobody'")
except DatabaseError as error:
    print("only ever added to" in str(error))
"""
READ = "from tasks.models import AuditEntry; print(AuditEntry.objects.get().actor)"
DELETE = """
from django.utils import timezone
from tasks.models import Copy
first = Copy.objects.filter(state="saved").order_by("id").first()
Copy.objects.filter(pk=first.pk).update(deleted_at=timezone.now())
"""
STATES = """
from tasks.models import Copy
print(*Copy.objects.exclude(name="").order_by("id").values_list("state", flat=True))
"""


def test_a_restored_audit_cannot_be_changed_either(home: Home, homes: Homes, saved: Path) -> None:
    other = homes()
    bring_keys(home, other)
    restore(other, saved)
    assert other.shell(READ) == "ann\n"
    assert other.shell(CHANGE) == "True\n"
    assert other.shell(READ) == "ann\n"


def test_a_deleted_video_that_is_missing_after_a_restore_is_not_fetched_again(
    home: Home, homes: Homes, tmp_path: Path
) -> None:
    home.shell(DELETE)
    other = homes()
    bring_keys(home, other)
    restore(other, save(home, tmp_path / "saved.tar"))
    assert other.shell(STATES) == "deleted waiting waiting\n"
