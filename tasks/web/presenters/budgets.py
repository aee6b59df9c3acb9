"""Budgets as pages show them: used, reserved and left, levels, and where the pace leads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tasks.billing.amounts import money, sum_of
from tasks.billing.budget_status import BudgetStatus
from tasks.billing.sums import Sums, Used, between, sums_by
from tasks.models import Budget, Period, Project, Scope
from tasks.models.budget import TOKENS, BudgetQuerySet
from tasks.models.charge import NOBODY, day_of
from tasks.web.presenters import forecasts


@dataclass(frozen=True)
class BudgetBar:
    """The two parts of a bar and the levels on it, in percent of its length."""

    counted: float
    reserved: float
    marks: tuple[int, ...] = ()

    @classmethod
    def of(cls, used: Used, whole: int, marks: Iterable[int] = ()) -> BudgetBar:
        inner = tuple(mark for mark in marks if mark < 100)
        if not whole:
            return cls(100 if used.together else 0, 0, inner)
        counted = min(100.0, used.counted * 100 / whole)
        reserved = min(100 - counted, used.reserved * 100 / whole)
        return cls(round(counted, 2), round(reserved, 2), inner)


#: The span of the period that goes on now.
NOW = {
    Period.MONTH: gettext_lazy("This month"),
    Period.WEEK: gettext_lazy("This week"),
    Period.DAY: gettext_lazy("Today"),
}


class BudgetPresenter:
    """One budget in one period, and how much of it is used."""

    def __init__(self, status: BudgetStatus, now: datetime, *, may_change: bool = False) -> None:
        self.status, self.now = status, now
        self.budget = status.budget
        self.may_change = may_change

    @property
    def span(self) -> str:
        """The period: "This week", or the name of an earlier month."""
        is_now = self.status.first <= day_of(self.now) < self.status.following
        return str(NOW[self.budget.span]) if is_now else f"{self.status.first:%Y-%m}"

    @property
    def counted(self) -> str:
        return self._sum(self.status.used.counted)

    @property
    def reserved(self) -> str:
        return self._sum(self.status.used.reserved)

    @property
    def used(self) -> str:
        return self._sum(self.status.used.together)

    @property
    def left(self) -> str:
        return self._sum(self.status.left)

    @property
    def limit(self) -> str:
        return self._sum(self.status.limit)

    def _sum(self, number: int) -> str:
        return sum_of(number, self.budget.unit)

    @property
    def bar(self) -> BudgetBar:
        return BudgetBar.of(self.status.used, self.status.limit, self.budget.marks)

    @property
    def tone(self) -> str:
        if self.status.is_used_up:
            return "red"
        return "amber" if self.status.is_near else "green"

    @property
    def forecast(self) -> str:
        """A sentence on where its pace leads; "" once it is used up, or for a past period."""
        return "" if self.status.is_used_up else forecasts.sentence(self.status, self.now)

    @property
    def is_foretold(self) -> bool:
        return self.status.is_foretold(self.now)

    @property
    def setter(self) -> str:
        """The person who set it; "" where nobody remembers."""
        return person_name(self.budget.set_by) if self.budget.set_by else ""


def person_name(person: Any) -> str:
    return str(person.get_full_name() or person.get_username())


def presented(
    budgets: BudgetQuerySet, day: date, now: datetime, *, may_change: bool | set[int] = False
) -> list[BudgetPresenter]:
    """The budgets in their periods around a day, months first; two queries.

    `may_change`: whether the reader may change them, or the projects of which they may.
    """
    order = {span: place for place, span in enumerate(Period)}
    rows = sorted(budgets.with_subjects(), key=lambda each: (order[each.span], each.unit, each.pk))
    return [
        BudgetPresenter(
            status,
            now,
            may_change=may_change
            if isinstance(may_change, bool)
            else status.budget.project_id in may_change,
        )
        for status in BudgetStatus.of_all(rows, day)
    ]


def _shown(budgets: BudgetQuerySet, day: date, now: datetime) -> BudgetQuerySet:
    """The budgets that are shown around a day: of an earlier month only those by month."""
    is_now = Period.MONTH.first(day) == Period.MONTH.first(day_of(now))
    return budgets if is_now else budgets.filter(period=Period.MONTH)


# Projects


@dataclass(frozen=True, kw_only=True)
class ProjectBudgets:
    """A project's budgets, and everything that was used in it in one month."""

    project: Project
    sums: Sums
    budgets: list[BudgetPresenter]
    may_change: bool

    @property
    def used(self) -> list[tuple[str, str, str]]:
        """The use of the month in each unit: (label, counted, reserved)."""
        units = {TOKENS: self.sums.tokens, **self.sums.money}
        return [
            (
                _("in tokens") if unit == TOKENS else _("by the price list"),
                sum_of(used.counted, unit),
                sum_of(used.reserved, unit) if used.reserved else "",
            )
            for unit, used in units.items()
            if used.together or unit == TOKENS
        ]


