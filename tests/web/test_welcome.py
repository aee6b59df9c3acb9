"""The checklist of a new installation, and the choices before signing in."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tasks.models import Credential, Project
from tasks.team import signin
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf

pytestmark = pytest.mark.usefixtures("fresh_counts")


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


def test_the_checklist_advances_step_by_step(
    client_of: ClientOf, staff: User, project: Project, make_task: MakeTask, credential: Credential
) -> None:
    def done() -> list[bool]:
        return [step.done for step in client_of(staff).get(reverse("welcome")).context["steps"]]

    assert done() == [True, False, False]
    assert signin.checklist(staff)[1].url == f"/credentials/{credential.pk}/"
    Credential.objects.update(heard_at=timezone.now())
    assert done() == [True, True, False]
    assert signin.checklist(staff)[2].url == reverse("compose")
    assert signin.is_new_installation()
    make_task()
    assert done() == [True, True, True]
    assert not signin.is_new_installation()


def test_without_a_credential_the_next_action_is_to_add_one(staff: User) -> None:
    assert signin.checklist(staff)[1].url == "/credentials/add/"


def test_whoever_cannot_do_a_step_gets_no_button(viewer: User) -> None:
    assert [step.url for step in signin.checklist(viewer)] == ["", "", ""]


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
def test_no_public_form_works_without_its_csrf_token(name: str, db: None) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(reverse(name), {"theme": "dark"}).status_code == 403
