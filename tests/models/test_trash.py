"""The trash: deleted rows are hidden, can be restored for thirty days, and then are purged."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import storages
from django.utils import timezone

from tasks.archive import claims, purge
from tasks.archive.job import DownloadJob
from tasks.models import (
    AuditAction,
    AuditEntry,
    ChangeCounter,
    Copy,
    CopyKind,
    CopyState,
    Membership,
    Project,
    Role,
    Star,
    StatusChange,
    StorageUse,
    Task,
)
from tasks.models.trash import KEPT, SPARE
from tests.conftest import MakeTask
from tests.web.conftest import SaveCopy, save_copy

__all__ = ["save_copy"]

LONG_AGO = timezone.now() - KEPT - SPARE - timedelta(minutes=1)


def files() -> set[str]:
    root = Path(storages["videos"].path("."))
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def stored(copies: list[Copy]) -> set[str]:
    return {name for copy in copies for name in copy.names}


def delete(task: Task, at: datetime = LONG_AGO) -> None:
    Task.objects.filter(pk=task.pk).update(deleted_at=at)


# Who may delete what


def deletable(user: User) -> set[str]:
    return set(Task.objects.deletable_by(user).values_list("remote_id", flat=True))


def test_members_delete_their_own_managers_their_projects_and_staff_all(
    make_task: MakeTask,
    viewer: User,
    member: User,
    manager: User,
    staff: User,
    stranger: User,
) -> None:
    elsewhere = stranger.projects.get()
    make_task("cgt-members", created_by=member)
    make_task("cgt-viewers", created_by=viewer)
    make_task("cgt-nobodys")
    make_task("cgt-elsewhere", project=elsewhere, created_by=member)
    here = {"cgt-members", "cgt-viewers", "cgt-nobodys"}
    assert deletable(viewer) == set()
    assert deletable(member) == {"cgt-members"}
    assert deletable(manager) == here
    assert deletable(staff) == {*here, "cgt-elsewhere"}
    assert deletable(stranger) == set()


def test_a_member_who_became_a_viewer_can_delete_nothing(
    make_task: MakeTask, member: User, project: Project
) -> None:
    make_task(created_by=member)
    Membership.objects.filter(user=member).update(role=Role.VIEWER)
    assert deletable(member) == set()
    User.objects.filter(pk=member.pk).update(is_active=False)
    assert deletable(User.objects.get(pk=member.pk)) == set()


# Moving there and back


def test_a_deleted_task_is_still_tracked_and_is_restored_as_it_was(
    make_task: MakeTask, manager: User
) -> None:
    now, task = timezone.now(), make_task(check_after=timezone.now() - timedelta(seconds=5))
    before = ChangeCounter.objects.now()
    [gone] = Task.objects.deletable_by(manager).move_to_trash(manager, now)
    assert gone.pk == task.pk
    assert not Task.objects.visible_to(manager).exists()
    assert not Task.objects.editable_by(manager).exists()
    assert Task.objects.due(now).get().pk == task.pk
    change_number = ChangeCounter.objects.now()
    assert change_number > before
    Task.objects.restorable_by(manager, now).restore()
    back = Task.objects.visible_to(manager).get()
    assert (back.pk, back.deleted_at, back.deleted_by) == (task.pk, None, None)
    assert back.change > change_number


def test_after_thirty_days_nothing_can_be_restored(make_task: MakeTask, staff: User) -> None:
    now, task = timezone.now(), make_task()
    delete(task, now - KEPT + timedelta(seconds=1))
    assert Task.objects.restorable_by(staff, now).exists()
    assert not Task.objects.restorable_by(staff, now + timedelta(seconds=2)).exists()


def test_nothing_is_purged_that_could_be_restored_by_a_clock_an_hour_behind(
    make_task: MakeTask,
) -> None:
    now, task = timezone.now(), make_task()
    delete(task, now - KEPT - SPARE + timedelta(seconds=1))
    assert not Task.objects.past_trash(now).exists()
    assert not Task.objects.in_trash(now).exists()


def test_a_fresh_link_does_not_bring_back_a_deleted_video(
    make_task: MakeTask, save_copy: SaveCopy
) -> None:
    now = timezone.now()
    task = make_task(status="succeeded", video_url="https://files.example/new.mp4")
    row = save_copy(task, b"a video")
    Copy.objects.update(deleted_at=now)
    Copy.objects.follow([task], now)
    Copy.objects.update(state=CopyState.DELETED, name="")
    Copy.objects.follow([task], now)
    row.refresh_from_db()
    assert (row.state, row.url) == (CopyState.DELETED, "")
    assert Copy.objects.save_now(now) == 0


# The purge


def test_the_purge_removes_files_and_rows_and_leaves_what_is_not_deleted(
    make_task: MakeTask, save_copy: SaveCopy, member: User
) -> None:
    old, kept = make_task(), make_task()
    for task in (old, kept):
        save_copy(task, b"a video", poster=b"a poster", sprite=b"a sprite")
        save_copy(task, b"a frame", kind=CopyKind.LAST_FRAME)
        Star.objects.create(user=member, task=task)
        StatusChange.objects.create(task=task, was="queued", became="running", at=timezone.now())
    delete(old)
    assert purge.purge(60) is False
    assert list(Task.objects.all()) == [kept]
    assert set(Copy.objects.values_list("task", flat=True)) == {kept.pk}
    assert files() == stored(list(Copy.objects.all())) and len(files()) == 4
    assert (StorageUse.objects.get().files, StorageUse.objects.get().bytes) == (2, 7 + 7 + 8)
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.kind, entry.changes) == (AuditAction.PURGED, "task", {"number": 1})
    assert entry.project_id == kept.project_id


def test_a_file_in_the_trash_still_counts_as_storage(
    make_task: MakeTask, save_copy: SaveCopy
) -> None:
    save_copy(make_task(), b"a video")
    delete(Task.objects.get(), timezone.now())
    purge.purge(60)
    assert StorageUse.objects.get().files == 1 and len(files()) == 1


def test_the_row_of_a_purged_video_stays_and_says_so(
    make_task: MakeTask, save_copy: SaveCopy
) -> None:
    task = make_task(status="succeeded")
    save_copy(task, b"a video", poster=b"a poster", sprite=b"a sprite")
    Copy.objects.update(deleted_at=LONG_AGO)
    before = ChangeCounter.objects.now()
    assert purge.purge(60) is False
    row = Copy.objects.get()
    assert (row.state, row.names, row.is_saved) == (CopyState.DELETED, (), False)
    assert Task.objects.get().pk == task.pk and not files()
    assert StorageUse.objects.get().files == 0
    assert ChangeCounter.objects.now() > before
    assert purge.purge(60) is False
    assert AuditEntry.objects.count() == 1


def test_a_purge_continues_batch_by_batch(
    make_task: MakeTask, save_copy: SaveCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purge, "AT_ONCE", 2)
    for _ in range(5):
        save_copy(make_task(deleted_at=LONG_AGO), b"a video")
    assert purge.purge(0) is True
    assert Task.objects.count() == 3
    assert purge.purge(60) is False
    assert not Task.objects.exists() and not files()


class KilledError(BaseException):
    """A kill of the process at this point."""


@pytest.mark.parametrize("step", ["remove_files", "_delete", "_mark_deleted", "_note"])
def test_the_next_purge_completes_one_that_was_killed_at_any_step(
    make_task: MakeTask, save_copy: SaveCopy, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    for _ in range(3):
        save_copy(make_task(deleted_at=LONG_AGO), b"a video", poster=b"a poster", sprite=b"s")
        save_copy(make_task(), b"a video", deleted_at=LONG_AGO)
    original = getattr(purge, step)
    calls = iter(range(100))

    def die_the_second_time(*args: Any) -> Any:
        result = original(*args)
        if next(calls) == 1 or step in ("_mark_deleted", "_delete"):
            raise KilledError
        return result

    with monkeypatch.context() as patch:
        patch.setattr(purge, step, die_the_second_time)
        with pytest.raises(KilledError):
            purge.purge(60)
    restorable = Copy.objects.filter(task__deleted_at=None).in_trash(timezone.now())
    assert not restorable.exists() and not Task.objects.in_trash(timezone.now()).exists()
    assert purge.purge(60) is False
    assert Task.objects.count() == 3 and not files()
    assert set(Copy.objects.values_list("state", "name")) == {("deleted", "")}
    assert (StorageUse.objects.get().files, StorageUse.objects.get().bytes) == (0, 0)


def test_rows_whose_files_cannot_be_removed_stay_for_the_next_day(
    make_task: MakeTask, save_copy: SaveCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = save_copy(make_task(deleted_at=LONG_AGO), b"a video")
    save_copy(make_task(deleted_at=LONG_AGO), b"another")
    storage = storages["videos"]
    remove = type(storage).delete

    def refuse(self: Any, name: str) -> None:
        if name == stuck.name:
            raise PermissionError(name)
        remove(self, name)

    with monkeypatch.context() as patch:
        patch.setattr(type(storage), "delete", refuse)
        assert purge.purge(60) is False
    assert Task.objects.get().pk == stuck.task_id and files() == {stuck.name}
    assert purge.purge(60) is False
    assert not Task.objects.exists() and not files()


def test_a_file_that_comes_after_its_row_was_purged_is_not_kept(
    make_task: MakeTask, save_copy: SaveCopy
) -> None:
    """The archive was saving it when its task was deleted for good."""
    now, task = timezone.now(), make_task(deleted_at=LONG_AGO)
    row = Copy.objects.create(
        task=task, kind=CopyKind.VIDEO, state=CopyState.SAVING, due_at=now, created_at=now
    )
    url = "https://x.example/"
    job = DownloadJob(pk=row.pk, url=url, claimed_until=now, name="x")
    purge.purge(60)
    assert claims.renew([job], {}, now) == {row.pk}
    assert claims.record_saved([(job, {"size": 1, "name": "x.mp4"})], now) == set()
    kept = Copy.objects.create(task=make_task(), kind=CopyKind.VIDEO, due_at=now, created_at=now)
    other = DownloadJob(pk=kept.pk, url="", claimed_until=now, name="y")
    assert claims.record_saved([(other, {"size": 1, "name": "y.mp4"})], now) == {kept.pk}


def test_every_day_the_purge_is_started(db: None) -> None:
    from django.apps import apps

    schedule = apps.get_model("django_q", "Schedule").objects.get(name="purge")
    assert (schedule.func, schedule.schedule_type, schedule.repeats) == (
        "tasks.jobs.purge",
        "D",
        -1,
    )
