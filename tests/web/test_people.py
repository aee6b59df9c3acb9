"""The people's page: who works in a project, and what becomes of those who leave it."""

import re
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tasks.models import AuditEntry, Invitation, Membership, Profile, Project, Role, Verb
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf, SaveCopy

LINK = re.compile(r'<code id="invitation-link"[^>]*>(\S+)</code>')


@pytest.fixture
def office(client_of: ClientOf, manager: User) -> Client:
    return client_of(manager)


def membership(person: User) -> Membership:
    return Membership.objects.get(user=person)


def role_url(person: User) -> str:
    return f"/people/{membership(person).pk}/role/"


def remove_url(person: User) -> str:
    return f"/people/{membership(person).pk}/remove/"


def text_of(client: Client, url: str = "/people/") -> str:
    response = client.get(url)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def link_of(client: Client, url: str = "/people/invite/", **fields: object) -> str:
    response = client.post(url, {"role": "viewer", "email": "", **fields})
    found = LINK.search(response.content.decode())
    assert found, response.content.decode()
    return found.group(1)


def elsewhere(person: User, role: Role = Role.MEMBER) -> Membership:
    """A place of this person's in a project the manager of the tests does not manage."""
    other = Project.objects.get_or_create(name="Elsewhere")[0]
    return Membership.objects.create(project=other, user=person, role=role)


# What it tells


