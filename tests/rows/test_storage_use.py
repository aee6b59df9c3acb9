"""The storage that a project uses: kept true by the database, whoever writes."""

from importlib import import_module

from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.utils import timezone

from tasks.models import Copy, Project, StorageUse
from tests.conftest import MakeTask


def use() -> dict[str, tuple[int, int]]:
    return {each.project.name: (each.files, each.bytes) for each in StorageUse.objects.all()}


def copy(task: object, **fields: object) -> Copy:
    usual = {"kind": "video", "state": "saved", "size": 100, "created_at": timezone.now()}
    return Copy.objects.create(**{"task": task, **usual, **fields})


def test_what_is_saved_is_added_up_for_its_project(make_task: MakeTask) -> None:
    other = Project.objects.create(name="Other")
    copy(make_task())
    copy(make_task(), size=50)
    copy(make_task(), state="waiting", size=None)
    copy(make_task(project=other), size=7)
    assert use() == {"Dailies": (2, 150), "Other": (1, 7)}


def test_a_copy_counts_from_the_moment_it_is_saved(make_task: MakeTask) -> None:
    row = copy(make_task(), state="saving", size=None)
    assert use() == {}
    Copy.objects.filter(pk=row.pk).update(state="saved", size=9)
    assert use() == {"Dailies": (1, 9)}
    Copy.objects.filter(pk=row.pk).update(size=11, name="a.mp4")
    assert use() == {"Dailies": (1, 11)}


def test_a_posters_bytes_count_but_it_is_no_file_by_itself(make_task: MakeTask) -> None:
    row = copy(make_task(), poster_size=5)
    assert use() == {"Dailies": (1, 105)}
    Copy.objects.filter(pk=row.pk).update(poster_size=8)
    assert use() == {"Dailies": (1, 108)}
    Copy.objects.filter(pk=row.pk).update(state="deleted", poster="", name="")
    assert use() == {"Dailies": (0, 0)}


def test_posters_of_before_are_measured_where_they_lie(make_task: MakeTask) -> None:
    there = storages["videos"].save("0/poster.webp", ContentFile(b"a poster"))
    row, lost = copy(make_task(), poster=there), copy(make_task(), poster="0/nowhere.webp")
    import_module("tasks.migrations.0021_posters_counted").measure(apps, None)
    row.refresh_from_db()
    lost.refresh_from_db()
    assert (row.poster_size, lost.poster_size) == (8, None)
    assert use() == {"Dailies": (2, 208)}
    storages["videos"].delete(there)


def test_what_is_deleted_or_no_longer_saved_is_taken_off(make_task: MakeTask) -> None:
    first, second = copy(make_task()), copy(make_task())
    first.task.delete()
    assert use() == {"Dailies": (1, 100)}
    Copy.objects.filter(pk=second.pk).update(state="gone")
    assert use() == {"Dailies": (0, 0)}


def test_many_at_once_and_ignored_conflicts_count_right(make_task: MakeTask) -> None:
    task, now = make_task(), timezone.now()
    rows = [
        Copy(task=task, kind=kind, state="saved", size=10, created_at=now)
        for kind in ("video", "last_frame", "video")
    ]
    Copy.objects.bulk_create(rows, ignore_conflicts=True)
    assert use() == {"Dailies": (2, 20)}
