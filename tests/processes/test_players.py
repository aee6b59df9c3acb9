"""Saved videos through the real web server."""

from __future__ import annotations

import re
import socket
from contextlib import ExitStack
from pathlib import Path

import httpx

from tests.processes.conftest import Installation, eventually

#: More than the web server has threads.
PLAYERS = 40
SAVE = """
import sys
from pathlib import Path
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.test import Client
from django.utils import timezone
from tasks.models import Copy, Credential, Project, Task
client = Client()
client.force_login(User.objects.create_superuser("player"))
url = "https://gateway.example"
account = Credential(name="Gateway", provider="dataeyes", base_url=url)
account.replace_key("sk-of-the-tests-0123456789")
account.save()
task = Task.objects.create(
    remote_id="cgt-1", project=Project.objects.get(), credential=account,
    provider="dataeyes", base_url=url, status="succeeded", check_after=None,
)
name = storages["videos"].save("1/video.mp4", ContentFile(bytes(8_000_000)))
Copy.objects.create(
    task=task, kind="video", state="saved", name=name, size=8_000_000,
    sha256="0" * 64, created_at=timezone.now(), saved_at=timezone.now(),
)
print("saved", task.pk, client.cookies["dailies_session"].value, "!")
"""


def saved_video(installation: Installation) -> tuple[int, str]:
    """A task's number with 8 MB saved, and the session of somebody who may see it."""
    code, output = installation.run("shell", "--no-imports", "-c", SAVE)
    found = re.search(r"saved (\d+) (\w+) !", output)
    assert code == 0 and found, output
    return int(found[1]), found[2]


def test_forty_paused_players_leave_room_for_everybody(installation: Installation) -> None:
    task, session = saved_video(installation)
    installation.start("web", "--port", str(installation.port))
    site = f"http://127.0.0.1:{installation.port}"
    eventually(lambda: answers(site), within=30)
    path = f"/tasks/{task}/video"
    head = f"Host: 127.0.0.1:{installation.port}\r\nCookie: dailies_session={session}\r\n"
    with ExitStack() as stack:
        for _ in range(PLAYERS):
            player = stack.enter_context(a_player(installation.port))
            player.sendall(f"GET {path} HTTP/1.1\r\n{head}Range: bytes=0-\r\n\r\n".encode())
            assert player.recv(12) == b"HTTP/1.1 206"  # and no more is read
        asked = {"Cookie": f"dailies_session={session}", "Range": "bytes=-5"}
        answer = httpx.get(site + path, headers=asked, timeout=10)
        assert answer.status_code == 206 and answer.content == bytes(5)
    whole = httpx.get(site + path, headers={"Cookie": f"dailies_session={session}"})
    assert len(whole.content) == 8_000_000
    told = httpx.head(site + path, headers={"Cookie": f"dailies_session={session}"})
    assert told.headers["content-length"] == "8000000" and not told.content
    assert Path(installation.folder, "videos/1/video.mp4").stat().st_size == 8_000_000


def a_player(port: int) -> socket.socket:
    """One whose receiving buffer is small, so that little is on its way to it."""
    player = socket.socket()
    player.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    player.settimeout(10)
    player.connect(("127.0.0.1", port))
    return player


def answers(site: str) -> bool:
    try:
        return httpx.get(f"{site}/healthz").status_code == 200
    except httpx.TransportError:
        return False
