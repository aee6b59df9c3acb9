"""The Django admin is complete: every model has its list, at a price that does not grow."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tasks.admin.read_only import ReadOnlyAdmin
from tasks.models import (
    ApiCallback,
    ApiCreate,
    ApiDeletion,
    ApiToken,
    AuditAction,
    AuditEntry,
    AvailableModel,
    Batch,
    Bill,
    BillColumns,
    BillRow,
    Budget,
    Callback,
    Cancellation,
    Candidate,
    Charge,
    Copy,
    CreateLookup,
    Credential,
    Difference,
    Export,
    HealthMinute,
    Invitation,
    Lease,
    Membership,
    ModelName,
    Price,
    Profile,
    Project,
    Recalculation,
    Reconciliation,
    SavedPrompt,
    Service,
    SignInLink,
    Star,
    StatusChange,
    StorageUse,
    Submission,
    TakeLimits,
    Task,
    UntrackedTask,
    Upload,
)
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf

SECRET = "a-secret-of-the-tests-5d1c"
#: Django's own, without news; the key of a session is as good as a password.
ELSEWHERE = {"auth.Permission", "auth.Group", "contenttypes.ContentType", "sessions.Session"}
#: A table of one row needs neither search nor filter.
ALONE = {"tasks.ChangeCounter"}
OURS = ("tasks", "django_q", "account", "mfa", "usersessions", "socialaccount", "admin")
QUEUE = {name: apps.get_model("django_q", name) for name in ("Task", "Schedule", "OrmQ")}


@pytest.fixture
def office(client_of: ClientOf, staff: User) -> Client:
    return client_of(staff)


@pytest.fixture
def furnish(make_task: MakeTask) -> Callable[[], None]:
    """furnish(): one more row of everything, each with relations of its own."""

    def furnish() -> None:
        now, unique = timezone.now(), uuid.uuid4().hex
        person = User.objects.create_user(f"person-{unique}", f"{unique}@example.com")
        project = Project.objects.create(name=f"Project {unique}")
        account = Credential.objects.create(
            name=f"Account {unique}", provider="newapi", base_url=f"https://{unique}.example"
        )
        task = make_task(f"cgt-{unique}", project=project, credential=account, created_by=person)
        compared = Reconciliation.objects.create(
            credential=account, asked_by=person, asked_at=now, ended_at=now
        )
        batch = Batch.objects.create(
            project=project, credential=account, created_by=person, created_at=now
        )
        price = Price.objects.create(
            credential=account, model="seedance-2-0-260128", amount=46, valid_from=now
        )
        bill = Bill.objects.create(
            credential=account, file_name=unique, digest=unique, content=b"x", uploaded_at=now
        )
        BillRow.objects.create(bill=bill, remote_id=unique)
        BillColumns.objects.create(signature=unique, columns={}, chosen_at=now)
        Budget.objects.create(project=project, limit=1, set_by=person)
        Budget.objects.create(person=person, limit=1)
        TakeLimits.objects.create(project=project)
        Recalculation.objects.create(
            at=now, credential=account, model="a model", since=now.date(), before={}, after={}
        )
        Charge.objects.create(
            batch=1,  # by which the database makes the spending
            task=task,
            project=project,
            credential=account,
            price=price,
            day=now,
            currency="CNY",
        )
        Service.objects.create(user=person, project=project, created_at=now)
        ApiToken.objects.create(
            name=unique, prefix=f"dly_{unique[:8]}", digest=f"{SECRET}{unique}"[:64],
            person=person, project=project, created_at=now,
        )  # fmt: skip
        AuditEntry.objects.create(verb=AuditAction.TRACKED, actor=unique, label=unique)
        Authenticator.objects.create(
            user=person, type=Authenticator.Type.TOTP, data={"secret": SECRET}
        )
        Cancellation.objects.create(task=task, asked_by=person, asked_at=now)
        Copy.objects.create(task=task, kind="video", state="saved", size=1, created_at=now)
        Difference.objects.create(reconciliation=compared, task=task, kind="missing")
        Export.objects.create(person=person, table="takes", asked_at=now)
        EmailAddress.objects.create(user=person, email=f"{unique}@example.com")
        UntrackedTask.objects.create(
            credential=account, base_url="https://x", remote_id=unique, status="running",
            found_at=now, seen_at=now,
        )  # fmt: skip
        HealthMinute.objects.create(credential=account, minute=now)
        Invitation.objects.create(
            project=project, role="member", token_hash=f"{SECRET}{unique}"[:64], invited_by=person,
            created_at=now, ends_at=now + timedelta(days=1),
        )  # fmt: skip
        Lease.objects.create(name=unique[:30], until=now)
        kind = ContentType.objects.get_for_model(Task)
        LogEntry.objects.create(
            user=person, content_type=kind, object_id=str(task.pk), action_flag=CHANGE
        )
        Membership.objects.create(project=project, user=person)
        ModelName.objects.create(provider="newapi", name=unique, known_as="x")
        AvailableModel.objects.create(credential=account, name=unique, first_seen_at=now)
        Profile.objects.update_or_create(user=person)
        SavedPrompt.objects.create(project=project, created_by=person, name=unique, text=unique)
        SignInLink.objects.create(token_hash=f"{SECRET}{unique}"[:64], user=person, ends_at=now)
        Star.objects.create(user=person, task=task)
        StatusChange.objects.create(task=task, was="queued", became="running", at=now)
        submission = Submission.objects.create(task=task, batch=batch, request={})
        Callback.objects.create(
            submission=submission, digest=f"{SECRET}{unique}"[:64], made_at=now, called_at=now
        )
        ApiCreate.objects.create(batch=batch, digest=unique)
        ApiCallback.objects.create(submission=submission, url=f"https://x.example/{SECRET}")
        ApiDeletion.objects.create(task=task, deleted_at=now)
        lookup = CreateLookup.objects.create(submission=submission)
        Candidate.objects.create(
            lookup=lookup, base_url="https://x", remote_id=unique, status="running",
            created_at=now,
        )  # fmt: skip
        Upload.objects.create(
            project=project, created_by=person, sha256=unique, size=1, width=1, height=1,
            kind="png", created_at=now, touched_at=now,
        )  # fmt: skip
        UserSession.objects.create(
            user=person, ip="203.0.113.9", session_key=f"{SECRET}{unique}"[:40], user_agent="x"
        )
        for success in (True, False):
            QUEUE["Task"].objects.create(
                id=uuid.uuid4().hex, name=unique, func="math.floor", started=now, stopped=now,
                success=success,
            )  # fmt: skip
        QUEUE["Schedule"].objects.create(name=unique, func="math.floor")
        QUEUE["OrmQ"].objects.create(key="dailies", payload=SECRET, lock=now)

    return furnish


def models() -> list[type[Model]]:
    """Models that the admin has a list of."""
    return sorted(admin.site._registry, key=lambda model: model._meta.label)


def base(model: type[Model]) -> str:
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/"


def test_every_model_has_its_list(db: None) -> None:
    there = {model._meta.label for model in models()}
    wanted = {
        model._meta.label
        for model in apps.get_models()
        if model._meta.label not in {*ELSEWHERE, "django_q.Task", "account.EmailConfirmation"}
    }
    assert there == wanted
    assert {model._meta.app_label for model in models()} <= {*OURS, "auth"}


def test_every_list_has_columns_filters_and_a_search(db: None) -> None:
    for model, page in admin.site._registry.items():
        label = model._meta.label
        assert tuple(page.list_display) != ("__str__",), label
        assert label in ALONE or (page.list_filter and page.search_fields), label


@pytest.mark.exhaustive
@pytest.mark.parametrize("tail", ["", "?q=something"])
def test_no_list_makes_more_queries_for_many_rows_than_for_few(
    office: Client, furnish: Callable[[], None], tail: str
) -> None:
    furnish()
    office.get("/admin/")
    furnish()
    few = {model: asked(office, f"{base(model)}{tail}") for model in models()}
    for _ in range(4):
        furnish()
    assert {model: asked(office, f"{base(model)}{tail}") for model in models()} == few
    assert max(few.values()) <= 12


def asked(office: Client, url: str) -> int:
    """The number of statements that read; without those that count a search as one."""
    with CaptureQueriesContext(connection) as queries:
        page = office.get(url)
        assert page.status_code == 200, url
    reads = [each["sql"] for each in queries if each["sql"].startswith(("SELECT", "WITH", "("))]
    return sum("tasks_cache" not in sql for sql in reads)


@pytest.mark.exhaustive
def test_each_list_shows_its_rows_and_each_row_its_page(
    office: Client, furnish: Callable[[], None]
) -> None:
    furnish()
    for model in models():
        row = model._default_manager.order_by("-pk").first()
        assert row is not None, f"make one of {model._meta.label} in furnish()"
        assert office.get(base(model)).context["cl"].result_count >= 1, model
        assert office.get(f"{base(model)}{row.pk}/change/").status_code == 200, model


@pytest.mark.exhaustive
def test_no_secret_is_on_any_page(office: Client, furnish: Callable[[], None]) -> None:
    furnish()
    for model in models():
        pages = [base(model)]
        pages += [f"{base(model)}{row.pk}/change/" for row in model._default_manager.all()]
        for url in pages:
            assert SECRET not in office.get(url).content.decode(), url


@pytest.mark.exhaustive
def test_rows_that_only_code_writes_are_read_only(
    office: Client, furnish: Callable[[], None]
) -> None:
    furnish()
    pages = dict(admin.site._registry)
    read_only = {model for model, page in pages.items() if isinstance(page, ReadOnlyAdmin)}
    written = {model._meta.label for model in pages.keys() - read_only}
    assert written == {
        "auth.User",
        "tasks.Project",
        "tasks.Membership",
        "tasks.Credential",
        "tasks.ModelName",
        "tasks.Price",
        "tasks.Budget",
        "tasks.TakeLimits",
    }
    for model in read_only:
        row = model._default_manager.order_by("-pk").first()
        assert row is not None
        for tail in ("add/", f"{row.pk}/change/"):
            assert office.post(base(model) + tail, {}).status_code == 403, (model, tail)
        if model is not Authenticator:
            assert office.post(f"{base(model)}{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_use_of_storage_is_shown(office: Client, furnish: Callable[[], None]) -> None:
    furnish()
    assert office.get(base(StorageUse)).context["cl"].result_count == 1


# What staff change is noted


def noted() -> list[tuple[str, str, dict[str, Any]]]:
    rows = AuditEntry.objects.order_by("id")
    return [(entry.verb, entry.label, entry.changes) for entry in rows]


def test_changing_an_account_is_noted_with_what_changed(
    office: Client, viewer: User, staff: User
) -> None:
    page = office.get(f"/admin/auth/user/{viewer.pk}/change/")
    fields = {
        name: value
        for name, value in page.context["adminform"].form.initial.items()
        if value and name not in ("password", "last_login", "date_joined")
    }
    inline = {
        "membership_set-TOTAL_FORMS": 1,
        "membership_set-INITIAL_FORMS": 1,
        "membership_set-0-id": viewer.membership_set.get().pk,
        "membership_set-0-user": viewer.pk,
        "membership_set-0-project": viewer.membership_set.get().project_id,
        "membership_set-0-role": "manager",
        "authenticator_set-TOTAL_FORMS": 0,
        "authenticator_set-INITIAL_FORMS": 0,
    }
    data = {**fields, **inline, "email": "v@example.com", "is_staff": "on"}
    assert office.post(f"/admin/auth/user/{viewer.pk}/change/", data).status_code == 302
    assert noted() == [
        (
            AuditAction.PERSON_CHANGED,
            "viewer",
            {"email": ["", "v@example.com"], "is_staff": [False, True]},
        ),
        (AuditAction.ROLE_CHANGED, "viewer", {"role": ["viewer", "manager"]}),
    ]
    assert {entry.actor for entry in AuditEntry.objects.all()} == {staff.username}


def test_a_new_account_and_its_password_are_noted_without_the_password(
    office: Client, project: Project
) -> None:
    secret = "tall-orange-7-canary"
    password = {"password1": secret, "password2": secret, "usable_password": "true"}
    office.post("/admin/auth/user/add/", {"username": "newcomer", **password})
    person = User.objects.get(username="newcomer")
    office.post(f"/admin/auth/user/{person.pk}/password/", password)
    office.post(f"/admin/auth/user/{person.pk}/delete/", {"post": "yes"})
    assert noted() == [
        (AuditAction.PERSON_ADDED, "newcomer", {}),
        (AuditAction.JOINED, "newcomer", {"role": ["", "member"]}),
        (AuditAction.PASSWORD_CHANGED, "newcomer", {}),
        (AuditAction.PERSON_REMOVED, "newcomer", {}),
    ]
    assert secret not in str(list(AuditEntry.objects.values()))


def test_a_membership_is_noted_with_its_project(
    office: Client, viewer: User, project: Project
) -> None:
    Membership.objects.all().delete()
    data = {"user": viewer.pk, "project": project.pk, "role": "viewer"}
    office.post("/admin/tasks/membership/add/", data)
    row = Membership.objects.get()
    office.post(f"/admin/tasks/membership/{row.pk}/change/", {"role": "member"})
    action = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    office.post("/admin/tasks/membership/", action)
    assert not Membership.objects.exists()
    assert noted() == [
        (AuditAction.JOINED, "viewer", {"role": ["", "viewer"]}),
        (AuditAction.ROLE_CHANGED, "viewer", {"role": ["viewer", "member"]}),
        (AuditAction.PERSON_REMOVED, "viewer", {"role": ["member", ""]}),
    ]
    assert {entry.project_id for entry in AuditEntry.objects.all()} == {project.pk}


def test_a_project_is_noted(office: Client, project: Project) -> None:
    none = {"membership_set-TOTAL_FORMS": 0, "membership_set-INITIAL_FORMS": 0}
    office.post("/admin/tasks/project/add/", {"name": "Second", **none})
    row = Project.objects.get(name="Second")
    office.post(f"/admin/tasks/project/{row.pk}/change/", {"name": "Third", **none})
    office.post(f"/admin/tasks/project/{row.pk}/delete/", {"post": "yes"})
    assert noted() == [
        (AuditAction.PROJECT_MADE, "Second", {}),
        (AuditAction.PROJECT_CHANGED, "Third", {"name": ["Second", "Third"]}),
        (AuditAction.PROJECT_REMOVED, "Third", {}),
    ]


def test_a_lost_second_factor_is_removed_after_a_question_and_noted(
    office: Client, furnish: Callable[[], None]
) -> None:
    furnish()
    factor = Authenticator.objects.get()
    url = f"{base(Authenticator)}{factor.pk}/delete/"
    assert "Are you sure" in office.get(url).content.decode()
    before = AuditEntry.objects.count()
    office.post(url, {"post": "yes"})
    assert not Authenticator.objects.exists()
    [entry] = AuditEntry.objects.order_by("id")[before:]
    assert (entry.verb, entry.object_id) == (AuditAction.FACTOR_REMOVED, factor.user_id)


# Tasks go to the trash, after a question


def test_tasks_go_to_the_trash_after_a_question_that_names_their_number(
    office: Client, make_task: MakeTask
) -> None:
    first, second, kept = (make_task() for _ in range(3))
    action = {"action": "move_to_trash", "_selected_action": [first.pk, second.pk]}
    asked_first = office.post("/admin/tasks/task/", action)
    assert "2 tasks go to the trash" in asked_first.content.decode()
    assert Task.objects.kept().count() == 3
    office.post("/admin/tasks/task/", {**action, "sure": "1"})
    assert list(Task.objects.kept()) == [kept]
    assert [verb for verb, _, _ in noted()] == [AuditAction.DELETED, AuditAction.DELETED]
    office.post("/admin/tasks/task/?trash=1", {**action, "action": "restore"})
    assert Task.objects.kept().count() == 3


def test_staff_who_may_only_look_move_nothing_to_the_trash(
    client_of: ClientOf, make_task: MakeTask
) -> None:
    from django.contrib.auth.models import Permission

    task = make_task()
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(
        Permission.objects.get(codename="view_task", content_type__app_label="tasks")
    )
    action = {"action": "move_to_trash", "_selected_action": [task.pk], "sure": "1"}
    client_of(clerk).post("/admin/tasks/task/", action)
    assert Task.objects.kept().exists()
