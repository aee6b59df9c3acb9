"""Pictures of real videos, made by a real process that nothing in a file can let loose."""

from __future__ import annotations

import os
import random
import struct
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from pathlib import Path
from subprocess import PIPE
from threading import Thread
from typing import Any

import pytest
from django.conf import settings

from tasks.media import posters
from tasks.media.containers import Image, read_image
from tasks.media.posters import poster_worker
from tests.media.moving import brightness, film
from tests.processes.conftest import eventually

CLIPS = Path(__file__).parent.parent.parent / "tasks" / "simulator" / "clips"
SAMPLES = Path(__file__).parent.parent / "samples" / "containers"
PROGRAM = posters.PROGRAM

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not posters.can_make(), reason="needs PyAV"),
]


def picture(made: posters.Previews | None) -> Image:
    """The poster."""
    assert made is not None
    return read_image(BytesIO(made.poster))


@pytest.mark.parametrize(
    ("name", "width", "height"), [("sea", 640, 360), ("city", 540, 960), ("mist", 640, 274)]
)
def test_a_poster_has_the_shape_of_its_video(name: str, width: int, height: int) -> None:
    made = posters.make(CLIPS / f"{name}.mp4")
    assert picture(made) == Image("webp", width, height)
    assert made is not None
    assert len(made.poster) < 20_000


def test_a_poster_is_never_larger_than_its_video() -> None:
    assert picture(posters.make(SAMPLES / "start.mp4")) == Image("webp", 64, 48)


def test_a_poster_shows_the_first_frame() -> None:
    """The samples begin with a red one, from black at the left to red at the right."""
    import av

    made = posters.make(SAMPLES / "start.mp4")
    assert made
    with av.open(BytesIO(made.poster), "r", format="webp_pipe") as presented:
        pixels = next(presented.decode(video=0)).reformat(format="rgb24").planes[0]
    row = bytes(pixels)[: 64 * 3]
    assert row[-3] > 200 > 60 > max(row[-2:])
    assert max(row[:3]) < 60


def corners(_number: int, size: int) -> bytes:
    """A frame of 320 × 180 whose corners are of four brightnesses, row by row 20, 80, 140, 200."""
    upper, lower = (bytes([left]) * 160 + bytes([right]) * 160 for left, right in TWO_ROWS)
    return (upper * 90 + lower * 90)[:size]


TWO_ROWS = ((20, 80), (140, 200))


@pytest.mark.parametrize(
    ("rotation", "seen", "width", "height"),
    [
        (90, [80, 200, 20, 140], 180, 320),
        (-90, [140, 20, 200, 80], 180, 320),
        (180, [200, 140, 80, 20], 320, 180),
    ],
)
def test_pictures_of_a_video_that_was_filmed_upright_stand_upright(
    tmp_path: Path, rotation: int, seen: list[int], width: int, height: int
) -> None:
    path = film(tmp_path / "turned.mp4", 30, corners, rotation=rotation)
    made, last = posters.make(path), posters.last_frame(path)
    assert made and made.sprite and last
    assert picture(made) == Image("webp", width, height)
    assert read_image(BytesIO(last)) == Image("png", width, height)
    assert (made.sprite.width < made.sprite.height) is (width < height)
    for shown in (brightness(made.poster, 2, 2), brightness(last, 2, 2)):
        assert shown == pytest.approx(seen, abs=20)
    first_of_sprite = brightness(made.sprite.data, 2 * made.sprite.columns, 2 * 4)
    assert first_of_sprite[:2] == pytest.approx(seen[:2], abs=20)


@pytest.mark.parametrize("name", ["hevc.mp4", "quicktime.mov", "fragments.mp4", "end.mp4"])
def test_what_browsers_may_not_play_has_a_poster_too(name: str) -> None:
    assert picture(posters.make(SAMPLES / name)).width == 64


def test_without_pyav_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)  # Python's own way to say: not installed
    assert not posters.can_make()
    assert posters.make(CLIPS / "sea.mp4") is posters.last_frame(CLIPS / "sea.mp4") is None


@pytest.mark.parametrize(
    "data",
    [b"", b"<html><script>alert(1)</script></html>", b"PK\x03\x04", bytes(100_000)],
    ids=["empty", "html", "zip", "zeros"],
)
def test_of_what_is_no_video_there_is_none(data: bytes, tmp_path: Path) -> None:
    (path := tmp_path / "a.mp4").write_bytes(data)
    assert posters.make(path) is posters.last_frame(path) is None


def test_of_what_is_not_there_there_is_none(tmp_path: Path) -> None:
    assert posters.make(tmp_path / "nothing.mp4") is None
    assert posters.make(tmp_path) is None


