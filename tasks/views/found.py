"""Found tasks: comparing a provider's list with ours, and adopting what only it has."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import reswap, retarget

from tasks import audit
from tasks.models import Credential, Found, Project, Reconciliation, Task, Verb
from tasks.people import known_as
from tasks.reconcile.adopting import adopt
from tasks.showing.found import Account, Section, adopting_projects


@require_GET
def found(request: HttpRequest) -> HttpResponse:
    """Each account whose list can be asked for, and by name those whose cannot."""
    if not Project.objects.managed_by(request.user).exists():
        raise PermissionDenied
    accounts = _accounts(request.user)
    context = {
        "sections": [Section.read(a, request.user) for a in accounts if _lists(a.credential)],
        "without_list": [a.credential for a in accounts if not _lists(a.credential)],
        "now": timezone.now(),
    }
    return render(request, "found/page.html", context)


def _lists(credential: Credential) -> bool:
    return credential.service.can_list


def _accounts(user: Any) -> list[Account]:
    credentials = list(Credential.objects.comparable_by(user).filter(active=True))
    newest, now = Reconciliation.objects.newest_of(credentials), timezone.now()
    return [Account.read(each, newest.get(each.pk), now) for each in credentials]


def _account(request: HttpRequest, pk: int) -> Account:
    theirs = Credential.objects.comparable_by(request.user).filter(active=True)
    credential = get_object_or_404(theirs, pk=pk)
    newest = Reconciliation.objects.newest_of([credential])
    return Account.read(credential, newest.get(pk), timezone.now())


@require_GET
def found_state(request: HttpRequest, pk: int) -> HttpResponse:
    """How a comparison gets on; once it has ended, all that is known of the account."""
    account = _account(request, pk)
    if account.row and account.row.is_open:
        return _render(request, "found/_state.html", account=account)
    section = Section.read(account, request.user)
    answer = _render(request, "found/_section.html", section=section)
    return reswap(retarget(answer, f"#account-{pk}"), "outerHTML")


def _render(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    return render(request, template, {**context, "now": timezone.now()})


@require_POST
def compare(request: HttpRequest, pk: int) -> HttpResponse:
    """Have the list asked for; the sweep does it, in turn with its own questions."""
    credential = _account(request, pk).credential
    Reconciliation.objects.ask(credential, asked_by=request.user, now=timezone.now())
    if "hx-request" in request.headers:
        return _render(request, "found/_state.html", account=_account(request, pk))
    return _back(pk)


@require_POST
def adopt_found(request: HttpRequest, pk: int) -> HttpResponse:
    """Those chosen, or all of the account, into one of this person's own projects."""
    credential = _account(request, pk).credential
    project = _project(request, credential)
    chosen = Found.objects.of(credential)
    if "all" not in request.POST:
        chosen = chosen.filter(pk__in=_numbers(request.POST.getlist("found")))

    def note(adopted: list[Task]) -> None:
        label = adopted[0].remote_id if len(adopted) == 1 else str(credential)
        audit.note(request, Verb.ADOPTED, project=project, label=label, number=len(adopted))

    adopted = adopt(chosen, project, timezone.now(), tell=note)
    _tell(request, len(adopted), project)
    return _back(pk)


def _project(request: HttpRequest, credential: Credential) -> Project:
    """The only one, or the one chosen; another's is not found."""
    projects = adopting_projects(credential, request.user)
    if len(projects) == 1:
        return projects[0]
    chosen = request.POST.get("project", "")
    for project in projects:
        if str(project.pk) == chosen:
            return project
    raise Http404


def _numbers(texts: list[str]) -> list[int]:
    return [int(text) for text in texts if text.isdecimal() and len(text) < 19]


def _tell(request: HttpRequest, count: int, project: Project) -> None:
    if not count:
        messages.info(request, _("Nothing was adopted: none was chosen, or all are tracked now."))
        return
    sentence = ngettext(
        "%(count)s task is adopted into %(project)s.",
        "%(count)s tasks are adopted into %(project)s.",
        count,
    )
    messages.success(request, sentence % {"count": count, "project": known_as(project)})


def _back(pk: int) -> HttpResponse:
    return redirect(f"{reverse('found')}#account-{pk}")
