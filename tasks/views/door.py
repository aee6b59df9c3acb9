"""Coming in, going out, and the first page of an empty installation."""

from typing import Any

from allauth.account.views import LoginView
from allauth.mfa.webauthn.views import LoginWebAuthnView
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from tasks import door
from tasks.door.entering import let_in
from tasks.forms.door import FirstAccountForm
from tasks.models import SignInLink


class SignIn(LoginView):
    """allauth's own, which follows `next` within this site only and gives a new session id."""

    template_name = "door/sign_in.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not door.has_accounts():
            return redirect("welcome")
        return super().get(request, *args, **kwargs)

    def get_success_url(self) -> str | None:
        """None where somebody wants to go nowhere in particular: the adapter says where then."""
        url: str | None = super().get_success_url()
        return None if url == reverse("tasks") else url

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        there = self.get_next_url() or ""
        others = _other_ways(self.request, there)
        more = {"next": there, "email_ready": settings.EMAIL_READY, "others": others}
        return super().get_context_data(**kwargs) | more


def _other_ways(request: HttpRequest, there: str) -> list[dict[str, str]]:
    """The buttons of single sign-on."""
    if not settings.SSO:
        return []
    from tasks import sso  # its apps are there only with the settings

    return sso.ways(request, there)


class SignInByPasskey(LoginWebAuthnView):
    """The options for the browser, and what it made of them."""

    def get_authenticated_redirect_url(self) -> str:
        return reverse("tasks")


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
    return _enter_as(request, token, link, link.user)


def _enter_as(request: HttpRequest, token: str, link: SignInLink, user: User) -> HttpResponse:
    if request.method != "POST":
        return render(request, "door/enter.html", {"person": user})
    if not user.is_active or not SignInLink.objects.use(token, now=timezone.now()):
        return _link_has_ended(request)
    past_it = link.without_second_factor
    goal = door.after_sign_in(user)
    return let_in(request, user, by="link", url=goal, without_second_factor=past_it)


def _first_account(request: HttpRequest, token: str) -> HttpResponse:
    if door.has_accounts():
        return _link_has_ended(request)
    form = FirstAccountForm(request.POST or None)
    if not form.is_valid():
        return render(request, "door/first_account.html", {"form": form})
    user = door.create_first_account(form, token)
    if user is None:
        return _link_has_ended(request)
    return let_in(request, user, by="first link", url=door.after_sign_in(user))


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


def _local(request: HttpRequest, url: str) -> str:
    """The address, if it leads nowhere but to this site."""
    hosts = {request.get_host()}
    safe = url_has_allowed_host_and_scheme(url, hosts, require_https=request.is_secure())
    return url if safe else ""
