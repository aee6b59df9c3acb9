"""Posters and sprites on pages, and how far those of older videos are."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tasks.archive import previews as making
from tasks.models import Copy, Project, Task
from tasks.web.lists import previews
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf, SaveCopy
from tests.web.copies import change, done, now, reader, text
from tests.web.live_pages import ask, swapped

__all__ = ["done", "now", "reader"]
HASH = "5" * 16


def test_a_row_names_its_pictures_by_their_content(
    reader: Client, done: Task, save_copy: SaveCopy
) -> None:
    copy = save_copy(done, b"film", poster=b"image", sprite=b"images", poster_hash=HASH)
    row = text(reader, "/")
    assert f'<img src="/tasks/{done.pk}/poster/{HASH}"' in row
    assert f'data-sprite="/tasks/{done.pk}/sprite/{copy.sprite_hash}"' in row
    assert 'data-sprite-frames="20" data-sprite-columns="5"' in row
    page = text(reader, f"/tasks/{done.pk}/")
    assert f'poster="/tasks/{done.pk}/poster/{HASH}"' in page


def test_without_a_sprite_a_row_has_none_of_its_attributes(
    reader: Client, done: Task, save_copy: SaveCopy
) -> None:
    save_copy(done, b"film", poster=b"image")
    row = text(reader, "/")
    assert "data-clip=" in row and "data-sprite" not in row


def test_a_sprite_that_was_made_comes_into_an_open_page(
    reader: Client, done: Task, save_copy: SaveCopy
) -> None:
    copy = save_copy(done, b"film", poster=b"image")
    page = reader.get("/")
    change(copy, sprite="a.webp", sprite_hash=HASH, sprite_frames=20, sprite_columns=5)
    news = ask(reader, page)
    assert f"t{done.pk}-screen" in swapped(news)
    assert f'data-sprite="/tasks/{done.pk}/sprite/{HASH}"' in news.content.decode()
    change(copy, poster_hash=HASH)
    assert f"t{done.pk}-screen" in swapped(ask(reader, news))


# Progress, on the archive's page


@pytest.fixture
def some(make_task: MakeTask, save_copy: SaveCopy, monkeypatch: pytest.MonkeyPatch) -> list[Copy]:
    """Five saved videos; of two, previews were made."""
    monkeypatch.setattr(making.posters, "can_make", lambda: True)
    copies = [save_copy(make_task(status="succeeded"), b"film") for _ in range(5)]
    Copy.objects.filter(pk__in=[copy.pk for copy in copies[:2]]).update(previewed_at=timezone.now())
    return copies


def test_managers_see_how_many_previews_are_made(
    client_of: ClientOf,
    manager: User,
    staff: User,
    some: list[Copy],
    make_task: MakeTask,
    save_copy: SaveCopy,
) -> None:
    other = Project.objects.create(name="Other")
    save_copy(make_task(status="succeeded", project=other), b"film")
    assert "2 of 5 previews ready" in text(client_of(manager), "/archive/")
    assert "2 of 6 previews ready" in text(client_of(staff), "/archive/")


def test_nobody_else_is_told(
    client_of: ClientOf, member: User, viewer: User, some: list[Copy]
) -> None:
    for person in (member, viewer):
        assert "previews ready" not in text(client_of(person), "/archive/")


def test_when_all_are_made_or_none_are_wanted_nothing_is_said(
    client_of: ClientOf, staff: User, some: list[Copy], settings: Any
) -> None:
    settings.PREVIEWS = False
    assert "previews" not in text(client_of(staff), "/archive/")
    settings.PREVIEWS = True
    Copy.objects.update(previewed_at=timezone.now())
    assert "previews" not in text(client_of(staff), "/archive/")


def test_a_manager_is_not_told_of_what_others_still_lack(
    client_of: ClientOf, manager: User, some: list[Copy], make_task: MakeTask, save_copy: SaveCopy
) -> None:
    Copy.objects.update(previewed_at=timezone.now())
    save_copy(make_task(project=Project.objects.create(name="Other")), b"film")
    assert "previews" not in text(client_of(manager), "/archive/")


@pytest.mark.parametrize(("most", "left"), [(4, "3"), (2, "2+")])
def test_of_very_many_only_those_are_counted_that_are_left(
    client_of: ClientOf,
    staff: User,
    some: list[Copy],
    monkeypatch: pytest.MonkeyPatch,
    most: int,
    left: str,
) -> None:
    monkeypatch.setattr(previews, "MOST", most)
    page = text(client_of(staff), "/archive/")
    assert f"Previews left to make: {left} </p>" in page and "previews ready" not in page


def test_a_page_costs_one_query_more_when_all_is_done(
    client_of: ClientOf, staff: User, some: list[Copy], settings: Any
) -> None:
    Copy.objects.update(previewed_at=timezone.now())
    desk = client_of(staff)
    desk.get("/archive/")
    costs = []
    for settings.PREVIEWS in (False, True):
        with CaptureQueriesContext(connection) as queries:
            desk.get("/archive/")
        costs.append(len(queries))
    assert costs[1] == costs[0] + 1
