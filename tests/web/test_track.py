"""Tracking tasks: what is shown before anything is saved, and what is saved then."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from tasks.forms import track as track_form
from tasks.forms.track import MOST_IDS
from tasks.models import (
    AuditEntry,
    Credential,
    Found,
    Membership,
    Project,
    Role,
    StatusChange,
    Task,
    Verb,
)
from tasks.pasted import Kind
from tasks.providers import RemoteTask
from tasks.status import Status
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf

A, B = "cgt-20261120120000-aaaaa", "cgt-20261120120000-bbbbb"
C = "cgt-20261120120000-ccccc"
G = "task_0123456789abcdef0123456789abcdef"
URL = "/tasks/track/"


@pytest.fixture
def ark(db: None) -> Credential:
    """Of a provider whose ids are cgt-…, and nothing else."""
    row = Credential(name="Ark", provider="volcengine", base_url="https://ark.example/api/v3")
    row.replace_key("ark-of-the-tests-0123456789")
    row.save()
    return row


def typed(ids: str, credential: Credential, step: str = "preview", **more: Any) -> dict[str, Any]:
    return {"ids": ids, "credential": credential.pk, "step": step, **more}


def test_a_preview_saves_nothing_and_says_what_each_line_would_do(
    client_of: ClientOf, member: User, ark: Credential, make_task: MakeTask
) -> None:
    known = make_task(B, credential=ark)
    make_task(C, credential=ark, deleted_at=timezone.now())
    page = client_of(member).post(URL, typed(f"{A} {B} {C} {G} {A} cgt2026!", ark))
    kinds = [line.kind for line in page.context["lines"]]
    assert kinds == list(Kind)
    assert known.get_absolute_url() in page.content.decode()
    assert "in the trash" in page.content.decode()
    assert Task.objects.count() == 2


def test_what_the_preview_showed_as_new_is_tracked_in_the_second_step(
    client_of: ClientOf, member: User, project: Project, ark: Credential
) -> None:
    client = client_of(member)
    preview = client.post(URL, typed(f"{A}\n{B}\n{G}", ark))
    answer = client.post(URL, typed(preview.context["ids"], ark, "track"), follow=True)
    assert answer.redirect_chain[-1][0] == reverse("tasks")
    assert "2 tasks are tracked now" in answer.content.decode()
    rows = Task.objects.order_by("id")
    assert [(t.remote_id, t.project, t.credential, t.created_by) for t in rows] == [
        (A, project, ark, member),
        (B, project, ark, member),
    ]
    assert {(t.base_url, t.provider) for t in rows} == {(ark.base_url, "volcengine")}


def test_sending_the_second_step_twice_tracks_once(
    client_of: ClientOf, member: User, ark: Credential
) -> None:
    client = client_of(member)
    client.post(URL, typed(A, ark, "track"))
    again = client.post(URL, typed(A, ark, "track"), follow=True)
    assert "Nothing was new" in again.content.decode()
    assert Task.objects.count() == 1


def test_a_doubtful_id_is_only_tracked_by_those_who_insist(
    client_of: ClientOf, member: User, ark: Credential
) -> None:
    client = client_of(member)
    assert client.post(URL, typed(G, ark, "track")).status_code == 200
    assert not Task.objects.exists()
    client.post(URL, typed(G, ark, "track", doubtful="1"))
    assert Task.objects.get().remote_id == G


def test_a_malformed_id_is_never_tracked(
    client_of: ClientOf, member: User, ark: Credential
) -> None:
    client_of(member).post(URL, typed(f"{A} cgt2026! ../../etc2026", ark, "track", doubtful="1"))
    assert [task.remote_id for task in Task.objects.all()] == [A]


def test_a_task_of_a_project_out_of_sight_is_only_said_to_be_tracked(
    client_of: ClientOf, member: User, ark: Credential, make_task: MakeTask
) -> None:
    hidden = make_task(A, credential=ark, project=Project.objects.create(name="Secret project"))
    client = client_of(member)
    page = client.post(URL, typed(A, ark)).content.decode()
    assert "already tracked elsewhere" in page
    assert hidden.get_absolute_url() not in page
    assert "Secret project" not in page
    client.post(URL, typed(A, ark, "track"))
    hidden.refresh_from_db()
    assert (Task.objects.count(), hidden.project.name) == (1, "Secret project")


@pytest.mark.parametrize(
    ("ids", "sentence"),
    [
        ("", "Paste at least one task id, or choose a file."),
        (" ,;\n ", "There is no task id in this."),
        ("sk-only-a-key-1234567", "There is no task id in this."),
        (" ".join(f"cgt-{n}" for n in range(MOST_IDS + 1)), "the most is 2000"),
    ],
)
def test_a_mistake_is_told_beside_the_field(
    client_of: ClientOf, member: User, ark: Credential, ids: str, sentence: str
) -> None:
    page = client_of(member).post(URL, typed(ids, ark))
    assert sentence in str(page.context["form"].errors["ids"])
    assert 'id="id_ids_error"' in page.content.decode()


def test_nothing_typed_is_lost_on_a_mistake_or_on_the_way_back(
    client_of: ClientOf, member: User, ark: Credential
) -> None:
    client = client_of(member)
    mistake = client.post(URL, {"ids": f"{A}\n{B}", "credential": "77"})
    assert A in mistake.content.decode() and B in mistake.content.decode()
    assert "not there any more" in mistake.content.decode()
    back = client.post(URL, typed(f"{A} {B}", ark, "edit"))
    assert f"{A} {B}" in back.content.decode()
    assert not Task.objects.exists()


def test_two_thousand_ids_can_be_tracked_at_once(
    client_of: ClientOf, member: User, ark: Credential
) -> None:
    ids = " ".join(f"cgt-{n:05}" for n in range(MOST_IDS))
    client_of(member).post(URL, typed(ids, ark, "track"))
    assert Task.objects.count() == MOST_IDS


def test_an_inactive_credential_cannot_be_chosen(
    client_of: ClientOf, member: User, ark: Credential
) -> None:
    Credential.objects.update(active=False)
    client = client_of(member)
    assert client.post(URL, typed(A, ark, "track")).status_code == 200
    assert not Task.objects.exists()
    assert "no active credential" in client.get(URL).content.decode()


def test_a_viewer_cannot_track(client_of: ClientOf, viewer: User, ark: Credential) -> None:
    client = client_of(viewer)
    assert (
        client.get(URL).status_code == client.post(URL, typed(A, ark, "track")).status_code == 403
    )
    assert not Task.objects.exists()


def test_a_project_is_only_chosen_among_those_one_works_in(
    client_of: ClientOf, member: User, project: Project, ark: Credential
) -> None:
    own, seen, foreign = (Project.objects.create(name=name) for name in ("Own", "Seen", "Foreign"))
    Membership.objects.create(project=own, user=member)
    Membership.objects.create(project=seen, user=member, role=Role.VIEWER)
    client = client_of(member)
    offered = client.get(URL).context["form"].fields["project"].queryset
    assert set(offered) == {project, own}
    for other in (seen, foreign):
        assert client.post(URL, typed(A, ark, "track", project=other.pk)).status_code == 200
    assert not Task.objects.exists()
    client.post(URL, typed(A, ark, "track", project=own.pk))
    assert Task.objects.get().project == own


def test_whoever_works_in_one_project_is_not_asked_and_cannot_choose_another(
    client_of: ClientOf, member: User, project: Project, ark: Credential
) -> None:
    foreign = Project.objects.create(name="Foreign")
    client = client_of(member)
    assert "project" not in client.get(URL).context["form"].fields
    client.post(URL, typed(A, ark, "track", project=foreign.pk))
    assert Task.objects.get().project == project


def test_posting_more_than_the_form_asks_for_changes_nothing(
    client_of: ClientOf, member: User, stranger: User, ark: Credential
) -> None:
    extra = {"status": "succeeded", "created_by": stranger.pk, "base_url": "https://evil.example"}
    client_of(member).post(URL, typed(A, ark, "track", **extra))
    task = Task.objects.get()
    assert (task.status, task.created_by, task.base_url) == ("unknown", member, ark.base_url)


def test_what_was_pasted_is_shown_as_text(
    client_of: ClientOf, member: User, ark: Credential
) -> None:
    page = client_of(member).post(URL, typed(f"{A} <script>alert(1)</script>", ark))
    assert "<script>alert" not in page.content.decode()


def test_the_number_of_queries_does_not_grow_with_the_paste(
    client_of: ClientOf, member: User, ark: Credential, django_assert_max_num_queries: Any
) -> None:
    client = client_of(member)
    with django_assert_max_num_queries(20):
        client.post(URL, typed(" ".join(f"cgt-{n:05}" for n in range(500)), ark))


# Files


TABLE = f"""id,提示词,Model,时长,seed,备注
{A},"海浪, at dawn
a wide shot",doubao-seedance-2-0-260128,5s,7,x
{B},一只猫,,many,,
{A},again,,,,
,no id here,,,,
"""


def uploaded(data: bytes, credential: Credential, name: str = "tasks.csv") -> dict[str, Any]:
    return typed("", credential, upload=SimpleUploadedFile(name, data))


def test_a_file_is_previewed_line_by_line_with_what_comes_along(
    client_of: ClientOf, member: User, ark: Credential
) -> None:
    page = client_of(member).post(URL, uploaded(TABLE.encode("gb18030"), ark))
    kinds = [line.kind for line in page.context["lines"]]
    assert kinds == [Kind.MALFORMED, Kind.NEW, Kind.NEW, Kind.DUPLICATE]
    text = page.content.decode()
    assert "海浪, at dawn" in text and "Line 6 has no id" in text
    assert "时长: many" in text and "备注" in text
    assert not Task.objects.exists()


def test_prompt_and_parameters_of_a_file_are_kept_and_found_at_once(
    client_of: ClientOf, member: User, project: Project, ark: Credential
) -> None:
    client = client_of(member)
    preview = client.post(URL, uploaded(TABLE.encode(), ark))
    client.post(URL, typed(preview.context["ids"], ark, "track"))
    first, second = Task.objects.order_by("pk")
    assert first.prompt == "海浪, at dawn\na wide shot"
    assert (first.model, first.duration, first.seed) == ("doubao-seedance-2-0-260128", 5, 7)
    assert (second.prompt, second.duration) == ("一只猫", None)
    for word in ("海浪", "wide", "doubao"):
        assert list(Task.objects.visible_to(member).matching(word)) == [first]
    entry = AuditEntry.objects.get(verb=Verb.TRACKED)
    assert (entry.actor, entry.project_id, entry.changes) == ("member", project.pk, {"number": 2})


def test_an_answer_that_leaves_the_prompt_out_does_not_take_it_away(
    client_of: ClientOf, member: User, ark: Credential
) -> None:
    line = f'{{"id": "{A}", "prompt": "A paper boat", "seed": 7, "created_at": 1784279786}}'
    client_of(member).post(URL, typed(line, ark, "track"))
    task = Task.objects.get()
    assert task.remote_created_at is not None
    answer = {"id": A, "status": "running", "resolution": "720p"}
    remote = RemoteTask(
        id=A, status=Status.RUNNING, status_word="running", raw=answer, resolution="720p"
    )
    change = task.hear(remote, "", timezone.now())
    task.save()
    assert isinstance(change, StatusChange)
    task.refresh_from_db()
    assert (task.prompt, task.seed, task.resolution) == ("A paper boat", 7, "720p")
    assert Task.objects.matching("paper boat").get() == task


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The file is empty."),
        (b"PK\x03\x04rest", "Save it as CSV"),
        (b"id,prompt\n\x00\x00,x\n", "not a text file"),
        (b"\x89PNG\r\n\x1a\n\xff\xff\xff", "not a text file"),
        (b'id,prompt\ncgt-1,"never closed\n', "a quotation mark is not closed"),
        (b"id,prompt\ncgt-1," + b"x" * 200_000, "a cell is too long"),
        (b"id," + b"," * 300 + b"\ncgt-1\n", "too many columns"),
        (b"id,prompt\n" + b"cgt-1,x\n" * 2_001, "the most is 2000"),
        (b"id,prompt\n,\n", "There is no task id in this."),
    ],
)
def test_what_is_wrong_with_a_file_is_told_beside_it(
    client_of: ClientOf, member: User, ark: Credential, data: bytes, sentence: str
) -> None:
    page = client_of(member).post(URL, uploaded(data, ark))
    assert sentence in str(page.context["form"].errors["upload"])


def test_a_file_that_is_too_large_for_one_step_is_refused(
    client_of: ClientOf, member: User, ark: Credential, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(member)
    monkeypatch.setattr(track_form, "MOST_CARRIED", 100)
    page = client.post(URL, uploaded(TABLE.encode(), ark))
    assert "too much at once" in str(page.context["form"].errors["upload"])
    monkeypatch.setattr(track_form, "LARGEST_FILE", 10)
    page = client.post(URL, uploaded(TABLE.encode(), ark))
    assert "larger than 5 MB" in str(page.context["form"].errors["upload"])


def test_two_thousand_long_chinese_prompts_pass_from_step_to_step(
    client_of: ClientOf, member: User, ark: Credential
) -> None:
    client = client_of(member)
    rows = "\n".join(f"cgt-{n:05},{'海' * 300}" for n in range(MOST_IDS))
    preview = client.post(URL, uploaded(f"id,prompt\n{rows}".encode(), ark))
    client.post(URL, typed(preview.context["ids"], ark, "track"))
    assert Task.objects.filter(prompt="海" * 300).count() == MOST_IDS


def test_what_stands_in_a_file_is_shown_as_text(
    client_of: ClientOf, member: User, ark: Credential
) -> None:
    data = f'id,prompt\n{A},"</textarea><script>alert(1)</script>"\n=cmd|calc,x\n'
    page = client_of(member).post(URL, uploaded(data.encode(), ark))
    assert "<script>alert" not in page.content.decode()
    assert [line.kind for line in page.context["lines"]] == [Kind.MALFORMED, Kind.NEW]


# Links, credentials, what was found


def test_a_link_leads_to_the_preview_and_changes_nothing(
    client_of: ClientOf, member: User, ark: Credential, credential: Credential
) -> None:
    client = client_of(member)
    for named in (ark.name, str(ark.pk)):
        page = client.get(URL, {"id": A, "credential": named})
        assert [line.text for line in page.context["lines"]] == [A]
        assert page.context["credential"] == ark
    assert not Task.objects.exists()
    unnamed = client.get(URL, {"id": [A, B]})
    assert "Choose the credential" in unnamed.content.decode()
    assert A in unnamed.content.decode() and B in unnamed.content.decode()
    assert "lines" not in client.get(URL, {"id": A, "credential": "nobody's"}).context


def test_a_link_without_an_id_chooses_the_credential(
    client_of: ClientOf, member: User, ark: Credential, credential: Credential
) -> None:
    form = client_of(member).get(URL, {"credential": ark.pk}).context["form"]
    assert form.initial == {"credential": ark.pk}


def test_another_projects_credential_is_neither_offered_nor_taken(
    client_of: ClientOf, member: User, project: Project, ark: Credential, credential: Credential
) -> None:
    own = Project.objects.create(name="Own")
    Membership.objects.create(project=own, user=member)
    Credential.objects.update(open_to_all=False)
    credential.projects.add(project)
    client = client_of(member)
    offered = client.get(URL).context["form"].fields["credential"].queryset
    assert list(offered) == [credential]
    client.post(URL, typed(A, ark, "track", project=project.pk))
    page = client.post(URL, typed(A, credential, "track", project=own.pk))
    assert "This project may not use this credential." in page.content.decode()
    assert not Task.objects.exists()


def test_an_id_in_the_trash_is_not_tracked_twice(
    client_of: ClientOf, member: User, ark: Credential, make_task: MakeTask
) -> None:
    make_task(A, credential=ark, deleted_at=timezone.now())
    answer = client_of(member).post(URL, typed(A, ark, "track"), follow=True)
    assert "Nothing was new" in answer.content.decode()
    assert Task.objects.count() == 1


def test_the_trash_of_others_is_not_told_of(
    client_of: ClientOf, member: User, ark: Credential, make_task: MakeTask
) -> None:
    secret = Project.objects.create(name="Secret project")
    make_task(A, credential=ark, project=secret, deleted_at=timezone.now())
    page = client_of(member).post(URL, typed(A, ark)).content.decode()
    assert "already tracked elsewhere" in page and "in the trash" not in page


def test_what_is_tracked_is_no_longer_among_the_found(
    client_of: ClientOf, member: User, ark: Credential
) -> None:
    remote = RemoteTask(id=A, status=Status.RUNNING, status_word="running", raw={})
    Found.of(remote, ark, ark.base_url, timezone.now()).save()
    client_of(member).post(URL, typed(A, ark, "track"))
    assert not Found.objects.exists()
