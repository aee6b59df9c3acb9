"""Untracked tasks: comparing a provider's list with ours, and adopting what only it has."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import reswap, retarget

from tasks.models import AuditAction, Credential, Project, Reconciliation, Task, UntrackedTask
from tasks.models.access import require_manager
from tasks.team import audit
from tasks.team.people import known_as
from tasks.tracking.reconcile.adopting import adopt, sought_elsewhere
from tasks.web.presenters.untracked import Account, Section, adopting_projects
from tasks.web.views.posted import ids


@require_GET
def untracked_page(request: HttpRequest) -> HttpResponse:
    """Show each account whose provider lists its tasks, and name the accounts of the others."""
    require_manager(request.user)
    now = timezone.now()
    credentials = list(Credential.objects.managed_by(request.user).filter(active=True))
    newest = Reconciliation.objects.newest_of(credentials)
    accounts = [
        Account.read(each, newest.get(each.pk), now)
        for each in credentials
        if each.service.can_list
    ]
    context = {
        "sections": [Section.read(account, request.user) for account in accounts],
        "without_list": [each for each in credentials if not each.service.can_list],
        "now": timezone.now(),
    }
    return render(request, "untracked/page.html", context)


def _account(request: HttpRequest, pk: int) -> Account:
    managed = Credential.objects.managed_by(request.user).filter(active=True)
    credential = get_object_or_404(managed, pk=pk)
    newest = Reconciliation.objects.newest_of([credential])
    return Account.read(credential, newest.get(pk), timezone.now())


@require_GET
def untracked_state(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the progress of a comparison; once it has ended, the account's whole section."""
    account = _account(request, pk)
    if account.row and account.row.is_open:
        return _render(request, "untracked/_state.html", account=account)
    section = Section.read(account, request.user)
    answer = _render(request, "untracked/_section.html", section=section)
    return reswap(retarget(answer, f"#account-{pk}"), "outerHTML")


def _render(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    return render(request, template, {**context, "now": timezone.now()})


@require_POST
def compare(request: HttpRequest, pk: int) -> HttpResponse:
    """Request a comparison; the sweep asks for the list, in turn with its own requests."""
    credential = _account(request, pk).credential
    Reconciliation.objects.ask(credential, asked_by=request.user, now=timezone.now())
    if "hx-request" in request.headers:
        return _render(request, "untracked/_state.html", account=_account(request, pk))
    return _back(pk)


@require_POST
def adopt_untracked(request: HttpRequest, pk: int) -> HttpResponse:
    """Adopt the chosen tasks, or all of the account, into one of the person's projects."""
    credential = _account(request, pk).credential
    project = _chosen_project(request, credential)
    chosen = UntrackedTask.objects.of(credential)
    if "all" not in request.POST:
        chosen = chosen.filter(pk__in=ids(request, "found"))

    def note(adopted: list[Task]) -> None:
        label = adopted[0].remote_id if len(adopted) == 1 else str(credential)
        audit.note(request, AuditAction.ADOPTED, project=project, label=label, number=len(adopted))

    adopted = adopt(chosen, project, timezone.now(), on_adopted=note)
    if count := len(adopted):
        sentence = ngettext(
            "%(count)s task adopted into %(project)s.",
            "%(count)s tasks adopted into %(project)s.",
            count,
        )
        messages.success(request, sentence % {"count": count, "project": known_as(project)})
    left = chosen.unknown(timezone.now()).filter(sought_elsewhere(project)).count()
    if left:
        sentence = ngettext(
            "%(count)s task wasn't adopted: an unconfirmed request of another project may have "
            "created it.",
            "%(count)s tasks weren't adopted: unconfirmed requests of another project may have "
            "created them.",
            left,
        )
        messages.info(request, sentence % {"count": left})
    elif not adopted:
        messages.info(
            request, _("Nothing was adopted: nothing was selected, or all are tracked now.")
        )
    return _back(pk)


def _chosen_project(request: HttpRequest, credential: Credential) -> Project:
    """The only project, or the chosen one. Raises Http404 for any other."""
    projects = adopting_projects(credential, request.user)
    if len(projects) == 1:
        return projects[0]
    chosen = request.POST.get("project", "")
    for project in projects:
        if str(project.pk) == chosen:
            return project
    raise Http404


def _back(pk: int) -> HttpResponse:
    return redirect(f"{reverse('untracked')}#account-{pk}")
