"""Tracking tasks from a file, with the details in it."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from tasks.models import (
    AuditAction,
    AuditEntry,
    Credential,
    Project,
    StatusChange,
    Task,
)
from tasks.providers import RemoteTask
from tasks.providers.status import Status
from tasks.tracking.imports.pasted_ids import PreviewKind
from tasks.web.forms import track as track_form
from tasks.web.forms.track import MOST_IDS
from tests.web.conftest import ClientOf
from tests.web.track.doing import URL, A, B, typed

TABLE = f"""id,提示词,Model,时长,seed,备注
{A},"海浪, at dawn
a wide shot",doubao-seedance-2-0-260128,5s,7,x
{B},一只猫,,many,,
{A},again,,,,
,no id here,,,,
"""


def uploaded(data: bytes, credential: Credential, name: str = "tasks.csv") -> dict[str, Any]:
    return typed("", credential, upload=SimpleUploadedFile(name, data))


def test_a_file_is_previewed_line_by_line_with_its_details(
    client_of: ClientOf, member: User, ark: Credential
) -> None:
    page = client_of(member).post(URL, uploaded(TABLE.encode("gb18030"), ark))
    kinds = [line.kind for line in page.context["lines"]]
    assert kinds == [PreviewKind.MALFORMED, PreviewKind.NEW, PreviewKind.NEW, PreviewKind.DUPLICATE]
    above, lines = page.content.decode().split('<ol class="preview-lines">')
    assert "海浪, at dawn" in lines and "Line 6 has no id" in lines
    assert "时长: many" in lines and "备注" in above
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
    entry = AuditEntry.objects.get(verb=AuditAction.TRACKED)
    assert (entry.actor, entry.project_id, entry.changes) == ("member", project.pk, {"number": 2})


def test_an_answer_without_a_prompt_does_not_remove_the_prompt(
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
    change = task.apply_answer(remote, "", timezone.now())
    task.save()
    assert isinstance(change, StatusChange)
    task.refresh_from_db()
    assert (task.prompt, task.seed, task.resolution) == ("A paper boat", 7, "720p")
    assert Task.objects.matching("paper boat").get() == task


@pytest.mark.each_case
@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The file is empty."),
        (b"PK\x03\x04rest", "Save it as CSV"),
        (b"id,prompt\n\x00\x00,x\n", "a text file"),
        (b"\x89PNG\r\n\x1a\n\xff\xff\xff", "a text file"),
        (b'id,prompt\ncgt-1,"never closed\n', "near line 2: a quotation mark"),
        (b"id,prompt\ncgt-1," + b"x" * 200_000, "a cell is too long"),
        (b"id," + b"," * 300 + b"\ncgt-1\n", "too many columns"),
        (b"id,prompt\n" + b"cgt-1,x\n" * 2_001, "the limit is 2000"),
        (b"id,prompt\n,\n", "No task id found."),
    ],
)
def test_errors_of_a_file_are_shown_beside_it(
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
    assert "too many at once" in str(page.context["form"].errors["upload"])
    monkeypatch.setattr(track_form, "LARGEST_FILE", 10)
    page = client.post(URL, uploaded(TABLE.encode(), ark))
    assert "larger than 5 MB" in str(page.context["form"].errors["upload"])


@pytest.mark.exhaustive
def test_two_thousand_long_chinese_prompts_pass_from_step_to_step(
    client_of: ClientOf, member: User, ark: Credential
) -> None:
    client = client_of(member)
    rows = "\n".join(f"cgt-{n:05},{'海' * 300}" for n in range(MOST_IDS))
    preview = client.post(URL, uploaded(f"id,prompt\n{rows}".encode(), ark))
    client.post(URL, typed(preview.context["ids"], ark, "track"))
    assert Task.objects.filter(prompt="海" * 300).count() == MOST_IDS


def test_the_content_of_a_file_is_escaped(
    client_of: ClientOf, member: User, ark: Credential
) -> None:
    data = f'id,prompt\n{A},"</textarea><script>alert(1)</script>"\n=cmd|calc,x\n'
    page = client_of(member).post(URL, uploaded(data.encode(), ark))
    assert "<script>alert" not in page.content.decode()
    assert [line.kind for line in page.context["lines"]] == [PreviewKind.MALFORMED, PreviewKind.NEW]
