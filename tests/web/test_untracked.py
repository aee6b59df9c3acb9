"""The page of untracked tasks: its contents for each person, and adopting them."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tasks.models import (
    AuditAction,
    AuditEntry,
    Copy,
    Credential,
    Difference,
    Lease,
    ListOutcome,
    Membership,
    Project,
    Reconciliation,
    Role,
    StatusChange,
    Task,
    UntrackedTask,
)
from tasks.providers import RemoteTask
from tasks.providers.status import Status
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf, SaveCopy

Find = Callable[..., UntrackedTask]
LINK = (
    "https://ark.tos-cn-beijing.volces.com/02.mp4?X-Tos-Date=20991120T120000Z&X-Tos-Expires=86400"
)


@pytest.fixture
def ark(db: None) -> Credential:
    row = Credential(name="Ark", provider="volcengine", base_url="https://ark.example/api/v3")
    row.replace_key("ark-of-the-tests-0123456789")
    row.save()
    return row


@pytest.fixture
def find(ark: Credential) -> Find:
    """find("cgt-1", status="running", days=2): a row as a comparison leaves it, of that age."""

    def find(
        remote_id: str, *, days: float = 1, credential: Credential = ark, **text: Any
    ) -> UntrackedTask:
        now = timezone.now()
        created = (now - timedelta(days=days)).replace(microsecond=0)
        raw = {
            "id": remote_id,
            "model": "doubao-seedance-2-0-260128",
            "status": "running",
            "created_at": int(created.timestamp()),
            "updated_at": int(created.timestamp()) + 60,
            **text,
        }
        remote = RemoteTask(
            id=remote_id,
            status=Status(raw["status"]),
            status_word=raw["status"],
            raw=raw,
            model=raw["model"],
            created_at=created,
            updated_at=datetime.fromtimestamp(raw["updated_at"], UTC),
        )
        row = UntrackedTask.of(remote, credential, credential.base_url, now)
        row.save()
        return row

    return find


SUCCESS = {
    "status": "succeeded",
    "content": {"video_url": LINK},
    "usage": {"completion_tokens": 108900, "total_tokens": 108900},
    "seed": 7,
    "resolution": "720p",
}
FAILURE = {"status": "failed", "error": {"code": "OutputVideoSensitive", "message": "No."}}


def test_the_nearest_end_comes_first_and_is_said(
    client_of: ClientOf, manager: User, find: Find
) -> None:
    find("cgt-later", days=1)
    find("cgt-soon", days=6.5)
    find("cgt-near", days=5.5)
    find("cgt-over", days=7.1)
    page = client_of(manager).get("/untracked/")
    [section] = page.context["sections"]
    assert [each.row.remote_id for each in section.untracked] == [
        "cgt-soon",
        "cgt-near",
        "cgt-later",
    ]
    assert [each.deadline_badge.tone for each in section.untracked] == ["red", "amber", "grey"]
    assert "3 tasks are missing here" in page.content.decode()


def test_on_the_seventh_day_an_untracked_task_is_no_longer_offered(
    client_of: ClientOf, manager: User, find: Find, ark: Credential
) -> None:
    row = find("cgt-edge")
    UntrackedTask.objects.update(remote_created_at=timezone.now() - timedelta(days=7))
    client = client_of(manager)
    assert not client.get("/untracked/").context["sections"][0].untracked
    client.post(f"/untracked/{ark.pk}/adopt/", {"found": [row.pk]})
    assert not Task.objects.exists()


def test_adopting_makes_whole_tasks_at_once(
    client_of: ClientOf, manager: User, find: Find, ark: Credential, project: Project
) -> None:
    rows = [
        find("cgt-done", **SUCCESS),
        find("cgt-broken", **FAILURE),
        find("cgt-running"),
        find("cgt-left"),
    ]
    answer = client_of(manager).post(
        f"/untracked/{ark.pk}/adopt/", {"found": [row.pk for row in rows[:3]]}, follow=True
    )
    assert "3 tasks adopted into Dailies" in answer.content.decode()
    done, broken, running = (Task.objects.get(remote_id=row.remote_id) for row in rows[:3])
    assert (done.status, done.total_tokens, done.seed) == ("succeeded", 108900, 7)
    assert (done.video_url, done.resolution, done.check_after) == (LINK, "720p", None)
    assert done.remote_created_at == rows[0].remote_created_at
    assert Copy.objects.get().task == done
    assert (broken.status, broken.error_code) == ("failed", "OutputVideoSensitive")
    assert running.status == "running" and running.check_after
    assert {(t.project, t.credential, t.created_by) for t in (done, broken, running)} == {
        (project, ark, None)
    }
    assert " done " in done.search_text
    assert StatusChange.objects.count() == 3
    assert [row.remote_id for row in UntrackedTask.objects.all()] == ["cgt-left"]


def test_all_are_adopted_with_one_press_and_a_second_press_does_nothing(
    client_of: ClientOf, manager: User, find: Find, ark: Credential, project: Project
) -> None:
    for number in range(5):
        find(f"cgt-{number}")
    client = client_of(manager)
    first = client.post(f"/untracked/{ark.pk}/adopt/", {"all": "1"}, follow=True)
    assert "5 tasks adopted" in first.content.decode()
    again = client.post(f"/untracked/{ark.pk}/adopt/", {"all": "1"}, follow=True)
    assert "Nothing was adopted" in again.content.decode()
    assert (Task.objects.count(), UntrackedTask.objects.count()) == (5, 0)
    entry = AuditEntry.objects.get(verb=AuditAction.ADOPTED)
    assert (entry.actor, entry.project_id, entry.changes) == ("manager", project.pk, {"number": 5})


def test_a_task_that_somebody_tracked_meanwhile_stays_theirs(
    client_of: ClientOf, manager: User, find: Find, ark: Credential, make_task: MakeTask
) -> None:
    row = find("cgt-taken")
    theirs = make_task(
        "cgt-taken", credential=ark, project=Project.objects.create(name="Secret project")
    )
    client = client_of(manager)
    assert not client.get("/untracked/").context["sections"][0].untracked
    client.post(f"/untracked/{ark.pk}/adopt/", {"found": [row.pk]})
    assert Task.objects.get() == theirs


@pytest.mark.exhaustive
def test_two_thousand_are_adopted_in_one_request(
    client_of: ClientOf, manager: User, find: Find, ark: Credential
) -> None:
    template = find("cgt-first", **SUCCESS)
    raw = json.loads(template.raw)
    for number in range(2_000):
        template.pk, template.remote_id = None, f"cgt-{number:05}"
        template.raw = json.dumps(raw | {"id": template.remote_id})
        template.save(force_insert=True)
    client = client_of(manager)
    assert "2,001 tasks are missing here" in client.get("/untracked/").content.decode()
    client.post(f"/untracked/{ark.pk}/adopt/", {"all": "1"})
    assert (Task.objects.count(), Copy.objects.count(), UntrackedTask.objects.count()) == (
        2_000,
        2_000,
        1,
    )


def test_another_projects_credential_is_not_there(
    client_of: ClientOf, manager: User, find: Find, ark: Credential
) -> None:
    row = find("cgt-secret")
    ark.open_to_all = False
    ark.save()
    ark.projects.add(Project.objects.create(name="Elsewhere"))
    client = client_of(manager)
    assert "cgt-secret" not in client.get("/untracked/").content.decode()
    for path in ("", "compare/", "adopt/"):
        ask = client.post if path else client.get
        assert ask(f"/untracked/{ark.pk}/{path}", {"found": [row.pk]}).status_code == 404
    assert not Task.objects.exists() and not Reconciliation.objects.exists()


def test_an_untracked_task_of_another_account_is_not_adopted_by_its_number(
    client_of: ClientOf, manager: User, find: Find, ark: Credential, credential: Credential
) -> None:
    hidden = find("cgt-theirs", credential=credential)
    client_of(manager).post(f"/untracked/{ark.pk}/adopt/", {"found": [hidden.pk]})
    assert not Task.objects.exists()


def test_a_project_is_chosen_among_ones_own(
    client_of: ClientOf, manager: User, find: Find, ark: Credential, project: Project
) -> None:
    own, worked_in = (Project.objects.create(name=name) for name in ("Own", "Worked in"))
    Membership.objects.create(project=own, user=manager, role=Role.MANAGER)
    Membership.objects.create(project=worked_in, user=manager, role=Role.MEMBER)
    row = find("cgt-1")
    client = client_of(manager)
    [section] = client.get("/untracked/").context["sections"]
    assert section.projects == [project, own]
    for wrong in (worked_in.pk, "", "x"):
        answer = client.post(f"/untracked/{ark.pk}/adopt/", {"found": [row.pk], "project": wrong})
        assert answer.status_code == 404
    client.post(f"/untracked/{ark.pk}/adopt/", {"found": [row.pk], "project": own.pk})
    assert Task.objects.get().project == own


def test_comparing_now_asks_once_and_the_fragment_is_polled_until_it_has_ended(
    client_of: ClientOf, manager: User, find: Find, ark: Credential
) -> None:
    Lease.objects.create(name="sweep", until=timezone.now(), beat_at=timezone.now())
    client = client_of(manager)
    htmx = {"hx-request": "true"}
    for _ in range(2):
        state = client.post(f"/untracked/{ark.pk}/compare/", headers=htmx).content.decode()
        assert "Waiting to start" in state and "every 2s" in state
    row = Reconciliation.objects.get()
    assert row.asked_by == manager
    row.outcome, row.listed = ListOutcome.RUNNING, 1234
    row.save()
    assert "1,234 tasks listed so far" in client.get(f"/untracked/{ark.pk}/").content.decode()
    find("cgt-new")
    row.end(ListOutcome.COMPARED, timezone.now())
    ended = client.get(f"/untracked/{ark.pk}/", headers=htmx)
    assert ended.headers["HX-Retarget"] == f"#account-{ark.pk}"
    assert "every 2s" not in ended.content.decode() and "cgt-new" in ended.content.decode()


def test_without_scripts_comparing_leads_back_to_the_page(
    client_of: ClientOf, manager: User, ark: Credential
) -> None:
    page = client_of(manager).post(f"/untracked/{ark.pk}/compare/", follow=True).content.decode()
    assert "Waiting to start" in page
    assert "The worker has never started" in page


@pytest.mark.parametrize(
    ("outcome", "fields", "sentence"),
    [
        (ListOutcome.EMPTY, {}, "list is empty"),
        (
            ListOutcome.FAILED,
            {"trouble": "unauthorized", "message": "The key was refused (HTTP 401): no"},
            "The provider rejected the key",
        ),
        (ListOutcome.COMPARED, {"listed": 41}, "listed there"),
    ],
)
def test_an_empty_a_failed_and_a_good_answer_read_differently(
    client_of: ClientOf,
    manager: User,
    ark: Credential,
    outcome: ListOutcome,
    fields: dict[str, Any],
    sentence: str,
) -> None:
    at = timezone.now()
    Reconciliation.objects.create(
        credential=ark, asked_at=at, ended_at=at, outcome=outcome, **fields
    )
    assert sentence in client_of(manager).get("/untracked/").content.decode()


def test_a_provider_without_a_list_is_named_with_another_way_to_import(
    client_of: ClientOf, manager: User, ark: Credential, credential: Credential
) -> None:
    page = client_of(manager).get("/untracked/")
    assert [each.account.credential for each in page.context["sections"]] == [ark]
    assert f"/tasks/track/?credential={credential.pk}" in page.content.decode()


def test_differences_link_to_the_tasks_one_may_see_and_count_the_others(
    client_of: ClientOf, manager: User, ark: Credential, make_task: MakeTask
) -> None:
    row = Reconciliation.objects.create(credential=ark, asked_at=timezone.now())
    secret = Project.objects.create(name="Secret project")
    seen, hidden = make_task("cgt-seen"), make_task("cgt-hidden", project=secret)
    for task in (seen, hidden):
        Difference.objects.create(reconciliation=row, task=task, kind=Difference.Kind.MISSING)
    row.end(ListOutcome.COMPARED, timezone.now())
    page = client_of(manager).get("/untracked/").content.decode()
    assert seen.get_absolute_url() in page and "and 1 more" in page
    assert "cgt-hidden" not in page and "Secret project" not in page


def test_each_difference_shows_its_clip_at_the_cost_of_one(
    client_of: ClientOf,
    manager: User,
    ark: Credential,
    make_task: MakeTask,
    save_copy: SaveCopy,
) -> None:
    row = Reconciliation.objects.create(credential=ark, asked_at=timezone.now())
    client, asked = client_of(manager), 0
    for number in (1, 20):
        for _ in range(number):
            task = make_task(status=Status.SUCCEEDED, prompt="A paper boat")
            save_copy(task, b"a video", poster=b"a poster")
            Difference.objects.create(reconciliation=row, task=task, kind=Difference.Kind.MISSING)
        row.end(ListOutcome.COMPARED, timezone.now())
        with CaptureQueriesContext(connection) as queries:
            page = client.get("/untracked/").content.decode()
        assert page.count("<img") == page.count("A paper boat") == Difference.objects.count()
        assert asked in (0, len(queries))
        asked = len(queries)


def test_whoever_manages_nothing_is_refused_and_not_shown_the_way(
    client_of: ClientOf, member: User, ark: Credential
) -> None:
    client = client_of(member)
    assert client.get("/untracked/").status_code == 403
    assert "/untracked/" not in client.get("/").content.decode()


def test_the_number_of_queries_does_not_grow_with_the_number_of_tasks(
    client_of: ClientOf,
    manager: User,
    find: Find,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(60):
        find(f"cgt-{number}")
    client = client_of(manager)
    with django_assert_max_num_queries(18):
        client.get("/untracked/")
