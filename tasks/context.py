"""What every page's frame needs to know."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from tasks import preferences
from tasks.models import Membership, Role
from tasks.showing.pulse import Pulse


def site(request: HttpRequest) -> dict[str, object]:
    roles = SimpleLazyObject(lambda: _roles(request.user))

    def may(*wanted: Role) -> SimpleLazyObject:
        return SimpleLazyObject(lambda: _may(request.user, roles, wanted))

    manages = may(Role.MANAGER)

    def pulse() -> Pulse:
        return Pulse.read(request.user, timezone.now(), manages=bool(manages))

    return {
        "theme": SimpleLazyObject(lambda: preferences.theme_of(request)),
        "preferences": SimpleLazyObject(lambda: preferences.of(getattr(request, "user", None))),
        "may_track": may(Role.MEMBER, Role.MANAGER),
        "may_manage": manages,
        "pulse": SimpleLazyObject(pulse),
    }


def _roles(user: Any) -> set[str]:
    """In whichever project; asked of the database only by pages that offer something, and once."""
    return set(Membership.objects.filter(user_id=user.pk).values_list("role", flat=True).distinct())


def _may(user: Any, roles: Any, wanted: Iterable[Role]) -> bool:
    return user.is_staff or (user.is_authenticated and not roles.isdisjoint(wanted))
