"""The last change of each project, noted by the database; and what of it a person sees."""

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from tasks.models import (
    ChangeCounter,
    Credential,
    Membership,
    Project,
    ProjectChange,
    Task,
    bulk,
)
from tasks.models.access import Role, sight_of
from tasks.models.sight import Sight
from tests.conftest import MakeTask


def last_changes() -> dict[str, int]:
    return {each.project.name: each.number for each in ProjectChange.objects.all()}


@pytest.fixture
def other(db: None) -> Project:
    return Project.objects.create(name="Other")


def test_a_project_has_the_number_of_its_last_change(make_task: MakeTask, other: Project) -> None:
    own, elsewhere = make_task(), make_task(project=other)
    assert last_changes() == {"Dailies": own.change, "Other": elsewhere.change}
    Task.objects.filter(pk=own.pk).mark_changed()
    assert last_changes() == {"Dailies": ChangeCounter.objects.now(), "Other": elsewhere.change}


def test_what_changes_without_a_number_is_no_change(make_task: MakeTask) -> None:
    task = make_task()
    Task.objects.filter(pk=task.pk).update(check_after=timezone.now())
    assert last_changes() == {"Dailies": task.change}


def test_a_sweep_that_writes_tasks_of_many_projects_notes_each(
    make_task: MakeTask, other: Project
) -> None:
    tasks = [make_task(project=project) for project in (Project.objects.get(name="Dailies"), other)]
    still = make_task(project=Project.objects.create(name="Still"))
    number = ChangeCounter.objects.next()
    for task in tasks:
        task.change = number
    bulk.write(tasks, ["change"])
    assert last_changes() == {"Dailies": number, "Other": number, "Still": still.change}


def test_tasks_that_are_tracked_twice_are_noted_once(
    project: Project, credential: Credential
) -> None:
    for _ in range(2):
        Task.objects.track(
            ["cgt-1", "cgt-2"],
            credential=credential,
            project=project,
            created_by=None,
            now=timezone.now(),
        )
    assert last_changes() == {"Dailies": 1}


def test_a_task_that_moves_is_a_change_of_both_projects(
    make_task: MakeTask, other: Project
) -> None:
    task = make_task()
    number = ChangeCounter.objects.next()
    Task.objects.filter(pk=task.pk).update(project=other, change=number)
    assert last_changes() == {"Dailies": number, "Other": number}


def test_a_task_that_is_deleted_is_a_change_unless_it_was_in_the_trash(
    make_task: MakeTask,
) -> None:
    thrown_away, there = make_task(), make_task()
    Task.objects.filter(pk=thrown_away.pk).move_to_trash(None, timezone.now())
    before = last_changes()
    ChangeCounter.objects.next()
    Task.objects.get(pk=thrown_away.pk).delete()
    assert last_changes() == before
    there.delete()
    assert last_changes() == {"Dailies": ChangeCounter.objects.now()}


def test_a_person_sees_the_last_change_of_their_projects_and_staff_of_all(
    make_task: MakeTask, member: User, other: Project
) -> None:
    own, elsewhere = make_task(), make_task(project=other)
    staff = User.objects.create_superuser("staff")
    theirs = (own.project_id,)
    assert sight_of(member) == Sight(theirs, theirs, own.change)
    assert sight_of(member, other.pk) == Sight((), (), 0)
    assert sight_of(staff) == Sight(None, None, elsewhere.change)
    assert sight_of(staff, own.project_id) == Sight(theirs, theirs, own.change)
    looks = Membership.objects.create(user=member, project=other, role=Role.VIEWER)
    both = (own.project_id, other.pk)
    assert sight_of(member) == Sight(both, theirs, elsewhere.change)
    before = sight_of(member).mark
    Project.objects.filter(pk=other.pk).update(viewers_see_details=True)
    assert sight_of(member) == Sight(both, both, elsewhere.change)
    assert sight_of(member).mark != before
    assert sight_of(member).within(looks.project_id).detailed == (other.pk,)
    member.is_active = False
    assert sight_of(member) == Sight((), (), 0)


def test_a_project_without_tasks_is_seen_before_its_first_change(member: User) -> None:
    projects = (Project.objects.get().pk,)
    assert sight_of(member) == Sight(projects, projects, 0)


def test_what_is_in_sight_is_what_is_visible(
    make_task: MakeTask, member: User, stranger: User
) -> None:
    own, elsewhere = make_task(), make_task(project=stranger.projects.get())
    thrown_away = make_task()
    Task.objects.filter(pk=thrown_away.pk).move_to_trash(None, timezone.now())
    ids = [own.pk, elsewhere.pk, thrown_away.pk]
    staff = User.objects.create_superuser("staff")
    for person in (member, stranger, staff, User.objects.create_user("nobody")):
        visible = dict(Task.objects.visible_to(person).values_list("pk", "change"))
        sight = sight_of(person)
        assert dict(Task.objects.in_sight(sight).values_list("pk", "change")) == visible
        assert sight.changes_of(ids) == visible
    assert sight_of(staff).changes_of([]) == {}
