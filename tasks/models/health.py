"""The health of credentials, minute by minute: answers, troubles and latencies for the chart."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection, models
from django.utils.translation import gettext_lazy as _

from tasks.models import latency
from tasks.models.credential import Credential

KEPT = timedelta(days=2)  # the chart shows one


@dataclass
class AnswerTally:
    """Results of some requests: number of good answers, troubles by kind, latencies by bin."""

    answers: int = 0
    troubles: Counter[str] = field(default_factory=Counter)
    latencies: Counter[str] = field(default_factory=Counter)

    def record_answer(self, seconds: float) -> None:
        self.answers += 1
        self.latencies[latency.bin_of(seconds)] += 1

    def record_error(self, trouble: str) -> None:
        self.troubles[str(trouble)] += 1

    def add(self, other: AnswerTally) -> None:
        self.answers += other.answers
        self.troubles.update(other.troubles)
        self.latencies.update(other.latencies)


class HealthNotes:
    """Tallies that are not written yet, so that a request costs no write of its own."""

    def __init__(self) -> None:
        self._minutes: dict[tuple[int, datetime], AnswerTally] = {}

    def take(self, credential: Credential, tally: AnswerTally, now: datetime) -> None:
        if tally.answers or tally.troubles:
            minute = now.replace(second=0, microsecond=0)
            self._minutes.setdefault((credential.pk, minute), AnswerTally()).add(tally)

    def write(self) -> None:
        HealthMinute.objects.add(self._minutes)
        self._minutes = {}


class HealthMinuteQuerySet(models.QuerySet["HealthMinute"]):
    def add(self, minutes: Mapping[tuple[int, datetime], AnswerTally]) -> None:
        """Add tallies by (credential's id, minute) to the rows, in one statement.

        Another cluster may add to the same rows at the same time. Tallies of a credential that
        was deleted are dropped.
        """
        if not minutes:
            return
        rows = [_row(*key, minutes[key]) for key in sorted(minutes)]  # sorted: no deadlock
        with connection.cursor() as cursor:
            cursor.execute(_ADD[connection.vendor], [json.dumps(rows, default=str)])

    def forget_old(self, now: datetime) -> None:
        self.filter(minute__lt=now - KEPT).delete()


class HealthMinute(models.Model):
    """One minute of one credential, in requests: a list that names 150 tasks is one."""

    credential = models.ForeignKey(Credential, models.CASCADE, related_name="minutes")
    minute = models.DateTimeField(_("minute"))
    answers = models.PositiveIntegerField(_("answers"), default=0)
    troubles = models.JSONField(_("troubles"), default=dict, help_text=_("number by kind"))
    #: Number of answers by bin; see tasks/models/latency.py.
    latencies = models.JSONField(_("latencies"), default=dict)

    objects = HealthMinuteQuerySet.as_manager()

    class Meta:
        verbose_name = _("minute of health")
        verbose_name_plural = _("minutes of health")
        constraints = [
            models.UniqueConstraint(fields=["credential", "minute"], name="one_row_a_minute")
        ]

    def __str__(self) -> str:
        return f"{self.credential} {self.minute:%H:%M}"


def _row(pk: int, minute: datetime, tally: AnswerTally) -> dict[str, object]:
    at = HealthMinute._meta.get_field("minute").get_db_prep_save(minute, connection)
    counts = {"troubles": dict(tally.troubles), "latencies": dict(tally.latencies)}
    return {"credential": pk, "minute": at, "answers": tally.answers, **counts}


_INSERT = """
INSERT INTO tasks_healthminute (credential_id, minute, answers, troubles, latencies)
SELECT r.credential, r.minute, r.answers, r.troubles, r.latencies FROM {source}
WHERE EXISTS (SELECT 1 FROM tasks_credential WHERE tasks_credential.id = r.credential)
ON CONFLICT (credential_id, minute) DO UPDATE SET
  answers = tasks_healthminute.answers + excluded.answers,
  troubles = {troubles},
  latencies = {latencies}
"""
_SQLITE_SOURCE = """(
  SELECT json_extract(value, '$.credential') AS credential,
    json_extract(value, '$.minute') AS minute, json_extract(value, '$.answers') AS answers,
    json_extract(value, '$.troubles') AS troubles, json_extract(value, '$.latencies') AS latencies
  FROM json_each(%s)
) AS r"""
_SQLITE_SUM = """(
  SELECT json_group_object(key, number) FROM (
    SELECT key, SUM(value) AS number FROM (
      SELECT key, value FROM json_each(tasks_healthminute.{0})
      UNION ALL SELECT key, value FROM json_each(excluded.{0})
    ) GROUP BY key
  )
)"""
_POSTGRES_SOURCE = """jsonb_to_recordset(%s::jsonb) AS r(
  credential bigint, minute timestamptz, answers integer, troubles jsonb, latencies jsonb
)"""
_POSTGRES_SUM = """(
  SELECT COALESCE(jsonb_object_agg(key, number), '{{}}') FROM (
    SELECT key, SUM(value::integer) AS number FROM (
      SELECT key, value FROM jsonb_each_text(tasks_healthminute.{0})
      UNION ALL SELECT key, value FROM jsonb_each_text(excluded.{0})
    ) AS both_of_them GROUP BY key
  ) AS sums
)"""


def _statement(source: str, sums: str) -> str:
    columns = {name: sums.format(name) for name in ("troubles", "latencies")}
    return _INSERT.format(source=source, **columns)


_ADD = {
    "sqlite": _statement(_SQLITE_SOURCE, _SQLITE_SUM),
    "postgresql": _statement(_POSTGRES_SOURCE, _POSTGRES_SUM),
}
