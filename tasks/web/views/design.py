"""The page of all components, for whoever changes a page: in a demonstration only."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from tasks.models.status_change import STATUS_CHOICES
from tasks.web.presenters.badges import STATUS_BADGES
from tasks.web.presenters.time_left import TimeLeft

COLOURS = (
    "ground", "surface", "sunken", "line", "ink", "ink-soft",
    "accent", "accent-soft", "blue", "green", "amber", "red", "purple", "screen",
)  # fmt: skip


@require_GET
def design(request: HttpRequest) -> HttpResponse:
    """Show every component in both themes, as docs/design.md describes them."""
    if not settings.IS_DEMO:
        raise Http404
    badges = [(status, label, STATUS_BADGES[status]) for status, label in STATUS_CHOICES]
    context = {
        "themes": ("light", "dark"),
        "colours": COLOURS,
        "badges": badges,
        "running": {"time_left": TimeLeft(25.0, (60,) * 10)},
    }
    return render(request, "design/page.html", context)
