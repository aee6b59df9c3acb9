"""Each rule of tasks/models/access, asked for people of every rank."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from tasks.models import (
    AuditAction,
    AuditEntry,
    Batch,
    Budget,
    Copy,
    CopyKind,
    CopyState,
    Credential,
    Invitation,
    Membership,
    Price,
    Project,
    Role,
    SavedPrompt,
    Scope,
    StorageUse,
    TakeLimits,
    Task,
    Upload,
)
from tasks.models.access import (
    Rights,
    alarming_copies,
    higher_role,
    manages_every_project,
    may_take_role,
    only_looks,
    people_managed_by,
    people_visible_to,
    require_manager,
    require_staff,
    require_worker,
    visible_copies,
)
from tests.conftest import MakeTask

WHO = ("nobody", "left", "stranger", "viewer", "member", "manager", "staff")
SEE, WORK, MANAGE = WHO[3:], WHO[4:], WHO[5:]


@pytest.fixture
def people(
    project: Project, stranger: User, viewer: User, member: User, manager: User, staff: User
) -> dict[str, Any]:
    """One of every rank, somebody not signed in, and a manager who may not sign in any more."""
    left = User.objects.create_user("left", is_active=False)
    Membership.objects.create(project=project, user=left, role=Role.MANAGER)
    everybody: list[Any] = [AnonymousUser(), left, stranger, viewer, member, manager, staff]
    return dict(zip(WHO, everybody, strict=True))


@pytest.fixture
def rows(project: Project, credential: Credential, make_task: MakeTask) -> None:
    """One row of everything, in the project of all but the stranger, created by nobody."""
    now, task, deleted = timezone.now(), make_task(), make_task(deleted_at=timezone.now())
    for each in (task, deleted):
        saved = {"state": CopyState.SAVED, "created_at": now}
        Copy.objects.create(task=each, kind=CopyKind.VIDEO, **saved)
    frame = {"kind": CopyKind.LAST_FRAME, "state": CopyState.SAVED, "deleted_at": now}
    Copy.objects.create(task=task, created_at=now, **frame)
    credential.open_to_all = False
    credential.save(update_fields=["open_to_all"])
    credential.projects.set([project])
    price = {"model": "seedance-2-0-260128", "amount": 46, "valid_from": now.date()}
    Price.objects.create(credential=credential, **price)
    Batch.objects.create(project=project, credential=credential, created_at=now)
    picture = {"sha256": "a" * 64, "name": "a.png", "size": 1, "width": 1, "height": 1}
    times = {"created_at": now, "touched_at": now}
    Upload.objects.create(project=project, kind="png", **picture, **times)
    SavedPrompt.objects.create(project=project, name="Boat", text="A boat")
    StorageUse.objects.get_or_create(project=project)
    Budget.objects.create(project=project, limit=1)
    TakeLimits.objects.create(project=project)
    AuditEntry.objects.create(verb=AuditAction.TRACKED, project_id=project.pk)
    ends = {"created_at": now, "ends_at": now + timedelta(days=1)}
    Invitation.objects.create(project=project, token_hash="b" * 64, **ends)


Rule = Callable[[Any], Any]

#: Who of WHO finds the row.
RULES: dict[str, tuple[Rule, tuple[str, ...]]] = {
    "see a project": (lambda who: Project.objects.visible_to(who), SEE),
    "see its details": (lambda who: Project.objects.detailed_to(who), WORK),
    "work in a project": (lambda who: Project.objects.usable_by(who), WORK),
    "spend its money": (lambda who: Project.objects.spendable_by(who), WORK),
    "manage a project": (lambda who: Project.objects.managed_by(who), MANAGE),
    "see a task": (lambda who: Task.objects.visible_to(who), SEE),
    "see a task's details": (lambda who: _detailed(Task, who), WORK),
    "find a task by a detail": (lambda who: Task.objects.visible_to(who, details=True), WORK),
    "act on a task": (lambda who: Task.objects.editable_by(who), WORK),
    "repeat a task": (lambda who: Task.objects.repeatable_by(who), WORK),
    "cancel a task": (lambda who: Task.objects.cancellable_by(who), MANAGE),
    "delete a task": (lambda who: Task.objects.deletable_by(who), MANAGE),
    "restore a task": (lambda who: Task.objects.restorable_by(who, timezone.now()), MANAGE),
    "purge a task": (lambda who: Task.objects.managed_by(who), MANAGE),
    "see a file": (lambda who: Copy.objects.kept().visible_to(who), SEE),
    "count a file": (lambda who: Copy.objects.kept().filter(visible_copies(who)), SEE),
    "see a file's details": (lambda who: _detailed(Copy, who), WORK),
    "be told of a risk": (lambda who: Copy.objects.kept().filter(alarming_copies(who)), WORK),
    "delete a file": (lambda who: Copy.objects.deletable_by(who), MANAGE),
    "restore a file": (lambda who: Copy.objects.restorable_by(who, timezone.now()), MANAGE),
    "purge a file": (lambda who: Copy.objects.managed_by(who), MANAGE),
    "see a batch": (lambda who: Batch.objects.visible_to(who), SEE),
    "see a batch's details": (lambda who: _detailed(Batch, who), WORK),
    "see a picture": (lambda who: Upload.objects.visible_to(who), SEE),
    "use a picture": (lambda who: Upload.objects.usable_by(who), WORK),
    "use a prompt": (lambda who: SavedPrompt.objects.usable_by(who), WORK),
    "change a prompt": (lambda who: SavedPrompt.objects.editable_by(who), MANAGE),
    "see the storage used": (lambda who: StorageUse.objects.visible_to(who), SEE),
    "see a budget": (lambda who: Budget.objects.visible_to(who), WORK),
    "be told of a budget": (lambda who: Budget.objects.told_to(who), MANAGE),
    "change a budget": (lambda who: Budget.objects.managed_by(who), MANAGE),
    "change limits of takes": (lambda who: TakeLimits.objects.managed_by(who), MANAGE),
    "read the audit": (lambda who: AuditEntry.objects.visible_to(who), MANAGE),
    "see a credential": (lambda who: Credential.objects.visible_to(who), WORK),
    "manage a credential": (lambda who: Credential.objects.managed_by(who), MANAGE),
    "change a credential": (lambda who: Credential.objects.editable_by(who), MANAGE),
    "change a price": (lambda who: Price.objects.editable_by(who), MANAGE),
    "manage an invitation": (lambda who: Invitation.objects.managed_by(who), MANAGE),
}


@pytest.mark.parametrize("what", RULES)
def test_a_rule_lets_these_people_and_nobody_else(
    what: str, people: dict[str, Any], rows: None, project: Project
) -> None:
    rule, expected = RULES[what]
    found = tuple(name for name, who in people.items() if _finds(rule(who), project))
    assert found == expected


@pytest.mark.parametrize("what", [what for what, (_, who) in RULES.items() if who == WORK])
def test_a_viewer_who_is_shown_details_sees_all_that_a_member_sees_and_does_nothing_more(
    what: str, people: dict[str, Any], rows: None, project: Project
) -> None:
    project.viewers_see_details = True
    project.save(update_fields=["viewers_see_details"])
    rule, _expected = RULES[what]
    does = {"work in a project", "spend its money", "act on a task", "repeat a task"}
    does |= {"use a picture", "use a prompt"}
    assert _finds(rule(people["viewer"]), project) == (what not in does)
    assert not _finds(rule(people["stranger"]), project)


def _detailed(model: Any, who: Any) -> Any:
    return model.objects.with_details_for(who).filter(shows_details=True)


def _finds(rows: Any, project: Project) -> bool:
    """Whether the row is among these; the stranger's own project is no find."""
    return (rows.filter(pk=project.pk) if rows.model is Project else rows).exists()


