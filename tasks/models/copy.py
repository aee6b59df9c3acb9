"""Our own copies of what a task made; the archive fills them in before the links end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from tasks.models.people import Project
from tasks.models.task import Task
from tasks.models.trash import Trashable, TrashQuerySet, entrusted_to
from tasks.providers import links, provider
from tasks.status import Status

if TYPE_CHECKING:
    from django.db.models.expressions import OrderBy

RISKY = timedelta(hours=2)  # a link that ends sooner than this is shown as at risk
FARTHEST = timedelta(
    days=1
)  # no next try is later; one that seems so was set by a clock gone wrong


class Kind(models.TextChoices):
    VIDEO = "video", _("Video")
    LAST_FRAME = "last_frame", _("Last frame")


class CopyState(models.TextChoices):
    WAITING = "waiting", _("Waiting to be saved")
    SAVING = "saving", _("Saving")
    SAVED = "saved", _("Saved")
    GONE = "gone", _("Gone")
    DELETED = "deleted", _("Deleted")  # after its time in the trash; until then it is SAVED


#: These are to become SAVED; the archive's queue.
UNSAVED = (CopyState.WAITING, CopyState.SAVING)


class CopyTrouble(StrEnum):
    """Why the last try failed, where it was not the network's fault; else a providers.Trouble."""

    NOT_READY = "not_ready"  # the host has no file yet, some minutes after the success
    LINK_DEAD = "link_dead"  # 403, 404, 410 or past its end; the provider is asked for another
    CUT_OFF = "cut_off"  # not as many bytes as were announced
    NOT_A_VIDEO = "not_a_video"  # or not a whole one; of a last frame: no whole picture
    NO_KEY = "no_key"  # the link needs a key, and ours is unreadable or another host's
    DISK_FULL = "disk_full"  # no room beside the reserve
    STORAGE = "storage"  # our own storage did not take it
    MISSING = "missing"  # it was saved, and not in our storage when a backup was restored


class CopyQuerySet(TrashQuerySet["Copy"]):
    def follow(self, tasks: Iterable[Task], now: datetime) -> None:
        """Have a copy of each file of the succeeded ones; call it wherever links are heard.

        A fresh link takes the place of the one that was known, and brings back what was gone.
        """
        wanted = {(copy.task_id, copy.kind): copy for task in tasks for copy in _wanted(task, now)}
        if not wanted:
            return
        known: list[Copy] = list(self.filter(task_id__in={pk for pk, _kind in wanted}))
        moved = [c for c in known if c.take_link(wanted.pop((c.task_id, c.kind), c), now)]
        Copy.objects.bulk_update(moved, Copy.LINK_FIELDS)
        Copy.objects.bulk_create(list(wanted.values()), ignore_conflicts=True)

    def visible_to(self, user: Any) -> CopyQuerySet:
        """Those of the tasks this person may see."""
        kept = self.filter(task__deleted_at=None)
        if user.is_active and user.is_staff:
            return kept
        return kept.filter(task__project__in=Project.objects.ids_visible_to(user))

    def saved(self) -> CopyQuerySet:
        """With a file in the storage, be it in the trash."""
        return self.filter(state=_in_the_statement(CopyState.SAVED))

    def deletable_by(self, user: Any) -> CopyQuerySet:
        """Files that this person may move to the trash; see `trash.entrusted_to`."""
        there = self.saved().kept().filter(task__deleted_at=None)
        return there.filter(entrusted_to(user, task="task__"))

    def trash_of(self, user: Any, now: datetime) -> CopyQuerySet:
        """What this person may still restore; the files of deleted tasks come back with them."""
        there = self.saved().in_trash(now).filter(task__deleted_at=None)
        return there.filter(entrusted_to(user, task="task__"))

    def managed_by(self, user: Any) -> CopyQuerySet:
        return self.filter(task__project__in=Project.objects.ids_managed_by(user))

    def move_to_trash(self, user: Any, now: datetime) -> list[Copy]:
        """The files stay where they are, and are given out no more. Which they are."""
        return self._change_trash(deleted_at=now, deleted_by=user)

    def restore(self) -> list[Copy]:
        return self._change_trash(deleted_at=None, deleted_by=None)

    def _change_trash(self, **fields: Any) -> list[Copy]:
        with transaction.atomic():
            Task.objects.filter(pk__in=list(self.values_list("task", flat=True))).tell_of_change()
            light = self.select_related("task").only("kind", "task__remote_id", "task__project")
            rows = list(light)
            Copy.objects.filter(pk__in=[row.pk for row in rows]).update(**fields)
        return rows

    def unsaved(self) -> CopyQuerySet:
        """The queue: whose link ends first comes first."""
        states = [_in_the_statement(state) for state in UNSAVED]
        return self.filter(state__in=states).order_by(_FIRST_TO_END, "id")

    def gone(self) -> CopyQuerySet:
        """The newest first."""
        return self.filter(state=_in_the_statement(CopyState.GONE)).order_by("-id")

    def due(self, now: datetime) -> CopyQuerySet:
        """What may be claimed; also what a clock that has since been set back put off for ever."""
        far = models.Q(due_at__gt=now + FARTHEST)
        return self.unsaved().filter(far | models.Q(due_at__lte=now))

    def save_now(self, now: datetime) -> int:
        """Try these next, as if they had never failed, gone ones too; how many there are.

        What is saved or being saved is left alone.
        """
        idle = self.filter(state__in=(CopyState.WAITING, CopyState.GONE))
        with transaction.atomic():
            rows = list(idle.values_list("pk", "task_id"))
            Task.objects.filter(pk__in={task for _pk, task in rows}).tell_of_change()
            chosen = idle.filter(pk__in=[pk for pk, _task in rows])
            return chosen.update(
                state=CopyState.WAITING, due_at=now, tries=0, trouble="", trouble_message=""
            )

    def at_risk(self, now: datetime) -> CopyQuerySet:
        """Not saved, and either the last try failed or the link ends soon."""
        return self.unsaved().filter(risky(now))