def test_the_page_tells_of_each_person_what_they_may_and_what_they_made(
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


def test_one_project_is_not_spoken_of_and_two_are_chosen_from(
    office: Client, manager: User, project: Project
) -> None:
    assert 'name="project" class' not in text_of(office)
    second = elsewhere(manager, Role.MANAGER).project
    third = Project.objects.create(name="Not theirs")
    text = text_of(office, f"/people/?project={second.pk}")
    assert f'<option value="{second.pk}" selected>Elsewhere</option>' in text
    assert third.name not in text


def test_the_page_asks_as_much_for_thirty_people_as_for_three(
    office: Client,
    member: User,
    viewer: User,
    project: Project,
    make_task: MakeTask,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    # session, person, the first managed project, all of them, people, their tasks, invitations,
    # trouble, what they may, and the header's two
    with django_assert_num_queries(11):
        text_of(office)
    for number in range(30):
        person = User.objects.create_user(f"person{number}")
        Membership.objects.create(project=project, user=person)
        make_task(created_by=person)
        link_of(office)
    with django_assert_num_queries(11):
        text_of(office)


# Roles


def test_a_role_is_changed_and_noted(office: Client, viewer: User, manager: User) -> None:
    office.post(role_url(viewer), {"role": "member"})
    assert membership(viewer).role == Role.MEMBER
    entry = AuditEntry.objects.get(verb=Verb.ROLE_CHANGED)
    assert (entry.actor, entry.label) == ("manager", "viewer")
    assert entry.changes == {"role": ["viewer", "member"]}
    assert entry.project_id == membership(viewer).project_id


def test_the_same_role_again_is_no_change(office: Client, viewer: User) -> None:
    office.post(role_url(viewer), {"role": "viewer"})
    assert not AuditEntry.objects.filter(verb=Verb.ROLE_CHANGED).exists()


def test_a_change_in_the_page_comes_back_as_the_select_and_a_note(
    office: Client, viewer: User
) -> None:
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
    assert "A project needs a manager" in answer.content.decode()
    assert '<option value="manager" selected>' in " ".join(answer.content.decode().split())
    office.post(remove_url(manager))
    assert membership(manager).role == Role.MANAGER
    assert AuditEntry.objects.count() == 0


def test_a_manager_who_cannot_come_in_any_more_does_not_count(
    office: Client, manager: User, member: User
) -> None:
    Membership.objects.filter(user=member).update(role=Role.MANAGER)
    User.objects.filter(pk=member.pk).update(is_active=False)
    office.post(remove_url(manager))
    assert Membership.objects.filter(user=manager).exists()


def test_one_of_two_managers_may_leave_and_sees_the_list_then(
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


def at_once(acts: Sequence[Callable[[], object]]) -> None:
    """Each in a thread of its own, as requests are."""
    start = threading.Barrier(len(acts))

    def act(do: Callable[[], object]) -> None:
        start.wait()
        do()
        connection.close()

    threads = [threading.Thread(target=act, args=[each]) for each in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# Removing


def test_removing_says_first_what_will_happen(office: Client, member: User) -> None:
    text = text_of(office, remove_url(member))
    assert "Remove member?" in text
    assert "Their tasks and videos stay." in text
    assert Membership.objects.filter(user=member).exists()


def test_the_removed_are_noted_and_their_tasks_stay(
    office: Client, member: User, make_task: MakeTask
) -> None:
    task = make_task(created_by=member)
    office.post(remove_url(member))
    entry = AuditEntry.objects.get(verb=Verb.PERSON_REMOVED)
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
    for url in ("/", live.group(1).replace("&amp;", "&"), "/pulse/", "/archive/", "/?q=secret"):
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
    assert theirs.get("/live/").headers["HX-Refresh"] == "true"
    assert theirs.get("/pulse/").status_code == 204


# Invitations


def test_an_invitation_shows_its_link_once_and_is_noted(office: Client, project: Project) -> None:
    link = link_of(office, role="member", email="new@example.com", project=project.pk)
    row = Invitation.objects.get()
    assert (row.project, row.role, row.email) == (project, "member", "new@example.com")
    token = link.rstrip("/").rpartition("/")[2]
    assert token not in text_of(office)
    assert "new@example.com" in text_of(office)
    entry = AuditEntry.objects.get(verb=Verb.INVITED)
    assert token not in str(entry.__dict__)
    assert token not in str(row.__dict__)


def test_a_link_that_was_withdrawn_lets_nobody_in(office: Client, client: Client) -> None:
    link = link_of(office)
    office.post(f"/people/invitations/{Invitation.objects.get().pk}/withdraw/")
    assert client.get(link).status_code == 410
    assert AuditEntry.objects.filter(verb=Verb.INVITATION_WITHDRAWN).count() == 1
    assert "withdrawn" in text_of(office)


def test_inviting_again_makes_a_new_link_and_ends_the_old_one(
    office: Client, client: Client
) -> None:
    old = link_of(office)
    row = Invitation.objects.get()
    Invitation.objects.update(ends_at=timezone.now() - timedelta(days=1))
    new = link_of(office, f"/people/invitations/{row.pk}/again/")
    assert client.get(old).status_code == 410
    assert client.get(new).status_code == 200
    assert Invitation.objects.count() == 1


def test_a_used_invitation_is_not_renewed(office: Client, viewer: User, client: Client) -> None:
    link_of(office)
    Invitation.objects.update(used_at=timezone.now(), used_by=viewer)
    url = f"/people/invitations/{Invitation.objects.get().pk}/again/"
    assert office.post(url).status_code == 302
    assert not Invitation.objects.pending(timezone.now()).exists()


def test_it_goes_by_e_mail_where_this_installation_can_send_any(
    office: Client, settings: object, mailoutbox: list[mail.EmailMessage]
) -> None:
    link_of(office, email="new@example.com")
    assert not mailoutbox
    settings.EMAIL_READY = True  # type: ignore[attr-defined]
    link = link_of(office, email="new@example.com")
    [sent] = mailoutbox
    assert sent.to == ["new@example.com"]
    assert link in sent.body
    link_of(office)
    assert len(mailoutbox) == 1


def test_a_wrong_address_is_told_beside_its_field(office: Client) -> None:
    answer = office.post("/people/invite/", {"role": "viewer", "email": "nobody"})
    assert "Enter a valid email address." in answer.content.decode()
    assert not Invitation.objects.exists()


# What cannot be reached


def test_another_projects_people_answer_like_missing_ones(office: Client, stranger: User) -> None:
    theirs = membership(stranger)
    now = timezone.now()
    invitation, _ = Invitation.objects.make(
        project=theirs.project, role="viewer", invited_by=stranger, now=now
    )
    for real, missing, data in (
        (f"/people/{theirs.pk}/role/", "/people/999999/role/", {"role": "viewer"}),
        (f"/people/{theirs.pk}/remove/", "/people/999999/remove/", {}),
        (
            f"/people/invitations/{invitation.pk}/again/",
            "/people/invitations/999999/again/",
            {},
        ),
        (
            f"/people/invitations/{invitation.pk}/withdraw/",
            "/people/invitations/999999/withdraw/",
            {},
        ),
        (
            "/people/invite/",
            "/people/invite/",
            {"role": "viewer", "project": theirs.project_id},
        ),
    ):
        answer, other = office.post(real, data), office.post(missing, {**data, "project": 999999})
        assert (answer.status_code, other.status_code) == (404, 404), real
        assert plain(answer.content) == plain(other.content), real
    assert office.get(f"/people/?project={theirs.project_id}").status_code == 404
    assert office.get(f"/people/{theirs.pk}/remove/").status_code == 404
    theirs.refresh_from_db()
    assert theirs.role == Role.MEMBER
    assert Invitation.objects.get() == invitation


def plain(body: bytes) -> bytes:
    """Without what differs by design: form tokens, and the address itself."""
    body = re.sub(rb'name="csrfmiddlewaretoken" value="\w+"', b"", body)
    return re.sub(rb"/people/(invitations/)?\d+/", b"/people/N/", body)


def test_nothing_is_changed_by_fields_no_form_has(
    office: Client, manager: User, viewer: User, project: Project
) -> None:
    """Whose a row is, and what a person is, cannot be posted."""
    other = Project.objects.create(name="Second")
    more = {"user": manager.pk, "is_staff": "on", "is_superuser": "on", "id": 1, "pk": 1}
    office.post(role_url(viewer), {"role": "member", "project": other.pk, **more})
    row = membership(viewer)
    assert (row.project, row.role, row.user) == (project, Role.MEMBER, viewer)
    viewer.refresh_from_db()
    assert not viewer.is_staff and not viewer.is_superuser
    link_of(office, invited_by=viewer.pk, used_by=viewer.pk, token_hash="x", ends_at="2099-01-01")
    made = Invitation.objects.get()
    assert (made.invited_by, made.used_by, made.project) == (manager, None, project)
    assert made.ends_at < timezone.now() + timedelta(days=8)


@pytest.mark.parametrize("who", ["viewer", "member", "stranger"])
def test_who_manages_nothing_has_no_page_of_people(
    client_of: ClientOf, request: pytest.FixtureRequest, who: str, manager: User
) -> None:
    client = client_of(request.getfixturevalue(who))
    assert client.get("/people/").status_code == 403
    assert client.post("/people/invite/", {"role": "manager"}).status_code == 403
    assert client.post(role_url(manager), {"role": "viewer"}).status_code == 404
    assert "/people/" not in client.get("/").content.decode()


# Projects


def test_staff_make_and_rename_projects(client_of: ClientOf, staff: User, project: Project) -> None:
    office = client_of(staff)
    office.post("/people/projects/", {"name": "Autumn film", "id": project.pk})
    made = Project.objects.get(name="Autumn film")
    office.post(f"/people/projects/{made.pk}/name/", {"name": "Winter film"})
    made.refresh_from_db()
    assert made.name == "Winter film"
    verbs = AuditEntry.objects.order_by("id").values_list("verb", flat=True)
    assert list(verbs) == [Verb.PROJECT_MADE, Verb.PROJECT_CHANGED]
    last = AuditEntry.objects.order_by("id").last()
    assert last and last.changes == {"name": ["Autumn film", "Winter film"]}


def test_two_projects_never_have_one_name(
    client_of: ClientOf, staff: User, project: Project
) -> None:
    office, other = client_of(staff), Project.objects.create(name="Second")
    for url in ("/people/projects/", f"/people/projects/{other.pk}/name/"):
        answer = office.post(url, {"name": project.name})
        assert answer.status_code == 200
        assert "already exists" in answer.content.decode()
    assert Project.objects.count() == 2


def test_managers_neither_make_nor_rename_projects(office: Client, project: Project) -> None:
    assert office.post("/people/projects/", {"name": "Mine"}).status_code == 403
    url = f"/people/projects/{project.pk}/name/"
    assert office.post(url, {"name": "Mine"}).status_code == 403
    assert not Project.objects.filter(name="Mine").exists()
    assert "New project" not in text_of(office)
