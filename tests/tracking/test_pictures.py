"""Uploaded pictures are sent with their request, byte for byte, or nothing is sent."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
import uuid
from base64 import b64decode
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import storages
from django.db import connection, transaction
from django.test import Client as Browser

from tasks.models import Credential, Project, Submission, SubmissionState, Upload
from tasks.providers.catalog.request import MediaRole, Medium
from tasks.simulator.server import Simulator
from tasks.submission import send as sending
from tasks.submission.place import UploadGoneError, place_batch
from tests.media.pictures import gif, png
from tests.providers.generations import generation
from tests.tracking.conftest import Account, Clock
from tests.tracking.submitting import creates, only, send
from tests.web.conftest import save_copy

__all__ = ["save_copy"]

pytestmark = pytest.mark.usefixtures("save_copy")  # the storage is the test's own
REFUSED = SubmissionState.REFUSED
Keep = Callable[..., Upload]


@pytest.fixture
def keep(project: Project, member: User, clock: Clock) -> Keep:
    """keep(png(), "png"): a picture that was uploaded."""

    def keep(content: bytes, kind: str, **fields: Any) -> Upload:
        facts: dict[str, Any] = {
            "project": project,
            "created_by": member,
            "sha256": hashlib.sha256(content).hexdigest(),
            "size": len(content),
            "width": 640,
            "height": 360,
            "kind": kind,
        }
        return Upload.objects.keep(BytesIO(content), clock.now, **facts | fields)

    return keep


@pytest.fixture
def place(project: Project, member: User, clock: Clock) -> Callable[..., None]:
    """place(credential, first, second): one press with these as references."""

    def place(credential: Credential, *given: Upload | str, takes: int = 1) -> None:
        parts = (
            [MediaRole.REFERENCE_IMAGE] * len(given) if len(given) > 1 else [MediaRole.FIRST_FRAME]
        )
        urls = [f"upload:{each.pk}" if isinstance(each, Upload) else each for each in given]
        media = tuple(Medium(part=p, url=url) for p, url in zip(parts, urls, strict=True))
        model = "doubao-seedance-2-0-260128"
        if credential.provider == "yescale":
            model = "seedance-1-5-pro-251215"
        requested = [_with(generation(model), media)] * takes
        whose: dict[str, Any] = {
            "project": project,
            "credential": credential,
            "created_by": member,
        }
        place_batch(requested, key=uuid.uuid4(), **whose, now=clock.now)

    return place


def _with(requested: Any, media: tuple[Medium, ...]) -> Any:
    kept = requested.to_json() | {"media": [{"part": m.part, "url": m.url} for m in media]}
    return type(requested).from_json(kept)


def urls(sim: Simulator) -> list[str]:
    """The URLs of the pictures that the provider got, in their order."""
    [record] = sim.tasks
    return [item["image_url"]["url"] for item in record.order.content if "image_url" in item]


@pytest.mark.parametrize("preset", ["volcengine", "dataeyes", "yescale"])
def test_the_provider_gets_the_picture_itself(
    preset: str, account: Account, place: Any, keep: Keep, sim: Simulator, clock: Clock
) -> None:
    place(account(preset), keep(png(), "png"))
    assert send(clock) == 1
    assert only().state == SubmissionState.CREATED, only().message
    [url] = urls(sim)
    head, _, body = url.partition(",")
    assert head == "data:image/png;base64"
    assert b64decode(body, validate=True) == png()


def test_pictures_and_links_keep_their_order(
    account: Account, place: Any, keep: Keep, sim: Simulator, clock: Clock
) -> None:
    link = "https://a.example/1.jpg"
    place(account(), keep(gif(), "gif"), link, keep(png(), "png"))
    send(clock)
    first, second, third = urls(sim)
    assert b64decode(first.removeprefix("data:image/gif;base64,")) == gif()
    assert second == link
    assert b64decode(third.removeprefix("data:image/png;base64,")) == png()


def test_a_picture_may_be_given_twice(
    account: Account, place: Any, keep: Keep, sim: Simulator, clock: Clock
) -> None:
    upload = keep(png(), "png")
    place(account(), upload, upload)
    send(clock)
    first, second = urls(sim)
    assert first == second


def test_neither_the_rows_nor_the_answer_keep_the_bytes(
    account: Account, place: Any, keep: Keep, clock: Clock
) -> None:
    upload = keep(png(), "png")
    place(account(), upload)
    send(clock)
    assert json.dumps(only().request).count("base64") == 0
    assert only().generation.uploads == (upload.pk,)


def test_where_the_provider_reaches_us_it_gets_a_link_of_ours(
    account: Account, place: Any, keep: Keep, sim: Simulator, clock: Clock, settings: Any
) -> None:
    settings.SHARES_UPLOADS, settings.PUBLIC_URL = True, "https://dailies.example.com"
    place(account(), keep(png(), "png"))
    send(clock)
    [url] = urls(sim)
    assert url.startswith("https://dailies.example.com/shared/")
    answer = Browser().get(url.removeprefix("https://dailies.example.com"))
    assert answer.content == png()


def test_a_picture_that_the_storage_lost_is_a_refusal_that_never_left(
    account: Account, place: Any, keep: Keep, sim: Simulator, clock: Clock
) -> None:
    upload = keep(png(), "png")
    place(account(), upload)
    storages["videos"].delete(upload.name)
    send(clock)
    assert (only().state, creates(sim)) == (REFUSED, 0)
    assert "could not be read from the storage" in only().message
    assert upload.name not in only().message


def test_a_picture_whose_row_is_gone_is_a_refusal_that_never_left(
    account: Account, place: Any, keep: Keep, sim: Simulator, clock: Clock
) -> None:
    place(account(), keep(png(), "png"))
    Submission.objects.get().uploads.clear()
    send(clock)
    assert (only().state, creates(sim)) == (REFUSED, 0)
    assert "not here any more" in only().message


def test_pictures_too_large_for_one_request_are_never_sent(
    account: Account, place: Any, keep: Keep, sim: Simulator, clock: Clock
) -> None:
    place(account(), *(keep(png(640, side), "png", size=20_000_000) for side in (360, 361, 362)))
    send(clock)
    assert (only().state, creates(sim)) == (REFUSED, 0)
    assert "too large for one request" in only().message


def test_large_requests_are_sent_one_after_the_other(
    account: Account, place: Any, keep: Keep, sim: Simulator, clock: Clock
) -> None:
    place(account(), keep(png(), "png", size=40_000_000), takes=3)
    with asyncio.Runner() as runner:
        started = sending._started(runner, 8, sending.HEAVIEST, clock)
        assert list(started.values()) == [40_000_000]
        assert not sending._started(runner, 8, sending.HEAVIEST - 40_000_000, clock)
        [outcome] = [each.result() for each in runner.run(sending._ended(started))]
        sending.record(outcome, clock())
    assert send(clock) == 2
    assert creates(sim) == 3


def test_a_request_above_the_limit_is_refused_and_delays_no_other(
    account: Account, place: Any, keep: Keep, sim: Simulator, clock: Clock
) -> None:
    credential = account()
    place(credential, keep(png(), "png", size=200_000_000))
    place(credential, keep(gif(), "gif"))
    assert send(clock) == 2
    states = Submission.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == [REFUSED, SubmissionState.CREATED]
    assert creates(sim) == 1


def test_a_picture_of_another_project_is_not_placed(
    account: Account, place: Any, keep: Keep, stranger: User
) -> None:
    theirs = keep(png(), "png", project=Project.objects.get(name="Elsewhere"))
    with pytest.raises(UploadGoneError):
        place(account(), theirs)
    assert not Submission.objects.exists()


def test_placing_keeps_a_picture_whose_week_is_just_over(
    account: Account, place: Any, keep: Keep, clock: Clock
) -> None:
    upload = keep(png(), "png")
    clock.go_on(8 * 86_400)
    place(account(), upload)
    Submission.objects.get().uploads.clear()
    assert not Upload.objects.let_go(clock.now).exists()


@pytest.mark.django_db(transaction=True)
def test_a_purge_at_the_same_time_leaves_a_picture_that_is_being_placed(
    account: Account, place: Any, keep: Keep, clock: Clock
) -> None:
    credential, upload = account(), keep(png(), "png")
    clock.go_on(8 * 86_400)
    is_begun, left = threading.Event(), list[int]()

    def purge() -> None:
        is_begun.set()
        left.append(Upload.objects.purge(clock.now, 10))
        connection.close()

    with transaction.atomic():
        place(credential, upload)
        beside = threading.Thread(target=purge)
        beside.start()
        is_begun.wait()
        beside.join(0.5)  # on PostgreSQL it has found the row by then, and waits for it
    beside.join()
    assert left == [0]
    assert upload.content() == png()


def test_many_takes_load_their_pictures_in_one_query(
    account: Account, place: Any, keep: Keep, clock: Clock, django_assert_num_queries: Any
) -> None:
    place(account(), keep(png(), "png"), keep(gif(), "gif"), takes=8)
    with django_assert_num_queries(2):
        waiting = sending._next(8, clock.now)
        assert [len(each.uploads.all()) for each in waiting] == [2] * 8
