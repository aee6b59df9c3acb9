"""Preferences: from a person's profile on every device, else from this browser's cookies."""

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

#: URL names that open pages request by themselves, so that they do not mean somebody is here.
BACKGROUND = {"notifications"}
AREAS = "Africa America Antarctica Arctic Asia Atlantic Australia Europe Indian Pacific".split()


def of(person: Any) -> Profile:
    """A person's profile; an unsaved one with the defaults if none is kept."""
    if not person or not person.is_authenticated:
        return Profile()
    try:
        return person.profile
    except ObjectDoesNotExist:
        return Profile(user=person)


def theme_of(request: HttpRequest) -> str:
    theme = of(getattr(request, "user", None)).theme or request.COOKIES.get("theme")
    return theme if theme in Theme.values else Theme.AUTO


def language_of(request: HttpRequest) -> str:
    """A code of LANGUAGES, or "auto"."""
    cookie = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
    language = of(request.user).language or cookie
    return language if language in dict(settings.LANGUAGES) else AS_THE_BROWSER_SAYS


@cache
def zones() -> frozenset[str]:
    """IANA's names of places, and UTC; without its old names of countries and of bare offsets."""
    places = (name for name in available_timezones() if name.partition("/")[0] in AREAS)
    return frozenset({"UTC", *places})


class PreferencesMiddleware:
    """Set the person's language and time zone for a request, and save afterwards they were here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        profile = _profile_of(request)
        speak(request, profile)
        zone = ZoneInfo(profile.time_zone) if profile.time_zone in zones() else None
        with timezone.override(zone):
            response = self.get_response(request)
        match = request.resolver_match
        if profile.pk and match is not None and match.url_name not in BACKGROUND:
            _note_seen(profile)
        return response


def _profile_of(request: HttpRequest) -> Profile:
    """The profile of a request's person; without a session, no query: a monitor costs none."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return Profile()
    try:
        return of(request.user)
    except DatabaseError:  # `/healthz` answers even now; a page that needs the person fails itself
        return Profile()


def speak(request: HttpRequest, profile: Profile) -> None:
    """Switch to the person's language, whatever cookie is left in this browser."""
    if profile.language == AS_THE_BROWSER_SAYS:
        request.COOKIES.pop(settings.LANGUAGE_COOKIE_NAME, None)
        language = translation.get_language_from_request(request)
    else:
        language = profile.language
    if language in dict(settings.LANGUAGES):
        translation.activate(language)
        request.LANGUAGE_CODE = language


def _note_seen(profile: Profile) -> None:
    """Save that the person is here, at most each 5 minutes; give up if the database is busy."""
    if not profile.is_seen_long_ago(timezone.now()):
        return
    try:
        with _no_waiting_for_locks():
            Profile.objects.note_seen(profile, timezone.now())
    except DatabaseError as error:
        log.info("Not noted when %s was last seen: %s", profile.pk, error)


@contextmanager
def _no_waiting_for_locks() -> Iterator[None]:
    """Fail at once on SQLite, which would wait 20 s for another writer; others lock one row."""
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
def _note_sign_in(sender: object, user: Any, **_: object) -> None:
    _note_seen(of(user))
