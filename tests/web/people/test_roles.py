"""The people's page: the members of a project, their roles, and their removal."""

import re
from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tasks.models import AuditAction, AuditEntry, Membership, Profile, Project, Role
from tests.conftest import MakeTask
from tests.web.at_once import at_once
from tests.web.conftest import ClientOf, SaveCopy
from tests.web.people.doing import link_of, membership, role_url, text_of


def remove_url(person: User) -> str:
    return f"/people/{membership(person).pk}/remove/"


def elsewhere(person: User, role: Role = Role.MEMBER) -> Membership:
    """A membership of this person in a project that the tests' manager does not manage."""
    other = Project.objects.get_or_create(name="Elsewhere")[0]
    return Membership.objects.create(project=other, user=person, role=role)


# The page


def test_the_page_shows_the_role_and_the_tasks_of_each_person(
    office: Client, member: User, viewer: User, make_task: MakeTask
) -> None:
    User.objects.filter(pk=member.pk).update(email="member@example.com")
    Profile.objects.create(user=member, seen_at=timezone.now() - timedelta(hours=3))
    for tokens in (1_000_000, 234_567, None):
        make_task(created_by=member, total_tokens=tokens)
    make_task(total_tokens=5)
    people = {p.membership.user.username: p for p in office.get("/people/").context["people"]}
    assert list(people) == ["manager", "member", "viewer"]
    assert (people["member"].tasks, people["member"].tokens) == (3, 1_234_567)
    assert (people["viewer"].tasks, people["viewer"].tokens) == (0, 0)
    text = text_of(office)
    for each in ("member@example.com", "1,234,567", "3 hours ago", "never"):
        assert each in text


def test_tasks_of_another_project_are_not_counted(
    office: Client, member: User, make_task: MakeTask
) -> None:
    make_task(created_by=member, total_tokens=7, project=elsewhere(member).project)
    [found] = [p for p in office.get("/people/").context["people"] if p.membership.user == member]
    assert (found.tasks, found.tokens) == (0, 0)


def test_a_single_project_is_not_named_and_two_are_chosen_from(
    office: Client, manager: User, project: Project
) -> None:
    assert 'name="project" class' not in text_of(office)
    second = elsewhere(manager, Role.MANAGER).project
    third = Project.objects.create(name="Not theirs")
    text = text_of(office, f"/people/?project={second.pk}")
    assert f'<option value="{second.pk}" selected>Elsewhere</option>' in text
    assert third.name not in text


