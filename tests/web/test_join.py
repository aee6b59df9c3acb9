"""An invitation's link: it works once, for a week, for one project and one role."""

import re
from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from tasks.models import AuditAction, AuditEntry, Invitation, Membership, Project, Role
from tests.web.at_once import at_once
from tests.web.conftest import ClientOf

ACCOUNT = {"username": "newcomer", "password1": "tall-orange-7", "password2": "tall-orange-7"}


pytestmark = pytest.mark.usefixtures("fresh_counts")


def invited(by: User, project: Project, role: Role = Role.VIEWER, email: str = "") -> str:
    _row, token = Invitation.objects.make(
        project=project, role=role, email=email, invited_by=by, now=timezone.now()
    )
    return f"/join/{token}/"


@pytest.fixture
def link(manager: User, project: Project) -> str:
    return invited(manager, project)


def test_a_new_account_is_told_no_rules_of_passwords_before_it_breaks_one(
    client: Client, link: str
) -> None:
    assert "password1_helptext" not in client.get(link).content.decode()
    refused = client.post(link, ACCOUNT | {"password1": "abc", "password2": "abc"})
    assert "id_password2_error" in refused.content.decode()


def test_opening_the_link_does_not_use_it_up(client: Client, link: str) -> None:
    for _ in range(3):
        assert client.get(link).status_code == 200
    assert client.head(link).status_code == 405
    assert Invitation.objects.pending(timezone.now()).exists()
    assert Membership.objects.count() == 1


def test_a_pending_invitation_grants_nothing(client_of: ClientOf, link: str) -> None:
    somebody = User.objects.create_user("somebody", email="new@example.com")
    client = client_of(somebody)
    client.get(link)
    assert "No project yet" in client.get("/").content.decode()


def test_a_new_person_creates_an_account_and_is_a_member(
    client: Client, link: str, project: Project, manager: User
) -> None:
    answer = client.post(link, ACCOUNT)
    assert answer.headers["Location"] == "/"
    person = User.objects.get(username="newcomer")
    assert Membership.objects.get(user=person).role == Role.VIEWER
    row = Invitation.objects.get()
    assert row.used_by == person and row.used_at
    assert client.get("/").context["user"] == person
    entry = AuditEntry.objects.get(verb=AuditAction.JOINED)
    assert (entry.actor, entry.project_id) == ("newcomer", project.pk)
    assert entry.changes == {"role": ["", "viewer"]}


def test_a_link_works_once(client: Client, link: str) -> None:
    client.post(link, ACCOUNT)
    again = Client().post(link, {**ACCOUNT, "username": "another"})
    assert again.status_code == 410
    assert "Ask manager for a new link" in again.content.decode()
    assert not User.objects.filter(username="another").exists()


@pytest.mark.parametrize("nonsense", ["x", "a" * 43, "%00", "中"])
def test_an_unknown_link_says_whom_to_ask(client: Client, nonsense: str, db: None) -> None:
    answer = client.get(f"/join/{nonsense}/")
    assert answer.status_code == 410
    assert "Ask the person who sent you the link" in answer.content.decode()


def test_a_link_ends_after_a_week(client: Client, link: str) -> None:
    Invitation.objects.update(ends_at=timezone.now())
    for answer in (client.get(link), client.post(link, ACCOUNT)):
        assert answer.status_code == 410
    assert not User.objects.filter(username="newcomer").exists()


def test_links_of_a_manager_end_with_their_rights(
    client: Client, link: str, manager: User, member: User
) -> None:
    """Let nobody who was removed return through a link that they created before."""
    Membership.objects.filter(user=manager).update(role=Role.MEMBER)
    assert client.get(link).status_code == 410
    Membership.objects.filter(user=manager).update(role=Role.MANAGER)
    assert client.get(link).status_code == 200
    User.objects.filter(pk=manager.pk).update(is_active=False)
    assert client.post(link, ACCOUNT).status_code == 410
    User.objects.filter(pk=manager.pk).update(is_active=True)
    Membership.objects.filter(user=manager).delete()
    assert client.post(link, ACCOUNT).status_code == 410


def test_links_of_staff_are_valid_without_a_membership(
    client: Client, staff: User, project: Project
) -> None:
    assert client.get(invited(staff, project)).status_code == 200


def test_weak_passwords_and_taken_names_do_not_use_up_the_link(
    client: Client, link: str, member: User
) -> None:
    weak = client.post(link, {**ACCOUNT, "password1": "12345678", "password2": "12345678"})
    taken = client.post(link, {**ACCOUNT, "username": "member"})
    assert "too common" in weak.content.decode()
    assert "already exists" in taken.content.decode()
    assert "12345678" not in weak.content.decode()
    assert Invitation.objects.pending(timezone.now()).exists()


def test_the_account_gets_the_address_of_the_invitation(
    client: Client, manager: User, project: Project
) -> None:
    link = invited(manager, project, email="client@example.com")
    assert 'value="client@example.com"' in client.get(link).content.decode()
    client.post(link, {**ACCOUNT, "email": "other@example.com"})
    assert User.objects.get(username="newcomer").email == "client@example.com"


