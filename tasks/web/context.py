"""The context of every page, read only where a template uses it."""

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from tasks.models.access import Rights
from tasks.team import preferences
from tasks.web.error_pages import frame_of
from tasks.web.presenters.header_status import HeaderStatus


def site(request: HttpRequest) -> dict[str, object]:
    """The person's preferences and rights, and the header's status."""
    rights = SimpleLazyObject(lambda: Rights.of(request.user))

    def header_status() -> HeaderStatus:
        return HeaderStatus.read(request.user, timezone.now())

    return {
        "frame": lambda: frame_of(request),  # of an error's page
        "theme": SimpleLazyObject(lambda: preferences.theme_of(request)),
        "preferences": SimpleLazyObject(lambda: preferences.of(getattr(request, "user", None))),
        "may_track": SimpleLazyObject(lambda: rights.works),
        "may_manage": SimpleLazyObject(lambda: rights.manages),
        "sees_details": SimpleLazyObject(lambda: rights.sees_details),
        "administers": SimpleLazyObject(lambda: rights.administers),
        "header_status": SimpleLazyObject(header_status),
    }
