"""Coming in and going out."""

from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tasks import door
from tasks.models import Credential, Membership, Project, Role, SignInLink
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf

PASSWORD = "a password of the tests"
ACCOUNT = {"username": "first", "password1": "tall-orange-7", "password2": "tall-orange-7"}


@pytest.fixture(autouse=True)
def _fresh_counts() -> None:
    cache.clear()


def path_of(url: str) -> str:
    return url.removeprefix("http://here")


def first_link() -> str:
    return path_of(door.sign_in_url("http://here/"))


def link_for(user: User) -> str:
    return path_of(door.sign_in_url("http://here", user))


# Signing in with a password


def test_signing_in_leads_to_where_one_wanted_to_go(client: Client, member: User) -> None:
    data = {"username": "member", "password": PASSWORD, "next": "/tasks/track/"}
    assert client.post(reverse("sign_in"), data).headers["Location"] == "/tasks/track/"


@pytest.mark.parametrize(
    "outside", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"]
)
def test_signing_in_never_leads_to_another_site(client: Client, member: User, outside: str) -> None:
    data = {"username": "member", "password": PASSWORD, "next": outside}
    assert client.post(reverse("sign_in"), data).headers["Location"] == reverse("tasks")


def test_the_session_gets_a_new_id_at_sign_in(client: Client, member: User) -> None:
    client.get(reverse("sign_in"))
    session = client.session
    session["planted"] = 1
    session.save()
    planted = session.session_key
    client.cookies["dailies_session"] = planted or ""
    client.post(reverse("sign_in"), {"username": "member", "password": PASSWORD})
    assert client.session.session_key != planted


def test_guessing_a_password_is_stopped_also_when_the_right_one_comes(
    client: Client, member: User
) -> None:
    for _ in range(door.TRIES_BY_NAME):
        client.post(reverse("sign_in"), {"username": "Member", "password": "wrong"})
    right = client.post(reverse("sign_in"), {"username": "member", "password": PASSWORD})
    assert right.status_code == 200
    assert "Too many wrong passwords" in right.content.decode()


def test_guessing_many_names_from_one_address_is_stopped(client: Client, member: User) -> None:
    forged = iter(f"10.0.0.{n}" for n in range(99))
    for n in range(door.TRIES_BY_ADDRESS):
        headers = {"X-Forwarded-For": next(forged)}
        data = {"username": f"name{n}", "password": "wrong"}
        client.post(reverse("sign_in"), data, headers=headers)
    right = client.post(reverse("sign_in"), {"username": "member", "password": PASSWORD})
    assert "Too many wrong passwords" in right.content.decode()


def test_a_few_typing_errors_are_forgiven(client: Client, member: User) -> None:
    for _ in range(door.TRIES_BY_NAME - 1):
        client.post(reverse("sign_in"), {"username": "member", "password": "wrong"})
    right = client.post(reverse("sign_in"), {"username": "member", "password": PASSWORD})
    assert right.status_code == 302
    assert not door.too_many_tries("member", "198.51.100.7")


def test_signing_out_needs_a_post_and_ends_the_session(client_of: ClientOf, member: User) -> None:
    client = client_of(member)
    assert client.get(reverse("sign_out")).status_code == 405
    assert client.post(reverse("sign_out")).headers["Location"] == reverse("sign_in")
    assert "_auth_user_id" not in client.session


def test_the_admin_has_no_door_of_its_own(client: Client, staff: User) -> None:
    door = "/sign-in/?next=/admin/tasks/credential/"
    assert client.get("/admin/tasks/credential/").headers["Location"] == door
    login = client.get("/admin/login/?next=/admin/tasks/credential/")
    assert login.headers["Location"] == door
    assert client.post("/admin/login/", {"username": "staff"}).status_code == 405


def test_someone_who_may_not_enter_the_admin_is_told_so_once(
    client_of: ClientOf, member: User
) -> None:
    assert client_of(member).get("/admin/", follow=True).status_code == 403


def test_a_disabled_person_is_out_at_the_next_request(client_of: ClientOf, member: User) -> None:
    client = client_of(member)
    assert client.get(reverse("track")).status_code == 200
    User.objects.filter(pk=member.pk).update(is_active=False)
    assert client.get(reverse("track")).headers["Location"].startswith("/sign-in/")


def test_no_account_exists_before_someone_makes_it(db: None) -> None:
    assert not User.objects.exists()


