"""Signing in by password, passkey or one-time link, and the first page of a new installation."""

from typing import Any

from allauth.account.views import LoginView
from allauth.mfa.webauthn.views import LoginWebAuthnView
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView, redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from tasks.models import SignInLink
from tasks.models.access import require_staff
from tasks.team import signin
from tasks.team.signin.login import start_session
from tasks.web.forms.signin import FirstAccountForm


class SignIn(LoginView):
    """allauth's sign-in, which follows `next` within this site only and renews the session id."""

    template_name = "signin/sign_in.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not signin.has_accounts():
            return redirect("welcome")
        return super().get(request, *args, **kwargs)

    def get_success_url(self) -> str | None:
        """The requested page, or None for the front page: the adapter then chooses the page."""
        url: str | None = super().get_success_url()
        return None if url == reverse("tasks") else url

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        next_url = self.get_next_url() or ""
        others: list[dict[str, str]] = []
        if settings.SSO:
            from tasks.team.signin import sso  # its apps are installed only with these settings

            others = sso.ways(self.request, next_url)
        more = {"next": next_url, "email_ready": settings.EMAIL_READY, "others": others}
        return super().get_context_data(**kwargs) | more


class SignOut(LogoutView):
    """Signing out, after which the browser keeps nothing that our scripts stored.

    `"cache"` is not asked for: Chromium stops for seconds (crbug.com/40233601), and what it keeps
    is asked for anew before it is shown. `"cookies"` would take those of sites beside this one.
    """

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().post(request, *args, **kwargs)
        response["Clear-Site-Data"] = '"storage"'
        return response


class SignInByPasskey(LoginWebAuthnView):
    """The browser's options for a passkey (GET), and its answer to them (POST)."""

    def get_authenticated_redirect_url(self) -> str:
        return reverse("tasks")


@never_cache
@login_not_required
@require_GET
def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """Redirect from the admin's sign-in to the site's, so that one set of limits holds for both."""
    goal = request.GET.get("next") or reverse("admin:index")
    if not request.user.is_authenticated:
        return redirect_to_login(goal)
    require_staff(request.user)
    hosts = {request.get_host()}
    is_ours = url_has_allowed_host_and_scheme(goal, hosts, require_https=request.is_secure())
    return HttpResponseRedirect(goal if is_ours else reverse("admin:index"))


@never_cache
@login_not_required
@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """Sign in by a one-time link; opening it, as mail scanners do, does not use it up."""
    link = SignInLink.objects.usable(token, now=timezone.now()).select_related("user").first()
    if link is None:
        return _link_has_ended(request)
    if (user := link.user) is None:
        return _create_first_account(request, token)
    if request.method != "POST":
        return render(request, "signin/enter.html", {"person": user})
    if not user.is_active or not SignInLink.objects.use(token, now=timezone.now()):
        return _link_has_ended(request)
    return start_session(
        request,
        user,
        by="link",
        url=signin.after_sign_in(user),
        without_second_factor=link.without_second_factor,
    )


def _create_first_account(request: HttpRequest, token: str) -> HttpResponse:
    if signin.has_accounts():
        return _link_has_ended(request)
    form = FirstAccountForm(request.POST or None)
    if not form.is_valid():
        return render(request, "signin/first_account.html", {"form": form})
    user = signin.create_first_account(form, token)
    if user is None:
        return _link_has_ended(request)
    return start_session(request, user, by="first link", url=signin.after_sign_in(user))


def _link_has_ended(request: HttpRequest) -> HttpResponse:
    return render(request, "signin/link_ended.html", status=410)


@never_cache
@login_not_required
@require_GET
def welcome(request: HttpRequest) -> HttpResponse:
    """Show the checklist of a new installation; public only while there is no account at all."""
    if signin.has_accounts() and not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    steps = signin.checklist(request.user)
    following = next((step for step in steps if not step.done), None)
    return render(request, "signin/welcome.html", {"steps": steps, "following": following})
