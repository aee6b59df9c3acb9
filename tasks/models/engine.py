"""Two rows the machinery turns on: the number of the last change, and who holds the sweep."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, models
from django.utils.translation import gettext_lazy as _

STEP_BACK = timedelta(minutes=1)  # by less than this, clocks of two machines may differ


class ChangeCounterQuerySet(models.QuerySet["ChangeCounter"]):
    def next(self) -> int:
        """The number of a new change; call it in the transaction that writes the change.

        The row's lock makes commit order equal to number order, so a reader that has seen n
        has seen everything up to n. A database sequence would not promise that.
        """
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE tasks_changecounter SET value = value + 1 WHERE id = 1 RETURNING value"
            )
            return int(cursor.fetchone()[0])

    def now(self) -> int:
        """The number of the last change. Asked by every open page every two seconds."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT value FROM tasks_changecounter WHERE id = 1")
            return int(cursor.fetchone()[0])


class ChangeCounter(models.Model):
    """One row; pages compare its value with the one they have seen."""

    value = models.BigIntegerField(default=0)

    objects = ChangeCounterQuerySet.as_manager()

    class Meta:
        verbose_name = _("change counter")
        verbose_name_plural = _("change counters")

    def __str__(self) -> str:
        return str(self.value)


class LeaseQuerySet(models.QuerySet["Lease"]):
    def take(self, name: str, holder: str, *, now: datetime, seconds: float) -> bool:
        """Take or renew; false while another holds it. A dead holder's lease runs out by itself.

        One that ends later than any lease can was taken before the clock was set back.
        """
        impossible = now + timedelta(seconds=seconds) + STEP_BACK
        free = models.Q(until__lte=now) | models.Q(holder=holder) | models.Q(until__gt=impossible)
        until = now + timedelta(seconds=seconds)
        if self.filter(free, name=name).update(holder=holder, until=until, beat_at=now):
            return True
        first = {"holder": holder, "until": until, "beat_at": now}
        return self.get_or_create(name=name, defaults=first)[1]

    def give_back(self, name: str, holder: str, *, now: datetime) -> None:
        self.filter(name=name, holder=holder).update(until=now, beat_at=now)


class Lease(models.Model):
    """Held by one process at a time; `beat_at` is its heartbeat, read by the watch."""

    name = models.CharField(max_length=30, unique=True)
    holder = models.CharField(max_length=40, default="")
    until = models.DateTimeField()
    beat_at = models.DateTimeField(null=True)

    objects = LeaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("lease")
        verbose_name_plural = _("leases")

    def __str__(self) -> str:
        return f"{self.name} by {self.holder}"
