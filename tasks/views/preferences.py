"""Personal settings, the two quick switches of the menu, and which of one's own tasks ended."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views import i18n
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tasks import preferences
from tasks.endings import Endings
from tasks.forms.preferences import PreferencesForm
from tasks.models import Profile, Theme

YEAR = 365 * 24 * 3600  # seconds


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest) -> HttpResponse:
    form = PreferencesForm.of(request)
    if form.is_valid():
        return _saved(request, form.cleaned_data)
    return render(request, "settings/page.html", {"form": form, "site_zone": settings.TIME_ZONE})


def _saved(request: HttpRequest, said: dict[str, Any]) -> HttpResponse:
    Profile.objects.remember(request.user, **said)
    preferences.speak(request, Profile(**said))  # the next word is in the language just chosen
    messages.success(request, _("Saved"))
    return redirect("preferences")


@login_not_required
@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """For those who are signed in on all their devices, for others in this browser."""
    theme = request.POST.get("theme", "")
    if theme not in Theme.values:
        return HttpResponseBadRequest()
    response = HttpResponseRedirect(_way_back(request))
    if request.user.is_authenticated:
        Profile.objects.remember(request.user, theme=theme)
    else:
        response.set_cookie("theme", theme, max_age=YEAR, secure=settings.HTTPS, samesite="Lax")
    return response


@login_not_required
def set_language(request: HttpRequest) -> HttpResponse:
    """Django's own, which keeps a cookie; the profile of who is signed in rules over it."""
    language = request.POST.get("language", "")
    if request.user.is_authenticated and language in dict(settings.LANGUAGES):
        Profile.objects.remember(request.user, language=language)
    return i18n.set_language(request)


def _way_back(request: HttpRequest) -> str:
    url = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(url, {request.get_host()}, request.is_secure())
    return url if is_ours else "/"


@never_cache
@login_not_required  # a redirect to the sign-in page is no answer for a script
@require_GET
def endings(request: HttpRequest) -> HttpResponse:
    """204 while no status has changed anywhere: one query beyond the session's and the user's."""
    if not request.user.is_authenticated:
        return HttpResponse(status=204)
    found = Endings.of(request.user, after=request.GET.get("after", ""))
    return found.answer() if found else HttpResponse(status=204)