def budgets_of(
    projects: Sequence[Project], day: date, now: datetime, managed: set[int]
) -> list[ProjectBudgets]:
    """The budgets of projects as a whole around a day, and the sums of its month. Three queries."""
    found: dict[int | None, list[BudgetPresenter]] = {}
    rows = _shown(Budget.objects.filter(project__in=projects, person=None), day, now)
    for each in presented(rows, day, now, may_change=managed):
        found.setdefault(each.budget.project_id, []).append(each)
    sums = sums_by("project_id", _in_month(day, project__in=projects))
    return [
        ProjectBudgets(
            project=project,
            sums=sums.get(project.pk, Sums()),
            budgets=found.get(project.pk, []),
            may_change=project.pk in managed,
        )
        for project in projects
    ]


def _in_month(day: date, **subject: Any) -> Any:
    return between(Period.MONTH.first(day), Period.MONTH.following(day), **subject)


# People


@dataclass(frozen=True, kw_only=True)
class PersonSpending:
    """A person's use of a project in one month, and their budgets in it."""

    name: str
    takes: int
    tokens: Used
    money: list[str]
    bar: BudgetBar | None
    budgets: list[BudgetPresenter] = field(default_factory=list)


def by_person(page: ProjectBudgets, day: date, now: datetime) -> list[PersonSpending]:
    """The use by each person, the most first, with those who have a budget. Four queries."""
    sums = sums_by("person", _in_month(day, project=page.project))
    of_people = Budget.objects.filter(project=page.project, person__isnull=False)
    budgets: dict[int, list[BudgetPresenter]] = {}
    for each in presented(_shown(of_people, day, now), day, now, may_change=page.may_change):
        budgets.setdefault(each.budget.person_id or NOBODY, []).append(each)
    users = get_user_model().objects.filter(pk__in=[*sums, *budgets])
    names = {user.pk: person_name(user) for user in users}
    people = [
        _person_spending(person, names, sums.get(person, Sums()), budgets.get(person, []), page)
        for person in {**sums, **budgets}
    ]
    return sorted(people, key=lambda each: (-each.tokens.together, each.name))


def _person_spending(
    person: int,
    names: Mapping[int, str],
    sums: Sums,
    budgets: list[BudgetPresenter],
    page: ProjectBudgets,
) -> PersonSpending:
    nobody = _("tracked, by nobody") if person == NOBODY else _("somebody who is gone")
    whole = page.sums.tokens.together
    return PersonSpending(
        name=names.get(person, "") or nobody,
        takes=sums.takes,
        tokens=sums.tokens,
        money=[money(used.together, unit) for unit, used in sums.money.items()],
        bar=BudgetBar.of(sums.tokens, whole) if whole and not budgets else None,
        budgets=budgets,
    )


# Over all projects


@dataclass(frozen=True, kw_only=True)
class SubjectBudgets:
    """The budgets of one person over all projects, or of one credential."""

    name: str
    budgets: list[BudgetPresenter]


def by_subject(scope: Scope, now: datetime) -> list[SubjectBudgets]:
    """All budgets of people over all projects, or of credentials, by name. Two queries."""
    if scope == Scope.CREDENTIAL:
        rows = Budget.objects.filter(credential__isnull=False)
    else:
        rows = Budget.objects.filter(project=None, person__isnull=False)
    found: dict[str, list[BudgetPresenter]] = {}
    for each in presented(rows, day_of(now), now, may_change=True):
        subject = each.budget.credential or each.budget.person
        name = str(subject) if each.budget.credential else person_name(subject)
        found.setdefault(name, []).append(each)
    return [SubjectBudgets(name=name, budgets=found[name]) for name in sorted(found)]


def own_budgets(user: Any, now: datetime, project: Project | None = None) -> list[BudgetPresenter]:
    """The reader's own budgets: in one project and over all of them, or in every project."""
    rows = Budget.objects.visible_to(user).filter(person=user.pk)
    if project is not None:
        rows = rows.filter(Q(project=project) | Q(project=None))
    return presented(rows, day_of(now), now)
