"""The page around the words of an error: the frame of the person's other pages, or a bare page."""

from __future__ import annotations

import logging
from html import escape
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.context_processors import csrf
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from tasks.models.access import Rights
from tasks.models.profile import Profile, Theme
from tasks.team import preferences
from tasks.web.navigation import asks_for_a_page

log = logging.getLogger(__name__)

FRAMED, BARE = "base.html", "bare.html"


def frame_of(request: HttpRequest) -> str:
    """The template around an error: the frame for who is signed in and looks at a page."""
    user = getattr(request, "user", None)  # none of a request refused before it was looked up
    is_framed = user is not None and asks_for_a_page(request) and user.is_authenticated
    return FRAMED if is_framed else BARE


def bad_request(request: HttpRequest) -> HttpResponse:
    return render(request, "400.html", status=400)


def server_error(request: HttpRequest) -> HttpResponse:
    """The page of a mistake of ours; a plain one where even that cannot be made."""
    with translation.override(_language_of(request)):
        try:
            return HttpResponse(without_queries(request, "500.html"), status=500)
        except Exception:
            log.exception("The page of an error could not be made")
            return HttpResponse(_plain_page(), status=500)


def without_queries(request: HttpRequest, template: str, **context: Any) -> str:
    """Make a page of what was read of the person before something broke.

    Where their rights are not known, the rail has what is there for everybody.
    """
    person = getattr(request, "_cached_user", None) or AnonymousUser()  # Django's, once it was read
    profile = preferences.of(person) if person.is_authenticated else Profile()
    is_framed = person.is_authenticated and asks_for_a_page(request)
    theme = profile.theme or request.COOKIES.get("theme")
    known = {
        "request": request,
        "user": person,
        "frame": FRAMED if is_framed else BARE,
        "theme": theme if theme in Theme.values else Theme.AUTO,
        "preferences": profile,
    }
    return render_to_string(template, known | csrf(request) | _rights(person) | context)


def _rights(person: Any) -> dict[str, bool]:
    rights = Rights.of(person)
    if not rights.are_known:
        return {}
    return {
        "may_track": rights.works,
        "may_manage": rights.manages,
        "sees_details": rights.sees_details,
        "administers": rights.administers,
    }


def _language_of(request: HttpRequest) -> str:
    """The person's, as the middleware has found it; else that which the browser asks for."""
    found = getattr(request, "LANGUAGE_CODE", "")
    return found or translation.get_language_from_request(request)


def _plain_page() -> str:
    """A page that needs no template, no file and no row."""
    title, words = escape(_("Something went wrong")), escape(_("Try again in a moment."))
    return (
        f'<!DOCTYPE html><html lang="{translation.get_language()}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{title} · Dailies</title></head>"
        f'<body><h1>{title}</h1><p>{words}</p><p><a href="/">Dailies</a></p></body></html>'
    )
