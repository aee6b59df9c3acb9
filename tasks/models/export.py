"""Exports: tables of takes or of sums that are written to a file, for the person who asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tasks.models.access import ExportAccess
from tasks.models.storage import remove_files

KEPT = timedelta(days=7)
CLAIM = timedelta(minutes=5)  # after the last sign of life: closing a full sheet takes a minute
MOST_TRIES = 3


class ExportTable(models.TextChoices):
    TAKES = "takes", _("takes and their costs")
    SUMS = "sums", _("sums of costs")


class ExportState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    WRITING = "writing", _("Writing")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Failed")


OPEN = (ExportState.WAITING, ExportState.WRITING)


class ExportQuerySet(ExportAccess["Export"]):
    def ask(
        self,
        person: Any,
        table: ExportTable,
        *,
        query: str,
        columns: Sequence[str],
        projects: Sequence[int] | None,
        now: datetime,
    ) -> Export:
        """Create an export, or return the same one of this person that is not ready yet."""
        known = {"table": table, "query": query, "columns": ",".join(columns)}
        seen = None if projects is None else sorted(projects)
        for row in self.filter(person=person, state__in=OPEN, **known):
            if row.projects == seen:
                return row
        return self.create(person=person, projects=seen, asked_at=now, **known)

    def abandoned(self, now: datetime) -> ExportQuerySet:
        """Exports whose writer gave no sign of life for long."""
        return self.filter(state=ExportState.WRITING, claimed_until__lte=now)

    def due(self, now: datetime) -> ExportQuerySet:
        """Exports to be written, the oldest first: new ones and abandoned ones."""
        return (self.filter(state=ExportState.WAITING) | self.abandoned(now)).order_by("pk")

    def claim(self, now: datetime) -> Export | None:
        """Take the oldest export that is due; those tried too often fail instead."""
        self.due(now).filter(tries__gte=MOST_TRIES).update(state=ExportState.FAILED, ended_at=now)
        for row in self.due(now)[:1]:
            taken = {"state": ExportState.WRITING, "claimed_until": now + CLAIM}
            if self.due(now).filter(pk=row.pk).update(**taken, done=0, tries=F("tries") + 1):
                row.refresh_from_db()
                return row
        return None

    def kept(self, now: datetime) -> ExportQuerySet:
        return self.filter(asked_at__gte=now - KEPT)

    def past(self, now: datetime) -> ExportQuerySet:
        """Exports that are not kept any longer."""
        return self.filter(asked_at__lt=now - KEPT)

    def purge(self, now: datetime, at_once: int) -> int:
        """Remove the oldest past exports, files first; return how many went."""
        rows = list(self.past(now).order_by("pk")[:at_once])
        gone = [row.pk for row in rows if remove_files(row.name)]
        self.filter(pk__in=gone).delete()
        return len(gone)


class Export(models.Model):
    """A table that somebody asked for as a file, with all that it takes to write it.

    `projects` are those whose money the person saw when they asked (None: all of them). Only they
    may fetch the file, and only while they still see the money of all of these.
    """

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="exports",
        verbose_name=_("person"),
    )
    table = models.CharField(_("table"), max_length=5, choices=ExportTable)
    query = models.TextField(_("period and filters"), default="", blank=True)
    columns = models.TextField(_("columns"), default="", blank=True)
    projects = models.JSONField(_("projects"), null=True)
    state = models.CharField(
        _("state"), max_length=7, choices=ExportState, default=ExportState.WAITING
    )
    done = models.PositiveBigIntegerField(_("rows written"), default=0)
    total = models.PositiveBigIntegerField(_("rows in all"), null=True)
    name = models.CharField(_("file"), max_length=100, default="", blank=True)
    size = models.PositiveBigIntegerField(_("size"), default=0, help_text=_("bytes"))
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    asked_at = models.DateTimeField(_("asked for"))
    ended_at = models.DateTimeField(_("ended"), null=True)
    claimed_until = models.DateTimeField(_("claimed until"), null=True)

    objects = ExportQuerySet.as_manager()

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["id"],
                name="export_open",
                condition=Q(state__in=["waiting", "writing"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_table_display()} · {self.asked_at:%Y-%m-%d %H:%M}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def ends_at(self) -> datetime:
        """The time when its file is removed."""
        return self.asked_at + KEPT

    def note_progress(self, done: int, now: datetime) -> bool:
        """Save how many rows are written; False where the export is not ours any more."""
        return self._move(done=done, claimed_until=now + CLAIM)

    @transaction.atomic
    def mark_ready(self, name: str, size: int, done: int, now: datetime) -> bool:
        """Save that the file is in the storage; False where the export is not ours any more."""
        ready = {"state": ExportState.READY, "ended_at": now, "claimed_until": None}
        return self._move(name=name, size=size, done=done, total=done, **ready)

    def mark_failed(self, now: datetime) -> bool:
        return self._move(state=ExportState.FAILED, ended_at=now, claimed_until=None)

    def give_back(self) -> bool:
        """Let another process begin it anew; this try does not count."""
        return self._move(state=ExportState.WAITING, claimed_until=None, tries=F("tries") - 1)

    def _move(self, **fields: Any) -> bool:
        """Save fields while this is still the newest try to write it."""
        ours = Export.objects.filter(pk=self.pk, state=ExportState.WRITING, tries=self.tries)
        return bool(ours.update(**fields))
