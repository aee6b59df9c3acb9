"""Posters and sprites under addresses of their content: kept for ever, and never another's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import storages
from django.test import Client

from tasks.models import Copy, CopyState, Task
from tests.web.conftest import ClientOf, SaveCopy
from tests.web.media.conftest import MOVIE, Ask, body

POSTER_HASH = "0123456789abcdef"
FOR_EVER = "private, max-age=31536000, immutable"


@pytest.fixture
def saved(task: Task, save_copy: SaveCopy) -> Copy:
    known = {"poster_hash": POSTER_HASH, "poster_size": 4}
    return save_copy(task, MOVIE, poster=b"RIFF", sprite=b"RIFF and more", **known)


@pytest.fixture(params=["poster", "sprite"])
def address(request: pytest.FixtureRequest, saved: Copy) -> str:
    return f"{request.param}/{POSTER_HASH if request.param == 'poster' else saved.sprite_hash}"


def test_a_preview_is_kept_by_the_browser_and_asked_for_once(address: str, ask: Ask) -> None:
    response = ask(address=address)
    assert body(response) == (b"RIFF" if "poster" in address else b"RIFF and more")
    assert response["Content-Type"] == "image/webp"
    assert response["Cache-Control"] == FOR_EVER
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    again = ask(address=address, if_none_match=response["ETag"])
    assert (again.status_code, again.content, again["Cache-Control"]) == (304, b"", FOR_EVER)
    head = ask(address=address, method="head")
    assert head["ETag"] == response["ETag"] and head["Cache-Control"] == FOR_EVER


@pytest.mark.parametrize("other", ["f" * 16, "0", "%2e%2e", POSTER_HASH.upper()])
def test_another_hash_leads_nowhere(address: str, ask: Ask, other: str) -> None:
    response = ask(address=f"{address.partition('/')[0]}/{other}")
    assert response.status_code == 404
    assert "immutable" not in response.get("Cache-Control", "")


def test_a_poster_is_no_sprite(saved: Copy, ask: Ask) -> None:
    assert ask(address=f"sprite/{POSTER_HASH}").status_code == 404
    assert ask(address=f"poster/{saved.sprite_hash}").status_code == 404


@pytest.mark.parametrize("state", [s for s in CopyState if s != CopyState.SAVED])
def test_without_the_video_there_is_no_preview(
    address: str, saved: Copy, ask: Ask, state: CopyState
) -> None:
    Copy.objects.filter(pk=saved.pk).update(state=state)
    assert ask(address=address).status_code == 404


def test_only_people_of_the_project_see_it(
    address: str, task: Task, client_of: ClientOf, stranger: User, viewing: Client
) -> None:
    assert viewing.get(f"/tasks/{task.pk}/{address}").status_code == 200
    assert client_of(stranger).get(f"/tasks/{task.pk}/{address}").status_code == 404
    Task.objects.filter(pk=task.pk).update(deleted_at=task.created_at)
    assert viewing.get(f"/tasks/{task.pk}/{address}").status_code == 404


def test_a_missing_preview_is_not_kept_and_the_archive_looks_at_it(
    address: str, saved: Copy, ask: Ask
) -> None:
    name = saved.poster if "poster" in address else saved.sprite
    Path(storages["videos"].path(name or "")).unlink()
    response = ask(address=address)
    assert response.status_code == 404 and "immutable" not in response.get("Cache-Control", "")
    saved.refresh_from_db()
    assert saved.damage == "suspected"


def test_nginx_sends_it_with_the_same_life(address: str, ask: Ask, settings: Any) -> None:
    settings.ACCEL_REDIRECT = "/protected/"
    response = ask(address=address)
    assert response["X-Accel-Redirect"].startswith("/protected/")
    assert response["Cache-Control"] == FOR_EVER


def test_it_costs_three_statements(address: str, ask: Ask, django_assert_num_queries: Any) -> None:
    ask(address=address)
    with django_assert_num_queries(3):  # session with person, projects, the copy with its task
        ask(address=address)


def test_a_downloaded_sprite_has_a_speaking_name(saved: Copy, ask: Ask) -> None:
    sprite = ask(address=f"sprite/{saved.sprite_hash}?download")["Content-Disposition"]
    assert sprite.endswith('cgt-1 - Frames.webp"')