BUDGET_RULES: dict[str, Rule] = {
    "see": lambda who: Budget.objects.visible_to(who),
    "be told": lambda who: Budget.objects.told_to(who),
    "change": lambda who: Budget.objects.managed_by(who),
}


@pytest.mark.parametrize(
    ("what", "of_whom", "expected"),
    [
        ("see", "in the project", ("member", "manager", "staff")),
        ("be told", "in the project", ("member", "manager", "staff")),
        ("change", "in the project", ("manager", "staff")),
        ("see", "over all", ("member", "staff")),
        ("be told", "over all", ("member", "staff")),
        ("change", "over all", ("staff",)),
        ("see", "of a credential", ("staff",)),
        ("be told", "of a credential", ("staff",)),
        ("change", "of a credential", ("staff",)),
    ],
)
def test_the_budgets_of_a_member_and_of_a_credential_are_for_these_people(
    what: str,
    of_whom: str,
    expected: tuple[str, ...],
    people: dict[str, Any],
    project: Project,
    credential: Credential,
) -> None:
    subjects: dict[str, dict[str, Any]] = {
        "in the project": {"project": project, "person": people["member"]},
        "over all": {"person": people["member"]},
        "of a credential": {"credential": credential},
    }
    Budget.objects.create(**subjects[of_whom], limit=1)
    for is_shown in (False, True):  # it is no detail of the project that viewers are shown
        Project.objects.update(viewers_see_details=is_shown)
        found = tuple(name for name, who in people.items() if BUDGET_RULES[what](who).exists())
        assert found == expected


