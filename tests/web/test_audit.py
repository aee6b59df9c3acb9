"""The audit: its sentences, its readers, its filters; entries are added and never changed."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone, translation
from pytest_django import DjangoAssertNumQueries

from tasks.models import AuditAction, AuditEntry, Project
from tasks.models.audit import ReadOnlyError
from tasks.web.lists import audit as listing
from tasks.web.presenters.audit import ICONS, SENTENCES, AuditEntryPresenter
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf, SaveCopy


@pytest.fixture
def office(client_of: ClientOf, staff: User) -> Client:
    return client_of(staff)


def entry(verb: AuditAction = AuditAction.TRACKED, **fields: Any) -> AuditEntry:
    usual = {"actor": "member", "actor_id": 7, "kind": "task", "label": "cgt-1"}
    return AuditEntry.objects.create(**{**usual, "verb": verb, **fields})


def refuse(statement: str) -> None:
    refused = pytest.raises(DatabaseError, match="only ever added to")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def labels(client: Client, query: str = "") -> list[str]:
    return [line.entry.label for line in client.get(f"/audit/{query}").context["lines"]]


# Only ever added to


def test_an_entry_is_never_written_again_nor_deleted(db: None) -> None:
    made = entry()
    for change in (
        made.save,
        made.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(actor="nobody"),
    ):
        with pytest.raises(ReadOnlyError):
            change()
    assert AuditEntry.objects.get().actor == "member"


def test_the_database_itself_refuses_to_change_an_entry(db: None) -> None:
    entry()
    refuse("UPDATE tasks_auditentry SET actor = 'nobody'")
    assert AuditEntry.objects.get().actor == "member"


@pytest.mark.skipif(connection.vendor == "sqlite", reason="there `flush` empties tables so")
def test_postgresql_refuses_to_delete_an_entry_too(db: None) -> None:
    entry()
    refuse("DELETE FROM tasks_auditentry")
    assert AuditEntry.objects.exists()


# In plain words


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (
            {
                "verb": AuditAction.ROLE_CHANGED,
                "label": "viola",
                "changes": {"role": ["viewer", "member"]},
            },
            "boss changed the role of viola from viewer to member",
        ),
        (
            {"verb": AuditAction.JOINED, "label": "viola", "changes": {"role": ["", "viewer"]}},
            "viola joined Dailies as viewer",
        ),
        (
            {"verb": AuditAction.PERSON_REMOVED, "label": "viola", "project_id": None},
            "boss removed viola",
        ),
        ({"verb": AuditAction.KEY_REPLACED, "label": "Ark"}, "boss replaced the key of Ark"),
        (
            {"verb": AuditAction.SIGN_IN_FAILED, "actor": "", "label": "viola"},
            "Someone tried to sign in as viola and failed",
        ),
        (
            {"verb": AuditAction.PURGED, "actor": "", "label": "", "changes": {"number": 12}},
            "Dailies permanently deleted 12 tasks",
        ),
        ({"verb": AuditAction.DELETED, "label": "50 % off"}, "boss moved 50 % off to the trash"),
        ({"verb": AuditAction.PROMPT_SAVED, "label": "Boat"}, "boss saved the prompt Boat"),
        (
            {"verb": AuditAction.PROMPT_CHANGED, "label": "Boat"},
            "boss changed the saved prompt Boat",
        ),
        (
            {"verb": AuditAction.DELETED, "kind": "savedprompt", "label": "Boat"},
            "boss deleted the saved prompt Boat",
        ),
    ],
)
def test_a_line_says_in_plain_words_what_was_done(
    office: Client, project: Project, fields: dict[str, Any], says: str
) -> None:
    made = entry(**{"actor": "boss", "project_id": project.pk, **fields})
    [line] = office.get("/audit/").context["lines"]
    assert (line.entry, line.sentence) == (made, says)
    assert says in office.get("/audit/").content.decode()


def test_what_the_sentence_leaves_out_is_told_beside_it() -> None:
    changes = {"active": [True, False], "hosts": ["a", "b", "c"], "name": ["Old", ""], "number": 3}
    line = AuditEntryPresenter(
        AuditEntry(verb=AuditAction.CREDENTIAL_CHANGED, label="Ark", changes=changes), {}
    )
    assert dict(line.changes) == {
        "active": "yes → no",
        "hosts": "a, b, c",
        "name": "Old → –",
        "count": "3",
    }


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"kind": "credential", "changes": {"base_url": ["a", "b"]}}, "base URL"),
        ({"kind": "user", "changes": {"is_staff": [False, True]}}, "staff status"),
        (
            {"verb": AuditAction.BUDGET_CHANGED, "kind": "project", "changes": {"limit": [1, 2]}},
            "limit",
        ),
        ({"kind": "savedprompt", "changes": {"characters": [10, 20]}}, "characters"),
        ({"kind": "credential", "changes": {"no_more": [1, 2]}}, "no more"),
        ({"kind": "unheard-of", "changes": {"no_more": [1, 2]}}, "no more"),
    ],
)
def test_what_was_changed_is_called_as_its_form_calls_it(
    fields: dict[str, Any], named: str
) -> None:
    told = AuditEntry(**{"verb": AuditAction.CREDENTIAL_CHANGED, "label": "it", **fields})
    [(name, _)] = AuditEntryPresenter(told, {}).changes
    assert name == named


def test_names_of_changes_are_read_in_ones_own_language() -> None:
    told = AuditEntryPresenter(
        AuditEntry(kind="credential", changes={"name": ["a", "b"], "by": "x"}), {}
    )
    with translation.override("zh-hans"):
        assert not any(name.isascii() for name, _ in told.changes)


def test_every_verb_has_a_sentence_a_picture_and_a_group() -> None:
    grouped = [verb for _, verbs in listing.GROUPS.values() for verb in verbs]
    assert sorted(grouped) == sorted(AuditAction)
    assert set(SENTENCES) == set(ICONS) == set(AuditAction)


def test_what_people_typed_is_text_and_never_markup(office: Client) -> None:
    payload = "<img src=x onerror=alert(1)>"
    entry(actor=payload, label=payload, changes={payload: [payload, payload]})
    assert payload not in office.get("/audit/").content.decode()


# Who reads what


def test_managers_read_of_their_projects_and_staff_of_all(
    client_of: ClientOf, manager: User, office: Client, stranger: User, project: Project
) -> None:
    entry(label="here", project_id=project.pk)
    entry(label="elsewhere", project_id=stranger.projects.get().pk)
    entry(label="nowhere")
    assert labels(office) == ["nowhere", "elsewhere", "here"]
    boss = client_of(manager)
    assert labels(boss) == ["here"]
    assert labels(boss, f"?project={stranger.projects.get().pk}") == []
    assert "elsewhere" not in sheet(boss)[0][0] + str(sheet(boss))


# Filters and pages


@pytest.mark.each_case
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?what=deletions", ["gone"]),
        ("?what=sign-ins", ["in"]),
        ("?person=7", ["gone", "old"]),
        ("?kind=credential", ["key"]),
        ("?what=prompts", ["ship"]),
        ("?kind=savedprompt", ["ship"]),
        ("?address=203.0.113.9", ["in"]),
        ("?address=nonsense&what=x&person=x&kind=x&since=x", ["gone", "ship", "key", "in", "old"]),
        ("?what=deletions&person=8", []),
        ("?person=99999999999999999999", ["gone", "ship", "key", "in", "old"]),
    ],
)
def test_the_address_says_which_entries_are_shown(
    office: Client, query: str, found: list[str]
) -> None:
    entry(label="old")
    entry(AuditAction.SIGNED_IN, label="in", actor_id=8, kind="user", address="203.0.113.9")
    entry(AuditAction.KEY_REPLACED, label="key", actor_id=8, kind="credential")
    entry(AuditAction.PROMPT_CHANGED, label="ship", actor_id=8, kind="savedprompt")
    entry(AuditAction.DELETED, label="gone")
    assert labels(office, query) == found


def test_days_are_whole_and_both_included(office: Client) -> None:
    noon = timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0)
    for ago in range(4):
        entry(label=f"{ago} days ago", at=noon - timedelta(days=ago))
    day = [f"{noon - timedelta(days=ago):%Y-%m-%d}" for ago in range(4)]
    assert labels(office, f"?since={day[2]}&until={day[1]}") == ["2 days ago", "1 days ago"]
    assert labels(office, f"?until={day[3]}") == ["3 days ago"]


def test_each_filter_in_use_is_a_chip_that_takes_it_away(office: Client, staff: User) -> None:
    query = f"?what=exports&person={staff.pk}&since=2026-01-02&address=203.0.113.9"
    chips = office.get(f"/audit/{query}").context["chips"]
    assert [(chip.label, chip.value) for chip in chips] == [
        ("What", "Exports"),
        ("Person", "staff"),
        ("From", "Jan. 2, 2026"),
        ("Address", "203.0.113.9"),
    ]
    assert chips[0].url == f"?person={staff.pk}&since=2026-01-02&address=203.0.113.9"


def test_pages_follow_each_other_without_gap_or_repeat(
    office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "ROWS", 3)
    for number in range(7):
        entry(label=str(number), kind="task" if number % 2 else "user")
    first = office.get("/audit/")
    assert [line.entry.label for line in first.context["lines"]] == ["6", "5", "4"]
    entry(label="new")
    second = office.get(f"/audit/{first.context['older_url']}")
    assert [line.entry.label for line in second.context["lines"]] == ["3", "2", "1"]
    assert labels(office, second.context["older_url"]) == ["0"]
    assert labels(office, "?kind=user&before=nonsense") == ["6", "4", "2"]


def test_a_page_asks_as_much_for_many_entries_as_for_one(
    office: Client, project: Project, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in (1, 60):
        for _ in range(number):
            entry(project_id=project.pk)
        # session with person, the entries, names of projects, projects and people to choose from,
        # trouble; the header's two
        with django_assert_num_queries(8):
            office.get("/audit/").content.decode()


def test_an_entry_about_a_task_or_its_file_shows_the_picture(
    office: Client,
    make_task: MakeTask,
    save_copy: SaveCopy,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in (1, 20):
        for _ in range(number):
            task = make_task()
            copy = save_copy(task, b"a video", poster=b"a poster")
            entry(AuditAction.RESTORED, kind="task", object_id=task.pk)
            entry(AuditAction.RESTORED, kind="copy", object_id=copy.pk)
        with django_assert_num_queries(11):  # the files, the tasks and their copies besides
            page = office.get("/audit/").content.decode()
        assert page.count(f'src="/tasks/{task.pk}/poster"') == 2
    entry(AuditAction.RESTORED, kind="task", object_id=make_task(deleted_at=timezone.now()).pk)
    assert office.get("/audit/").context["lines"][0].task is None


# Exports


def sheet(client: Client, **query: str) -> list[list[str]]:
    answer = client.post("/audit/export.csv", query)
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def test_an_export_has_what_the_filters_leave_and_is_itself_on_record(
    office: Client, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PORTION", 2)
    for number in range(5):
        entry(AuditAction.DELETED, label=f"cgt-{number}", address="2001:db8::1")
    entry(AuditAction.TRACKED, label="cgt-tracked")
    head, *rows = sheet(office, what="deletions")
    column = head.index("to what")
    assert [row[column] for row in rows] == [f"cgt-{number}" for number in (4, 3, 2, 1, 0)]
    assert rows[0][head.index("address")] == "2001:db8::1"
    assert rows[0][head.index("in words")] == "member moved cgt-4 to the trash"
    noted = AuditEntry.objects.latest("id")
    assert (noted.verb, noted.actor_id, noted.changes) == (
        AuditAction.EXPORTED,
        staff.pk,
        {"what": "deletions"},
    )


def test_no_cell_of_an_export_can_run_and_chinese_survives(office: Client) -> None:
    hostile = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"]
    for each in hostile:
        entry(label=each, actor=each)
    entry(label="海浪，“夜”")
    head, *rows = sheet(office)
    column, actor = head.index("to what"), head.index("actor")
    found = [row[column] for row in rows][::-1]
    assert found[: len(hostile)] == [f"'{each}" for each in hostile]
    assert found[len(hostile)] == "海浪，“夜”"
    for row in rows:
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)
    assert rows[-1][actor] == "'=1+1"


def test_who_takes_videos_along_is_on_record(
    client_of: ClientOf, viewer: User, stranger: User, make_task: MakeTask, save_copy: SaveCopy
) -> None:
    tasks = [make_task() for _ in range(2)]
    for task in tasks:
        save_copy(task, b"a video")
    foreign = make_task(project=stranger.projects.get())
    ids = [task.pk for task in [*tasks, foreign]]
    client_of(viewer).post("/tasks/download.zip", {"task": ids})
    noted = AuditEntry.objects.get()
    assert (noted.verb, noted.actor, noted.project_id) == (
        AuditAction.EXPORTED,
        "viewer",
        tasks[0].project_id,
    )
    assert noted.changes == {"tasks": 2}
