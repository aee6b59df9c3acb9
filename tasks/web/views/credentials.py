"""Credentials, for managers of projects: add, test, pause, limit, replace the key.

Workers ask the provider; these pages only read the results.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import ProtectedError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tasks.models import Credential, Task
from tasks.models.access import require_manager
from tasks.models.private_hosts import allowed_private_hosts
from tasks.providers.transport.guard import foresee
from tasks.team import credentials
from tasks.web.forms.credential import CredentialForm, KeyForm
from tasks.web.messages.provider_errors import trouble_sentence
from tasks.web.presenters.credentials import LastTest, ModelList, list_of, one_of


@require_GET
def credential_list(request: HttpRequest) -> HttpResponse:
    require_manager(request.user)
    now = timezone.now()
    context = {"presented": list_of(request.user, now), "now": now}
    return render(request, "credentials/list.html", context)


@never_cache
@sensitive_post_parameters("key")
@require_http_methods(["GET", "POST"])
def credential_add(request: HttpRequest) -> HttpResponse:
    require_manager(request.user)
    form = CredentialForm(request.POST or None, user=request.user)
    if not form.is_valid():
        return render(request, "credentials/add.html", {"form": form})
    credential = credentials.save(request, form)
    credentials.ask_for_test(credential)
    messages.success(request, _("Credential added. Testing it now."))
    _add_address_messages(request, credential)
    return redirect("credential", credential.pk)


@never_cache
@sensitive_post_parameters("key")
@require_http_methods(["GET", "POST"])
def credential(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a credential with its health, its test and its settings, and change the settings."""
    if request.method == "GET":
        return _page(request, _visible(request, pk))
    row = _editable(request, pk)
    old = row.provider, row.base_url
    form = CredentialForm(request.POST, instance=row, user=request.user)
    if not form.is_valid():
        return _page(request, _editable(request, pk), form=form)
    credentials.save(request, form)
    messages.success(request, _("Saved."))
    if (row.provider, row.base_url) != old or form.cleaned_data["key"]:
        credentials.ask_for_test(row)
        _add_address_messages(request, row)
    return redirect("credential", pk)


@never_cache
@sensitive_post_parameters("key")
@require_http_methods(["GET", "POST"])
def credential_key(request: HttpRequest, pk: int) -> HttpResponse:
    """Replace the key, even while tasks are live: they are polled with the new one."""
    row = _editable(request, pk)
    if request.method == "GET":  # changing the language leads back to this address
        return redirect("credential", pk)
    form = KeyForm(request.POST, prefix="new")
    if not form.is_valid():
        return _page(request, row, key_form=form)
    credentials.replace_key(request, row, form.cleaned_data["key"])
    credentials.ask_for_test(row)
    messages.success(request, _("Key replaced. Testing it now."))
    return redirect("credential", pk)


@never_cache
@require_http_methods(["GET", "POST"])
def credential_test(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a worker test the connection (POST), or show the state of the test (GET)."""
    row = _editable(request, pk)
    now = timezone.now()
    if request.method == "POST":
        last = LastTest(row, now)
        if not last.is_under_way or last.is_overdue:
            credentials.ask_for_test(row)
        if "hx-request" not in request.headers:
            return redirect("credential", pk)
    context = {
        "credential": row,
        "presented": one_of(request.user, row, now),
        "test": LastTest(row, now),
        "now": now,
        "may_edit": True,
    }
    return render(request, "credentials/_test_news.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def credential_models(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a worker ask for the provider's models (POST), or show the newest list (GET)."""
    row = _editable(request, pk)
    now = timezone.now()
    if request.method == "POST":
        if row.service.models_path and not ModelList(row, now).is_under_way:
            credentials.ask_for_models(row)
        if "hx-request" not in request.headers:
            return redirect("credential", pk)
    context = {"credential": row, "models": ModelList(row, now), "now": now, "may_edit": True}
    return render(request, "credentials/_models.html", context)


@require_POST
def credential_pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Pause the credential, or resume it where `active` is 1."""
    row = _editable(request, pk)
    active = request.POST.get("active") == "1"
    credentials.set_active(request, row, active=active)
    message = _("%(name)s is active again.") if active else _("%(name)s is paused.")
    messages.success(request, message % {"name": row.name})
    return redirect("credential", pk)


@require_http_methods(["GET", "POST"])
def credential_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for confirmation (GET), then delete the credential, unless it has tasks."""
    row = _editable(request, pk)
    tasks = Task.objects.filter(credential=row).count()
    if request.method == "GET" or tasks:
        return render(request, "credentials/remove.html", {"credential": row, "tasks": tasks})
    try:
        credentials.remove(request, row)
    except ProtectedError:  # somebody has just tracked one
        return redirect("credential_remove", pk)
    messages.success(request, _("%(name)s was deleted.") % {"name": row.name})
    return redirect("credentials")


def _visible(request: HttpRequest, pk: int) -> Credential:
    require_manager(request.user)
    return get_object_or_404(Credential.objects.visible_to(request.user), pk=pk)


def _editable(request: HttpRequest, pk: int) -> Credential:
    """The credential, if this person may change it.

    Raises Http404 where it is not visible, and PermissionDenied where it is visible only.
    """
    row = _visible(request, pk)
    if not Credential.objects.editable_by(request.user).filter(pk=pk).exists():
        raise PermissionDenied
    return row


def _page(request: HttpRequest, row: Credential, **more: Any) -> HttpResponse:
    now = timezone.now()
    presented = one_of(request.user, row, now)
    context = {
        "now": now,
        "credential": row,
        "presented": presented,
        "day": presented.day,
        "may_edit": presented.may_edit,
        "may_price": Credential.objects.managed_by(request.user).filter(pk=row.pk).exists(),
        "test": LastTest(row, now),
        "models": ModelList(row, now),
        **more,
    }
    if presented.may_edit:
        context.setdefault("form", CredentialForm(instance=row, user=request.user))
        context.setdefault("key_form", KeyForm(prefix="new"))
    return render(request, "credentials/page.html", context)


def _add_address_messages(request: HttpRequest, credential: Credential) -> None:
    """Add messages on a corrected base URL, on foreseen trouble, and on tasks at the old one."""
    posted = request.POST.get("base_url", "").strip()
    if posted and posted.rstrip("/") != credential.base_url:
        sentence = _(
            "The base URL was corrected to %(url)s. The rest of the path is added automatically."
        )
        messages.info(request, sentence % {"url": credential.base_url})
    if trouble := foresee(credential.base_url, allowed_private_hosts()):
        messages.warning(request, trouble_sentence(trouble))
    elsewhere = Task.objects.filter(credential=credential).exclude(base_url=credential.base_url)
    if number := elsewhere.live().count():
        sentence = ngettext(
            "%(number)s running task stays at the address it was created at.",
            "%(number)s running tasks stay at the address they were created at.",
            number,
        )
        messages.info(request, sentence % {"number": number})