def test_a_person_sees_their_budget_in_a_project_while_they_work_in_it(
    member: User, project: Project
) -> None:
    Budget.objects.create(project=project, person=member, limit=1)
    Budget.objects.create(person=member, limit=1)
    assert Budget.objects.visible_to(member).count() == 2
    Membership.objects.filter(user=member).update(role=Role.VIEWER)
    assert [each.scope for each in Budget.objects.visible_to(member)] == [Scope.PERSON]
    User.objects.filter(pk=member.pk).update(is_active=False)
    member.refresh_from_db()
    assert not Budget.objects.visible_to(member).exists()


@pytest.mark.parametrize("what", ["cancel a task", "delete a task", "restore a task"])
def test_a_member_may_do_this_to_their_own(what: str, member: User, rows: None) -> None:
    rule, _expected = RULES[what]
    assert not rule(member).exists()
    Task.objects.update(created_by=member)
    assert rule(member).exists()
    Membership.objects.filter(user=member).update(role=Role.VIEWER)
    assert not rule(member).exists()


@pytest.mark.parametrize("what", ["delete a file", "restore a file"])
def test_a_member_may_do_this_to_the_files_of_their_own(
    what: str, member: User, rows: None
) -> None:
    Task.objects.update(created_by=member)
    assert RULES[what][0](member).exists()


def test_a_member_may_change_the_prompts_they_saved(member: User, rows: None) -> None:
    SavedPrompt.objects.update(created_by=member)
    assert SavedPrompt.objects.editable_by(member).exists()


def test_the_rights_over_a_task_take_one_query(
    people: dict[str, Any], rows: None, django_assert_num_queries: Any
) -> None:
    task = Task.objects.kept()
    names = ("may_work", "may_delete", "may_cancel")
    with django_assert_num_queries(1):
        assert task.rights(people["member"]) == dict(zip(names, (True, False, False), strict=True))
    assert task.rights(people["manager"]) == dict.fromkeys(names, True)
    assert task.rights(people["viewer"]) == dict.fromkeys(names, False)


def test_a_manager_changes_no_credential_that_somebody_elses_project_may_use(
    manager: User, stranger: User, credential: Credential, rows: None
) -> None:
    credential.projects.add(stranger.projects.get())
    assert Credential.objects.managed_by(manager).exists()
    assert not Credential.objects.editable_by(manager).exists()
    credential.projects.clear()
    Credential.objects.update(open_to_all=True)
    assert not Credential.objects.editable_by(manager).exists()
    Project.objects.filter(name="Elsewhere").delete()
    assert Credential.objects.editable_by(manager).exists()


