"""How a person likes the site: from their profile on every device, else from this browser."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.contrib.auth import user_logged_in
from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, connection
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from tasks.models import Profile, Theme
from tasks.models.profile import AS_THE_BROWSER_SAYS

log = logging.getLogger(__name__)

#: Asked by a page that nobody may be looking at, so whoever asks was not seen.
ASKED_UNSEEN = {"endings"}
AREAS = "Africa America Antarctica Arctic Asia Atlantic Australia Europe Indian Pacific".split()


def of(person: Any) -> Profile:
    """A person's profile; an unsaved one, with what holds by default, where none is kept."""
    if not person or not person.is_authenticated:
        return Profile()
    try:
        return person.profile
    except ObjectDoesNotExist:
        return Profile(user=person)


def theme_of(request: HttpRequest) -> str:
    said = of(getattr(request, "user", None)).theme or request.COOKIES.get("theme")
    return said if said in Theme.values else Theme.AUTO


def language_of(request: HttpRequest) -> str:
    """A code of LANGUAGES, or "auto"."""
    cookie = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
    said = of(request.user).language or cookie
    return said if said in dict(settings.LANGUAGES) else AS_THE_BROWSER_SAYS


@cache
def zones() -> frozenset[str]:
    """IANA's names of places, and UTC; not its old names of countries and of bare offsets."""
    places = (name for name in available_timezones() if name.partition("/")[0] in AREAS)
    return frozenset({"UTC", *places})


class PreferencesMiddleware:
    """The person's language and time zone for this request; when they were here, afterwards."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        profile = _whose(request)
        speak(request, profile)
        with timezone.override(_zone(profile)):
            response = self.get_response(request)
        if profile.pk and _is_looking(request):
            _note_seen(profile)
        return response


def _whose(request: HttpRequest) -> Profile:
    """Nobody's without a session: a monitor's questions do not touch the database."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return Profile()
    try:
        return of(request.user)
    except DatabaseError:  # `/healthz` has an answer even now; who needs the person, says so
        return Profile()


def speak(request: HttpRequest, profile: Profile) -> None:
    """From here on in the person's language, whatever cookie was left in this browser."""
    if profile.language == AS_THE_BROWSER_SAYS:
        request.COOKIES.pop(settings.LANGUAGE_COOKIE_NAME, None)
        language = translation.get_language_from_request(request)
    else:
        language = profile.language
    if language in dict(settings.LANGUAGES):
        translation.activate(language)
        request.LANGUAGE_CODE = language


def _zone(profile: Profile) -> ZoneInfo | None:
    return ZoneInfo(profile.time_zone) if profile.time_zone in zones() else None


def _is_looking(request: HttpRequest) -> bool:
    match = request.resolver_match
    return match is not None and match.url_name not in ASKED_UNSEEN


def _note_seen(profile: Profile) -> None:
    """A page is worth more than this: a busy database goes without."""
    if not profile.is_seen_long_ago(timezone.now()):
        return
    try:
        with _unwilling_to_wait():
            Profile.objects.note_seen(profile, timezone.now())
    except DatabaseError as error:
        log.info("Not noted when %s was last seen: %s", profile.pk, error)


@contextmanager
def _unwilling_to_wait() -> Iterator[None]:
    """SQLite would wait 20 s for another writer to end; elsewhere only this one row is locked."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        [usual] = cursor.execute("PRAGMA busy_timeout").fetchone()
        cursor.execute("PRAGMA busy_timeout = 0")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {usual}")


@receiver(user_logged_in)
def _has_come(sender: object, user: Any, **_: object) -> None:
    _note_seen(of(user))
