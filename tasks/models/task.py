"""Tasks: what the provider said of each, when it was asked, and the transitions."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tasks.models import schedule, search
from tasks.models.changes import ChangeCounter
from tasks.models.credential import Credential
from tasks.models.projects import Project
from tasks.models.status_change import STATUS_CHOICES, StatusChange
from tasks.models.task_queries import NO_ID_YET, TaskQuerySet
from tasks.models.trash import Trashable
from tasks.models.wide_row import WideRow
from tasks.providers import ProviderError, RemoteTask, Trouble, VideoLink, provider
from tasks.providers.status import ENDED, FINAL, LIVE, Status

#: RemoteTask's fields that a row keeps under the same name.
SAME_NAME = (
    "model prompt action progress last_frame_url file_url "
    "error_code error_message request_id seed resolution ratio duration frames framespersecond "
    "generate_audio draft draft_task_id safety_identifier priority output_format service_tier "
    "execution_expires_after revised_prompt completion_tokens total_tokens web_searches quota "
    "cost_micros cost_currency"
).split()
#: … and those that would be mistaken for our own clock's.
REMOTE_TIMES = ("created_at", "updated_at", "started_at", "finished_at")


class Task(WideRow, Trashable):
    """One remote generation task."""

    NO_ID_YET = NO_ID_YET  # for callers that have no queryset

    project = models.ForeignKey(Project, models.PROTECT, verbose_name=_("project"))
    credential = models.ForeignKey(Credential, models.PROTECT, verbose_name=_("credential"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        verbose_name=_("person"),
    )
    created_at = models.DateTimeField(_("tracked since"), default=timezone.now)

    # The remote task. A task keeps the base URL it was submitted to.
    provider = models.SlugField(_("provider"), max_length=30)
    base_url = models.CharField(_("base URL"), max_length=300)
    remote_id = models.CharField(_("task id"), max_length=128)

    status = models.CharField(
        _("status"), max_length=12, choices=STATUS_CHOICES, default=Status.UNKNOWN
    )
    status_word = models.CharField(_("provider's word"), max_length=64, default="", blank=True)

    # The provider's answer: RemoteTask, field by field.
    model = models.CharField(_("model"), max_length=200, default="", blank=True)
    prompt = models.TextField(_("prompt"), default="", blank=True)
    action = models.CharField(_("action"), max_length=200, default="", blank=True)
    progress = models.IntegerField(_("progress"), null=True)
    video_url = models.TextField(_("video link"), default="", blank=True)
    video_needs_key = models.BooleanField(_("link needs the key"), default=False)
    last_frame_url = models.TextField(_("last frame link"), default="", blank=True)
    file_url = models.TextField(_("file link"), default="", blank=True)
    link_ends_at = models.DateTimeField(_("link ends"), null=True)
    error_code = models.CharField(_("error code"), max_length=200, default="", blank=True)
    error_message = models.TextField(_("error"), default="", blank=True)
    request_id = models.CharField(_("request id"), max_length=200, default="", blank=True)
    remote_created_at = models.DateTimeField(_("created there"), null=True)
    remote_updated_at = models.DateTimeField(_("updated there"), null=True)
    remote_started_at = models.DateTimeField(_("started, as the gateway saw it"), null=True)
    remote_finished_at = models.DateTimeField(_("finished, as the gateway saw it"), null=True)
    seed = models.BigIntegerField(_("seed"), null=True)
    resolution = models.CharField(_("resolution"), max_length=200, default="", blank=True)
    ratio = models.CharField(_("ratio"), max_length=200, default="", blank=True)
    duration = models.IntegerField(_("duration"), null=True, help_text=_("seconds"))
    frames = models.IntegerField(_("frames"), null=True)
    framespersecond = models.IntegerField(_("frames per second"), null=True)
    generate_audio = models.BooleanField(_("audio"), null=True)
    draft = models.BooleanField(_("draft"), null=True)
    draft_task_id = models.CharField(_("draft task"), max_length=200, default="", blank=True)
    tools = models.CharField(_("tools"), max_length=200, default="", blank=True)
    safety_identifier = models.CharField(
        _("safety identifier"), max_length=200, default="", blank=True
    )
    priority = models.IntegerField(_("priority"), null=True)
    output_format = models.CharField(_("format"), max_length=200, default="", blank=True)
    service_tier = models.CharField(_("service tier"), max_length=200, default="", blank=True)
    execution_expires_after = models.BigIntegerField(
        _("expires after"), null=True, help_text=_("seconds")
    )
    revised_prompt = models.TextField(_("revised prompt"), default="", blank=True)
    completion_tokens = models.BigIntegerField(_("completion tokens"), null=True)
    total_tokens = models.BigIntegerField(_("tokens"), null=True)
    web_searches = models.IntegerField(_("web searches"), null=True)
    quota = models.BigIntegerField(_("gateway's quota units"), null=True)
    cost_micros = models.BigIntegerField(
        _("what the provider charged"), null=True, help_text=_("millionths")
    )
    cost_currency = models.CharField(_("currency of the charge"), max_length=3, null=True)

    # Our observations, by our own clock.
    queued_at = models.DateTimeField(_("first seen queued"), null=True)
    running_at = models.DateTimeField(_("first seen running"), null=True)
    ended_at = models.DateTimeField(_("first seen ended"), null=True)

    # Checks. `check_after` is None when nothing more is to be asked; it is the sweep's lease, too.
    check_after = models.DateTimeField(_("next check"), null=True, default=timezone.now)
    asked_at = models.DateTimeField(_("last asked"), null=True)
    heard_at = models.DateTimeField(_("last answer before the last question"), null=True)
    trouble = models.CharField(_("trouble"), max_length=20, default="", blank=True)
    trouble_message = models.CharField(_("last words"), max_length=500, default="", blank=True)
    troubles_in_a_row = models.PositiveIntegerField(_("troubles in a row"), default=0)
    not_founds = models.PositiveIntegerField(_("times not found in a row"), default=0)
    answer_digest = models.CharField(_("answer's digest"), max_length=32, default="", blank=True)

    change = models.BigIntegerField(default=0, editable=False)
    search_text = models.TextField(default="", blank=True, editable=False)
    raw = models.TextField(_("raw answer"), default="", blank=True)  # JSON; last, as it is long

    objects = TaskQuerySet.as_manager()

    #: Whether the person who asked sees the details of it; TaskAccess.with_details_for sets it.
    shows_details = False
    #: The catalog's model behind a name that the team has added; TaskQuerySet.for_list reads it.
    known_as: str | None = None
    #: The number of people who have starred it, as `Star.objects.on` or `with_star_counts` read it.
    star_count: int | None = None
    moved_from: datetime | None  # check_after as a claim read it; see bulk.write
    asked_before: datetime | None  # asked_at likewise
    other_links: tuple[VideoLink, ...] = ()  # of the answer just applied; kept with the copy

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["base_url", "remote_id"], name="followed_once"),
        ]
        indexes = [
            models.Index(fields=["project", "-id"], name="task_project"),
            # A member's filters, each with its order: without them, to find somebody rare in a busy
            # project all its tasks are read, and for somebody busy all of theirs (13 s).
            models.Index(fields=["project", "created_by", "-id"], name="task_project_person"),
            models.Index(fields=["project", "credential", "-id"], name="task_project_credential"),
            models.Index(fields=["project", "provider", "-id"], name="task_project_provider"),
            # Number and tokens of each person's tasks: 0.03 s of 400,000, 0.4 to 3.8 s without.
            models.Index(fields=["project", "created_by", "total_tokens"], name="task_tokens"),
            # All columns that the counts beside the list need, so that they never read a row.
            models.Index(
                fields=[
                    "status",
                    "-id",
                    "project",
                    "provider",
                    "credential",
                    "created_by",
                    "deleted_at",
                ],
                name="task_status",
            ),
            models.Index(fields=["credential", "-id"], name="task_credential"),
            models.Index(fields=["provider", "-id"], name="task_provider"),
            models.Index(fields=["created_by", "-id"], name="task_person"),
            models.Index(fields=["change"], name="task_change"),
            models.Index(
                fields=["-deleted_at", "-id"],
                name="task_trash",
                condition=models.Q(deleted_at__isnull=False),
            ),
            models.Index(
                fields=["credential", "check_after"],
                name="task_due",
                condition=models.Q(check_after__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.remote_id

    def get_absolute_url(self) -> str:
        return reverse("task", args=[self.pk])

    # Questions

    @property
    def is_named(self) -> bool:
        """Whether the provider can be asked about it: not before it has given an id."""
        return not (self.remote_id.startswith(self.NO_ID_YET) or self.is_foreign)

    @property
    def is_foreign(self) -> bool:
        """Whether only the id is here, as another project's create made the task."""
        return self.status == Status.FOREIGN

    @property
    def is_live(self) -> bool:
        return self.status in LIVE

    @property
    def born_at(self) -> datetime:
        """The provider's time of creation, else the time when we began to track it."""
        return self.remote_created_at or self.created_at

    @property
    def last_heard_at(self) -> datetime | None:
        """The time of the last answer.

        Unchanged answers are not written, so without trouble it is the time of the last question.
        With trouble it is what was known when the last question was put; see `refresh.claim`.
        """
        return self.heard_at if self.trouble else self.asked_at

    def is_stale(self, now: datetime) -> bool:
        """Whether it is live, and its last check failed or its next is overdue by a minute."""
        overdue = self.check_after is not None and self.check_after < now - timedelta(minutes=1)
        return self.is_live and bool(self.trouble or overdue)

    @property
    def queue_seconds(self) -> float | None:
        return _between(self.born_at, self.running_at)

    @property
    def run_seconds(self) -> float | None:
        return _between(self.running_at, self.ended_at)

    @property
    def elapsed_until(self) -> datetime | None:
        """The end of an ended task, by the provider if it says; None while live."""
        if self.is_live:
            return None
        return self.remote_finished_at or self.remote_updated_at or self.ended_at

    # Transitions; the sweep writes CHECK_FIELDS or ANSWER_FIELDS of many rows at once.

    def apply_answer(
        self, remote: RemoteTask, digest: str, now: datetime, *, every: float | None = None
    ) -> StatusChange | None:
        """Take over an answer and schedule the next check; return the change of status, if any.

        `every` is the credential's own setting of seconds between checks.
        """
        self.trouble = self.trouble_message = ""
        self.troubles_in_a_row = self.not_founds = 0
        self.answer_digest = digest
        self._describe(remote)
        change = self._become(self._believable(remote.status), remote.status_word, now)
        self.check_after = schedule.next_check(self, now, fixed=every)
        return change

    def record_error(self, error: ProviderError, now: datetime) -> StatusChange | None:
        """Note a failed check; only a repeated "not found" changes the status."""
        self.trouble, self.trouble_message = error.trouble, str(error)[:500]
        self.troubles_in_a_row += 1
        not_found = error.trouble == Trouble.NOT_FOUND
        self.not_founds = self.not_founds + 1 if not_found else 0
        if not_found and self.is_live and schedule.not_found_is_believed(self, now):
            change = self._become(Status.LOST, self.status_word, now)
            self.check_after = None
            return change
        self.check_after = schedule.next_check_after_trouble(self, error, now)
        return None

    def submitted(self, status: Status, error: ProviderError | None, now: datetime) -> None:
        """Save the outcome of the create, with the next number of the change counter."""
        if error and status == Status.FAILED:
            self.error_code, self.error_message = error.code, str(error)
            self.request_id = error.request_id
        type(self).objects.select_for_update().get(pk=self.pk)  # tasks before the counter
        change = self._become(status, "", now)
        self.check_after = now if status == Status.QUEUED else None
        self.change = ChangeCounter.objects.next()
        self.save(update_fields=self.SUBMITTED_FIELDS)
        if change:
            change.save()

    def _believable(self, status: Status) -> Status:
        """The new status, or the old: an ending is final, and an unknown word changes nothing."""
        if self.status in FINAL or status == Status.UNKNOWN:
            return Status(self.status)
        return status

    def _become(self, status: Status, word: str, now: datetime) -> StatusChange | None:
        self.status_word = word[:64]
        if status == self.status:
            return None
        change = StatusChange(task=self, was=self.status, became=status, word=word[:64], at=now)
        self.status = status
        first_seen = _FIRST_SEEN.get(status, "ended_at" if status in ENDED else None)
        if first_seen and (getattr(self, first_seen) is None or status in ENDED):
            setattr(self, first_seen, now)
        if status in LIVE:
            self.ended_at = None
        return change

    def _describe(self, remote: RemoteTask) -> None:
        """Take over what the answer has; the rest stays: a late 'running' has no video link."""
        for name in SAME_NAME:
            value = getattr(remote, name)
            if value is not None and value != "":
                setattr(self, name, value)
        if remote.video_url:
            self._take_links(remote)
        for name in REMOTE_TIMES:
            if (at := getattr(remote, name)) is not None:
                setattr(self, f"remote_{name}", at)
        if remote.tools:
            self.tools = ", ".join(remote.tools)[:200]
        self.raw = json.dumps(remote.raw, ensure_ascii=False)
        self.search_text = search.searchable(self.prompt, self.remote_id, self.model)

    def _take_links(self, remote: RemoteTask) -> None:
        """Take over the links; what neither says its end nor needs a key lives as usual there."""
        ended_at = remote.finished_at or remote.updated_at or self.asked_at or self.created_at
        usual_end = ended_at + provider(self.provider).link_life
        if remote.video_url != self.video_url:
            self.video_url, self.video_needs_key = remote.video_url, remote.video_needs_key
            usual = None if remote.video_needs_key else usual_end
            self.link_ends_at = remote.link_ends_at or usual
        self.other_links = tuple(
            link if link.needs_key or link.ends_at else replace(link, ends_at=usual_end)
            for link in remote.other_links
        )

    SUBMITTED_FIELDS = (
        "remote_id",
        "status",
        "status_word",
        "queued_at",
        "ended_at",
        "error_code",
        "error_message",
        "request_id",
        "check_after",
        "change",
    )
    CHECK_FIELDS = (
        "check_after",
        "trouble",
        "trouble_message",
        "troubles_in_a_row",
        "not_founds",
        "status",
        "status_word",
        "ended_at",
        "change",
    )
    ANSWER_FIELDS = (
        *CHECK_FIELDS,
        *SAME_NAME,
        "video_url",
        "video_needs_key",
        "link_ends_at",
        *(f"remote_{name}" for name in REMOTE_TIMES),
        "tools",
        "queued_at",
        "running_at",
        "answer_digest",
        "search_text",
        "raw",
    )


_FIRST_SEEN = {Status.QUEUED: "queued_at", Status.RUNNING: "running_at"}


def _between(start: datetime | None, end: datetime | None) -> float | None:
    """Seconds from one time to the other, at least 0, as two machines' clocks differ; or None."""
    return max(0.0, (end - start).total_seconds()) if start and end else None
