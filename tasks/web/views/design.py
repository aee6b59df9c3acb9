"""The page of all components, for whoever changes a page: in a demonstration only."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from tasks.models.status_change import STATUS_CHOICES
from tasks.web.presenters.badges import STATUS_BADGES

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
    return render(
        request,
        "design/page.html",
        {"themes": ("light", "dark"), "colours": COLOURS, "badges": badges},
    )