def test_only_managers_of_every_project_may_open_a_credential_to_all(
    people: dict[str, Any], project: Project
) -> None:
    def managers_of_all() -> list[str]:
        return [name for name, who in people.items() if manages_every_project(who)]

    assert managers_of_all() == ["staff"]
    Project.objects.exclude(pk=project.pk).delete()
    assert managers_of_all() == ["manager", "staff"]


def test_projects_use_the_credentials_that_are_theirs_or_everybodys(
    project: Project, stranger: User, credential: Credential, rows: None
) -> None:
    elsewhere = stranger.projects.get()
    assert list(Project.objects.all().that_may_use(credential)) == [project]
    assert credential in Credential.objects.usable_in(project)
    assert credential not in Credential.objects.usable_in(elsewhere)
    credential.open_to_all = True
    credential.save(update_fields=["open_to_all"])
    assert set(Project.objects.all().that_may_use(credential)) == {project, elsewhere}
    assert credential in Credential.objects.usable_in(elsewhere)


def test_people_see_whom_they_share_a_project_with(people: dict[str, Any]) -> None:
    here = {"left", "viewer", "member", "manager"}

    def names(found: Any) -> set[str]:
        return set(found.values_list("username", flat=True))

    assert names(people_visible_to(people["viewer"])) == here
    assert names(people_visible_to(people["stranger"])) == {"stranger"}
    assert names(people_visible_to(people["staff"])) == here | {"stranger", "staff"}
    assert names(people_managed_by(people["member"])) == set()
    assert names(people_managed_by(people["manager"])) == here


def test_only_staff_leave_a_project_without_a_manager(people: dict[str, Any]) -> None:
    manager, staff = people["manager"], people["staff"]
    last = Membership.objects.get(user=manager)
    assert not may_take_role(manager, last)  # the other one may not sign in any more
    assert may_take_role(staff, last)
    assert may_take_role(manager, Membership.objects.get(user=people["member"]))
    User.objects.filter(pk=people["left"].pk).update(is_active=True)
    assert may_take_role(manager, last)


def test_roles_have_an_order() -> None:
    assert higher_role("viewer", "manager") == higher_role("manager", "viewer") == Role.MANAGER
    assert [only_looks(role) for role in Role] == [True, False, False]


def test_a_membership_covers_invitations_that_bring_no_more(
    people: dict[str, Any], rows: None
) -> None:
    invitation = Invitation.objects.get()
    invitation.role = Role.MEMBER
    covered = {n for n, who in people.items() if who.pk and _covers(who, invitation)}
    assert covered == {"left", "member", "manager"}


def _covers(who: Any, invitation: Invitation) -> bool:
    return Membership.objects.covering(who, invitation).exists()


@pytest.mark.parametrize(
    ("require", "allowed"),
    [
        (require_worker, ("stranger", *WORK)),
        (require_manager, MANAGE),
        (require_staff, ("staff",)),
    ],
)
def test_whole_pages_are_for_these_people(
    require: Callable[[Any], None], allowed: tuple[str, ...], people: dict[str, Any]
) -> None:
    def passes(who: Any) -> bool:
        try:
            require(who)
        except PermissionDenied:
            return False
        return True

    assert tuple(name for name, who in people.items() if passes(who)) == allowed


def test_the_rights_of_the_navigation_take_one_query_at_most(
    people: dict[str, Any], django_assert_num_queries: Any
) -> None:
    expected = {"viewer": 0, "member": 1, "manager": 2, "staff": 3}
    for name, number in expected.items():
        rights = Rights(people[name])
        with django_assert_num_queries(0 if name == "staff" else 1):
            offers = [rights.works, rights.manages, rights.administers]
            assert rights.sees_details == (name != "viewer")
        assert sum(offers) == number
    assert not Rights(AnonymousUser()).works and not Rights(AnonymousUser()).sees_details
    Project.objects.update(viewers_see_details=True)
    assert Rights(people["viewer"]).sees_details
