"""The price in the dock at rest: of what the form would make, opened as it was last used."""

from __future__ import annotations

from datetime import datetime
from random import Random
from typing import Any

from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from tasks.models import Task
from tasks.models.charge import day_of
from tasks.web.compose.cost_estimate import CostEstimate
from tasks.web.compose.form import ComposeForm
from tasks.web.compose.last_used import last_used
from tasks.web.presenters.personal_rows import personal_rows
from tasks.web.shared import Shared

#: Each person's price is made anew after their next press, and otherwise after this time, by when a
#: changed price list shows: it takes the queries of a whole form, and the open form has its own.
shared: Shared[SafeString] = Shared(600.0)
#: Of those who have made nothing yet, for whom others' work chooses the account.
of_newcomers: Shared[SafeString] = Shared(60.0)


def dock_price(person: Any, project: int | None, now: datetime) -> SafeString:
    """The price in words; "" where there is nothing to make videos with. Mostly one query."""
    newest = personal_rows("newest task", person, lambda: _newest_task(person))
    key = (person.pk, project, *newest, day_of(now), get_language())
    return (shared if newest else of_newcomers).get(key, lambda: _price(person, project))


def _newest_task(person: Any) -> QuerySet[Any, Any]:
    return Task.objects.filter(created_by=person).order_by("-pk").values_list("pk")[:1]


def _price(person: Any, project: int | None) -> SafeString:
    form = ComposeForm(user=person, initial=last_used(person, project))
    requests = form.plan.requests(Random()) if form.plan else []  # the same whatever the seed
    if not (requests and form.project_chosen and form.credential_chosen):
        return SafeString()
    estimate = CostEstimate.of(requests, form.project_chosen, form.credential_chosen, person)
    return render_to_string("compose/_price.html", {"estimate": estimate})
