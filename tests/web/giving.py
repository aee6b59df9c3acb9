"""Uploads of pictures through the pages, and the files stored of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tasks.models import Upload
from tests.media.pictures import png
from tests.web.composing import filled


def file(content: bytes, name: str = "still.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="image/png")


def upload_files(desk: Client, *contents: bytes, part: str = "first_frame", **more: Any) -> Any:
    files = [file(content) for content in contents]
    return desk.post("/tasks/new/upload/", {"files": files, "part": part, **more})


def uploaded(desk: Client, content: bytes | None = None, **more: Any) -> Upload:
    answer = upload_files(desk, content or png(), **more)
    assert answer.status_code == 200, answer.content
    return Upload.objects.get(pk=re.findall(r'value="upload:(\d+)"', answer.content.decode())[0])


def submitted(desk: Client, *lines: object, mode: str = "first_frame", **more: Any) -> Any:
    part = "reference_image" if mode == "reference" else "first_frame"
    return desk.post("/tasks/new/", filled(mode=mode, **{part: lines}, **more))


def line_of(upload: Upload) -> str:
    return f"upload:{upload.pk}"


def stored() -> list[str]:
    root = Path(storages["videos"].path("."))
    return sorted(str(each.relative_to(root)) for each in root.rglob("*") if each.is_file())


def bytes_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content
