"""One-time links for people who are locked out, and for the first account."""

from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tasks.models import Membership, Project, Role, SignInLink
from tasks.team import signin
from tests.web.entering import ACCOUNT, first_link, link_for, path_of

pytestmark = pytest.mark.usefixtures("fresh_counts")


def test_looking_at_a_link_spends_nothing_and_pressing_the_button_enters(
    client: Client, member: User
) -> None:
    link = link_for(member)
    for _ in range(2):
        assert "Continue as member" in client.get(link).content.decode()
    assert "_auth_user_id" not in client.session
    assert client.post(link).status_code == 302
    assert client.session["_auth_user_id"] == str(member.pk)


def test_a_link_works_once(client: Client, member: User) -> None:
    link = link_for(member)
    client.post(link)
    for again in (Client().get(link), Client().post(link)):
        assert again.status_code == 410
        assert "manage.py sign_in_link" in again.content.decode()


def test_a_link_ends_after_a_quarter_of_an_hour(client: Client, member: User) -> None:
    link = link_for(member)
    SignInLink.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    assert client.get(link).status_code == client.post(link).status_code == 410
    fresh = link_for(member)
    kept = SignInLink.objects.latest("pk").ends_at - timezone.now()
    assert timedelta(minutes=14) < kept <= timedelta(minutes=15)
    assert client.get(fresh).status_code == 200


def test_a_link_that_never_was_says_the_same_as_one_that_ended(client: Client, db: None) -> None:
    assert client.get("/enter/nonsense/").status_code == 410


def test_the_database_holds_nothing_to_enter_with(member: User) -> None:
    token = link_for(member).split("/")[2]
    assert len(token) > 40
    assert token not in str(SignInLink.objects.values())


def test_a_disabled_person_cannot_enter_by_link(client: Client, member: User) -> None:
    link = link_for(member)
    User.objects.filter(pk=member.pk).update(is_active=False)
    assert client.post(link).status_code == 410


def test_the_first_account_runs_the_site_and_manages_the_first_project(
    client: Client, project: Project
) -> None:
    link = first_link()
    assert "Create the first account" in client.get(link).content.decode()
    assert client.post(link, ACCOUNT).headers["Location"] == reverse("welcome")
    first = User.objects.get()
    assert (first.username, first.is_superuser, first.is_staff) == ("first", True, True)
    assert first.check_password(ACCOUNT["password1"])
    assert Membership.objects.get(user=first, project=project).role == Role.MANAGER
    assert client.session["_auth_user_id"] == str(first.pk)


def test_a_weak_password_is_refused_and_the_link_still_works(
    client: Client, project: Project
) -> None:
    link = first_link()
    weak = client.post(
        link, {"username": "first", "password1": "12345678", "password2": "12345678"}
    )
    assert "too common" in weak.content.decode()
    assert not User.objects.exists()
    assert client.post(link, ACCOUNT).status_code == 302


def test_the_first_account_is_made_once(client: Client, project: Project) -> None:
    link, other = first_link(), first_link()
    client.post(link, ACCOUNT)
    for late in (link, other):
        assert Client().get(late).status_code == 410
        assert Client().post(late, {**ACCOUNT, "username": "second"}).status_code == 410
    assert User.objects.count() == 1


def test_two_first_accounts_at_once_leave_one(project: Project) -> None:
    """Both forms were valid before either was saved."""
    from tasks.web.forms.signin import FirstAccountForm

    made = []
    for name in ("first", "second"):
        form = FirstAccountForm({**ACCOUNT, "username": name})
        assert form.is_valid()
        made.append((form, first_link().split("/")[2]))
    users = [signin.create_first_account(form, token) for form, token in made]
    assert [user is not None for user in users] == [True, False]


def test_posting_more_than_the_form_asks_for_changes_nothing(
    client: Client, project: Project
) -> None:
    client.post(first_link(), {**ACCOUNT, "is_active": "", "id": "77", "project": "9"})
    assert User.objects.get().pk != 77


# The command


def test_the_command_prints_a_link_that_works(client: Client, member: User) -> None:
    out = StringIO()
    call_command("sign_in_link", user="member", base="http://here", stdout=out, stderr=StringIO())
    assert client.post(path_of(out.getvalue().strip())).status_code == 302


def test_the_command_makes_the_first_accounts_link_while_there_is_none(
    client: Client, project: Project
) -> None:
    out = StringIO()
    call_command("sign_in_link", base="http://here", stdout=out, stderr=StringIO())
    assert (
        "Create the first account" in client.get(path_of(out.getvalue().strip())).content.decode()
    )


def test_the_command_needs_no_name_while_one_person_runs_the_site(
    staff: User, member: User
) -> None:
    call_command("sign_in_link", base="http://here", stdout=StringIO(), stderr=StringIO())
    assert SignInLink.objects.get().user == staff


@pytest.mark.parametrize("name", ["", "nobody"])
def test_the_command_says_whom_it_could_let_in(member: User, viewer: User, name: str) -> None:
    with pytest.raises(CommandError, match="member, viewer"):
        call_command("sign_in_link", user=name, base="http://here")
