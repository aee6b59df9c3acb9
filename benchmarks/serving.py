"""Megabytes a second of a saved clip, from our own web server and by nginx for us, beside nginx."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.urls import reverse
from django.utils import timezone

from benchmarks import accounts
from benchmarks.figures import Figure
from benchmarks.processes import free_port, running
from tasks.management.supervision import manage
from tasks.models import Copy, CopyKind, CopyState

LEAST_RATIO = 0.5
NGINX = """\
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    keepalive_timeout 1h;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location /files/ {{ alias {videos}/; }}
        location /protected/ {{ internal; alias {videos}/; }}
        location / {{ proxy_pass http://127.0.0.1:{behind}; proxy_set_header Host $http_host; }}
    }}
}}
"""


@dataclass(frozen=True)
class Size:
    rounds: int = 7
    seconds: float = 2.0
    clip: int = 20 * 1024 * 1024  # bytes


SMALL = Size(rounds=1, seconds=0.3, clip=3 * 1024 * 1024)


def measure(size: Size = Size()) -> Iterator[Figure]:
    clip = saved_clip(size.clip)
    cookie = accounts.session_cookie(User.objects.create_superuser("somebody"))
    ours, behind, nginx = free_port(), free_port(), free_port()
    video = reverse("video", args=[clip.task_id])
    with ExitStack() as stack:
        stack.enter_context(
            running("web", manage("web", "--unsupervised", "--port", ours), port=ours)
        )
        own = Clip(ours, video, cookie, size.clip)
        if not shutil.which("nginx"):
            yield unpaired(own, size)
            return
        stack.enter_context(told_of_nginx())
        stack.enter_context(
            running("web", manage("web", "--unsupervised", "--port", behind), port=behind)
        )
        stack.enter_context(nginx_at(nginx, behind))
        alone = Clip(nginx, f"/files/{clip.name}", cookie, size.clip)
        both = Clip(nginx, video, cookie, size.clip)
        sent = "one range, sent by nginx for us (X-Accel-Redirect)"
        yield compared("one range, the whole clip", own, alone, Reader.whole, size, LEAST_RATIO)
        yield compared(sent, both, alone, Reader.whole, size, LEAST_RATIO)
        yield compared("as a player reads on, part by part", own, alone, Reader.parts, size)


def unpaired(clip: Clip, size: Size) -> Figure:
    return Figure(
        name=f"a saved clip of {size.clip / 1024**2:.0f} MB, one range, the whole clip",
        measured=f"{rate(clip, Reader.whole, size):,.0f} MB/s",
        baseline="none: nginx is not on the PATH",
        ratio=None,
    )


def saved_clip(length: int) -> Copy:
    """Save so many random bytes, as the archive would have left them."""
    account = accounts.credential("gateway", "native", "http://127.0.0.1:9")
    [task] = accounts.running_tasks(account, 1)
    data = os.urandom(length)
    name = storages["videos"].save(f"{task.pk}/video.mp4", ContentFile(data))
    now = timezone.now()
    return Copy.objects.create(
        task=task,
        kind=CopyKind.VIDEO,
        state=CopyState.SAVED,
        name=name,
        size=length,
        sha256=hashlib.sha256(data).hexdigest(),
        created_at=now,
        saved_at=now,
    )


@contextmanager
def told_of_nginx() -> Iterator[None]:
    """Start processes that leave the sending to nginx."""
    os.environ["DAILIES_ACCEL_REDIRECT"] = "/protected/"
    try:
        yield
    finally:
        del os.environ["DAILIES_ACCEL_REDIRECT"]


@contextmanager
def nginx_at(port: int, behind: int) -> Iterator[None]:
    """Run an nginx that serves the storage under /files/, and our web server's pages."""
    with tempfile.TemporaryDirectory(prefix="dailies-nginx-") as folder:
        own = "user root;" if os.geteuid() == 0 else ""  # the data folder is its owner's alone
        place = {"folder": folder, "port": port, "behind": behind, "user": own}
        config = Path(folder, "nginx.conf")
        config.write_text(NGINX.format(videos=storages["videos"].path(""), **place))
        with running("nginx", ["nginx", "-c", str(config)], port=port):
            yield


@dataclass(frozen=True)
class Clip:
    """The address of a clip, and who may read it."""

    port: int
    address: str
    cookie: str
    length: int  # bytes

    @property
    def head(self) -> str:
        where = f"GET {self.address} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
        return f"{where}Cookie: {self.cookie}\r\n"


class Reader:
    """A kept connection that reads the clip and throws it away."""

    def __init__(self, clip: Clip) -> None:
        self._socket = socket.create_connection(("127.0.0.1", clip.port), timeout=30)
        self._head, self._length = clip.head, clip.length
        self._buffer = bytearray(256 * 1024)

    def whole(self) -> None:
        """Read the clip by one range that says where it ends."""
        assert self._ask(0, str(self._length - 1)) == self._length

    def parts(self) -> None:
        """Read the clip by open ranges until nothing is left, as Chromium's player does."""
        read = 0
        while read < self._length:
            read += self._ask(read)

    def close(self) -> None:
        self._socket.close()

    def _ask(self, first: int, last: str = "") -> int:
        self._socket.sendall(f"{self._head}Range: bytes={first}-{last}\r\n\r\n".encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += (received := self._socket.recv(65536))
            assert received, "closed before the answer"
        head, _, begun = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 206"), head
        found = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        assert found, head
        length = int(found[1])
        self._skip(length - len(begun))
        return length

    def _skip(self, left: int) -> None:
        view = memoryview(self._buffer)
        while left:
            received = self._socket.recv_into(view[: min(left, len(view))])
            assert received, f"closed {left} bytes before the end"
            left -= received


def compared(
    how: str,
    ours: Clip,
    nginx: Clip,
    read: Callable[[Reader], None],
    size: Size,
    goal: float = 0.0,
) -> Figure:
    """Measure both in turns; the ratio is the median of the paired ratios."""
    pairs = [(rate(ours, read, size), rate(nginx, read, size)) for _ in range(size.rounds)]
    ratio = median(mine / its for mine, its in pairs)
    return Figure(
        name=f"a saved clip of {size.clip / 1024**2:.0f} MB, {how}",
        measured=f"{median(mine for mine, _ in pairs):,.0f} MB/s",
        baseline=f"nginx, the same file: {median(its for _, its in pairs):,.0f} MB/s",
        ratio=ratio,
        goal=f"≥ {goal}" if goal else "",
        met=ratio >= goal if goal else None,
    )


def rate(clip: Clip, read: Callable[[Reader], None], size: Size) -> float:
    """Megabytes (2²⁰ bytes) a second."""
    reader = Reader(clip)
    began, times = time.perf_counter(), 0
    while (took := time.perf_counter() - began) < size.seconds:
        read(reader)
        times += 1
    reader.close()
    return times * size.clip / 1024**2 / took
