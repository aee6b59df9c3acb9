"""The clips, the links to them, and the file server: Range, HEAD, expiry."""

import struct
from pathlib import Path

import httpx
import pytest

from tasks.simulator import media
from tasks.simulator.server import Simulator
from tests.simulator.conftest import KEY, WEB, Client, Clock

CLIPS = sorted(media.CLIPS.glob("*.mp4"))
DAY = 86_400


def link(sim: Simulator, clock: Clock, prompt: str = "", **fields: object) -> str:
    task_id = sim.create(prompt, key=KEY, **fields)  # type: ignore[arg-type]
    clock.forward(200)
    url: str = Client(sim).native_task(task_id)["content"]["video_url"]
    return url


def boxes(data: bytes) -> list[str]:
    """List the names of an mp4's top boxes, in their order."""
    names, place = [], 0
    while place < len(data):
        size, name = struct.unpack_from(">I4s", data, place)
        names.append(name.decode())
        place += size
    return names


@pytest.mark.parametrize("path", CLIPS, ids=lambda path: path.stem)
def test_every_clip_is_small_and_begins_with_its_index(path: Path) -> None:
    data = path.read_bytes()
    names = boxes(data)
    assert names[0] == "ftyp"
    assert names.index("moov") < names.index("mdat")
    assert b"avc1" in data and b"mp4a" in data
    assert len(data) <= 250_000


@pytest.mark.parametrize("path", CLIPS, ids=lambda path: path.stem)
def test_every_clip_has_a_last_frame(path: Path) -> None:
    picture = path.with_suffix(".jpg").read_bytes()
    assert picture[:3] == b"\xff\xd8\xff"
    assert len(picture) <= 40_000


def test_the_clips_together_stay_small() -> None:
    assert len(CLIPS) >= 6
    assert sum(path.stat().st_size for path in CLIPS) <= 1_200_000


@pytest.mark.parametrize(("ratio", "names"), list(media.CLIPS_BY_RATIO.items()))
def test_a_clip_has_the_shape_of_the_tasks_ratio(
    sim: Simulator, ratio: str, names: tuple[str, ...]
) -> None:
    sim.create(key=KEY, ratio=ratio)
    assert media.clip_name(sim.tasks[0]) in names
    assert all((media.CLIPS / f"{name}.mp4").exists() for name in names)


def test_a_link_is_signed_once_when_the_task_ends(sim: Simulator, clock: Clock) -> None:
    task_id = sim.create(key=KEY)
    clock.forward(200)
    first = Client(sim).native_task(task_id)
    clock.forward(3600)
    again = Client(sim).native_task(task_id)
    assert first == again
    parameters = httpx.URL(first["content"]["video_url"]).params
    assert parameters["X-Tos-Expires"] == "86400"
    assert len(parameters["X-Tos-Signature"]) == 64


def test_a_link_expires(sim: Simulator, clock: Clock) -> None:
    url = link(sim, clock, "sim:queue=1 sim:run=1")
    clock.forward(DAY - 210)
    assert WEB.get(url).status_code == 200
    clock.forward(20)
    answer = WEB.get(url)
    assert answer.status_code == 403
    assert "<Code>RequestExpired</Code>" in answer.text


def test_a_link_can_be_made_to_expire_early(sim: Simulator, clock: Clock) -> None:
    url = link(sim, clock, "sim:queue=1 sim:run=1 sim:link=60")
    assert "X-Tos-Expires=60&" in url
    assert WEB.get(url).status_code == 403


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Expires=86400", "Expires=99999"),
        ("host", "hosts"),
        ("%2F", "/"),
        (".mp4", "_last_frame.jpeg"),
    ],
)
def test_a_changed_byte_breaks_a_link(sim: Simulator, clock: Clock, old: str, new: str) -> None:
    url = link(sim, clock)
    answer = WEB.get(url.replace(old, new))
    assert answer.status_code == 403
    assert "<Code>SignatureDoesNotMatch</Code>" in answer.text


def test_a_link_needs_no_key_and_outlives_the_record(sim: Simulator, clock: Clock) -> None:
    url = link(sim, clock)
    client = Client(sim)
    client.ask("DELETE", f"/contents/generations/tasks/{sim.tasks[0].id}")
    assert WEB.get(url).status_code == 200


def test_a_last_frame_comes_where_it_was_requested(sim: Simulator, clock: Clock) -> None:
    task_id = sim.create(key=KEY, return_last_frame=True)
    clock.forward(200)
    content = Client(sim).native_task(task_id)["content"]
    answer = WEB.get(content["last_frame_url"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")


@pytest.mark.parametrize(
    ("header", "start", "stop"),
    [
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, None),
        ("bytes=-50", -50, None),
        ("bytes=0-99999999", 0, None),
    ],
)
def test_a_range_is_answered_with_206(
    sim: Simulator, clock: Clock, header: str, start: int, stop: int | None
) -> None:
    url = link(sim, clock)
    whole = WEB.get(url).content
    answer = WEB.get(url, headers={"Range": header})
    first = start % len(whole)
    assert answer.status_code == 206
    assert answer.content == whole[start:stop]
    last = first + len(answer.content) - 1
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(whole)}"


@pytest.mark.parametrize("header", ["bytes=99999999-", "bytes=50-10", "bytes=-0"])
def test_an_impossible_range_is_a_416(sim: Simulator, clock: Clock, header: str) -> None:
    answer = WEB.get(link(sim, clock), headers={"Range": header})
    assert answer.status_code == 416
    assert answer.headers["content-range"].startswith("bytes */")


@pytest.mark.parametrize("header", ["bytes=0-1,5-6", "lines=1-2", "bytes=-", "nonsense"])
def test_an_unreadable_range_is_the_whole_file(sim: Simulator, clock: Clock, header: str) -> None:
    answer = WEB.get(link(sim, clock), headers={"Range": header})
    assert (answer.status_code, answer.headers["accept-ranges"]) == (200, "bytes")


def test_if_range_gets_a_part_of_the_same_file_only(sim: Simulator, clock: Clock) -> None:
    url = link(sim, clock)
    tag = WEB.get(url).headers["etag"]
    same = WEB.get(url, headers={"Range": "bytes=0-1", "If-Range": tag})
    other = WEB.get(url, headers={"Range": "bytes=0-1", "If-Range": '"x"'})
    assert (same.status_code, other.status_code) == (206, 200)


def test_head_gives_the_length_without_the_body(sim: Simulator, clock: Clock) -> None:
    url = link(sim, clock)
    head, whole = WEB.head(url), WEB.get(url)
    assert head.content == b""
    assert head.headers["content-length"] == str(len(whole.content))


@pytest.mark.parametrize(
    ("fault", "status_code"),
    [("403", 403), ("404", 404), ("500", 500), ("503", 503), ("html", 200)],
)
def test_a_file_can_answer_badly(
    sim: Simulator, clock: Clock, fault: str, status_code: int
) -> None:
    answer = WEB.get(link(sim, clock, f"sim:media={fault}"))
    assert answer.status_code == status_code
    assert answer.headers["content-type"] != "video/mp4"


def test_a_file_can_break_off(sim: Simulator, clock: Clock) -> None:
    url = link(sim, clock, "sim:media=truncated")
    with pytest.raises(httpx.RemoteProtocolError):
        WEB.get(url)


def test_a_fault_can_be_switched_on_for_all_files(sim: Simulator, clock: Clock) -> None:
    url = link(sim, clock)
    sim.fault("media", "503")
    assert WEB.get(url).status_code == 503
    sim.fault("media", "")
    assert WEB.get(url).status_code == 200