@pytest.mark.exhaustive
def test_the_page_needs_as_many_queries_for_thirty_people_as_for_three(
    office: Client,
    member: User,
    viewer: User,
    project: Project,
    make_task: MakeTask,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    # session with person, the first managed project, all of them, people, their tasks, invitations,
    # trouble, their rights, and the header's two
    with django_assert_num_queries(10):
        text_of(office)
    for number in range(30):
        person = User.objects.create_user(f"person{number}")
        Membership.objects.create(project=project, user=person)
        make_task(created_by=person)
        link_of(office)
    with django_assert_num_queries(10):
        text_of(office)


# Roles


def test_a_role_is_changed_and_noted(office: Client, viewer: User, manager: User) -> None:
    office.post(role_url(viewer), {"role": "member"})
    assert membership(viewer).role == Role.MEMBER
    entry = AuditEntry.objects.get(verb=AuditAction.ROLE_CHANGED)
    assert (entry.actor, entry.label) == ("manager", "viewer")
    assert entry.changes == {"role": ["viewer", "member"]}
    assert entry.project_id == membership(viewer).project_id


def test_the_same_role_again_is_no_change(office: Client, viewer: User) -> None:
    office.post(role_url(viewer), {"role": "viewer"})
    assert not AuditEntry.objects.filter(verb=AuditAction.ROLE_CHANGED).exists()


def test_a_change_by_htmx_returns_the_select_and_a_message(office: Client, viewer: User) -> None:
    answer = office.post(role_url(viewer), {"role": "member"}, headers={"HX-Request": "true"})
    text = " ".join(answer.content.decode().split())
    assert '<option value="member" selected>Member</option>' in text
    assert "viewer is now: member" in text
    assert "<html" not in text


@pytest.mark.parametrize("role", ["", "staff", "MANAGER", "owner"])
def test_there_are_three_roles_and_no_other(office: Client, viewer: User, role: str) -> None:
    assert office.post(role_url(viewer), {"role": role}).status_code == 400
    assert membership(viewer).role == Role.VIEWER


def test_the_last_manager_can_neither_step_down_nor_leave(office: Client, manager: User) -> None:
    answer = office.post(role_url(manager), {"role": "viewer"}, headers={"HX-Request": "true"})
    assert "A project needs at least one manager" in answer.content.decode()
    assert '<option value="manager" selected>' in " ".join(answer.content.decode().split())
    office.post(remove_url(manager))
    assert membership(manager).role == Role.MANAGER
    assert AuditEntry.objects.count() == 0


def test_a_manager_whose_account_is_closed_does_not_count(
    office: Client, manager: User, member: User
) -> None:
    Membership.objects.filter(user=member).update(role=Role.MANAGER)
    User.objects.filter(pk=member.pk).update(is_active=False)
    office.post(remove_url(manager))
    assert Membership.objects.filter(user=manager).exists()


def test_one_of_two_managers_may_leave_and_then_sees_the_list(
    office: Client, manager: User, member: User
) -> None:
    office.post(role_url(member), {"role": "manager"})
    assert office.post(remove_url(manager)).headers["Location"] == "/"
    assert not Membership.objects.filter(user=manager).exists()


def test_staff_may_leave_a_project_without_a_manager(
    client_of: ClientOf, staff: User, manager: User
) -> None:
    client_of(staff).post(remove_url(manager))
    assert not Membership.objects.filter(user=manager).exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_managers_who_demote_each_other_at_once_one_stays(
    client_of: ClientOf, manager: User, member: User
) -> None:
    Membership.objects.filter(user=member).update(role=Role.MANAGER)
    both = [(client_of(manager), role_url(member)), (client_of(member), role_url(manager))]
    at_once([partial(client.post, url, {"role": "viewer"}) for client, url in both])
    assert Membership.objects.managers().count() == 1


# Removing


def test_removing_asks_for_confirmation_first(office: Client, member: User) -> None:
    text = text_of(office, remove_url(member))
    assert "Remove member?" in text
    assert "Their tasks and videos stay." in text
    assert Membership.objects.filter(user=member).exists()


def test_the_removed_are_noted_and_their_tasks_stay(
    office: Client, member: User, make_task: MakeTask
) -> None:
    task = make_task(created_by=member)
    office.post(remove_url(member))
    entry = AuditEntry.objects.get(verb=AuditAction.PERSON_REMOVED)
    assert (entry.label, entry.changes) == ("member", {"role": ["member", ""]})
    assert office.get(f"/tasks/{task.pk}/").status_code == 200


def test_the_removed_lose_everything_at_their_next_request(
    office: Client, client_of: ClientOf, member: User, make_task: MakeTask, save_copy: SaveCopy
) -> None:
    task = make_task(prompt="A secret plan", status="succeeded")
    save_copy(task, b"a video", poster=b"an image")
    theirs = client_of(member)
    page = theirs.get("/")
    live = re.search(r'hx-get="(/live/[^"]+)"', page.content.decode())
    assert live and "A secret plan" in page.content.decode()
    at_task, media = f"/tasks/{task.pk}/", f"/tasks/{task.pk}/video"
    zipped = {"task": task.pk}
    assert [theirs.get(url).status_code for url in (at_task, media)] == [200, 200]
    assert theirs.post("/tasks/download.zip", zipped).status_code == 200
    office.post(remove_url(member))
    assert [theirs.get(url).status_code for url in (at_task, media)] == [404, 404]
    assert theirs.post("/tasks/download.zip", zipped).status_code == 404
    assert theirs.get(f"/tasks/{task.pk}/poster").status_code == 404
    make_task(prompt="Another secret")
    for url in (
        "/",
        live.group(1).replace("&amp;", "&"),
        "/header-status/",
        "/archive/",
        "/?q=secret",
    ):
        answer = theirs.get(url)
        assert answer.status_code in (200, 204)
        assert b"A secret plan" not in answer.content
        assert b"Another secret" not in answer.content
    for url in ("/people/", "/tasks/track/"):
        assert theirs.get(url).status_code == 403
    assert theirs.post(f"{at_task}refresh/").status_code == 404


def test_the_disabled_lose_their_session_at_the_next_request(
    client_of: ClientOf, member: User, make_task: MakeTask
) -> None:
    theirs, task = client_of(member), make_task()
    assert theirs.get(f"/tasks/{task.pk}/").status_code == 200
    User.objects.filter(pk=member.pk).update(is_active=False)
    assert theirs.get(f"/tasks/{task.pk}/").headers["Location"].startswith("/sign-in/")
    for url in ("/live/", "/header-status/"):
        assert theirs.get(url, headers={"hx-request": "true"}).status_code == 401
