"""Names of saved files."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from tasks.models import Copy, Task
from tasks.web.files.file_names import UniqueNames, file_name
from tests.web.media.conftest import Ask


def test_a_downloaded_file_is_named_after_its_task(saved: Copy, ask: Ask) -> None:
    name = 'filename="Dailies - A paper boat sails out - cgt-1.mp4"'
    assert ask()["Content-Disposition"] == f"inline; {name}"
    assert ask(address="video?download")["Content-Disposition"] == f"attachment; {name}"
    poster = ask(address="poster?download")["Content-Disposition"]
    assert poster == 'attachment; filename="Dailies - A paper boat sails out - cgt-1 - Poster.webp"'


def test_chinese_letters_stay(task: Task, saved: Copy, ask: Ask) -> None:
    Task.objects.filter(pk=task.pk).update(prompt="纸船，驶过雨后的街道")
    kept = ask(address="video?download")["Content-Disposition"]
    assert kept.startswith("attachment; filename*=utf-8''") and kept.isascii()
    assert unquote(kept).endswith("Dailies - 纸船 驶过雨后的街道 - cgt-1.mp4")


@pytest.mark.parametrize(
    "hostile",
    [
        "../../etc/passwd",
        'a"; filename="b.exe',
        "a\r\nSet-Cookie: b=c",
        "C:\\con\x00\u202egpj.exe",
        "." * 50,
        "",
        "e\u0301" * 300,
        "🎬 " * 300,
        "街" * 300,
        "\ud800",
    ],
)
def test_a_hostile_name_is_a_plain_one(task: Task, hostile: str) -> None:
    task.prompt = task.remote_id = task.project.name = hostile
    name = file_name(task, ".mp4", "Last frame")
    assert name.endswith("Last frame.mp4")
    assert len(name.encode()) < 255
    assert not set(name[:-4]) & set("/\\\"'.:;<>|?*\r\n\x00\u202e\ud800")


def test_two_files_of_one_name_are_told_apart() -> None:
    unique = UniqueNames()
    names = [unique(name) for name in ("a.mp4", "A.mp4", "a.mp4", "a (2).mp4")]
    assert len({name.casefold() for name in names}) == 4
    assert names[:2] == ["a.mp4", "A (2).mp4"]
