"""The pages of credentials: who sees which, what is changed, and that no key ever comes out."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from tasks import latency
from tasks.models import (
    AuditEntry,
    Credential,
    HealthMinute,
    Lease,
    Membership,
    Project,
    Role,
    Verb,
)
from tasks.models.health import Heard
from tasks.providers import Trouble
from tasks.providers.findings import Finding, State, Step
from tasks.showing.health import QUARTER, Day, day_of
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf

KEY = "sk-canary-9c1e07aa45d2"
ADD = "/credentials/add/"


def filled(**fields: Any) -> dict[str, Any]:
    return {"provider": "dataeyes", "name": "Gateway", "base_url": "", "key": KEY, **fields}


def changed(credential: Credential, **fields: Any) -> dict[str, Any]:
    """The settings' form as the page shows it."""
    kept = {name: getattr(credential, name) for name in ("provider", "name", "base_url")}
    return {**kept, **fields}


def page_of(credential: Credential) -> str:
    return reverse("credential", args=[credential.pk])


@pytest.fixture
def elsewhere(db: None) -> Project:
    return Project.objects.get_or_create(name="Elsewhere")[0]


@pytest.fixture
def theirs(credential: Credential, project: Project) -> Credential:
    """The manager's own: nobody else's project may use it."""
    credential.open_to_all = False
    credential.save()
    credential.projects.set([project])
    return credential


@pytest.fixture
def desk(client_of: ClientOf, manager: User) -> Client:
    return client_of(manager)


@pytest.fixture
def office(client_of: ClientOf, staff: User) -> Client:
    return client_of(staff)


def another(name: str, *projects: Project) -> Credential:
    row = Credential(name=name, provider="dataeyes", base_url="https://a.example")
    row.open_to_all = not projects
    row.replace_key("sk-another-0123456789")
    row.save()
    row.projects.set(projects)
    return row


# Who sees and changes which


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