def test_an_address_belongs_to_one_account(client: Client, link: str, member: User) -> None:
    User.objects.filter(pk=member.pk).update(email="Member@example.com")
    answer = client.post(link, {**ACCOUNT, "email": "member@EXAMPLE.com"})
    assert "An account with this e-mail already exists" in answer.content.decode()


def test_nobody_gets_more_rights_than_the_link_grants(client: Client, link: str) -> None:
    other = Project.objects.create(name="Second")
    posted = {"role": "manager", "project": other.pk, "is_staff": "on", "is_superuser": "on"}
    client.post(link, {**ACCOUNT, **posted, "is_active": "", "id": 1})
    person = User.objects.get(username="newcomer")
    assert not person.is_staff and not person.is_superuser and person.is_active
    assert [(m.project.name, m.role) for m in Membership.objects.filter(user=person)] == [
        ("Dailies", "viewer")
    ]


def test_the_signed_in_join_by_a_button(client_of: ClientOf, link: str, stranger: User) -> None:
    client = client_of(stranger)
    assert "Join as stranger" in " ".join(client.get(link).content.decode().split())
    assert not Membership.objects.filter(user=stranger, project__name="Dailies").exists()
    assert client.post(link).headers["Location"] == "/"
    assert Membership.objects.get(user=stranger, project__name="Dailies").role == Role.VIEWER


def test_joining_raises_a_role_and_never_lowers_one(
    client_of: ClientOf, manager: User, project: Project, viewer: User
) -> None:
    client_of(viewer).post(invited(manager, project, Role.MEMBER))
    assert Membership.objects.get(user=viewer).role == Role.MEMBER
    lower = invited(manager, project, Role.VIEWER)
    page = client_of(viewer).get(lower).content.decode()
    assert "already a member" in page
    client_of(viewer).post(lower)
    assert Membership.objects.get(user=viewer).role == Role.MEMBER
    assert Invitation.objects.pending(timezone.now()).count() == 1


def test_a_person_with_an_account_signs_in_and_returns_to_the_link(
    client: Client, link: str, stranger: User
) -> None:
    found = re.search(r'href="(/sign-in/\?next=[^"]+)"', client.get(link).content.decode())
    assert found
    where = client.get(found.group(1))
    assert where.status_code == 200
    named = {"login": "stranger", "password": "a password of the tests", "next": link}
    assert client.post("/sign-in/", named).headers["Location"] == link


def test_the_only_project_is_not_named_and_one_of_several_is(
    client: Client, link: str, project: Project
) -> None:
    Project.objects.filter(pk=project.pk).update(name="Autumn film")
    assert "You've been invited to Dailies" in " ".join(client.get(link).content.decode().split())
    Project.objects.create(name="Second")
    assert "You've been invited to Autumn film" in " ".join(
        client.get(link).content.decode().split()
    )


def test_the_language_is_chosen_on_the_page_itself(client: Client, link: str) -> None:
    page = client.get(link).content.decode()
    assert 'action="/language/"' in page
    answer = client.post("/language/", {"language": "zh-hans", "next": link})
    assert answer.headers["Location"] == link
    assert '<html lang="zh-hans"' in client.get(link).content.decode()


@pytest.mark.django_db(transaction=True)
def test_of_two_people_who_join_at_once_one_succeeds(link: str) -> None:
    answers: list[int] = []

    def join(name: str) -> None:
        answers.append(Client().post(link, {**ACCOUNT, "username": name}).status_code)

    at_once([partial(join, name) for name in ("first", "second")])
    assert sorted(answers) == [302, 410]
    assert User.objects.filter(username__in=["first", "second"]).count() == 1
    assert Membership.objects.filter(role=Role.VIEWER).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_double_click_creates_one_account(link: str) -> None:
    answers: list[int] = []
    twice = [lambda: answers.append(Client().post(link, ACCOUNT).status_code)] * 2
    at_once(twice)
    assert sorted(answers) == [302, 410] or sorted(answers) == [200, 302]
    assert User.objects.filter(username="newcomer").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_people_with_one_name_at_once_one_must_choose_another(
    manager: User, project: Project
) -> None:
    """Leave the link of the person who comes second usable."""
    links = [invited(manager, project), invited(manager, project)]
    answers: list[int] = []

    def join(link: str) -> None:
        answers.append(Client().post(link, ACCOUNT).status_code)

    at_once([partial(join, link) for link in links])
    assert sorted(answers) == [200, 302]
    assert Invitation.objects.pending(timezone.now()).count() == 1
    assert User.objects.filter(username="newcomer").count() == 1


def test_an_expired_link_does_not_reveal_the_project(
    client: Client, manager: User, project: Project
) -> None:
    Project.objects.filter(pk=project.pk).update(name="Autumn film")
    Project.objects.create(name="Second")
    link = invited(manager, project, email="client@example.com")
    Invitation.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    ended = client.get(link).content.decode()
    assert "client@example.com" not in ended
    assert "Autumn film" not in ended
