"""Comparing a provider's list of tasks with ours, and what it has that we have not."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _

from tasks.models.credential import Credential
from tasks.models.status_change import STATUS_CHOICES
from tasks.models.task import Task
from tasks.providers import ProviderError, RemoteTask
from tasks.status import Status

RECORD_LIFE = timedelta(days=7)  # volcengine.com/docs/82379/1521675: then a task is forgotten …
CANCELLED_LIFE = timedelta(hours=24)  # … and a cancelled one after this
EVERY = timedelta(hours=24)
NEXT_TRY = timedelta(hours=1)  # after one that failed
REMEMBERED = timedelta(days=30)


class Outcome(models.TextChoices):
    """An empty list, a failed one and no list at all are three different things."""

    WAITING = "waiting", _("Waiting for its turn")
    RUNNING = "running", _("Asking")
    COMPARED = "compared", _("Compared")
    EMPTY = "empty", _("The provider lists nothing")
    FAILED = "failed", _("The list could not be had")
    CANNOT = "cannot", _("This provider has no list")


OPEN = (Outcome.WAITING, Outcome.RUNNING)
COMPLETE = (Outcome.COMPARED, Outcome.EMPTY)


class Stage(models.TextChoices):
    """What is asked for, in this order; flex tasks are only listed when asked for by name."""

    DEFAULT = "default", _("the list")
    FLEX = "flex", _("the list of flex tasks")
    #: By id, what neither list had: a record that vanishes between two pages moves another one
    #: from a page not yet asked to one that was.
    CONFIRM = "confirm", _("what the list left out")
    CONFIRM_FLEX = "confirm_flex", _("what the list left out, as flex tasks")

    @property
    def service_tier(self) -> str:
        return "flex" if self in (Stage.FLEX, Stage.CONFIRM_FLEX) else ""

    @property
    def confirms(self) -> bool:
        return self in (Stage.CONFIRM, Stage.CONFIRM_FLEX)

    @property
    def next(self) -> Stage | None:
        order = list(Stage)
        return order[order.index(self) + 1] if self != order[-1] else None


class ReconciliationQuerySet(models.QuerySet["Reconciliation"]):
    def open(self) -> ReconciliationQuerySet:
        return self.filter(outcome__in=OPEN)

    def ask(self, credential: Credential, *, asked_by: Any, now: datetime) -> Reconciliation:
        """A new one, or the one that is under way or just ended: never two at a time."""
        fields = {"base_url": credential.base_url, "asked_by": asked_by, "asked_at": now}
        if not credential.service.can_list:
            ended = {"outcome": Outcome.CANNOT, "ended_at": now}
            return self.create(credential=credential, **fields, **ended)
        try:
            with transaction.atomic():
                return self.create(credential=credential, **fields)
        except IntegrityError:
            return self.filter(credential=credential).latest("pk")

    def ask_daily(self, now: datetime) -> list[Reconciliation]:
        """Of each credential that lists and was not compared for a day; a failed one hourly."""
        lately = self.filter(
            models.Q(asked_at__gt=now - NEXT_TRY)
            | models.Q(asked_at__gt=now - EVERY, outcome__in=COMPLETE)
            | models.Q(outcome__in=OPEN)
        )
        quiet = Credential.objects.filter(active=True).exclude(pk__in=lately.values("credential"))
        listing = [credential for credential in quiet if credential.service.can_list]
        return [self.ask(credential, asked_by=None, now=now) for credential in listing]

    def newest_of(self, credentials: Iterable[Credential]) -> dict[int, Reconciliation]:
        """By credential."""
        chosen = self.filter(credential__in=credentials).order_by().values("credential")
        newest = chosen.annotate(newest=models.Max("pk")).values("newest")
        return {row.credential_id: row for row in self.filter(pk__in=newest)}


class Reconciliation(models.Model):
    credential = models.ForeignKey(
        Credential, models.CASCADE, related_name="reconciliations", verbose_name=_("credential")
    )
    base_url = models.CharField(_("base URL"), max_length=300)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )  # None: the daily one, or for a create whose answer was lost
    asked_at = models.DateTimeField(_("asked"))
    ended_at = models.DateTimeField(_("ended"), null=True)
    outcome = models.CharField(
        _("outcome"), max_length=10, choices=Outcome, default=Outcome.WAITING
    )
    trouble = models.CharField(_("trouble"), max_length=20, default="", blank=True)
    message = models.CharField(_("last words"), max_length=500, default="", blank=True)
    #: Seconds, by the last page's Date; None where the provider says no time.
    clock_ahead = models.FloatField(_("provider's clock ahead"), null=True)

    # How far it has come, for whoever goes on after a sweep's end.
    stage = models.CharField(_("stage"), max_length=12, choices=Stage, default=Stage.DEFAULT)
    place = models.BigIntegerField(_("place"), default=1)  # the next page; or the last task's id
    items = models.PositiveIntegerField(default=0)  # on this stage's pages
    page_digest = models.CharField(max_length=32, default="", blank=True)  # of the last page's ids

    listed = models.PositiveIntegerField(_("listed there"), default=0)
    missing_here = models.PositiveIntegerField(_("missing here"), default=0)
    missing_there = models.PositiveIntegerField(_("missing there"), default=0)
    differing = models.PositiveIntegerField(_("differing"), default=0)

    objects = ReconciliationQuerySet.as_manager()

    class Meta:
        verbose_name = _("reconciliation")
        verbose_name_plural = _("reconciliations")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["credential"],
                condition=models.Q(outcome__in=["waiting", "running"]),
                name="one_reconciliation_at_a_time",
            )
        ]
        indexes = [models.Index(fields=["credential", "-id"], name="reconciliation_newest")]

    def __str__(self) -> str:
        return f"{self.credential} · {self.get_outcome_display()}"

    @property
    def is_open(self) -> bool:
        return self.outcome in OPEN

    @property
    def is_complete(self) -> bool:
        return self.outcome in COMPLETE

    def end(self, outcome: Outcome, now: datetime) -> None:
        """With its counts; saves it, and forgets what was only noted on the way."""
        self.outcome, self.ended_at = outcome, now
        self.differences.filter(kind=Difference.Kind.MET).delete()
        for kind in (Difference.Kind.MISSING, Difference.Kind.DIFFERS):
            setattr(self, _COUNTS[kind], self.differences.filter(kind=kind).count())
        self.missing_here = Found.objects.of(self.credential).unknown(now).count()
        self.save()

    def fail(self, error: ProviderError, now: datetime) -> None:
        """What was found so far is kept; of what was not seen nothing is said."""
        self.trouble, self.message = error.trouble, str(error)[:500]
        self.end(Outcome.FAILED, now)


class Difference(models.Model):
    """A task of ours that one comparison has something to say of."""

    class Kind(models.TextChoices):
        MET = "met", _("in the list")  # noted on the way; gone when the comparison has ended
        MISSING = "missing", _("missing there")
        DIFFERS = "differs", _("differing")

    reconciliation = models.ForeignKey(
        Reconciliation, models.CASCADE, related_name="differences", verbose_name=_("reconciliation")
    )
    task = models.ForeignKey(Task, models.CASCADE, related_name="+", verbose_name=_("task"))
    kind = models.CharField(_("kind"), max_length=7, choices=Kind)
    status_there = models.CharField(
        _("status there"), max_length=12, choices=STATUS_CHOICES, default="", blank=True
    )

    class Meta:
        verbose_name = _("difference")
        verbose_name_plural = _("differences")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["reconciliation", "task"], name="one_difference_each")
        ]

    def __str__(self) -> str:
        return f"{self.task_id}: {self.get_kind_display()}"


_COUNTS = {Difference.Kind.MISSING: "missing_there", Difference.Kind.DIFFERS: "differing"}


class FoundQuerySet(models.QuerySet["Found"]):
    def of(self, credential: Credential) -> FoundQuerySet:
        return self.filter(credential=credential)

    def visible_to(self, user: Any) -> FoundQuerySet:
        """Those in the lists that this person may look through."""
        return self.filter(credential__in=Credential.objects.comparable_by(user))

    def unknown(self, now: datetime) -> FoundQuerySet:
        """What the provider still has and nobody here follows, through whichever credential."""
        return self.exclude(forgotten(now)).exclude(_followed())

    def nearest_end_first(self) -> FoundQuerySet:
        return self.order_by(models.F("remote_created_at").asc(nulls_last=True), "id")

    def keep(self, rows: list[Found]) -> None:
        """New ones are added; of those known already what the provider says is renewed."""
        Found.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["base_url", "remote_id"],
            update_fields=Found.RENEWED,
        )

    def clear_up(self, credential: Credential, now: datetime, *, listed_since: datetime) -> None:
        """After a complete list: away with what was not in it, or is followed by now."""
        ours = self.of(credential)
        ours.filter(models.Q(seen_at__lt=listed_since) | forgotten(now)).delete()
        ours.filter(_followed()).delete()

    def take_away(self, base_url: str, remote_ids: Iterable[str]) -> None:
        """They are followed from now on."""
        self.filter(base_url=base_url, remote_id__in=list(remote_ids)).delete()


def _followed() -> models.Exists:
    same = Task.objects.filter(
        base_url=models.OuterRef("base_url"), remote_id=models.OuterRef("remote_id")
    )
    return models.Exists(same)


def forgotten(now: datetime) -> models.Q:
    """What its provider no longer has."""
    cancelled = models.Q(status=Status.CANCELLED, remote_updated_at__lte=now - CANCELLED_LIFE)
    return models.Q(remote_created_at__lte=now - RECORD_LIFE) | cancelled


class Found(models.Model):
    """A task in the provider's list that nobody here follows; gone once adopted or forgotten."""

    credential = models.ForeignKey(
        Credential, models.CASCADE, related_name="found", verbose_name=_("credential")
    )
    base_url = models.CharField(_("base URL"), max_length=300)
    remote_id = models.CharField(_("task id"), max_length=128)
    status = models.CharField(_("status"), max_length=12, choices=STATUS_CHOICES)
    model = models.CharField(_("model"), max_length=200, default="", blank=True)
    service_tier = models.CharField(_("service tier"), max_length=200, default="", blank=True)
    remote_created_at = models.DateTimeField(_("created there"), null=True)
    remote_updated_at = models.DateTimeField(_("updated there"), null=True)
    found_at = models.DateTimeField(_("found"))
    seen_at = models.DateTimeField(_("last listed"))
    raw = models.TextField(_("raw answer"), default="", blank=True)

    objects = FoundQuerySet.as_manager()

    class Meta:
        verbose_name = _("found task")
        verbose_name_plural = _("found tasks")
        ordering = ["-remote_created_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["base_url", "remote_id"], name="found_once")]
        indexes = [
            models.Index(fields=["credential", "remote_created_at"], name="found_nearest_end")
        ]

    def __str__(self) -> str:
        return self.remote_id

    @classmethod
    def of(cls, remote: RemoteTask, credential: Credential, base_url: str, now: datetime) -> Found:
        return cls(
            credential=credential,
            base_url=base_url,
            remote_id=remote.id,
            status=remote.status,
            model=remote.model,
            service_tier=remote.service_tier,
            remote_created_at=remote.created_at,
            remote_updated_at=remote.updated_at,
            found_at=now,
            seen_at=now,
            raw=json.dumps(remote.raw, ensure_ascii=False),
        )

    @property
    def ends_at(self) -> datetime | None:
        """When its provider forgets it."""
        if self.status == Status.CANCELLED and self.remote_updated_at:
            return self.remote_updated_at + CANCELLED_LIFE
        return self.remote_created_at + RECORD_LIFE if self.remote_created_at else None

    RENEWED = (
        "credential",
        "status",
        "model",
        "service_tier",
        "remote_created_at",
        "remote_updated_at",
        "seen_at",
        "raw",
    )