def test_what_others_use_as_well_a_manager_only_looks_at(
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


def test_who_manages_all_there_is_changes_all(
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


def test_somebody_in_no_project_hears_of_no_credential(
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


def test_what_is_added_is_tested_at_once(office: Client, project: Project) -> None:
    office.post(ADD, filled())
    row = Credential.objects.get()
    assert [job.task["func"] for job in OrmQ.objects.all()] == ["tasks.jobs.test_credential"]
    assert OrmQ.objects.get().task["args"] == (row.pk,)
    assert row.test_asked_at and not row.tested_at


def test_a_manager_opens_a_new_one_to_their_own_project_only(
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


def test_staff_open_one_to_all_or_to_some(
    office: Client, project: Project, elsewhere: Project
) -> None:
    office.post(ADD, filled(openness="1"))
    office.post(ADD, filled(name="Second", openness="0", projects=[elsewhere.pk]))
    first, second = Credential.objects.order_by("pk")
    assert first.open_to_all
    assert (second.open_to_all, list(second.projects.all())) == (False, [elsewhere])


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
def test_a_mistake_is_told_beside_its_field_and_saves_nothing(
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
    assert "leads to another host" in page and 'name="key"' in page
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


def test_pausing_and_going_on(desk: Client, theirs: Credential, make_task: MakeTask) -> None:
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
def test_what_is_no_key_leaves_the_old_one(desk: Client, theirs: Credential, key: str) -> None:
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


# The record


def recorded() -> list[tuple[str, dict[str, Any]]]:
    return [(entry.verb, entry.changes) for entry in AuditEntry.objects.order_by("pk")]


def test_who_did_what_is_written_down(desk: Client, project: Project, manager: User) -> None:
    desk.post(ADD, filled())
    row = Credential.objects.get()
    desk.post(page_of(row), changed(row, name="Renamed", check_seconds="30"))
    desk.post(page_of(row) + "key/", {"new-key": "sk-another-0123456789"})
    desk.post(page_of(row) + "pause/", {"active": "0"})
    desk.post(page_of(row) + "pause/", {"active": "0"})
    desk.post(page_of(row) + "remove/")
    assert recorded() == [
        (
            Verb.CREDENTIAL_ADDED,
            {
                "provider": "dataeyes",
                "base_url": "https://api.dataeyes.ai",
                "projects": [project.name],
                "key_tail": "45d2",
            },
        ),
        (
            Verb.CREDENTIAL_CHANGED,
            {"name": ["Gateway", "Renamed"], "check_seconds": [None, 30.0]},
        ),
        (Verb.KEY_REPLACED, {"key_tail": ["45d2", "6789"]}),
        (Verb.CREDENTIAL_CHANGED, {"active": [True, False]}),
        (
            Verb.CREDENTIAL_REMOVED,
            {"provider": "dataeyes", "base_url": "https://api.dataeyes.ai"},
        ),
    ]
    assert {entry.actor for entry in AuditEntry.objects.all()} == {"manager"}
    assert {entry.project_id for entry in AuditEntry.objects.all()} == {project.pk}


def test_what_nobody_changed_leaves_no_line(desk: Client, theirs: Credential) -> None:
    desk.post(page_of(theirs), changed(theirs))
    assert recorded() == []


def test_a_change_of_who_may_use_it_is_written_down(
    office: Client, credential: Credential, elsewhere: Project
) -> None:
    sent = changed(credential, openness="0", projects=[elsewhere.pk])
    office.post(page_of(credential), sent)
    assert recorded() == [
        (
            Verb.CREDENTIAL_CHANGED,
            {"open_to_all": [True, False], "projects": ["", "Elsewhere"]},
        )
    ]


def test_the_django_admin_writes_the_same_lines(office: Client, project: Project) -> None:
    base = "/admin/tasks/credential/"
    office.post(f"{base}add/", filled(active="on", open_to_all="on"))
    row = Credential.objects.get()
    sent = changed(row, name="Renamed", active="on", open_to_all="on", key="sk-another-0123456789")
    office.post(f"{base}{row.pk}/change/", sent)
    office.post(f"{base}{row.pk}/delete/", {"post": "yes"})
    assert [verb for verb, _ in recorded()] == [
        Verb.CREDENTIAL_ADDED,
        Verb.KEY_REPLACED,
        Verb.CREDENTIAL_CHANGED,
        Verb.CREDENTIAL_REMOVED,
    ]


# Deleting


def test_one_with_tasks_stays_and_can_be_paused_instead(
    desk: Client, theirs: Credential, make_task: MakeTask
) -> None:
    make_task()
    page = desk.get(page_of(theirs) + "remove/").content.decode()
    assert "Pause it" in page and "Delete for good" not in page
    assert desk.post(page_of(theirs) + "remove/").status_code == 200
    assert Credential.objects.filter(pk=theirs.pk).exists()


def test_one_without_tasks_is_deleted_after_a_question(desk: Client, theirs: Credential) -> None:
    assert "Delete for good" in desk.get(page_of(theirs) + "remove/").content.decode()
    HealthMinute.objects.create(credential=theirs, minute=timezone.now())
    assert desk.post(page_of(theirs) + "remove/").headers["Location"] == "/credentials/"
    assert not Credential.objects.exists() and not HealthMinute.objects.exists()


# The test


def test_a_test_is_done_by_a_worker_and_the_page_looks_for_it(
    desk: Client, theirs: Credential
) -> None:
    url = page_of(theirs) + "test/"
    Lease.objects.take("sweep", "worker", now=timezone.now(), seconds=10)
    started = desk.post(url, headers={"hx-request": "true"}).content.decode()
    assert "being asked" in started and 'hx-trigger="every 1s"' in started
    assert "silent" not in started
    desk.post(url)
    assert OrmQ.objects.count() == 1, "one at a time"
    found = [Finding(step=Step.KEY, state=State.FAILED, why=Trouble.UNAUTHORIZED)]
    Credential.objects.get().keep_findings([each.as_json() for each in found], timezone.now())
    done = desk.get(url).content.decode()
    assert "The provider refused the key" in done and "hx-trigger" not in done


def test_where_no_worker_runs_the_page_says_so_and_does_not_look_for_ever(
    desk: Client, theirs: Credential
) -> None:
    url = page_of(theirs) + "test/"
    assert "worker is silent" in desk.post(url, headers={"hx-request": "1"}).content.decode()
    Credential.objects.update(test_asked_at=timezone.now() - timedelta(minutes=2))
    late = desk.get(url).content.decode()
    assert "no worker took the test" in late and "hx-trigger" not in late
    desk.post(url)
    assert OrmQ.objects.count() == 2


# The chart


def minutes(credential: Credential, *spans: tuple[int, Heard]) -> None:
    """Written down so many minutes ago."""
    now = timezone.now().replace(second=0, microsecond=0)
    HealthMinute.objects.add(
        {(credential.pk, now - timedelta(minutes=ago)): heard for ago, heard in spans}
    )


def heard(answers: int, seconds: float = 0.2, **troubles: int) -> Heard:
    return Heard(answers, Counter(troubles), Counter({latency.bin_of(seconds): answers}))


def test_a_day_is_told_in_numbers_a_chart_and_a_table(desk: Client, theirs: Credential) -> None:
    minutes(
        theirs,
        (1, heard(90)),
        (2, heard(0, rate_limited=4)),
        (300, heard(10, 5.0, server=2, rate_limited=1)),
        (25 * 60, heard(1_000)),
    )
    page = desk.get(page_of(theirs)).content.decode()
    for said in ("100 answers in the last 24 hours, 7 errors", "too many requests", "own error"):
        assert said in page
    assert "In 2 minutes the provider asked for fewer requests" in page
    assert page.count("<svg class=") >= 2 and "Hour by hour" in page
    assert "style=" not in page.split("<main")[1]
    listed = desk.get("/credentials/").content.decode()
    assert "100 answers in the last 24 hours, 7 errors" in listed


def test_a_day_of_nothing_says_so(desk: Client, theirs: Credential) -> None:
    assert "Nothing was asked in the last 24 hours" in desk.get(page_of(theirs)).content.decode()


def test_bars_stay_within_their_chart_and_errors_can_be_seen(theirs: Credential) -> None:
    minutes(theirs, (0, heard(10_000, server=1)), (60, heard(1)), (120, heard(0, server=9_000)))
    day = day_of(theirs.pk, timezone.now())
    assert len(day.columns) == 96 and len(day.bars) == 3
    for bar in day.bars:
        assert bar.error_y >= 0 and bar.y + bar.height == 100
        assert 0 <= bar.x <= day.wide - 8
    assert day.bars[-1].error_height > 2


def test_a_line_breaks_where_nothing_was_heard() -> None:
    now = timezone.now()
    day = Day([(now, heard(5)), (now - timedelta(hours=6), heard(5, 2.0))], now, QUARTER)
    assert day.p50_line.count("M") == 2
    assert day.whole.p95 and day.whole.p95 > 1


def test_the_list_costs_the_same_for_one_and_for_many(
    office: Client,
    project: Project,
    elsewhere: Project,
    make_task: MakeTask,
    django_assert_max_num_queries: Any,
) -> None:
    for number in range(12):
        row = another(f"Account {number}", *([elsewhere] if number % 2 else []))
        minutes(row, (1, heard(3)), (2, heard(1, server=1)))
        make_task(credential=row)
    with django_assert_max_num_queries(13):
        office.get("/credentials/")
    with django_assert_max_num_queries(20):
        office.get(page_of(row))
