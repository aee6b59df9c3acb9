"""Sums of the charges by all that they are grouped by, kept by the database itself.

`CostSum` has one row a day and combination, `BatchSum` one a batch. Triggers on the charges keep
both in the transaction of the change (migration 0014), so a page of a year reads thousands of rows
and not a million. `MEASURES` says what is added up, for whoever checks the sums or makes them anew.
"""

from __future__ import annotations

from typing import Any

from django.db import connection, models
from django.db.models import Case, Count, F, Func, Q, Sum, Value, When
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import gettext_lazy as _

from tasks.models.access import ProjectRowAccess
from tasks.models.charge import NOBODY, ChargeState, Outcome
from tasks.models.projects import Project

#: What all charges of a batch have in common, as columns of both tables in the order of their keys.
_COMMON = ("day", "project_id", "person", "credential", "provider", "currency")

IS_BILLED = Q(state=ChargeState.BILLED)
IS_RESERVED = Q(state=ChargeState.RESERVED, outcome=Outcome.OPEN)
#: Ended, and nobody said what it took: what was reserved for it is the best that is known.
IS_ESTIMATED = Q(state=ChargeState.RESERVED) & ~Q(outcome=Outcome.OPEN)
IS_UNPRICED = ~Q(state=ChargeState.FREE) & Q(currency="")
IS_UNCOUNTED = Q(outcome=Outcome.SUCCEEDED, is_counted=False)
IS_UNMEASURED = Q(outcome=Outcome.SUCCEEDED, made_seconds=None)
HAS_TOKENS = IS_BILLED & Q(is_counted=True)
GUESSES_TOKENS = IS_ESTIMATED | (IS_BILLED & Q(is_counted=False))


def _added(column: str, condition: Q) -> Coalesce:
    whole = models.BigIntegerField()
    value = Case(When(condition, then=F(column)), default=Value(0), output_field=whole)
    return Coalesce(Sum(value), Value(0), output_field=whole)


#: Each column of sums, as an aggregate of charges.
MEASURES: dict[str, Any] = {
    "takes": Count("pk"),
    "reserved_takes": Count("pk", filter=IS_RESERVED),
    "estimated_takes": Count("pk", filter=IS_ESTIMATED),
    "unpriced_takes": Count("pk", filter=IS_UNPRICED),
    "uncounted_takes": Count("pk", filter=IS_UNCOUNTED),
    "unmeasured_takes": Count("pk", filter=IS_UNMEASURED),
    "tokens": _added("tokens", HAS_TOKENS),
    "reserved_tokens": _added("tokens", IS_RESERVED),
    "estimated_tokens": _added("tokens", GUESSES_TOKENS),
    "micros": _added("micros", IS_BILLED),
    "reserved_micros": _added("micros", IS_RESERVED),
    "estimated_micros": _added("micros", IS_ESTIMATED),
    "seconds": Coalesce(Sum("made_seconds"), Value(0), output_field=models.BigIntegerField()),
}


class CostSumQuerySet(ProjectRowAccess["Sums"]):
    def remake(self, charges: models.QuerySet[Any]) -> int:
        """Make the rows that these charges should have made, as the triggers write them.

        One statement of the database's own; there must be none of these rows. Returns their number.
        """
        names = self.model.GROUPED_BY
        if "batch" in names:
            charges = charges.filter(batch__isnull=False)
        columns = ["account" if name == "credential" else name for name in names]
        words = [Cast(column, models.TextField()) for column in columns]
        joined = {"template": "(%(expressions)s)", "arg_joiner": " || '|' || "}
        key = Func(*words, **joined, output_field=models.TextField())
        rows: Any = charges.order_by().annotate(account=Coalesce("credential_id", Value(0)))
        sums = {f"sum_{name}": each for name, each in MEASURES.items()}
        rows = rows.annotate(made_key=key).values_list("made_key", *columns).annotate(**sums)
        sql, params = rows.query.sql_with_params()
        targets = ", ".join(["key", *names, *MEASURES])
        with connection.cursor() as cursor:
            table = self.model._meta.db_table
            cursor.execute(f"INSERT INTO {table} ({targets}) {sql}", params)
            return int(cursor.rowcount)


class Sums(models.Model):
    """Columns that both tables of sums have."""

    GROUPED_BY: tuple[str, ...] = ()

    key = models.CharField(max_length=250, primary_key=True, editable=False)
    day = models.DateField(_("made on"))
    project = models.ForeignKey(
        Project, models.CASCADE, db_index=False, verbose_name=_("project"), related_name="+"
    )
    person = models.BigIntegerField(_("person's id"), default=NOBODY)
    credential = models.BigIntegerField(_("credential's id"), default=0)  # 0: removed
    provider = models.CharField(_("provider"), max_length=30, default="", blank=True)
    currency = models.CharField(_("currency"), max_length=3, default="", blank=True)

    takes = models.BigIntegerField(_("takes"), default=0)
    reserved_takes = models.BigIntegerField(_("takes that are open"), default=0)
    estimated_takes = models.BigIntegerField(_("takes without a known cost"), default=0)
    unpriced_takes = models.BigIntegerField(_("takes without a price"), default=0)
    uncounted_takes = models.BigIntegerField(_("takes without a token count"), default=0)
    unmeasured_takes = models.BigIntegerField(_("takes of unknown length"), default=0)
    tokens = models.BigIntegerField(_("tokens billed"), default=0)
    reserved_tokens = models.BigIntegerField(_("tokens reserved"), default=0)
    estimated_tokens = models.BigIntegerField(_("tokens estimated"), default=0)
    micros = models.BigIntegerField(_("money billed"), default=0, help_text=_("millionths"))
    reserved_micros = models.BigIntegerField(
        _("money reserved"), default=0, help_text=_("millionths")
    )
    estimated_micros = models.BigIntegerField(
        _("money estimated"), default=0, help_text=_("millionths")
    )
    seconds = models.BigIntegerField(_("seconds made"), default=0)

    objects = CostSumQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.key


class CostSum(Sums):
    """Sums of the charges of one day that are alike in all that they are grouped by."""

    GROUPED_BY = (*_COMMON, "resolution", "mode", "outcome", "model")

    model = models.CharField(_("model"), max_length=60, default="", blank=True)
    resolution = models.CharField(_("resolution"), max_length=10, default="", blank=True)
    mode = models.CharField(_("mode"), max_length=20, default="", blank=True)
    outcome = models.CharField(_("outcome"), max_length=11, choices=Outcome)

    class Meta(Sums.Meta):
        abstract = False
        verbose_name = _("sum of costs")
        verbose_name_plural = _("sums of costs")
        ordering = ["-day", "key"]
        indexes = [models.Index(fields=["day", "project"], name="cost_sum_day")]


class BatchSum(Sums):
    """Sums of the charges of one batch in one currency."""

    GROUPED_BY = (*_COMMON, "batch")

    batch = models.BigIntegerField(_("batch's id"))

    class Meta(Sums.Meta):
        abstract = False
        verbose_name = _("sum of a batch")
        verbose_name_plural = _("sums of batches")
        ordering = ["-day", "key"]
        indexes = [models.Index(fields=["day", "project"], name="batch_sum_day")]