def test_changing_the_password_ends_the_persons_other_sessions(
    client_of: ClientOf, member: User
) -> None:
    here, there = client_of(member), client_of(member)
    new = {"new_password1": "tall-orange-7", "new_password2": "tall-orange-7"}
    refused = here.post(reverse("password"), {"old_password": "wrong", **new})
    assert "old_password" in refused.context["form"].errors
    assert here.post(reverse("password"), {"old_password": PASSWORD, **new}).status_code == 302
    assert here.get(reverse("track")).status_code == 200
    assert there.get(reverse("track")).headers["Location"].startswith("/sign-in/")


# One-time links


def test_looking_at_a_link_spends_nothing_and_pressing_the_button_enters(
    client: Client, member: User
) -> None:
    link = link_for(member)
    for _ in range(2):
        assert "Enter as member" in client.get(link).content.decode()
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
    from tasks.forms import FirstAccountForm

    made = []
    for name in ("first", "second"):
        form = FirstAccountForm({**ACCOUNT, "username": name})
        assert form.is_valid()
        made.append((form, first_link().split("/")[2]))
    users = [door.create_first_account(form, token) for form, token in made]
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
    call_command("sign_in_link", stdout=StringIO(), stderr=StringIO())
    assert SignInLink.objects.get().user == staff


@pytest.mark.parametrize("name", ["", "nobody"])
def test_the_command_says_whom_it_could_let_in(member: User, viewer: User, name: str) -> None:
    with pytest.raises(CommandError, match="member, viewer"):
        call_command("sign_in_link", user=name)


# The checklist


def test_a_stranger_to_an_empty_installation_is_told_where_the_link_is(
    client: Client, project: Project
) -> None:
    page = client.get(reverse("tasks"), follow=True)
    assert page.redirect_chain[-1][0] == reverse("welcome")
    assert "manage.py sign_in_link" in page.content.decode()


def test_the_checklist_is_not_for_strangers_once_there_are_accounts(
    client: Client, member: User
) -> None:
    assert client.get(reverse("welcome")).headers["Location"] == "/sign-in/?next=/welcome/"


def test_the_checklist_goes_on_step_by_step(
    client_of: ClientOf, staff: User, project: Project, make_task: MakeTask, credential: Credential
) -> None:
    def done() -> list[bool]:
        return [step.done for step in client_of(staff).get(reverse("welcome")).context["steps"]]

    assert done() == [True, False, False]
    assert door.checklist(staff)[1].url == f"/admin/tasks/credential/{credential.pk}/change/"
    Credential.objects.update(heard_at=timezone.now())
    assert done() == [True, True, False]
    assert door.is_new_installation()
    make_task()
    assert done() == [True, True, True]
    assert not door.is_new_installation()


def test_without_a_credential_the_next_action_is_to_add_one(staff: User) -> None:
    assert door.checklist(staff)[1].url == "/admin/tasks/credential/add/"


def test_whoever_cannot_do_a_step_gets_no_button(viewer: User) -> None:
    assert [step.url for step in door.checklist(viewer)] == ["", "", ""]


# Theme and language


def test_the_theme_is_kept_in_a_cookie(client: Client, db: None) -> None:
    answer = client.post(reverse("set_theme"), {"theme": "dark", "next": "/sign-in/?a=1"})
    assert answer.headers["Location"] == "/sign-in/?a=1"
    assert client.cookies["theme"].value == "dark"
    assert client.cookies["theme"]["samesite"] == "Lax"


def test_a_theme_we_do_not_have_is_refused(client: Client, db: None) -> None:
    assert client.post(reverse("set_theme"), {"theme": "<b>"}).status_code == 400


def test_choosing_a_theme_never_leads_to_another_site(client: Client, db: None) -> None:
    answer = client.post(reverse("set_theme"), {"theme": "dark", "next": "//evil.example"})
    assert answer.headers["Location"] == "/"


def test_the_language_can_be_chosen_before_signing_in(client: Client, member: User) -> None:
    answer = client.post(reverse("set_language"), {"language": "zh-hans", "next": "/sign-in/"})
    assert answer.headers["Location"] == "/sign-in/"
    assert 'lang="zh-hans"' in client.get("/sign-in/").content.decode()


@pytest.mark.parametrize("name", ["sign_in", "set_theme", "set_language"])
def test_no_form_at_the_door_works_without_its_csrf_token(name: str, db: None) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(reverse(name), {"theme": "dark"}).status_code == 403
