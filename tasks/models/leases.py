"""Leases: rows that let one process at a time do a kind of work, with heartbeats."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

STEP_BACK = timedelta(minutes=1)  # clocks of two machines may differ by less than this


class LeaseQuerySet(models.QuerySet["Lease"]):
    def take(self, name: str, holder: str, *, now: datetime, seconds: float) -> bool:
        """Take or renew a lease; False while another holds it. It runs out if its holder dies.

        A lease that ends later than any can was taken before the clock was set back, and is free.
        """
        until = now + timedelta(seconds=seconds)
        too_late = models.Q(until__gt=until + STEP_BACK)
        free = models.Q(until__lte=now) | models.Q(holder=holder) | too_late
        if self.filter(free, name=name).update(holder=holder, until=until, beat_at=now):
            return True
        first = {"holder": holder, "until": until, "beat_at": now}
        return self.get_or_create(name=name, defaults=first)[1]

    def give_back(self, name: str, holder: str, *, now: datetime) -> None:
        self.filter(name=name, holder=holder).update(until=now, beat_at=now)


class Lease(models.Model):
    """The right to one kind of work; the watch reads its heartbeat `beat_at`."""

    name = models.CharField(max_length=30, unique=True)
    holder = models.CharField(max_length=40, default="")
    until = models.DateTimeField()
    beat_at = models.DateTimeField(null=True)

    objects = LeaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("lease")
        verbose_name_plural = _("leases")

    def __str__(self) -> str:
        return f"{self.name} · {self.holder}"
