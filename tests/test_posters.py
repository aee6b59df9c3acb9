"""Posters of real videos, made by a real process that nothing in a file can let loose."""

from __future__ import annotations

import os
import random
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.conf import settings

from tasks import posters
from tasks.containers import Image, read_image
from tests.processes.conftest import eventually

CLIPS = Path(__file__).parent.parent / "tasks" / "simulator" / "clips"
SAMPLES = Path(__file__).parent / "samples" / "containers"
PROGRAM = posters.PROGRAM

pytestmark = pytest.mark.skipif(not posters.can_make(), reason="needs the extra `posters`")


@pytest.fixture
def own_darkroom(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Of one test only, so that it begins with what the test has changed."""
    room = posters._Darkroom()
    monkeypatch.setattr(posters, "_darkroom", room)
    yield
    room.close()


def picture(made: bytes | None) -> Image:
    assert made is not None
    return read_image(BytesIO(made))


@pytest.mark.parametrize(
    ("name", "width", "height"), [("sea", 640, 360), ("city", 540, 960), ("mist", 640, 274)]
)
def test_a_poster_has_the_shape_of_its_video(name: str, width: int, height: int) -> None:
    made = posters.make(CLIPS / f"{name}.mp4")
    assert picture(made) == Image("webp", width, height)
    assert made is not None
    assert len(made) < 20_000


def test_a_poster_is_as_narrow_as_wished_and_never_larger_than_its_video() -> None:
    assert picture(posters.make(CLIPS / "sea.mp4", width=320)) == Image("webp", 320, 180)
    assert picture(posters.make(SAMPLES / "start.mp4")) == Image("webp", 64, 48)


def test_a_poster_shows_the_first_frame() -> None:
    """The samples begin with a red one, from black at the left to red at the right."""
    import av

    with av.open(
        BytesIO(posters.make(SAMPLES / "start.mp4") or b""), "r", format="webp_pipe"
    ) as shown:
        pixels = next(shown.decode(video=0)).reformat(format="rgb24").planes[0]
    row = bytes(pixels)[: 64 * 3]
    assert row[-3] > 200 > 60 > max(row[-2:])
    assert max(row[:3]) < 60


@pytest.mark.parametrize("name", ["hevc.mp4", "quicktime.mov", "fragments.mp4", "end.mp4"])
def test_what_browsers_may_not_play_has_a_poster_too(name: str) -> None:
    assert picture(posters.make(SAMPLES / name)).width == 64


def test_without_the_extra_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)  # Python's own way to say: not installed
    assert not posters.can_make()
    assert posters.make(CLIPS / "sea.mp4") is None


@pytest.mark.parametrize(
    "data",
    [b"", b"<html><script>alert(1)</script></html>", b"PK\x03\x04", bytes(100_000)],
    ids=["empty", "html", "zip", "zeros"],
)
def test_of_what_is_no_video_there_is_none(data: bytes, tmp_path: Path) -> None:
    (path := tmp_path / "a.mp4").write_bytes(data)
    assert posters.make(path) is None


def test_of_what_is_not_there_there_is_none(tmp_path: Path) -> None:
    assert posters.make(tmp_path / "nothing.mp4") is None
    assert posters.make(tmp_path) is None


def test_of_a_video_that_lies_on_its_side_there_is_none(tmp_path: Path) -> None:
    upright = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    turned = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 48 << 16, 0, 1 << 30)
    data = (SAMPLES / "hevc.mp4").read_bytes()
    at = data.index(upright, data.index(b"tkhd"))
    (path := tmp_path / "turned.mp4").write_bytes(data[:at] + turned + data[at + 36 :])
    assert posters.make(path) is None


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
    thread = Thread(target=server.serve_forever, daemon=True)
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
    """Whoever opens a pipe that nobody writes to waits for ever."""
    monkeypatch.setattr(posters, "CLOCK", 1)
    os.mkfifo(path := tmp_path / "pipe.mp4")
    assert posters.make(path) is None
    with pytest.raises(OSError, match="No such device"):  # no reader is left at its other end
        os.open(path, os.O_WRONLY | os.O_NONBLOCK)


def _after_limits(code: str) -> subprocess.CompletedProcess[str]:
    begin = f"import sys; sys.path.insert(0, {str(PROGRAM.parent)!r}); import first_frame;"
    return subprocess.run(
        [sys.executable, "-I", "-c", f"{begin} first_frame._limit(); {code}"],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has no limit on memory")
def test_memory_is_limited() -> None:
    assert "MemoryError" in _after_limits("bytearray(1 << 30)").stderr
    assert _after_limits("bytearray(200 << 20)").returncode == 0


def test_time_output_and_core_dumps_are_limited_for_good(tmp_path: Path) -> None:
    limits = (
        "import resource as r; print([r.getrlimit(x)[1] for x in (r.RLIMIT_CPU, r.RLIMIT_CORE)])"
    )
    assert _after_limits(limits).stdout.strip() == "[10, 0]"
    target = str(tmp_path / "big")
    written = _after_limits(f"open({target!r}, 'wb').write(bytes(2 << 20))")
    assert "File too large" in written.stderr
    assert Path(target).stat().st_size <= 1 << 20


@pytest.mark.usefixtures("own_darkroom")
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


#: In first_frame.py's place: does what the video's name says, and notes which process made it.
ACTOR = """
import os, signal, sys, time

def write(path, width):
    with open(path, "w") as file:
        print(os.getpid(), os.getppid(), file=file)
    name = os.path.basename(path)
    if name == "crashes":
        os.kill(os.getpid(), signal.SIGSEGV)
    if name == "sleeps":
        time.sleep(600)
    if name == "listens":  # to other people's orders
        os.write(1, os.read(0, 10))
    sys.stdout.buffer.write(open({picture!r}, "rb").read())
"""


@pytest.fixture
def stage(tmp_path: Path, own_darkroom: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of videos that are what their names say."""
    folder = tmp_path / "program"
    folder.mkdir()
    (folder / "darkroom.py").write_text(PROGRAM.read_text())
    (picture := folder / "picture").write_bytes(posters.make(SAMPLES / "start.mp4") or b"")
    posters._darkroom.close()
    (folder / "first_frame.py").write_text(ACTOR.format(picture=str(picture)))
    monkeypatch.setattr(posters, "PROGRAM", folder / "darkroom.py")
    return tmp_path


def processes_of(video: Path) -> tuple[int, int]:
    """The one that made it, and its parent."""
    child, parent = map(int, video.read_text().split())
    return child, parent


def is_there(pid: int) -> bool:
    """As a process that runs, or as one that nobody has buried."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def begun(video: Path) -> tuple[int, int]:
    eventually(lambda: video.exists() and video.read_text().endswith("\n"), within=10)
    return processes_of(video)


def test_each_video_has_a_process_of_its_own_and_they_one_parent(stage: Path) -> None:
    for name in ("one", "other"):
        assert posters.make(stage / name)
    (one, parent), (other, same) = processes_of(stage / "one"), processes_of(stage / "other")
    assert one != other and parent == same != os.getpid()
    eventually(lambda: not (is_there(one) or is_there(other)), within=5)


def test_a_video_that_crashes_its_process_harms_no_other(stage: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        names = ["one", "crashes", "other", "crashes", "last"]
        made = list(pool.map(lambda name: posters.make(stage / name), names))
    assert [bool(each) for each in made] == [True, False, True, False, True]


def test_after_a_crash_its_code_lies_elsewhere(stage: Path) -> None:
    """It is the same process still, which others may wait for, but a program begun anew."""
    assert posters.make(stage / "one")
    _child, parent = processes_of(stage / "one")
    before = places_of(parent)
    if not before:
        pytest.skip("only Linux tells where the code lies")
    assert posters.make(stage / "crashes") is None
    eventually(lambda: places_of(parent) and not places_of(parent) & before, within=5)
    assert posters.make(stage / "other")
    assert processes_of(stage / "other")[1] == parent


def places_of(pid: int) -> set[str]:
    """FFmpeg's, in the memory of a process."""
    try:
        lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    except FileNotFoundError:
        return set()
    return {line for line in lines if "libav" in line}


def test_a_darkroom_that_was_killed_is_opened_again(stage: Path) -> None:
    assert posters.make(stage / "one")
    os.kill(processes_of(stage / "one")[1], signal.SIGKILL)
    assert posters.make(stage / "other")
    first = processes_of(stage / "one")[1]
    eventually(lambda: not is_there(first), within=5)


def test_whoever_makes_a_picture_hears_of_no_other(stage: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        names = ["listens", "one", "listens", "other"]
        made = list(pool.map(lambda name: posters.make(stage / name), names))
    assert all(made)


def test_when_its_parent_is_killed_it_ends_and_so_do_its_children(stage: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tasks import posters\n"
        "posters.PROGRAM = Path(sys.argv[1]); posters.make(Path(sys.argv[2]))"
    )
    video = stage / "sleeps"
    command = [sys.executable, "-c", code, str(posters.PROGRAM), str(video)]
    ours = subprocess.Popen(command, cwd=settings.BASE_DIR)
    child, parent = begun(video)
    ours.kill()
    ours.wait()
    eventually(lambda: not (is_there(child) or is_there(parent)), within=10)


def test_without_orders_it_ends(stage: Path) -> None:
    program = posters.PROGRAM
    program.write_text(program.read_text().replace("IDLE = 60.0", "IDLE = 0.01"))
    assert posters.make(stage / "one")
    _child, parent = processes_of(stage / "one")
    eventually(lambda: not is_there(parent), within=5)
    assert posters.make(stage / "other")
