"""A filled installation, and helpers that save and restore it."""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path

from tests.ops.homes import Home

SECRET = "sk-canary-of-the-backup"
FILL = f"""
import hashlib
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.utils import timezone
from tasks.models import search
from tasks.models import *
from tasks.providers.status import Status
now = timezone.now()
User.objects.create_superuser("ann")
project = Project.objects.get()
credential = Credential(name="Ark", provider="volcengine", base_url="https://ark.example")
credential.replace_key("{SECRET}")
credential.save()
for number in range(30):
    [task] = Task.objects.track([f"cgt-{{number}}"], credential=credential, project=project,
                                created_by=None, now=now)
    task.prompt, task.raw = "纸船 a paper boat", "{{}}"
    task.status, task.video_url = Status.SUCCEEDED, "https://v.example/1.mp4"
    task.search_text = search.searchable(task.prompt)
    task.total_tokens = 1000 + number
    task.save()
    Copy.objects.follow([task], now)
for copy in Copy.objects.all()[:3]:
    content = f"video {{copy.pk}}".encode() * 1000
    copy.name = storages["videos"].save(f"{{copy.pk}}/video.mp4", ContentFile(content))
    copy.poster = storages["videos"].save(f"{{copy.pk}}/poster.webp", ContentFile(b"a poster"))
    copy.sprite = storages["videos"].save(f"{{copy.pk}}/sprite.webp", ContentFile(b"a sprite"))
    copy.proxy = storages["videos"].save(f"{{copy.pk}}/proxy.mp4", ContentFile(b"a proxy"))
    copy.size, copy.sha256 = len(content), hashlib.sha256(content).hexdigest()
    copy.state, copy.saved_at, copy.due_at = CopyState.SAVED, now, None
    copy.save()
AuditEntry.objects.create(verb=AuditAction.TRACKED, actor="ann", label="cgt-0",
                          changes={{"number": 30}})
"""
REVEAL = "from tasks.models import Credential; print(Credential.objects.get().reveal_key())"
FOUND = "from tasks.models import Task; print(Task.objects.matching('boat').count())"


def save(home: Home, path: Path, *options: str) -> Path:
    status, output = home.run("backup", str(path), *options)
    assert status == 0, output
    assert SECRET not in output
    return path


def restore(home: Home, path: Path, *options: str) -> str:
    status, output = home.run("restore", str(path), *options)
    assert status == 0, output
    return output


def refusal(home: Home, *command: str) -> str:
    status, output = home.run(*command)
    assert status == 1, output
    assert "Traceback" not in output
    return output


def bring_keys(source: Home, target: Home) -> None:
    shutil.copytree(source.folder / "keys", target.folder / "keys")


def manifest(path: Path) -> dict[str, object]:
    with tarfile.open(path) as archive:
        member = archive.extractfile("manifest.json")
        assert member
        found: dict[str, object] = json.load(member)
        return found
