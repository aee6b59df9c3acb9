"""One's own account: the password, second factors, sessions."""

from typing import Any

from allauth.account.views import PasswordChangeView, PasswordResetView, PasswordSetView
from allauth.mfa.base.views import IndexView
from allauth.usersessions.adapter import get_adapter
from allauth.usersessions.models import UserSession
from allauth.usersessions.views import ListUserSessionsView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache

from tasks.forms.door import EndSessionForm
from tasks.showing.browsers import name_of


@method_decorator(never_cache, name="dispatch")
class ChangePassword(PasswordChangeView):
    """One's own, with the old one; for those who cannot enter the Django admin."""

    template_name = "door/password.html"
    success_url = reverse_lazy("mfa_index")


class SetPassword(PasswordSetView):
    template_name = "door/password.html"
    success_url = reverse_lazy("mfa_index")


@method_decorator([never_cache, login_not_required], name="dispatch")
class ResetPassword(PasswordResetView):
    """By e-mail, where this site can send any; else it tells of the one-time link."""

    template_name = "account/password_reset.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.EMAIL_READY:
            return render(request, "account/no_email.html")
        return super().dispatch(request, *args, **kwargs)


class Security(IndexView):
    """How one gets in: password, second factors, passkeys, sessions, single sign-on."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        sessions = UserSession.objects.purge_and_list(self.request.user)
        more = {"session_count": len(sessions), "has_sso": bool(settings.SSO)}
        return super().get_context_data(**kwargs) | more


@method_decorator(never_cache, name="dispatch")
class Sessions(ListUserSessionsView):
    """Where one is signed in; any of them can be ended, or all others at once."""

    form_class = EndSessionForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"data": self.request.POST} if self.request.method == "POST" else {}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = super().get_context_data(**kwargs)
        for session in found["sessions"]:
            session.browser = name_of(session.user_agent)
        found["sessions"].sort(key=lambda session: (not session.is_current(), -session.pk))
        return found

    def form_valid(self, form: EndSessionForm) -> HttpResponse:
        ended = end_sessions(self.request, form.cleaned_data["session"])
        said = ngettext("%(number)s session was ended.", "%(number)s sessions were ended.", ended)
        messages.success(self.request, said % {"number": ended})
        return redirect("usersessions_list")


def end_sessions(request: HttpRequest, pk: int | None) -> int:
    """That one of this person's, or all but this one."""
    others = UserSession.objects.filter(user=request.user).exclude(
        session_key=request.session.session_key
    )
    chosen = list(others.select_related("user").filter(**({"pk": pk} if pk else {})))
    get_adapter().end_sessions(chosen)
    return len(chosen)
