"""When a link ends, and who may be given a key for it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tasks.providers.links import link_ends_at, through_gateway

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


@pytest.mark.parametrize(
    ("link", "base_url", "asked"),
    [
        (
            "http://localhost:3000/v1/videos/task_a/content",
            "https://gw.example",
            "https://gw.example/v1/videos/task_a/content",
        ),
        (
            "https://inner.example/v1/videos/task_a/content?x=1",
            "https://gw.example/sub/",
            "https://gw.example/sub/v1/videos/task_a/content",
        ),
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
def test_a_gateways_own_door_is_asked_at_the_configured_host(
    link: str, base_url: str, asked: str
) -> None:
    assert through_gateway(link, base_url) == (asked, True)


@pytest.mark.parametrize(
    "link",
    [
        SIGNED.format("X-Tos-Date=20260228T102510Z&X-Tos-Expires=86400"),
        "https://localhost.evil.example/a.mp4",
        "https://127.0.0.1.evil.example/a.mp4",
        "https://x.volces.com/v1/videos/a.mp4",
        "https://x.volces.com/v1/videos/../content",
        "https://x.volces.com/v1/videos/a/content/b.mp4",
        "http://[::1/broken",
        "http://localhost:3000@evil.example/a.mp4",
    ],
)
def test_every_other_link_stays_and_gets_no_key(link: str) -> None:
    assert through_gateway(link, "https://gw.example") == (link, False)


def test_a_provider_on_this_machine_may_have_its_videos_there() -> None:
    link = "http://127.0.0.1:8999/media/a.mp4?X-Tos-Date=20260228T102510Z&X-Tos-Expires=60"
    assert through_gateway(link, "http://127.0.0.1:8999/api/v3") == (link, False)
