"""Coming in, going out, and the first page of an empty installation."""

from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, PasswordChangeView, redirect_to_login
from django.contrib.messages.views import SuccessMessageMixin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tasks import door
from tasks.context import THEMES
from tasks.forms import FirstAccountForm, PasswordForm, SignInForm
from tasks.models import SignInLink

YEAR = 365 * 24 * 3600


class SignIn(LoginView):
    """Django's own, which follows `next` within this site only and gives a new session id."""

    template_name = "door/sign_in.html"
    authentication_form = SignInForm

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not door.has_accounts():
            return redirect("welcome")
        return super().get(request, *args, **kwargs)

    def get_success_url(self) -> str:
        url = super().get_success_url()
        return after_sign_in(self.request.user, url)


class ChangePassword(SuccessMessageMixin, PasswordChangeView):
    """One's own, with the old one; for those who cannot enter the Django admin."""

    template_name = "door/password.html"
    form_class = PasswordForm
    success_url = reverse_lazy("tasks")
    success_message = _("Your password is changed.")


def after_sign_in(user: Any, url: str) -> str:
    """To the checklist first, where there is nothing yet and this person can change that."""
    home = reverse("tasks")
    if url == home and user.is_staff and door.is_new_installation():
        return reverse("welcome")
    return url


@never_cache
@login_not_required
@require_GET
def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """Django's admin has no door of its own: one form, one set of limits."""
    goal = request.GET.get("next") or reverse("admin:index")
    if not request.user.is_authenticated:
        return redirect_to_login(goal)
    if not request.user.is_staff:
        raise PermissionDenied
    return HttpResponseRedirect(_local(request, goal) or reverse("admin:index"))


@never_cache
@login_not_required
@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """A one-time link. Looking at it (as mail scanners do) spends nothing; the button does."""
    link = SignInLink.objects.usable(token, now=timezone.now()).select_related("user").first()
    if link is None:
        return _link_has_ended(request)
    if link.user is None:
        return _first_account(request, token)
    return _enter_as(request, token, link.user)


def _enter_as(request: HttpRequest, token: str, user: User) -> HttpResponse:
    if request.method != "POST":
        return render(request, "door/enter.html", {"person": user})
    if not user.is_active or not SignInLink.objects.use(token, now=timezone.now()):
        return _link_has_ended(request)
    return _let_in(request, user)


def _first_account(request: HttpRequest, token: str) -> HttpResponse:
    if door.has_accounts():
        return _link_has_ended(request)
    form = FirstAccountForm(request.POST or None)
    if not form.is_valid():
        return render(request, "door/first_account.html", {"form": form})
    user = door.create_first_account(form, token)
    return _let_in(request, user) if user else _link_has_ended(request)


def _let_in(request: HttpRequest, user: User) -> HttpResponse:
    login(request, user)
    return HttpResponseRedirect(after_sign_in(user, reverse("tasks")))


def _link_has_ended(request: HttpRequest) -> HttpResponse:
    return render(request, "door/link_ended.html", status=410)


@never_cache
@login_not_required
@require_GET
def welcome(request: HttpRequest) -> HttpResponse:
    """The checklist; for the world only while there is no account at all."""
    if door.has_accounts() and not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    steps = door.checklist(request.user)
    following = next((step for step in steps if not step.done), None)
    return render(request, "door/welcome.html", {"steps": steps, "following": following})


@login_not_required
@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    theme = request.POST.get("theme", "")
    if theme not in THEMES:
        return HttpResponseBadRequest()
    response = HttpResponseRedirect(_local(request, request.POST.get("next", "")) or "/")
    response.set_cookie("theme", theme, max_age=YEAR, secure=settings.HTTPS, samesite="Lax")
    return response


def _local(request: HttpRequest, url: str) -> str:
    """The address, if it leads nowhere but to this site."""
    hosts = {request.get_host()}
    safe = url_has_allowed_host_and_scheme(url, hosts, require_https=request.is_secure())
    return url if safe else ""
