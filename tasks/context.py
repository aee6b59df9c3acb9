"""What every page's frame needs to know."""

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from tasks.models import Project
from tasks.showing.pulse import Pulse

THEMES = ("auto", "light", "dark")


def site(request: HttpRequest) -> dict[str, object]:
    chosen = request.COOKIES.get("theme")
    return {
        "theme": chosen if chosen in THEMES else "auto",
        "may_track": SimpleLazyObject(lambda: _may_track(request)),
        "pulse": SimpleLazyObject(lambda: Pulse.read(request.user, timezone.now())),
    }


def _may_track(request: HttpRequest) -> bool:
    """Asked of the database only by pages that offer it, and once."""
    user = request.user
    return user.is_staff or (
        user.is_authenticated and Project.objects.open_to_work_by(user).exists()
    )
