"""Statements: a month of one project, to be printed for whoever pays for it."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from tasks.models import Project
from tasks.models.charge import day_of
from tasks.web.costs.cost_names import period_name
from tasks.web.costs.statements import Statement, read_month


@require_GET
def statement(request: HttpRequest, pk: int, month: str) -> HttpResponse:
    """Show a project's month; `?people=0` leaves people out, `?takes=1` lists the takes."""
    project = get_object_or_404(Project.objects.detailed_to(request.user).distinct(), pk=pk)
    now = timezone.now()
    period = read_month(month, day_of(now))
    if period is None:
        raise Http404
    has_people, has_takes = request.GET.get("people") != "0", request.GET.get("takes") == "1"
    context = {
        "statement": Statement.read(project, period, has_people=has_people, has_takes=has_takes),
        "period_name": period_name(period),
        "has_people": has_people,
        "has_takes": has_takes,
        "before": period.before.first,
        "after": period.after.first if period.after.first <= day_of(now) else None,
        "is_running": period.last >= day_of(now),
        "time_zone": settings.TIME_ZONE,
        "today": day_of(now),
    }
    return render(request, "costs/statement.html", context)
