"""Changes of credentials, with their consequences and their entries in the audit.

The pages and the Django admin both use it. Forms bring validated values; a key is sealed at once,
and nothing here reveals more of it than its last letters.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from tasks import queue
from tasks.models import AuditAction, Credential, Project, Task
from tasks.providers import provider
from tasks.team import audit

KEY_FIELDS = ("sealed_key", "key_tail", "creates_wait_until")
TEST_FIELDS = ("test_asked_at", "tested_at", "test_findings")
MODELS_FIELDS = ("models_asked_at", "models_listed_at", "models_trouble")
FIELDS_OF_ADDRESS = (*Credential.HEALTH_FIELDS, *TEST_FIELDS, *MODELS_FIELDS)
ADDRESS_FIELDS = {"base_url", "provider"}


@transaction.atomic
def save(request: HttpRequest, form: ModelForm) -> Credential:
    """Add the credential of a form, or save its changes; with its projects."""
    credential: Credential = form.instance
    if credential.pk is None:
        add(request, form)
    else:
        change(request, form)
    form.save_m2m()
    return credential


@transaction.atomic
def add(request: HttpRequest, form: ModelForm) -> None:
    credential = form.save(commit=False)
    credential.replace_key(form.cleaned_data["key"])
    credential.save()
    projects = _projects(form, credential)
    details: dict[str, Any] = {"provider": credential.provider, "base_url": credential.base_url}
    if credential.open_to_all:
        details["open_to_all"] = True
    else:
        details["projects"] = [project.name for project in projects]
    audit.note(
        request,
        AuditAction.CREDENTIAL_ADDED,
        credential,
        project=_only(projects),
        key_tail=credential.key_tail,
        **details,
    )


@transaction.atomic
def change(request: HttpRequest, form: ModelForm) -> None:
    """Save only the changed fields: the sweep writes the health of this row at the same time."""
    before, projects_before = dict(form.initial), []
    if "projects" in form.changed_data:
        projects_before = sorted(form.instance.projects.values_list("name", flat=True))
    credential = form.save(commit=False)
    names = [name for name in form.changed_data if name not in ("key", "projects")]
    changed = {name for name in names if before.get(name) != getattr(credential, name)}
    if changed & ADDRESS_FIELDS:  # nothing is known yet of another provider or address
        credential.clear_error()
        credential.forget_test()
        credential.forget_models()
    if changed:
        more = FIELDS_OF_ADDRESS if changed & ADDRESS_FIELDS else ()
        credential.save(update_fields=[*changed, *more])
    if changed & ADDRESS_FIELDS:
        _move_unanswered_tasks(credential, before["base_url"])
    if form.cleaned_data.get("key"):
        replace_key(request, credential, form.cleaned_data["key"])
    changes: dict[str, Any] = {}
    for name in sorted(changed):
        changes[name] = [before[name], getattr(credential, name)]
    if "projects" in form.changed_data:
        projects_after = sorted(project.name for project in form.cleaned_data["projects"])
        if projects_before != projects_after:
            changes["projects"] = [", ".join(projects_before), ", ".join(projects_after)]
    if changes:
        project = _only(_projects(form, credential))
        audit.note(request, AuditAction.CREDENTIAL_CHANGED, credential, project=project, **changes)


@transaction.atomic
def replace_key(request: HttpRequest, credential: Credential, key: str) -> None:
    """Replace the key for good; tasks that waited because of the old one are checked at once."""
    old = credential.key_tail
    credential.replace_key(key)
    credential.forget_test()
    credential.forget_models()
    credential.save(update_fields=[*KEY_FIELDS, *FIELDS_OF_ADDRESS])
    ask_again(credential)
    tails = [old, credential.key_tail]
    project = only_project(credential)
    audit.note(request, AuditAction.KEY_REPLACED, credential, project=project, key_tail=tails)


@transaction.atomic
def set_active(request: HttpRequest, credential: Credential, *, active: bool) -> None:
    """Switch a credential on or off. While it is off its tasks are not checked."""
    if credential.active == active:
        return
    credential.active = active
    credential.save(update_fields=["active"])
    if active:
        ask_again(credential)
    project, values = only_project(credential), [not active, active]
    audit.note(request, AuditAction.CREDENTIAL_CHANGED, credential, project=project, active=values)


@transaction.atomic
def remove(request: HttpRequest, credential: Credential) -> None:
    """Delete a credential. Raises ProtectedError while it has tasks."""
    details = {"provider": credential.provider, "base_url": credential.base_url}
    project = only_project(credential)
    audit.note(request, AuditAction.CREDENTIAL_REMOVED, credential, project=project, **details)
    credential.delete()


def ask_for_test(credential: Credential) -> None:
    """Have a worker test the connection; the findings are saved on the row."""
    credential.ask_for_test(timezone.now())
    queue.test_credential(credential.pk)


def ask_for_models(credential: Credential) -> None:
    """Have a worker ask for the provider's list of models; it is saved with the credential."""
    credential.ask_for_models(timezone.now())
    queue.list_models(credential.pk)


def ask_again(credential: Credential) -> None:
    """Make the tasks due that were put off because of trouble."""
    late = Task.objects.filter(credential=credential, check_after__isnull=False)
    late.exclude(trouble="").update(check_after=timezone.now())


def _move_unanswered_tasks(credential: Credential, old_base_url: str) -> None:
    """Move the tasks without any answer to the new address: the old one was a typing error."""
    tracked_there = Task.objects.filter(base_url=credential.base_url).values("remote_id")
    unanswered = Task.objects.named().filter(
        credential=credential, base_url=old_base_url, answer_digest=""
    )
    if old_base_url != credential.base_url:
        unanswered = unanswered.exclude(remote_id__in=tracked_there)
    unanswered.update(
        base_url=credential.base_url,
        provider=credential.provider,
        check_after=timezone.now(),
        not_founds=0,
    )


# The projects that an entry of the audit belongs to


def only_project(credential: Credential) -> Project | None:
    """The only project that may use the credential, whose managers may read entries about it."""
    return _only(_chosen(credential))


def _projects(form: ModelForm, credential: Credential) -> list[Project]:
    """The projects that may use it after the form is saved; none if all may."""
    if credential.open_to_all:
        return []
    if "projects" in form.cleaned_data:
        return list(form.cleaned_data["projects"])
    return _chosen(credential)


def _chosen(credential: Credential) -> list[Project]:
    return [] if credential.open_to_all else list(credential.projects.all())


def _only(projects: list[Project]) -> Project | None:
    return projects[0] if len(projects) == 1 else None


def looks_like(slug: str) -> str:
    """The advice to choose another provider, which address, answer or key look like."""
    words = {"provider": _(provider(slug).label)}
    if slug == "native":
        return _("This looks like an Ark-compatible API. Choose “%(provider)s”.") % words
    if slug == "newapi":
        return _("This looks like a new-api gateway. Choose “%(provider)s”.") % words
    return _("This looks like %(provider)s. Choose that provider.") % words
