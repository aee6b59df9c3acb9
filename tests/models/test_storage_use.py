"""The storage that a project uses, summed by the database for every writer."""

from django.utils import timezone

from tasks.models import Copy, Project, StorageUse
from tests.conftest import MakeTask


def use() -> dict[str, tuple[int, int]]:
    return {each.project.name: (each.files, each.bytes) for each in StorageUse.objects.all()}


def copy(task: object, **fields: object) -> Copy:
    usual = {"kind": "video", "state": "saved", "size": 100, "created_at": timezone.now()}
    return Copy.objects.create(**{"task": task, **usual, **fields})


def test_saved_copies_are_added_up_by_project(make_task: MakeTask) -> None:
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


def test_the_bytes_of_previews_count_but_they_are_no_files_by_themselves(
    make_task: MakeTask,
) -> None:
    row = copy(make_task(), poster_size=5)
    assert use() == {"Dailies": (1, 105)}
    Copy.objects.filter(pk=row.pk).update(poster_size=8)
    assert use() == {"Dailies": (1, 108)}
    Copy.objects.filter(pk=row.pk).update(sprite_size=30)
    assert use() == {"Dailies": (1, 138)}
    Copy.objects.filter(pk=row.pk).update(proxy_size=200)
    assert use() == {"Dailies": (1, 338)}
    Copy.objects.filter(pk=row.pk).update(state="deleted", poster="", name="")
    assert use() == {"Dailies": (0, 0)}


def test_copies_that_are_deleted_or_gone_are_subtracted(make_task: MakeTask) -> None:
    first, second = copy(make_task()), copy(make_task())
    first.task.delete()
    assert use() == {"Dailies": (1, 100)}
    Copy.objects.filter(pk=second.pk).update(state="gone")
    assert use() == {"Dailies": (0, 0)}


def test_bulk_inserts_with_ignored_conflicts_are_counted_once(make_task: MakeTask) -> None:
    task, now = make_task(), timezone.now()
    rows = [
        Copy(task=task, kind=kind, state="saved", size=10, created_at=now)
        for kind in ("video", "last_frame", "video")
    ]
    Copy.objects.bulk_create(rows, ignore_conflicts=True)
    assert use() == {"Dailies": (2, 20)}