def test_of_a_video_that_stands_askew_there_is_none(tmp_path: Path) -> None:
    upright = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    askew = struct.pack(">9i", *([46341] * 2), 0, -46341, 46341, 0, 0, 0, 1 << 30)  # by 45 degrees
    data = (SAMPLES / "hevc.mp4").read_bytes()
    at = data.index(upright, data.index(b"tkhd"))
    (path := tmp_path / "askew.mp4").write_bytes(data[:at] + askew + data[at + 36 :])
    assert posters.make(path) is posters.last_frame(path) is None


def test_broken_videos_harm_nobody(tmp_path: Path) -> None:
    chance = random.Random(7)  # the same damage every time
    whole = (CLIPS / "sea.mp4").read_bytes()
    for number in range(8):
        data = bytearray(whole)
        for _ in range(200):
            data[chance.randrange(len(data))] = chance.randrange(256)
        (path := tmp_path / f"{number}.mp4").write_bytes(data)
        made = posters.make(path)
        assert made is None or picture(made).format == "webp"


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """A server's address, and what it was asked for."""
    paths: list[str] = []

    class Ear(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_error(404)

        def log_message(self, *args: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Ear)
    thread = Thread(target=server.serve_forever, args=[0.02], daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", paths
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("name", "playlist"),
    [
        ("a.mp4", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{}/a.ts\n#EXT-X-ENDLIST\n"),
        ("a.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{}/a.ts\n#EXT-X-ENDLIST\n"),
        ("a.ffconcat", "ffconcat version 1.0\nfile '{}/a.mp4'\n"),
    ],
)
def test_a_playlist_in_a_videos_place_leads_nowhere(
    name: str, playlist: str, asked: tuple[str, list[str]], tmp_path: Path
) -> None:
    address, paths = asked
    (path := tmp_path / name).write_text(playlist.format(address))
    assert posters.make(path) is None
    assert paths == []


def test_a_video_that_never_comes_to_its_end_is_left_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that opens a pipe without a writer waits for ever."""
    monkeypatch.setattr(posters, "CLOCK", 1)
    os.mkfifo(path := tmp_path / "pipe.mp4")
    assert posters.make(path) is None
    assert not has_reader(path)


def _within_limits(code: str) -> subprocess.CompletedProcess[str]:
    """Run this code in a process that has lowered its limits as the worker does."""
    begin = f"import sys; sys.path.insert(0, {str(PROGRAM.parent)!r}); import poster_worker;"
    return subprocess.run(
        [sys.executable, "-I", "-c", f"{begin} poster_worker.limit(); {code}"],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has no limit on memory")
def test_memory_is_limited() -> None:
    assert "MemoryError" in _within_limits("bytearray(1 << 30)").stderr
    assert _within_limits("bytearray(200 << 20)").returncode == 0


def test_time_output_and_core_dumps_are_limited_for_good(tmp_path: Path) -> None:
    limits = (
        "import resource as r; print([r.getrlimit(x)[1] for x in (r.RLIMIT_CPU, r.RLIMIT_CORE)])"
    )
    assert _within_limits(limits).stdout.strip() == f"[{poster_worker.CPU}, 0]"
    target = str(tmp_path / "big")
    written = _within_limits(f"open({target!r}, 'wb').write(bytes(2 << 20))")
    assert "File too large" in written.stderr
    assert Path(target).stat().st_size <= 1 << 20


def test_the_limits_are_set_before_a_video_is_opened(tmp_path: Path) -> None:
    """The kernel tells them of a worker that waits for a pipe in a video's place."""
    os.mkfifo(path := tmp_path / "pipe.mp4")
    command = [sys.executable, "-I", str(PROGRAM), str(path), "previews"]
    worker = subprocess.Popen(command, stdin=PIPE)
    with worker, opened_by_a_reader(path):
        limits = Path(f"/proc/{worker.pid}/limits")
        told = limits.read_text() if limits.exists() else ""
        worker.kill()
    if not told:
        pytest.skip("only Linux tells the limits of another process")
    lines = {line[:26].strip(): line[26:].split()[:2] for line in told.splitlines()}
    assert lines["Max address space"] == [str(poster_worker.MEMORY)] * 2
    assert lines["Max cpu time"] == [str(poster_worker.CPU)] * 2
    assert lines["Max file size"] == [str(poster_worker.LARGEST)] * 2


@contextmanager
def opened_by_a_reader(pipe: Path) -> Iterator[None]:
    """Wait until a process reads this pipe, and keep the other end, so that it reads on."""
    end = eventually(lambda: writing_end(pipe), within=10)
    try:
        yield
    finally:
        os.close(end)


def writing_end(pipe: Path) -> int | None:
    """Return a descriptor; None where no process reads, for then the kernel gives none."""
    try:
        return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None


def has_reader(pipe: Path) -> bool:
    if (end := writing_end(pipe)) is not None:
        os.close(end)
    return end is not None


def test_the_process_knows_none_of_our_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program in the place of ours tells what it was given; it is no picture, so none is made."""
    (spy := tmp_path / "spy.py").write_text(
        f"import os; open({str(tmp_path / 'told')!r}, 'w').write(repr(dict(os.environ)))"
    )
    monkeypatch.setattr(posters, "PROGRAM", spy)
    monkeypatch.setenv("DAILIES_S3_SECRET", "canary")
    monkeypatch.setenv("DATABASE_URL", "postgres://dailies:canary@db/dailies")
    assert posters.make(CLIPS / "sea.mp4") is None
    told = (tmp_path / "told").read_text()
    assert "PATH" in told
    assert "canary" not in told


#: In the worker's place: does what the video's name says, and notes what it is and has.
ACTOR = """
import os, signal, sys, time

path = sys.argv[1]
name = os.path.basename(path)
with open(path, "w") as file:
    print(os.getpid(), *sorted(int(each) for each in os.listdir("/dev/fd")), file=file)
if name == "crashes":
    os.kill(os.getpid(), signal.SIGSEGV)
if name == "fails":
    sys.stdout.buffer.write(open({picture!r}, "rb").read())
    sys.exit(1)
sys.stdout.buffer.write(open({picture!r}, "rb").read())
"""


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of videos that are what their names say."""
    (picture := tmp_path / "picture").write_bytes(written(SAMPLES / "start.mp4"))
    (actor := tmp_path / "actor.py").write_text(ACTOR.format(picture=str(picture)))
    monkeypatch.setattr(posters, "PROGRAM", actor)
    return tmp_path


def written(video: Path) -> bytes:
    """The bytes that the worker itself writes about a video."""
    command = [sys.executable, "-I", str(PROGRAM), str(video), "previews"]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE) as worker:
        assert worker.stdout
        return worker.stdout.read()


def noted(video: Path) -> list[int]:
    """The process that made it, and the descriptors that it had."""
    return [int(each) for each in video.read_text().split()]


def is_there(pid: int) -> bool:
    """Whether a process has this id, be it a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_each_video_has_a_process_of_its_own_that_is_gone_when_its_poster_is_there(
    stage: Path,
) -> None:
    assert posters.make(stage / "one") and posters.make(stage / "other")
    one, other = noted(stage / "one")[0], noted(stage / "other")[0]
    assert one != other and os.getpid() not in (one, other)
    assert not (is_there(one) or is_there(other))


def test_whoever_makes_a_poster_holds_no_file_of_others(stage: Path, tmp_path: Path) -> None:
    """The three that every process has, one for the notes and one for the list itself."""
    with (tmp_path / "secret").open("w") as secret, ThreadPoolExecutor(4) as pool:
        os.set_inheritable(secret.fileno(), True)
        names = ["one", "other", "third", "last"]
        assert all(pool.map(lambda name: posters.make(stage / name), names))
    assert all(len(noted(stage / name)) == 1 + 5 for name in names)


def test_a_video_that_crashes_its_process_harms_no_other(stage: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        names = ["one", "crashes", "other", "fails", "last"]
        made = list(pool.map(lambda name: posters.make(stage / name), names))
    assert [bool(each) for each in made] == [True, False, True, False, True]


@pytest.mark.skipif(sys.platform == "darwin", reason="only Linux tells where the code lies")
def test_for_each_video_the_code_lies_elsewhere(tmp_path: Path) -> None:
    """Addresses learnt from one video are of no use to the next."""
    places = []
    for number in range(2):
        os.mkfifo(path := tmp_path / f"{number}.mp4")
        command = [sys.executable, "-I", str(PROGRAM), str(path), "previews"]
        with subprocess.Popen(command, stdin=PIPE) as worker, opened_by_a_reader(path):
            lines = Path(f"/proc/{worker.pid}/maps").read_text().splitlines()
            places.append({line.split("-")[0] for line in lines if "libav" in line})
            worker.kill()
    assert places[0] and not places[0] & places[1]


OWNER = (
    "import sys; from pathlib import Path; from tasks.media import posters; "
    "posters.make(Path(sys.argv[1]))"
)


@pytest.mark.skipif(sys.platform == "darwin", reason="there the alarm ends it, 25 s later")
def test_a_worker_ends_with_the_process_that_wants_its_poster(tmp_path: Path) -> None:
    """The worker waits inside FFmpeg, where no Python runs."""
    os.mkfifo(path := tmp_path / "pipe.mp4")
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(path)], cwd=settings.BASE_DIR)
    with opened_by_a_reader(path):  # and never written to, nor closed
        owner.kill()
        owner.wait()
        eventually(lambda: not has_reader(path), within=3)  # well before the alarm


def test_a_worker_whose_parent_is_gone_already_opens_no_video(tmp_path: Path) -> None:
    command = [sys.executable, "-I", str(PROGRAM), str(CLIPS / "sea.mp4"), "previews"]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert ended.returncode and not ended.stdout
