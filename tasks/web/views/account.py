"""One's own account: the password, second factors, sessions."""

from importlib import import_module
from typing import Any

from allauth.account.views import PasswordChangeView, PasswordResetView, PasswordSetView
from allauth.mfa.base.views import IndexView
from allauth.usersessions.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.generic import FormView

from tasks.web.forms.signin import EndSessionForm
from tasks.web.presenters.browsers import name_of


@method_decorator(never_cache, name="dispatch")
class ChangePassword(PasswordChangeView):
    """Change one's own password, given the old one; for people without access to the admin too."""

    template_name = "signin/password.html"
    success_url = reverse_lazy("mfa_index")


class SetPassword(PasswordSetView):
    template_name = "signin/password.html"
    success_url = reverse_lazy("mfa_index")


@method_decorator([never_cache, login_not_required], name="dispatch")
class ResetPassword(PasswordResetView):
    """Reset a password by e-mail; a site that sends none explains the one-time link instead."""

    template_name = "account/password_reset.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.EMAIL_READY:
            return render(request, "account/no_email.html")
        return super().dispatch(request, *args, **kwargs)


class Security(IndexView):
    """The ways to sign in: password, second factors, passkeys, sessions, single sign-on."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        more = {
            "session_count": len(sessions_of(self.request.user)),
            "has_sso": bool(settings.SSO),
        }
        return super().get_context_data(**kwargs) | more


@method_decorator(never_cache, name="dispatch")
class Sessions(FormView):
    """The person's sessions; another one can be ended, or all others at once."""

    template_name = "usersessions/usersession_list.html"
    form_class = EndSessionForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"data": self.request.POST} if self.request.method == "POST" else {}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        sessions = sessions_of(self.request.user)
        for session in sessions:
            session.browser = name_of(session.user_agent)
        sessions.sort(key=lambda session: (not session.is_current(), -session.pk))
        return super().get_context_data(**kwargs) | {"sessions": sessions}

    def form_valid(self, form: EndSessionForm) -> HttpResponse:
        ended = end_sessions(self.request, form.cleaned_data["session"])
        message = ngettext("%(number)s device signed out.", "%(number)s devices signed out.", ended)
        messages.success(self.request, message % {"number": ended})
        return redirect("usersessions_list")


def sessions_of(user: Any) -> list[UserSession]:
    """The person's sessions. Looking writes nothing: rows of ended ones go at the next sign-in."""
    hashes = {user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()}
    rows = UserSession.objects.filter(user=user)
    return [each for each in rows if _store(each.session_key).get(HASH_SESSION_KEY) in hashes]


def _store(key: str) -> Any:
    return import_module(settings.SESSION_ENGINE).SessionStore(key)


def end_sessions(request: HttpRequest, pk: int | None) -> int:
    """End the person's session `pk`, or without an id all but the current one; return how many."""
    others = UserSession.objects.filter(user=request.user).exclude(
        session_key=request.session.session_key
    )
    chosen = list(others.select_related("user").filter(**({"pk": pk} if pk else {})))
    get_adapter().end_sessions(chosen)
    return len(chosen)
