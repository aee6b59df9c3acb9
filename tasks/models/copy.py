"""Copies: the files of a task in our own storage, fetched by the archive before links end."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from tasks.models.copy_links import CopyLink, current, renewed
from tasks.models.preview import Previewed, PreviewQuerySet
from tasks.models.projects import Project
from tasks.models.scrub import Scrubbed
from tasks.models.task import Task
from tasks.models.trash import Trashable
from tasks.models.wide_row import WideRow
from tasks.providers import VideoLink, provider
from tasks.providers.dialects import links
from tasks.providers.status import Status

if TYPE_CHECKING:
    from django.db.models.expressions import OrderBy

RISKY = timedelta(hours=2)  # a link that ends sooner than this is shown as at risk
#: No next try is later than this; one that seems so was set by a wrong clock.
FARTHEST = timedelta(days=1)


class CopyKind(models.TextChoices):
    VIDEO = "video", _("Video")
    LAST_FRAME = "last_frame", _("Last frame")


class CopyState(models.TextChoices):
    WAITING = "waiting", _("Waiting to be saved")
    SAVING = "saving", _("Saving")
    SAVED = "saved", _("Saved")
    GONE = "gone", _("Gone")
    DELETED = "deleted", _("Deleted")  # purged; in the trash it still is SAVED


#: States in the archive's queue: these copies are to become SAVED.
UNSAVED = (CopyState.WAITING, CopyState.SAVING)


class CopyTrouble(StrEnum):
    """Reasons of a failed try that are not the network's; the others are `providers.Trouble`."""

    NOT_READY = "not_ready"  # the host has no file yet, some minutes after the success
    LINK_DEAD = "link_dead"  # 403, 404, 410 or past its end; the provider is asked for another
    CUT_OFF = "cut_off"  # fewer bytes than were announced
    NOT_A_VIDEO = "not_a_video"  # or an incomplete one; for a last frame, no complete picture
    NO_KEY = "no_key"  # the link needs a key, and ours is unreadable or for another host
    DISK_FULL = "disk_full"  # not enough room beside the reserve
    STORAGE = "storage"  # our own storage did not accept it
    MISSING = "missing"  # it was saved, and is not in our storage any more
    CHANGED = "changed"  # it was saved, and what is in our storage now is something else


class CopyQuerySet(PreviewQuerySet["Copy"]):
    def follow(self, tasks: Iterable[Task], now: datetime) -> None:
        """Create the missing copies of succeeded tasks; call it wherever answers bring links.

        New links replace the known ones, and put a copy that was gone back into the queue.
        """
        new = {(copy.task_id, copy.kind): copy for task in tasks for copy in _copies_of(task, now)}
        if not new:
            return
        known: list[Copy] = list(self.filter(task_id__in={pk for pk, _kind in new}))
        changes = [(c, c.update_links(new.pop((c.task_id, c.kind), c), now)) for c in known]
        for fields in (Copy.ONLY_LINKS, Copy.LINK_FIELDS):
            rows = [copy for copy, changed in changes if changed == fields]
            Copy.objects.bulk_update(rows, fields)
        Copy.objects.bulk_create(list(new.values()), ignore_conflicts=True)

    def saved(self) -> CopyQuerySet:
        """Copies with a file in the storage, including those in the trash."""
        return self.filter(state=_in_the_statement(CopyState.SAVED))

    def lent(self, tasks: Collection[int], project: Project | int) -> CopyQuerySet:
        """The saved videos of these tasks of a project, as far as they are not deleted."""
        here = Task.objects.kept().filter(project=project, pk__in=tasks)
        return self.saved_videos().filter(task__in=here, damage=None)

    def move_to_trash(self, user: Any, now: datetime) -> list[Copy]:
        """Move these to the trash and return them. Their files stay, but are not served."""
        return self._change_trash(deleted_at=now, deleted_by=user)

    def restore(self) -> list[Copy]:
        return self._change_trash(deleted_at=None, deleted_by=None)

    def _change_trash(self, **fields: Any) -> list[Copy]:
        with transaction.atomic():
            Task.objects.filter(pk__in=list(self.values_list("task", flat=True))).mark_changed()
            columns = ("kind", "task__remote_id", "task__project")
            rows = list(self.select_related("task").only(*columns))
            Copy.objects.filter(pk__in=[row.pk for row in rows]).update(**fields)
        return rows

    def unsaved(self) -> CopyQuerySet:
        """The archive's queue: the copy whose link ends first comes first."""
        states = [_in_the_statement(state) for state in UNSAVED]
        return self.filter(state__in=states).order_by(_FIRST_TO_END, "id")

    def gone(self) -> CopyQuerySet:
        """Copies that were never saved and cannot be had any more, the newest first."""
        gone = self.filter(state=_in_the_statement(CopyState.GONE), damage=None)
        return gone.order_by("-id")

    def due(self, now: datetime) -> CopyQuerySet:
        """Copies that may be claimed.

        They include those that a wrong clock, since set back, put off for more than a day.
        """
        far = models.Q(due_at__gt=now + FARTHEST)
        return self.unsaved().filter(far | models.Q(due_at__lte=now))

    def save_now(self, now: datetime) -> int:
        """Make these due as if they had never failed, gone ones too; return their number.

        Copies that are saved or being saved are left alone. Files that were lost are looked for in
        the storage as well.
        """
        idle = self.filter(state__in=(CopyState.WAITING, CopyState.GONE))
        with transaction.atomic():
            rows = list(idle.values_list("pk", "task_id"))
            Task.objects.filter(pk__in={task for _pk, task in rows}).mark_changed()
            chosen = idle.filter(pk__in=[pk for pk, _task in rows])
            anew = {"tries": 0, "trouble": "", "trouble_message": "", "checked_at": None}
            return chosen.update(state=CopyState.WAITING, due_at=now, **anew)

    def at_risk(self, now: datetime) -> CopyQuerySet:
        """Copies that are not saved, and whose last try failed or whose link ends soon."""
        return self.unsaved().filter(risky(now))


