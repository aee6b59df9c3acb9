"""Changing credentials: what is written, what follows from it, and the line in the record.

The pages and the Django admin both come here. Forms bring checked values; a key is sealed at once,
and nothing here tells more of it than its last letters.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone

from tasks import audit
from tasks.models import Credential, Project, Task, Verb

KEY_FIELDS = ("sealed_key", "key_tail")
TEST_FIELDS = ("test_asked_at", "tested_at", "test_findings")
WHERE = {"base_url", "provider"}


@transaction.atomic
def save(request: HttpRequest, form: ModelForm) -> Credential:
    """A form's credential with its projects: added, or as far as it was changed."""
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
    told = {"provider": credential.provider, "base_url": credential.base_url}
    projects = _projects(form, credential)
    audit.note(
        request,
        Verb.CREDENTIAL_ADDED,
        credential,
        project=_only(projects),
        key_tail=credential.key_tail,
        **told | _openness(credential, projects),
    )


@transaction.atomic
def change(request: HttpRequest, form: ModelForm) -> None:
    """Only what moved is written: the sweep writes the health of this row at the same time."""
    before, projects = dict(form.initial), _names_before(form)
    credential = form.save(commit=False)
    names = [name for name in form.changed_data if name not in ("key", "projects")]
    moved = {name for name in names if before.get(name) != getattr(credential, name)}
    if moved & WHERE:
        _begin_anew(credential)
    if moved:
        more = (*Credential.HEALTH_FIELDS, *TEST_FIELDS) if moved & WHERE else ()
        credential.save(update_fields=[*moved, *more])
    if moved & WHERE:
        _take_along(credential, before["base_url"])
    if form.cleaned_data.get("key"):
        replace_key(request, credential, form.cleaned_data["key"])
    changes = {name: [before[name], getattr(credential, name)] for name in sorted(moved)}
    _note_change(request, credential, form, changes | _moved_projects(form, projects))


@transaction.atomic
def replace_key(request: HttpRequest, credential: Credential, key: str) -> None:
    """The old key is gone; tasks that waited because of it are asked about at once."""
    old = credential.key_tail
    credential.replace_key(key)
    credential.forget_test()
    credential.save(update_fields=[*KEY_FIELDS, *Credential.HEALTH_FIELDS, *TEST_FIELDS])
    ask_again(credential)
    tails = [old, credential.key_tail]
    project = _only(_chosen(credential))
    audit.note(request, Verb.KEY_REPLACED, credential, project=project, key_tail=tails)


@transaction.atomic
def set_active(request: HttpRequest, credential: Credential, *, active: bool) -> None:
    """A paused credential asks nothing; its tasks wait, and go on when it does."""
    if credential.active == active:
        return
    credential.active = active
    credential.save(update_fields=["active"])
    if active:
        ask_again(credential)
    project = _only(_chosen(credential))
    was_and_is = [not active, active]
    audit.note(request, Verb.CREDENTIAL_CHANGED, credential, project=project, active=was_and_is)


@transaction.atomic
def remove(request: HttpRequest, credential: Credential) -> None:
    """Raises ProtectedError while there are tasks of it."""
    note_removal(request, credential)
    credential.delete()


def note_removal(request: HttpRequest, credential: Credential) -> None:
    told = {"provider": credential.provider, "base_url": credential.base_url}
    project = _only(_chosen(credential))
    audit.note(request, Verb.CREDENTIAL_REMOVED, credential, project=project, **told)


def ask_again(credential: Credential) -> None:
    """What was put off because of trouble need not wait any longer."""
    late = Task.objects.filter(credential=credential, check_after__isnull=False)
    late.exclude(trouble="").update(check_after=timezone.now())


def _begin_anew(credential: Credential) -> None:
    """Nothing is known yet of another provider, or of another address."""
    credential.forgive()
    credential.forget_test()


def _take_along(credential: Credential, old_base_url: str) -> None:
    """A mended typing error mends its tasks: those that no provider ever answered for move too."""
    there = Task.objects.filter(base_url=credential.base_url).values("remote_id")
    unheard = Task.objects.named().filter(
        credential=credential, base_url=old_base_url, answer_digest=""
    )
    if old_base_url != credential.base_url:
        unheard = unheard.exclude(remote_id__in=there)
    unheard.update(
        base_url=credential.base_url,
        provider=credential.provider,
        check_after=timezone.now(),
        not_founds=0,
    )


# The record


def _note_change(
    request: HttpRequest, credential: Credential, form: ModelForm, changes: dict[str, Any]
) -> None:
    if changes:
        project = _only(_projects(form, credential))
        audit.note(request, Verb.CREDENTIAL_CHANGED, credential, project=project, **changes)


def _openness(credential: Credential, projects: list[Project]) -> dict[str, Any]:
    if credential.open_to_all:
        return {"open_to_all": True}
    return {"projects": [project.name for project in projects]}


def _projects(form: ModelForm, credential: Credential) -> list[Project]:
    """Those that alone may use it; none where all may."""
    if credential.open_to_all:
        return []
    if "projects" in form.cleaned_data:
        return list(form.cleaned_data["projects"])
    return _chosen(credential)


def _chosen(credential: Credential) -> list[Project]:
    return [] if credential.open_to_all else list(credential.projects.all())


def _only(projects: list[Project]) -> Project | None:
    """Whose managers may read the line; of several none, for it is not theirs alone."""
    return projects[0] if len(projects) == 1 else None


def _names_before(form: ModelForm) -> list[str]:
    if "projects" not in form.changed_data:
        return []
    return sorted(form.instance.projects.values_list("name", flat=True))


def _moved_projects(form: ModelForm, before: list[str]) -> dict[str, Any]:
    if "projects" not in form.changed_data:
        return {}
    after = sorted(project.name for project in form.cleaned_data["projects"])
    return {"projects": [", ".join(before), ", ".join(after)]} if before != after else {}
