"""The pages of credentials: visibility, and changes of the settings."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from tasks.models import (
    Credential,
    HealthMinute,
    Membership,
    Project,
    Role,
)
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf
from tests.web.credentials.doing import ADD, KEY, another, changed, filled, page_of

# Access


def test_a_manager_sees_what_their_projects_may_use_and_nothing_else(
    desk: Client, theirs: Credential, elsewhere: Project
) -> None:
    shared, hidden = another("Of all"), another("Of others", elsewhere)
    listed = desk.get("/credentials/").content.decode()
    assert theirs.name in listed and shared.name in listed and hidden.name not in listed
    assert desk.get(page_of(hidden)).status_code == 404
    for tail in ("test/", "key/", "pause/", "remove/"):
        assert desk.post(page_of(hidden) + tail).status_code == 404


def test_another_projects_credential_answers_like_a_missing_one(
    desk: Client, elsewhere: Project
) -> None:
    hidden = another("Of others", elsewhere)
    real, missing = desk.get(page_of(hidden)), desk.get("/credentials/999999/")
    assert real.status_code == missing.status_code == 404
    assert hidden.name not in real.content.decode()


def test_a_manager_cannot_change_what_other_projects_use_too(
    desk: Client, project: Project, elsewhere: Project
) -> None:
    for row in (another("Of all"), another("Of both", project, elsewhere)):
        page = desk.get(page_of(row))
        assert page.status_code == 200
        assert "form" not in page.context and "key_form" not in page.context
        for tail in ("", "test/", "key/", "pause/", "remove/"):
            assert desk.post(page_of(row) + tail, changed(row, name="x")).status_code == 403
        row.refresh_from_db()
        assert row.name != "x" and row.active


def test_a_manager_of_all_projects_changes_every_credential(
    desk: Client, manager: User, elsewhere: Project
) -> None:
    row = another("Of all")
    assert desk.post(page_of(row), changed(row, name="x")).status_code == 403
    Membership.objects.create(project=elsewhere, user=manager, role=Role.MANAGER)
    sent = changed(row, name="x", openness="1")
    assert desk.post(page_of(row), sent).status_code == 302
    row.refresh_from_db()
    assert (row.name, row.open_to_all) == ("x", True)


def test_the_banner_and_the_filter_name_only_credentials_one_may_see(
    client_of: ClientOf, member: User, theirs: Credential, elsewhere: Project
) -> None:
    hidden = another("Of others", elsewhere)
    another("Of all")
    Credential.objects.update(trouble="overdue", trouble_since=timezone.now())
    page = client_of(member).get("/").content.decode()
    assert theirs.name in page and "Of all" in page and hidden.name not in page


def test_a_person_in_no_project_sees_no_credential(
    client_of: ClientOf, credential: Credential
) -> None:
    Credential.objects.update(trouble="overdue")
    nobody = User.objects.create_user("nobody")
    assert credential.name not in client_of(nobody).get("/").content.decode()


# Adding


def test_a_known_provider_fills_in_its_base_url_and_the_key_is_sealed(
    office: Client, project: Project
) -> None:
    page = office.get(ADD).content.decode()
    assert 'data-base-url="https://api.dataeyes.ai"' in page
    office.post(ADD, filled())
    row = Credential.objects.get()
    assert (row.base_url, row.reveal_key(), row.key_tail) == (
        "https://api.dataeyes.ai",
        KEY,
        "45d2",
    )
    assert row.open_to_all


def test_a_new_credential_is_tested_at_once(office: Client, project: Project) -> None:
    office.post(ADD, filled())
    row = Credential.objects.get()
    assert [job.task["func"] for job in OrmQ.objects.all()] == ["tasks.jobs.test_credential"]
    assert OrmQ.objects.get().task["args"] == (row.pk,)
    assert row.test_asked_at and not row.tested_at


def test_a_managers_new_credential_is_for_their_project_only(
    desk: Client, project: Project, elsewhere: Project
) -> None:
    sent = filled(openness="1", projects=[elsewhere.pk], open_to_all="on", active="")
    assert desk.post(ADD, sent).status_code == 302
    row = Credential.objects.get()
    assert (row.open_to_all, list(row.projects.all()), row.active) == (False, [project], True)


def test_a_manager_of_several_chooses_among_their_own(
    desk: Client, manager: User, project: Project, elsewhere: Project
) -> None:
    own = Project.objects.create(name="Own")
    Membership.objects.create(project=own, user=manager, role=Role.MANAGER)
    refused = desk.post(ADD, filled(projects=[own.pk, elsewhere.pk]))
    assert "projects" in refused.context["form"].errors
    nobody = desk.post(ADD, filled(projects=[]))
    assert "Choose at least one project" in nobody.content.decode()
    assert not Credential.objects.exists()
    desk.post(ADD, filled(projects=[own.pk]))
    assert list(Credential.objects.get().projects.all()) == [own]


def test_staff_allow_all_or_some_projects(
    office: Client, project: Project, elsewhere: Project
) -> None:
    office.post(ADD, filled(openness="1"))
    office.post(ADD, filled(name="Second", openness="0", projects=[elsewhere.pk]))
    first, second = Credential.objects.order_by("pk")
    assert first.open_to_all
    assert (second.open_to_all, list(second.projects.all())) == (False, [elsewhere])


@pytest.mark.each_case
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("key", ""),
        ("key", f"{KEY} {KEY}"),
        ("key", "海"),
        ("name", ""),
        ("base_url", "ftp://a.example"),
        ("requests_per_second", "0"),
        ("provider", "nobody"),
    ],
)
def test_an_error_is_shown_beside_its_field_and_nothing_is_saved(
    office: Client, project: Project, field: str, value: str
) -> None:
    page = office.post(ADD, filled(**{field: value}))
    assert field in page.context["form"].errors
    assert not Credential.objects.exists()
    assert KEY not in page.content.decode()


def test_health_and_seals_cannot_be_posted(office: Client, credential: Credential) -> None:
    before = Credential.objects.get()
    extra = {
        "sealed_key": "x",
        "trouble": "x",
        "uid": "1",
        "heard_at": "2026-01-01",
        "key_tail": "x",
    }
    assert office.post(page_of(credential), changed(credential, **extra)).status_code == 302
    after = Credential.objects.get()
    for name in extra:
        assert getattr(before, name) == getattr(after, name)


# Changing


def test_limits_are_changed_and_the_key_stays(desk: Client, theirs: Credential) -> None:
    sent = changed(theirs, requests_per_second="2.5", check_seconds="30", name="Renamed")
    assert desk.post(page_of(theirs), sent).status_code == 302
    theirs.refresh_from_db()
    assert (theirs.requests_per_second, theirs.check_seconds) == (2.5, 30)
    assert theirs.name == "Renamed"
    assert theirs.reveal_key() == "sk-of-the-tests-0123456789"
    assert not theirs.open_to_all and theirs.projects.count() == 1


def test_a_paused_one_stays_paused_when_its_settings_are_saved(
    desk: Client, theirs: Credential
) -> None:
    Credential.objects.update(active=False)
    desk.post(page_of(theirs), changed(theirs, name="Renamed"))
    theirs.refresh_from_db()
    assert (theirs.name, theirs.active) == ("Renamed", False)


def test_a_stored_key_is_not_sent_to_another_host(desk: Client, theirs: Credential) -> None:
    assert 'name="key"' not in desk.get(page_of(theirs)).content.decode()
    sent = changed(theirs, base_url="https://evil.example")
    page = desk.post(page_of(theirs), sent).content.decode()
    assert "now points to another host" in page and 'name="key"' in page
    theirs.refresh_from_db()
    assert theirs.base_url == "https://gateway.example"
    desk.post(page_of(theirs), sent | {"key": KEY})
    theirs.refresh_from_db()
    assert (theirs.base_url, theirs.reveal_key()) == ("https://evil.example", KEY)


def test_a_new_address_never_moves_a_task_that_a_provider_has_answered_for(
    desk: Client, theirs: Credential, make_task: MakeTask
) -> None:
    heard, unheard = make_task(answer_digest="1"), make_task()
    page = desk.post(
        page_of(theirs), changed(theirs, base_url="https://gateway.example/eu"), follow=True
    )
    assert "1 running task stays at the address" in page.content.decode()
    for task, url in ((heard, "https://gateway.example"), (unheard, "https://gateway.example/eu")):
        task.refresh_from_db()
        assert task.base_url == url


def test_pausing_and_resuming(desk: Client, theirs: Credential, make_task: MakeTask) -> None:
    later = timezone.now() + timedelta(hours=1)
    task = make_task(credential=theirs, trouble="overdue", check_after=later)
    paused = desk.post(page_of(theirs) + "pause/", {"active": "0"}, follow=True)
    theirs.refresh_from_db()
    assert not theirs.active and "Paused" in paused.content.decode()
    desk.post(page_of(theirs) + "pause/", {"active": "1"})
    theirs.refresh_from_db()
    task.refresh_from_db()
    assert theirs.active
    assert task.check_after and task.check_after <= timezone.now()


# Deleting


def test_a_credential_with_tasks_cannot_be_deleted_but_paused(
    desk: Client, theirs: Credential, make_task: MakeTask
) -> None:
    make_task()
    page = desk.get(page_of(theirs) + "remove/").content.decode()
    assert "Pause" in page and "Delete permanently" not in page
    assert desk.post(page_of(theirs) + "remove/").status_code == 200
    assert Credential.objects.filter(pk=theirs.pk).exists()


def test_a_credential_without_tasks_is_deleted_after_confirmation(
    desk: Client, theirs: Credential
) -> None:
    assert "Delete permanently" in desk.get(page_of(theirs) + "remove/").content.decode()
    HealthMinute.objects.create(credential=theirs, minute=timezone.now())
    assert desk.post(page_of(theirs) + "remove/").headers["Location"] == "/credentials/"
    assert not Credential.objects.exists() and not HealthMinute.objects.exists()