def risky(now: datetime) -> models.Q:
    """Condition on unsaved copies: the last try failed, or the link ends soon."""
    soon = models.Q(link_ends_at__lte=now + RISKY)
    return soon | ~models.Q(trouble__in=HARMLESS)


#: Troubles that only need waiting.
HARMLESS = ("", CopyTrouble.NOT_READY)


def _in_the_statement(state: CopyState) -> models.Func:
    """The state as a literal in the SQL: with a bound value SQLite uses no partial index.

    With 500,000 copies, 100,000 of them unsaved, the queue's first 2,000 cost 80 ms instead of 1.
    """
    return models.Func(template=f"'{state}'", output_field=models.CharField())


_FIRST_TO_END: OrderBy = models.F("link_ends_at").asc(nulls_last=True)


class Copy(WideRow, Scrubbed, Trashable, Previewed):
    """One file of a task, on its way into our storage or in it.

    A copy is `saved` only once its file was verified: length, hash, and a complete container.
    """

    #: Whether the person who asked sees the details of it; CopyAccess.with_details_for sets it.
    shows_details = False

    task = models.ForeignKey(Task, models.CASCADE, related_name="copies", verbose_name=_("task"))
    kind = models.CharField(_("kind"), max_length=10, choices=CopyKind)
    state = models.CharField(_("state"), max_length=8, choices=CopyState, default=CopyState.WAITING)

    # Where it is fetched from: the link that is to be tried next, or was the last.
    url = models.TextField(_("link"))
    needs_key = models.BooleanField(_("link needs the key"), default=False)
    link_ends_at = models.DateTimeField(_("link ends"), null=True)
    #: All links of that answer in the order in which they are tried, `url` among them; see
    #: copy_links. None on rows of earlier releases, which knew but one.
    links = models.JSONField(_("links"), null=True, editable=False)

    # Fetching. `due_at` is also the lease: a claim moves it beyond the next try.
    due_at = models.DateTimeField(_("next try"), null=True)
    tries = models.PositiveIntegerField(_("failed tries"), default=0)
    trouble = models.CharField(_("trouble"), max_length=20, default="", blank=True)
    trouble_message = models.CharField(_("last words"), max_length=500, default="", blank=True)
    bytes_done = models.BigIntegerField(_("bytes fetched"), default=0)
    bytes_total = models.BigIntegerField(_("bytes in all"), null=True)
    etag = models.CharField(max_length=200, default="", blank=True)

    # What was saved. Names are keys of the storage "videos", made of our own ids only.
    name = models.CharField(_("file"), max_length=200, default="", blank=True)
    size = models.BigIntegerField(_("size"), null=True, help_text=_("bytes"))
    sha256 = models.CharField("SHA-256", max_length=64, default="", blank=True)
    duration = models.FloatField(_("duration"), null=True, help_text=_("seconds"))
    width = models.PositiveIntegerField(_("width"), null=True)
    height = models.PositiveIntegerField(_("height"), null=True)
    #: None of files that were saved before they were noted.
    frames = models.PositiveIntegerField(_("frames"), null=True)
    rate = models.FloatField(_("frames per second"), null=True)
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
            models.Index(
                fields=["checked_at", "id"],
                name="copy_checks",
                condition=models.Q(deleted_at__isnull=True, state="saved"),
            ),
            models.Index(
                fields=["-id"], name="copy_damage", condition=models.Q(damage__isnull=False)
            ),
            models.Index(
                fields=["previewed_at", "id"],
                name="copy_previews",
                condition=models.Q(deleted_at__isnull=True, state="saved", kind="video"),
            ),
            models.Index(
                fields=["-id"],
                name="copy_proxies",
                condition=models.Q(
                    deleted_at__isnull=True,
                    state="saved",
                    kind="video",
                    video_codec="hevc",
                    proxied_at__isnull=True,
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.task_id}"

    @property
    def is_saved(self) -> bool:
        """Whether our own file can be served."""
        return self.state == CopyState.SAVED and self.deleted_at is None

    @property
    def is_deleted(self) -> bool:
        """Whether a person deleted it: it is in the trash, or already purged."""
        return self.deleted_at is not None

    def is_at_risk(self, now: datetime) -> bool:
        """Whether it is not saved, and the last try failed or the link ends soon."""
        ends_soon = self.link_ends_at is not None and self.link_ends_at <= now + RISKY
        return self.state in UNSAVED and (self.trouble not in HARMLESS or ends_soon)

    @property
    def mismatches(self) -> list[tuple[str, str, str]]:
        """Differences from the task: (duration, size or audio, actual value, requested value).

        Values are seconds, pixels as 1280x720, or yes and no.
        """
        items = (item.split(":") for item in self.mismatch.split())
        return [(name, actual, requested) for name, actual, requested in items]

    @property
    def every_link(self) -> list[CopyLink]:
        """All links in their order, former ones at the end."""
        if self.links is not None:
            return [CopyLink.from_json(link) for link in self.links]
        only = CopyLink(url=self.url, needs_key=self.needs_key, ends_at=self.link_ends_at)
        return [replace(only, is_asked=self.trouble == CopyTrouble.LINK_DEAD)]

    def turn_to(self, link: CopyLink) -> None:
        """Let this be the link that is tried next. Another's file is begun anew."""
        if link.url != self.url:
            self.bytes_done, self.bytes_total, self.etag = 0, None, ""
        self.url, self.needs_key, self.link_ends_at = link.url, link.needs_key, link.ends_at

    def update_links(self, latest: Copy, now: datetime) -> tuple[str, ...]:
        """Take over new links of the last answer to an unsaved copy; the fields that changed.

        A file that is coming from the link which is still the first goes on coming, and links that
        an answer no longer has are kept, as those answers are that have none at all.
        """
        known, fresh = self.every_link, latest.every_link
        urls = {link.url for link in current(known)}
        news = [link for link in fresh if link.url not in urls]
        if self.is_saved or self.is_deleted or not news:
            return ()
        self.links = [link.to_json() for link in renewed(known, fresh)]
        if self.url == fresh[0].url and not self.trouble and self.state != CopyState.GONE:
            return self.ONLY_LINKS  # the archive may be writing the others just now
        self.turn_to(news[0])
        self.state, self.due_at, self.tries = CopyState.WAITING, now, 0
        self.trouble = self.trouble_message = ""
        return self.LINK_FIELDS

    ONLY_LINKS = ("links",)
    LINK_FIELDS = (
        "url",
        "needs_key",
        "link_ends_at",
        "links",
        "state",
        "due_at",
        "tries",
        "bytes_done",
        "bytes_total",
        "trouble",
        "trouble_message",
        "etag",
    )


def _copies_of(task: Task, now: datetime) -> list[Copy]:
    """Unsaved rows for each file that the task has a link of."""
    if task.status != Status.SUCCEEDED:
        return []
    frame = VideoLink(url=task.last_frame_url, ends_at=task.link_ends_at)
    by_kind = {
        CopyKind.VIDEO: _film_links(task),
        CopyKind.LAST_FRAME: (frame,) if frame.url else (),
    }
    return [
        Copy(
            task=task,
            kind=kind,
            url=found[0].url,
            needs_key=found[0].needs_key,
            link_ends_at=found[0].ends_at,
            links=[_kept(link).to_json() for link in found],
            due_at=now,
            created_at=now,
        )
        for kind, found in by_kind.items()
        if found
    ]


def _kept(link: VideoLink) -> CopyLink:
    return CopyLink(url=link.url, needs_key=link.needs_key, ends_at=link.ends_at)


def _film_links(task: Task) -> tuple[VideoLink, ...]:
    """The links of the last answer in their order, and the stream of a gateway that has one.

    A gateway may stream the video of a success that has no link.
    """
    found: tuple[VideoLink, ...] = ()
    if task.video_url:
        first = VideoLink(
            url=task.video_url, needs_key=task.video_needs_key, ends_at=task.link_ends_at
        )
        found = (first, *task.other_links)
    path = provider(task.provider).dialect.content_path(task.remote_id)
    if not path:
        return found
    own = links.own_stream(path, remote_id=task.remote_id, base_url=task.base_url)
    return links.with_own_stream(found, own)
