"""Personal settings, the menu's switches of theme and language, and notifications."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseRedirect,
    QueryDict,
)
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views import i18n
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tasks.models import Profile, Theme
from tasks.models.profile import View
from tasks.team import preferences
from tasks.web.forms.preferences import PreferencesForm
from tasks.web.notifications import Notifications
from tasks.web.views.posted import return_address

YEAR = 365 * 24 * 3600  # seconds


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest) -> HttpResponse:
    form = PreferencesForm.of(request)
    if not form.is_valid():
        context = {"form": form, "site_zone": settings.TIME_ZONE}
        return render(request, "settings/page.html", context)
    cleaned = form.cleaned_data
    Profile.objects.remember(request.user, **cleaned)
    preferences.speak(request, Profile(**cleaned))  # the message is in the language just chosen
    messages.success(request, _("Saved"))
    return redirect("preferences")


@login_not_required
@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Set the theme: of a signed-in person on all devices, of others in this browser."""
    theme = request.POST.get("theme", "")
    if theme not in Theme.values:
        return HttpResponseBadRequest()
    response = HttpResponseRedirect(return_address(request, "/"))
    if request.user.is_authenticated:
        Profile.objects.remember(request.user, theme=theme)
    else:
        response.set_cookie("theme", theme, max_age=YEAR, secure=settings.HTTPS, samesite="Lax")
    return response


@require_POST
def set_view(request: HttpRequest) -> HttpResponse:
    """Set the person's layout of the tasks, and return to the page with it in the address."""
    view = request.POST.get("view", "")
    if view not in View.values:
        return HttpResponseBadRequest()
    Profile.objects.remember(request.user, view=view)
    path, _mark, query = return_address(request, "/").partition("?")
    wanted = QueryDict(query, mutable=True)
    wanted["view"] = view
    return HttpResponseRedirect(f"{path}?{wanted.urlencode()}")


@login_not_required
def set_language(request: HttpRequest) -> HttpResponse:
    """Set the language as Django does, in a cookie; a signed-in person's profile overrides it."""
    language = request.POST.get("language", "")
    if request.user.is_authenticated and language in dict(settings.LANGUAGES):
        Profile.objects.remember(request.user, language=language)
    return i18n.set_language(request)


@never_cache
@login_not_required  # a redirect to the sign-in page is no answer for a script
@require_GET
def notifications(request: HttpRequest) -> HttpResponse:
    """Answer with the person's tasks that ended; 204 while no status has changed anywhere.

    The 204 costs one query besides the session's and the user's.
    """
    if not request.user.is_authenticated:
        return HttpResponse(status=204)
    news = Notifications.of(request.user, after=request.GET.get("after", ""))
    return news.answer() if news else HttpResponse(status=204)
