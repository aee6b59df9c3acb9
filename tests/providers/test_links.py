"""The links to a film in an answer, their order, their ends, and who is given a key for them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tasks.providers import VideoLink
from tasks.providers.dialects.links import film_links, link_ends_at, own_stream, with_own_stream

SIGNED = "https://x.volces.com/a.mp4?X-Tos-Algorithm=TOS4&{}&X-Tos-Signature=f5"


def test_a_signed_link_ends_at_its_date_plus_its_seconds() -> None:
    link = SIGNED.format("X-Tos-Date=20260228T102510Z&X-Tos-Expires=86400")
    assert link_ends_at(link) == datetime(2026, 3, 1, 10, 25, 10, tzinfo=UTC)
    assert link_ends_at(link.replace("X-Tos", "X-Amz")) == link_ends_at(link)
    swapped = SIGNED.format("X-Tos-Expires=60&X-Tos-Date=20260228T102510Z")
    assert link_ends_at(swapped) == datetime(2026, 2, 28, 10, 26, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "query",
    [
        "a=1",
        "X-Tos-Date=20260228T102510Z",
        "X-Tos-Expires=86400",
        "X-Tos-Date=20261328T102510Z&X-Tos-Expires=86400",
        "X-Tos-Date=yesterday&X-Tos-Expires=86400",
        "X-Tos-Date=20260228T102510Z&X-Tos-Expires=soon",
        "X-Tos-Date=20260228T102510Z&X-Tos-Expires=99999999999999",
        "X-Tos-Date=99991231T235959Z&X-Tos-Expires=86400",
        "not-X-Tos-Date=20260228T102510Z&X-Tos-Expires=86400",
    ],
)
def test_no_end_is_guessed(query: str) -> None:
    assert link_ends_at(SIGNED.format(query)) is None


BASE = "https://gw.example/sub/"
OURS, OTHER = "task_ours", "task_other"
OWN_STREAM = "https://gw.example/sub/v1/videos/task_ours/content"
TOS = SIGNED.format("X-Tos-Date=20260228T102510Z&X-Tos-Expires=86400")
OPEN = "https://cdn.example/a.mp4"


def asked(*layers: dict[str, Any], base_url: str = BASE) -> list[str]:
    """Return the links in these layers, the outermost first, as they are asked for."""
    return [link.url for link in film_links(layers, remote_id=OURS, base_url=base_url)]


@pytest.mark.parametrize(
    "link",
    [
        "http://localhost:3000/v1/videos/task_ours/content",
        "https://inner.example/v1/videos/task_other/content?x=1",
        "https://gw.example/sub/v1/videos/task_other/content",
        "https://gw.example/sub/v1/videos/task_other/content/",
        "https://gw.example/v1//videos/task%5Fother/content",
        "https://gw.example/V1/Videos/task_other/Content?signature=1",
    ],
)
def test_a_gateways_stream_is_asked_for_under_our_id_at_our_host_alone(link: str) -> None:
    (found,) = film_links([{"result_url": link}], remote_id=OURS, base_url=BASE)
    assert (found.url, found.needs_key) == (OWN_STREAM, True)


@pytest.mark.parametrize(
    ("link", "base_url", "moved"),
    [
        (
            "http://127.0.0.1:3000/files/a.mp4?b=1",
            "https://gw.example/v1",
            "https://gw.example/files/a.mp4?b=1",
        ),
        (
            "http://[::1]:3000/files/a.mp4",
            "https://gw.example/api/v3",
            "https://gw.example/files/a.mp4",
        ),
    ],
)
def test_a_gateways_file_on_its_own_machine_is_asked_for_at_the_configured_host(
    link: str, base_url: str, moved: str
) -> None:
    (found,) = film_links([{"result_url": link}], remote_id=OURS, base_url=base_url)
    assert (found.url, found.needs_key) == (moved, True)


@pytest.mark.parametrize(
    "link",
    [
        TOS,
        "https://localhost.evil.example/a.mp4",
        "https://127.0.0.1.evil.example/a.mp4",
        "https://x.volces.com/v1/videos/a.mp4",
        "https://x.volces.com/v1/videos/../content",
        "https://x.volces.com/v1/videos/a/content/b.mp4",
        "http://[::1/broken",
        "http://localhost:3000@evil.example/a.mp4",
    ],
)
def test_every_other_link_is_unchanged_and_gets_no_key(link: str) -> None:
    (found,) = film_links([{"result_url": link}], remote_id=OURS, base_url=BASE)
    assert (found.url, found.needs_key) == (link, False)


def test_a_provider_on_this_machine_may_have_its_videos_there() -> None:
    link = "http://127.0.0.1:8999/media/a.mp4?X-Tos-Date=20260228T102510Z&X-Tos-Expires=60"
    assert asked({"video_url": link}, base_url="http://127.0.0.1:8999/api/v3") == [link]


@pytest.mark.parametrize(
    "layer",
    [
        {"content": {"video_url": TOS}},
        {"content": [{"type": "video_url", "video_url": {"url": TOS}}]},
        {"content": [{"type": "text", "text": OPEN}, {"type": "video_url", "video_url": TOS}]},
        {"content": f'{{"video_url": "{TOS}"}}'},
        {"video_url": TOS},
        {"video_url": {"url": TOS}},
        {"result_url": TOS},
        {"fail_reason": TOS},
        {"fail_reason": f'{{"video_url": "{TOS}"}}'},
        {"url": TOS},
        {"metadata": {"url": TOS}},
        {"metadata": {"video_url": TOS}},
        {"video": {"url": TOS}},
        {"result": TOS},
        {"result": [TOS]},
        {"output": TOS},
        {"output": [TOS]},
        {"output": [{"url": TOS}]},
        {"data": [{"url": TOS}]},
        {"resultJson": f'{{"resultUrls": ["{TOS}"]}}'},
        {"super_resolution": {"url": TOS}},
        {"original_result_url": TOS},
    ],
)
def test_a_film_is_found_wherever_a_gateway_puts_it(layer: dict[str, Any]) -> None:
    assert asked(layer) == [TOS]
    assert asked({"status": "SUCCESS", "data": layer}, layer) == [TOS]


@pytest.mark.parametrize(
    "layer",
    [
        {"request": {"content": [{"type": "video_url", "video_url": {"url": TOS}}]}},
        {"content": [{"type": "video_url", "role": "reference_video", "video_url": {"url": TOS}}]},
        {"content": [{"type": "image_url", "image_url": {"url": TOS}}]},
        {"content": [{"type": "image_url", "url": TOS}]},
        {"content": {"last_frame_url": TOS}},
        {"properties": {"input": TOS}},
        {"urls": {"get": OPEN, "cancel": OPEN}},
        {"result": [{"task_id": OTHER, "video_url": TOS}]},
        {"items": [{"id": OTHER, "content": {"video_url": TOS}}]},
        {"polling_url": OPEN},
        {"error": {"message": TOS}},
    ],
)
def test_what_was_given_or_belongs_to_another_task_is_no_film(layer: dict[str, Any]) -> None:
    assert asked(layer) == []


def test_signed_links_come_first_then_our_own_stream_then_the_rest() -> None:
    outer = {"result_url": f"http://localhost:3000/v1/videos/{OTHER}/content", "url": OPEN}
    inner = {"video_url": "http://10.0.0.8:3000/a.mp4", "fail_reason": TOS}
    assert asked(outer, inner) == [TOS, OWN_STREAM, "http://10.0.0.8:3000/a.mp4", OPEN]


def test_the_deepest_of_equals_comes_first_and_none_comes_twice() -> None:
    other = TOS.replace("a.mp4", "b.mp4")
    layers: list[dict[str, Any]] = [
        {"result_url": other, "url": TOS},
        {"content": {"video_url": TOS}, "url": other},
    ]
    assert asked(*layers) == [TOS, other]


@pytest.mark.parametrize(
    "outer",
    [
        {"result_url": OPEN, "original_result_url": TOS},
        {"result_url": OPEN, "super_resolution": {"status": "SUCCESS"}},
        {"super_resolution": {"video_url": OPEN}},
        {"metadata": {"result_url": OPEN, "original_result_url": TOS}},
    ],
)
def test_an_enhanced_film_comes_before_its_original(outer: dict[str, Any]) -> None:
    assert asked(outer, {"content": {"video_url": TOS}}) == [OPEN, TOS]


def test_an_original_that_nothing_was_made_of_stays_the_film() -> None:
    assert asked({"result_url": TOS, "original_result_url": TOS, "url": OPEN}) == [TOS, OPEN]


@pytest.mark.parametrize(
    "query",
    ["X-Amz-Signature=5", "Expires=9&OSSAccessKeyId=k&Signature=5", "auth_key=1-2", "sig=x&se=y"],
)
def test_signatures_of_other_stores_are_known(query: str) -> None:
    assert asked({"url": OPEN, "metadata": {"url": f"https://b.example/a.mp4?{query}"}}) == [
        f"https://b.example/a.mp4?{query}",
        OPEN,
    ]


def test_a_gateways_own_stream_is_tried_behind_the_signed_links() -> None:
    own = own_stream("/v1/videos/task_ours/content", remote_id=OURS, base_url=BASE)
    assert (own.url, own.needs_key) == (OWN_STREAM, True)
    signed, rest = VideoLink(url=TOS), VideoLink(url=OPEN)
    assert with_own_stream([signed, rest], own) == (signed, own, rest)
    assert with_own_stream([rest], own) == (rest, own)
    assert with_own_stream([own, rest], own) == (own, rest)


@pytest.mark.parametrize(
    ("base_url", "path"),
    [
        ("https://openrouter.example/api/v1", "/videos/task_ours/content"),
        ("https://openrouter.example/api", "/v1/videos/task_ours/content"),
        ("https://openrouter.example/api/v1/", "/v1/videos/task_ours/content"),
    ],
)
def test_the_version_in_a_base_url_is_said_once(base_url: str, path: str) -> None:
    own = own_stream(path, remote_id=OURS, base_url=base_url)
    assert own.url == "https://openrouter.example/api/v1/videos/task_ours/content"
    assert own.needs_key


def test_a_stream_at_another_path_lies_below_the_base_url() -> None:
    own = own_stream("/files/task_ours", remote_id=OURS, base_url="https://gw.example/x")
    assert (own.url, own.needs_key) == ("https://gw.example/x/files/task_ours", True)