def risky(now: datetime) -> models.Q:
    """Of unsaved copies: the last try failed, or the link ends soon."""
    soon = models.Q(link_ends_at__lte=now + RISKY)
    return soon | ~models.Q(trouble__in=HARMLESS)


#: These troubles are none: waited out.
HARMLESS = ("", CopyTrouble.NOT_READY)


def _in_the_statement(state: CopyState) -> models.Func:
    """The state written out: beside a bound value SQLite does not use a partial index.

    With 500,000 copies, 100,000 of them unsaved, the queue's first 2,000 cost 80 ms instead of 1.
    """
    return models.Func(template=f"'{state}'", output_field=models.CharField())


_FIRST_TO_END: OrderBy = models.F("link_ends_at").asc(nulls_last=True)


class Copy(Trashable):
    """One file of a task, on its way into our storage or there.

    `saved` is only said of a file that was verified: length, hash, and a complete container.
    """

    task = models.ForeignKey(Task, models.CASCADE, related_name="copies", verbose_name=_("task"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    state = models.CharField(_("state"), max_length=8, choices=CopyState, default=CopyState.WAITING)

    # Where it is fetched from; the task's link, as it was heard last.
    url = models.TextField(_("link"))
    needs_key = models.BooleanField(_("link needs the key"), default=False)
    link_ends_at = models.DateTimeField(_("link ends"), null=True)

    # Fetching. `due_at` is also the lease: who claims a copy pushes it ahead of the next try.
    due_at = models.DateTimeField(_("next try"), null=True)
    tries = models.PositiveIntegerField(_("failed tries"), default=0)
    trouble = models.CharField(_("trouble"), max_length=20, default="", blank=True)
    trouble_message = models.CharField(_("last words"), max_length=500, default="", blank=True)
    bytes_done = models.BigIntegerField(_("bytes fetched"), default=0)
    bytes_total = models.BigIntegerField(_("bytes in all"), null=True)
    etag = models.CharField(max_length=200, default="", blank=True)

    # What was saved. Names are keys of the storage "videos"; they come from our own ids only.
    name = models.CharField(_("file"), max_length=200, default="", blank=True)
    poster = models.CharField(_("poster"), max_length=200, default="", blank=True)
    size = models.BigIntegerField(_("size"), null=True, help_text=_("bytes"))
    poster_size = models.BigIntegerField(_("poster's size"), null=True, help_text=_("bytes"))
    sha256 = models.CharField("SHA-256", max_length=64, default="", blank=True)
    duration = models.FloatField(_("duration"), null=True, help_text=_("seconds"))
    width = models.PositiveIntegerField(_("width"), null=True)
    height = models.PositiveIntegerField(_("height"), null=True)
    video_codec = models.CharField(_("video codec"), max_length=20, default="", blank=True)
    audio_codec = models.CharField(_("audio codec"), max_length=20, default="", blank=True)
    mismatch = models.CharField(_("differs from the task"), max_length=300, default="", blank=True)
    created_at = models.DateTimeField(_("in the queue since"))
    saved_at = models.DateTimeField(_("saved"), null=True)

    objects = CopyQuerySet.as_manager()

    class Meta:
        verbose_name = _("copy")
        verbose_name_plural = _("copies")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["task", "kind"], name="copied_once")]
        indexes = [
            models.Index(
                fields=["link_ends_at", "id"],
                name="copy_queue",
                condition=models.Q(state__in=["waiting", "saving"]),
            ),
            models.Index(
                fields=["-id", "task"], name="copy_gone", condition=models.Q(state="gone")
            ),
            models.Index(
                fields=["-deleted_at", "-id"],
                name="copy_trash",
                condition=models.Q(deleted_at__isnull=False, state="saved"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.task_id}"

    @property
    def is_saved(self) -> bool:
        """There is a file of ours to be had."""
        return self.state == CopyState.SAVED and self.deleted_at is None

    @property
    def is_deleted(self) -> bool:
        """By a person: in the trash, or no longer even there."""
        return self.deleted_at is not None

    def is_at_risk(self, now: datetime) -> bool:
        """Not saved, and either the last try failed or the link ends soon."""
        ends_soon = self.link_ends_at is not None and self.link_ends_at <= now + RISKY
        return self.state in UNSAVED and (self.trouble not in HARMLESS or ends_soon)

    @property
    def mismatches(self) -> list[tuple[str, str, str]]:
        """What differs from the task: (duration, size or audio, what it is, what was asked for).

        Seconds, pixels as 1280x720, yes or no.
        """
        found = (item.split(":") for item in self.mismatch.split())
        return [(what, found_, wanted) for what, found_, wanted in found]

    def take_link(self, heard: Copy, now: datetime) -> bool:
        """Fetch from where the provider now says it is; whether that is another place."""
        if self.is_saved or self.is_deleted or heard.url == self.url:
            return False
        for name in ("url", "needs_key", "link_ends_at"):
            setattr(self, name, getattr(heard, name))
        self.state, self.due_at = CopyState.WAITING, now
        self.tries = self.bytes_done = 0
        self.trouble = self.trouble_message = self.etag = ""
        return True

    LINK_FIELDS = (
        "url",
        "needs_key",
        "link_ends_at",
        "state",
        "due_at",
        "tries",
        "bytes_done",
        "trouble",
        "trouble_message",
        "etag",
    )


def _wanted(task: Task, now: datetime) -> list[Copy]:
    if task.status != Status.SUCCEEDED:
        return []
    last_frame = task.last_frame_url, False
    found = {Kind.VIDEO: _video_link(task), Kind.LAST_FRAME: last_frame}
    return [
        Copy(
            task=task,
            kind=kind,
            url=url,
            needs_key=needs_key,
            link_ends_at=task.link_ends_at,
            due_at=now,
            created_at=now,
        )
        for kind, (url, needs_key) in found.items()
        if url
    ]


def _video_link(task: Task) -> tuple[str, bool]:
    """And whether it needs the key; a success without a link may have a gateway that streams it."""
    if task.video_url:
        return task.video_url, task.video_needs_key
    path = provider(task.provider).dialect.content_path(task.remote_id)
    return links.through_gateway(task.base_url + path, task.base_url) if path else ("", False)
