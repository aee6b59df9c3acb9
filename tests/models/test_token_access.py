"""A token reaches as far as its person, its scope and its project do, and no further."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from tasks.models import ApiToken, Membership, Project, Role, Service, Task, TokenScope
from tasks.models.access import Rights, administers, sight_of, token_scopes, without_services
from tasks.models.sight import Sight
from tests.conftest import MakeTask
from tests.tokens import token_of

pytestmark = pytest.mark.django_db

READ, MAKE, MANAGE = TokenScope.READ, TokenScope.MAKE, TokenScope.MANAGE


@pytest.fixture
def elsewhere(manager: User) -> Project:
    """Another project that the manager manages, too."""
    project = Project.objects.create(name="Elsewhere")
    Membership.objects.create(project=project, user=manager, role=Role.MANAGER)
    return project


def asker(person: User, scope: TokenScope, project: Project | None = None) -> Any:
    """The person, as whom a token asks."""
    token, _text = token_of(person, scope, project)
    return ApiToken.objects.select_related("person").get(pk=token.pk).asker()


def reach(user: Any) -> tuple[int, int, int]:
    """The number of projects that somebody sees, may work in and manages."""
    projects = Project.objects.all()
    rows = (projects.visible_to(user), projects.usable_by(user), projects.managed_by(user))
    seen, used, managed = (found.distinct().count() for found in rows)
    return seen, used, managed


@pytest.mark.parametrize(("scope", "expected"), [(READ, (2, 0, 0)), (MAKE, (2, 2, 0)),
                                                 (MANAGE, (2, 2, 2))])  # fmt: skip
def test_a_scope_limits_what_a_manager_may(
    manager: User, elsewhere: Project, scope: TokenScope, expected: tuple[int, int, int]
) -> None:
    assert reach(asker(manager, scope)) == expected


@pytest.mark.parametrize("scope", TokenScope)
def test_a_project_limits_what_a_token_sees(
    manager: User, project: Project, elsewhere: Project, scope: TokenScope
) -> None:
    found = asker(manager, scope, project)
    assert reach(found) == (1, scope != READ, scope == MANAGE)
    assert Project.objects.visible_to(found).get() == project


@pytest.mark.parametrize(("role", "expected"), [("viewer", (1, 0, 0)), ("member", (1, 1, 0))])
def test_a_large_scope_gives_nobody_more_than_their_role(
    project: Project, role: str, expected: tuple[int, int, int], django_user_model: Any
) -> None:
    person = django_user_model.objects.create_user("somebody")
    Membership.objects.create(project=project, user=person, role=role)
    assert reach(asker(person, MANAGE)) == expected


def test_a_token_ends_where_its_persons_membership_does(member: User, project: Project) -> None:
    found = asker(member, MAKE, project)
    assert reach(found) == (1, 1, 0)
    Membership.objects.filter(user=member).delete()
    assert reach(found) == (0, 0, 0)


def test_staff_with_a_narrow_token_are_not_staff(
    staff: User, project: Project, elsewhere: Project
) -> None:
    whole, narrow = asker(staff, MANAGE), asker(staff, MANAGE, project)
    assert administers(whole) and reach(whole) == (2, 2, 2)
    assert not administers(narrow) and reach(narrow) == (1, 1, 1)
    reader = asker(staff, READ)
    assert not administers(reader) and reach(reader) == (2, 0, 0)


def test_the_rules_of_tasks_look_at_the_token(
    member: User, make_task: MakeTask, project: Project
) -> None:
    make_task(created_by=member)
    rows = Task.objects.all()
    for scope, may in ((READ, 0), (MAKE, 1)):
        found = asker(member, scope, project)
        assert rows.visible_to(found).count() == 1
        assert rows.cancellable_by(found).count() == rows.editable_by(found).count() == may


def test_a_token_to_make_cancels_only_its_persons_own(
    manager: User, member: User, make_task: MakeTask
) -> None:
    make_task(created_by=member)
    assert not Task.objects.cancellable_by(asker(manager, MAKE)).exists()
    assert Task.objects.cancellable_by(asker(manager, MANAGE)).exists()


def test_the_sight_and_the_rights_of_a_token_are_those_of_its_projects(
    manager: User, staff: User, project: Project, elsewhere: Project, make_task: MakeTask
) -> None:
    task = make_task()
    for person in (manager, staff):
        found = asker(person, READ, project)
        assert sight_of(found) == Sight((project.pk,), (project.pk,), task.change)
    rights = Rights(asker(manager, MAKE, project))
    assert rights.works and rights.sees_details and not rights.manages


@pytest.mark.parametrize("scope", TokenScope)
@pytest.mark.parametrize("name", ["viewer", "manager", "stranger", "staff"])
def test_the_sight_of_a_token_says_what_the_rules_of_projects_say(
    name: str, scope: TokenScope, elsewhere: Project, project: Project, request: Any
) -> None:
    person, rows = request.getfixturevalue(name), Project.objects.all()
    for narrowed in (None, project, elsewhere):
        found = asker(person, scope, narrowed)
        seen, detailed = rows.ids_visible_to(found), rows.ids_detailed_to(found)
        expected = (None, None) if administers(found) else (set(seen), set(detailed or ()))
        sight = sight_of(found)
        assert expected == tuple(
            each if each is None else set(each) for each in (sight.projects, sight.detailed)
        )


def test_whose_tokens_somebody_sees_and_revokes(
    member: User, manager: User, staff: User, neighbour: User, project: Project
) -> None:
    own, _ = token_of(member, READ, project)
    everywhere, _ = token_of(member, READ)
    rows = ApiToken.objects.order_by("pk")
    assert list(rows.own(member)) == list(rows.revocable_by(member)) == [own, everywhere]
    assert list(rows.managed_by(manager)) == list(rows.revocable_by(manager)) == [own]
    assert list(rows.managed_by(staff)) == list(rows.revocable_by(staff)) == [own, everywhere]
    assert not rows.revocable_by(neighbour).exists() and not rows.managed_by(member).exists()


def test_scopes_are_offered_that_can_be_made_use_of(
    viewer: User, member: User, manager: User, staff: User, project: Project
) -> None:
    assert token_scopes(viewer, project) == [READ]
    assert token_scopes(member) == [READ, MAKE]
    assert token_scopes(manager, project) == token_scopes(staff) == list(TokenScope)


def test_a_service_is_told_from_people(member: User, project: Project) -> None:
    robot = User.objects.create_user("robot")
    Service.objects.create(user=robot, project=project, created_at=timezone.now())
    found = without_services(User.objects.filter(pk__in=[member.pk, robot.pk]))
    assert list(found) == [member]
