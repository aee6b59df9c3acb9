"""Credentials, for those who look after a project: add, test, pause, limit, replace the key.

The provider is asked by a worker; these pages only read what it found.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
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

from tasks import credentials as work
from tasks import queue
from tasks.forms.credential import CredentialForm, KeyForm
from tasks.models import Credential, Project, Task
from tasks.providers.guard import Allowed, foresee
from tasks.sentences import trouble_sentence
from tasks.showing.credentials import LastTest, list_of, one_of


@require_GET
def credentials(request: HttpRequest) -> HttpResponse:
    _require_manager(request)
    now = timezone.now()
    context = {"shown": list_of(request.user, now), "now": now}
    return render(request, "credentials/list.html", context)


@never_cache
@sensitive_post_parameters("key")
@require_http_methods(["GET", "POST"])
def credential_add(request: HttpRequest) -> HttpResponse:
    _require_manager(request)
    form = CredentialForm(request.POST or None, user=request.user)
    if not form.is_valid():
        return render(request, "credentials/add.html", {"form": form})
    credential = work.save(request, form)
    _test(credential)
    messages.success(request, _("The credential is added. It is being tested now."))
    _tell_of_the_address(request, credential)
    return redirect("credential", credential.pk)


@never_cache
@sensitive_post_parameters("key")
@require_http_methods(["GET", "POST"])
def credential(request: HttpRequest, pk: int) -> HttpResponse:
    """How it fares, its test, its settings."""
    if request.method == "GET":
        return _page(request, _visible(request, pk))
    found = _editable(request, pk)
    before = found.base_url
    form = CredentialForm(request.POST, instance=found, user=request.user)
    if not form.is_valid():
        return _page(request, _editable(request, pk), form=form)
    work.save(request, form)
    messages.success(request, _("Saved."))
    if found.base_url != before or form.cleaned_data["key"]:
        _test(found)
        _tell_of_the_address(request, found)
    return redirect("credential", pk)


@never_cache
@sensitive_post_parameters("key")
@require_http_methods(["GET", "POST"])
def credential_key(request: HttpRequest, pk: int) -> HttpResponse:
    """Replace the key, also while tasks are in flight: they are asked about with the new one."""
    found = _editable(request, pk)
    if request.method == "GET":  # the language was changed, and leads back to the address
        return redirect("credential", pk)
    form = KeyForm(request.POST, prefix="new")
    if not form.is_valid():
        return _page(request, found, key_form=form)
    work.replace_key(request, found, form.cleaned_data["key"])
    _test(found)
    messages.success(request, _("The key is replaced. It is being tested now."))
    return redirect("credential", pk)


@never_cache
@require_http_methods(["GET", "POST"])
def credential_test(request: HttpRequest, pk: int) -> HttpResponse:
    """A worker asks the provider; the page looks here for what it found."""
    found = _editable(request, pk)
    now = timezone.now()
    if request.method == "POST":
        last = LastTest(found, now)
        if not last.is_under_way or last.is_overdue:
            _test(found)
        if "hx-request" not in request.headers:
            return redirect("credential", pk)
    context = {"credential": found, "test": LastTest(found, now), "now": now, "may_edit": True}
    return render(request, "credentials/_test.html", context)


@require_POST
def credential_pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Pause, or go on, as `active` says."""
    found = _editable(request, pk)
    active = request.POST.get("active") == "1"
    work.set_active(request, found, active=active)
    said = _("%(name)s is asked again.") if active else _("%(name)s is paused.")
    messages.success(request, said % {"name": found.name})
    return redirect("credential", pk)


@require_http_methods(["GET", "POST"])
def credential_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """First a page that says what will happen; then it happens, unless there are tasks of it."""
    found = _editable(request, pk)
    tasks = Task.objects.filter(credential=found).count()
    if request.method == "GET" or tasks:
        return render(request, "credentials/remove.html", {"credential": found, "tasks": tasks})
    try:
        work.remove(request, found)
    except ProtectedError:  # somebody has just tracked one
        return redirect("credential_remove", pk)
    messages.success(request, _("%(name)s is deleted.") % {"name": found.name})
    return redirect("credentials")


def _require_manager(request: HttpRequest) -> None:
    if not Project.objects.managed_by(request.user).exists() and not request.user.is_staff:
        raise PermissionDenied


def _visible(request: HttpRequest, pk: int) -> Credential:
    _require_manager(request)
    return get_object_or_404(Credential.objects.visible_to(request.user), pk=pk)


def _editable(request: HttpRequest, pk: int) -> Credential:
    """Those that a manager may only look at answer as their page does: that it is not theirs."""
    found = _visible(request, pk)
    if not Credential.objects.editable_by(request.user).filter(pk=pk).exists():
        raise PermissionDenied
    return found


def _page(request: HttpRequest, found: Credential, **more: Any) -> HttpResponse:
    now = timezone.now()
    shown = one_of(request.user, found, now)
    context = {
        "now": now,
        "credential": found,
        "shown": shown,
        "day": shown.day,
        "may_edit": shown.may_edit,
        "may_price": Credential.objects.comparable_by(request.user).filter(pk=found.pk).exists(),
        "test": LastTest(found, now),
        **more,
    }
    if shown.may_edit:
        context.setdefault("form", CredentialForm(instance=found, user=request.user))
        context.setdefault("key_form", KeyForm(prefix="new"))
    return render(request, "credentials/page.html", context)


def _test(credential: Credential) -> None:
    credential.ask_for_test(timezone.now())
    queue.test_credential(credential.pk)


def _tell_of_the_address(request: HttpRequest, credential: Credential) -> None:
    """What will stand in the way, and which tasks stay where they are."""
    typed = request.POST.get("base_url", "").strip()
    if typed and typed.rstrip("/") != credential.base_url:
        sentence = _("The base URL was put right: %(url)s. What follows it is added by itself.")
        messages.info(request, sentence % {"url": credential.base_url})
    if trouble := foresee(credential.base_url, Allowed.parse(settings.PRIVATE_HOSTS)):
        messages.warning(request, trouble_sentence(trouble))
    elsewhere = Task.objects.filter(credential=credential).exclude(base_url=credential.base_url)
    if number := elsewhere.live().count():
        messages.info(request, _staying(number))


def _staying(number: int) -> str:
    sentence = ngettext(
        "%(number)s running task stays at the address it was made at.",
        "%(number)s running tasks stay at the address they were made at.",
        number,
    )
    return sentence % {"number": number}
