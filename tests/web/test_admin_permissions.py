"""Superusers, too, write nothing in the admin that only code writes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.utils import timezone

from tasks.models import (
    Charge,
    Credential,
    HealthMinute,
    Profile,
    Project,
    Spending,
    Star,
    Task,
)
from tests.conftest import MakeTask
from tests.web.test_admin_lists import base, furnish, models, office

__all__ = ["furnish", "office"]

#: What a superuser may do; everything else is looked at only.
ALLOWED = {
    "auth.User": {"add", "change", "delete"},
    "tasks.Project": {"add", "change", "delete"},
    "tasks.Membership": {"add", "change", "delete"},
    "tasks.Credential": {"add", "change", "delete"},
    "tasks.ModelName": {"add", "change", "delete"},
    "tasks.Budget": {"add", "change", "delete"},
    "tasks.TakeLimits": {"add", "change", "delete"},
    "tasks.Price": {"add", "delete"},  # a change is made on the credential's page, with its day
    "mfa.Authenticator": {"delete"},  # one that somebody lost
}


def test_a_superuser_may_write_what_people_decide_and_nothing_else(staff: User) -> None:
    request = RequestFactory().get("/admin/")
    request.user = staff
    found = {
        model._meta.label: {
            name for name, may in page.get_model_perms(request).items() if may and name != "view"
        }
        for model, page in admin.site._registry.items()
    }
    assert {label: may for label, may in found.items() if may} == ALLOWED


def test_no_inline_writes_what_only_code_writes(staff: User) -> None:
    request = RequestFactory().get("/admin/")
    request.user = staff
    written = set()
    for model, page in admin.site._registry.items():
        for inline in page.get_inlines(request, model()):
            rows = inline(model, admin.site)
            may = (rows.has_add_permission, rows.has_change_permission, rows.has_delete_permission)
            if any(each(request, None) for each in may):
                written.add(rows.model._meta.label)
    assert written == {"tasks.Membership"}


@pytest.mark.exhaustive
def test_what_is_posted_to_a_read_only_page_changes_nothing(
    office: Client, furnish: Callable[[], None]
) -> None:
    furnish()
    for model in models():
        may = ALLOWED.get(model._meta.label, set())
        row = model._default_manager.order_by("-pk").first()
        assert row is not None
        tails = {"add": "add/", "change": f"{row.pk}/change/", "delete": f"{row.pk}/delete/"}
        for right in tails.keys() - may:
            answer = office.post(base(model) + tails[right], {"post": "yes"})
            assert answer.status_code == 403, (model, right)
        if "delete" not in may:
            chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
            office.post(base(model), chosen)
        assert model._default_manager.filter(pk=row.pk).exists(), model


# What goes with a row that is deleted


def test_a_person_is_removed_with_what_is_nobody_elses(
    office: Client, member: User, make_task: MakeTask
) -> None:
    now = timezone.now()
    task = make_task(created_by=member)
    Profile.objects.remember(member, theme="dark")
    Star.objects.create(user=member, task=task)
    Authenticator.objects.create(user=member, type=Authenticator.Type.TOTP, data={})
    UserSession.objects.create(user=member, ip="203.0.113.9", session_key="x", user_agent="x")
    Charge.objects.create(task=task, project=task.project, person=member.pk, day=now)
    office.post(f"/admin/auth/user/{member.pk}/delete/", {"post": "yes"})
    assert not User.objects.filter(pk=member.pk).exists()
    assert Task.objects.get().created_by is None
    assert Charge.objects.get().person == member.pk


def test_a_credential_is_removed_with_its_health(office: Client, credential: Credential) -> None:
    HealthMinute.objects.create(credential=credential, minute=timezone.now())
    office.post(f"/admin/tasks/credential/{credential.pk}/delete/", {"post": "yes"})
    assert not Credential.objects.exists()


def test_a_credential_with_tasks_stays(office: Client, make_task: MakeTask) -> None:
    credential = make_task().credential
    office.post(f"/admin/tasks/credential/{credential.pk}/delete/", {"post": "yes"})
    assert Credential.objects.exists()


def test_a_project_that_has_spent_money_stays_with_its_charges(
    office: Client, project: Project
) -> None:
    day = timezone.now() - timedelta(days=40)
    Charge.objects.create(project=project, day=day, currency="CNY", micros=5, state="billed")
    office.post(f"/admin/tasks/project/{project.pk}/delete/", {"post": "yes"})
    assert Project.objects.filter(pk=project.pk).exists()
    assert Charge.objects.exists() and Spending.objects.exists()


def test_a_project_without_work_goes_with_its_people(office: Client, viewer: User) -> None:
    project: Any = viewer.membership_set.get().project
    office.post(f"/admin/tasks/project/{project.pk}/delete/", {"post": "yes"})
    assert not Project.objects.exists()
