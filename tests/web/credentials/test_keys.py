"""Keys of credentials: replaced, never shown, and every change noted."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from tasks.models import (
    AuditAction,
    AuditEntry,
    Credential,
    Project,
)
from tests.conftest import MakeTask
from tests.web.credentials.doing import ADD, KEY, changed, filled, page_of

# The key


def test_replacing_the_key_forgets_what_was_known_of_the_old_one(
    desk: Client, theirs: Credential, make_task: MakeTask
) -> None:
    now = timezone.now()
    Credential.objects.update(
        trouble="unauthorized", paused_until=now + timedelta(hours=1), tested_at=now
    )
    waiting = make_task(trouble="unauthorized", check_after=now + timedelta(hours=1))
    resting = make_task(check_after=now + timedelta(hours=1))
    answer = desk.post(page_of(theirs) + "key/", {"new-key": f"Bearer {KEY}"})
    assert answer.status_code == 302
    theirs.refresh_from_db()
    assert (theirs.reveal_key(), theirs.key_tail) == (KEY, "45d2")
    assert (theirs.trouble, theirs.paused_until, theirs.tested_at) == ("", None, None)
    assert theirs.test_asked_at and OrmQ.objects.count() == 1
    waiting.refresh_from_db()
    resting.refresh_from_db()
    assert waiting.check_after and waiting.check_after <= timezone.now()
    assert resting.check_after == now + timedelta(hours=1)


@pytest.mark.parametrize("key", ["", "with a space", "海"])
def test_an_invalid_key_leaves_the_old_one(desk: Client, theirs: Credential, key: str) -> None:
    page = desk.post(page_of(theirs) + "key/", {"new-key": key})
    assert page.status_code == 200 and page.context["key_form"].errors
    theirs.refresh_from_db()
    assert theirs.reveal_key() == "sk-of-the-tests-0123456789"


def test_no_key_is_in_any_page_nor_in_the_record_nor_in_the_queue(
    office: Client, project: Project, elsewhere: Project
) -> None:
    bodies = [
        office.post(ADD, filled(name="")),
        office.post(ADD, filled(key=f"{KEY} {KEY}")),
        office.post(ADD, filled(openness="1"), follow=True),
    ]
    row = Credential.objects.get()
    other = f"{KEY}-new"
    bodies += [
        office.get("/credentials/"),
        office.post(page_of(row), changed(row, key=KEY, name=""), follow=True),
        office.post(page_of(row), changed(row, base_url="ftp://x", key=KEY)),
        office.post(page_of(row) + "key/", {"new-key": f"{other} {other}"}),
        office.post(page_of(row) + "key/", {"new-key": other}, follow=True),
        office.post(page_of(row) + "test/", headers={"hx-request": "true"}),
        office.get(page_of(row) + "remove/"),
    ]
    row.refresh_from_db()
    for page in bodies:
        assert KEY not in page.content.decode()
        assert row.sealed_key not in page.content.decode()
    written = f"{list(AuditEntry.objects.values())} {[job.task for job in OrmQ.objects.all()]}"
    assert KEY not in written and row.sealed_key not in written


def recorded() -> list[tuple[str, dict[str, Any]]]:
    return [(entry.verb, entry.changes) for entry in AuditEntry.objects.order_by("pk")]


# The audit


def test_changes_are_noted_with_their_actor(desk: Client, project: Project, manager: User) -> None:
    desk.post(ADD, filled())
    row = Credential.objects.get()
    desk.post(page_of(row), changed(row, name="Renamed", check_seconds="30"))
    desk.post(page_of(row) + "key/", {"new-key": "sk-another-0123456789"})
    desk.post(page_of(row) + "pause/", {"active": "0"})
    desk.post(page_of(row) + "pause/", {"active": "0"})
    desk.post(page_of(row) + "remove/")
    assert recorded() == [
        (
            AuditAction.CREDENTIAL_ADDED,
            {
                "provider": "dataeyes",
                "base_url": "https://api.dataeyes.ai",
                "projects": [project.name],
                "key_tail": "45d2",
            },
        ),
        (
            AuditAction.CREDENTIAL_CHANGED,
            {"name": ["Gateway", "Renamed"], "check_seconds": [None, 30.0]},
        ),
        (AuditAction.KEY_REPLACED, {"key_tail": ["45d2", "6789"]}),
        (AuditAction.CREDENTIAL_CHANGED, {"active": [True, False]}),
        (
            AuditAction.CREDENTIAL_REMOVED,
            {"provider": "dataeyes", "base_url": "https://api.dataeyes.ai"},
        ),
    ]
    assert {entry.actor for entry in AuditEntry.objects.all()} == {"manager"}
    assert {entry.project_id for entry in AuditEntry.objects.all()} == {project.pk}


def test_saving_without_a_change_is_not_noted(desk: Client, theirs: Credential) -> None:
    desk.post(page_of(theirs), changed(theirs))
    assert recorded() == []


def test_a_change_of_the_allowed_projects_is_noted(
    office: Client, credential: Credential, elsewhere: Project
) -> None:
    sent = changed(credential, openness="0", projects=[elsewhere.pk])
    office.post(page_of(credential), sent)
    assert recorded() == [
        (
            AuditAction.CREDENTIAL_CHANGED,
            {"open_to_all": [True, False], "projects": ["", "Elsewhere"]},
        )
    ]


def test_changes_in_the_admin_are_noted_alike(office: Client, project: Project) -> None:
    base = "/admin/tasks/credential/"
    office.post(f"{base}add/", filled(active="on", open_to_all="on"))
    row = Credential.objects.get()
    sent = changed(row, name="Renamed", active="on", open_to_all="on", key="sk-another-0123456789")
    office.post(f"{base}{row.pk}/change/", sent)
    office.post(f"{base}{row.pk}/delete/", {"post": "yes"})
    assert [verb for verb, _ in recorded()] == [
        AuditAction.CREDENTIAL_ADDED,
        AuditAction.KEY_REPLACED,
        AuditAction.CREDENTIAL_CHANGED,
        AuditAction.CREDENTIAL_REMOVED,
    ]
