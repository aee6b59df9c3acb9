"""Given videos go to a provider as links of ours or not at all; sounds within the request, too."""

from __future__ import annotations

import uuid
from base64 import b64decode
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.utils import timezone

from tasks.models import Copy, Credential, Project, SubmissionState, Task, Upload
from tasks.providers.catalog.request import GenerationRequest, MediaRole, Medium, Mode
from tasks.simulator.server import Simulator
from tasks.submission.place import UploadGoneError, place_batch
from tests.conftest import MakeTask
from tests.media.pictures import png
from tests.tracking.conftest import Account, Clock
from tests.tracking.test_pictures import Keep, keep
from tests.tracking.test_submit import creates, only, send
from tests.web.conftest import SaveCopy, save_copy
from tests.web.giving import bytes_of

__all__ = ["keep", "save_copy"]

pytestmark = pytest.mark.usefixtures("save_copy")  # the storage is the test's own
OURS = "https://dailies.example.com"
VIDEO, AUDIO = MediaRole.REFERENCE_VIDEO, MediaRole.REFERENCE_AUDIO
Place = Callable[..., None]


@pytest.fixture
def shares(settings: Any) -> None:
    settings.SHARES_UPLOADS, settings.PUBLIC_URL = True, OURS


@pytest.fixture
def place(project: Project, member: User, clock: Clock) -> Place:
    """place(credential, (VIDEO, "upload:7")): one press with these as references."""

    def place(credential: Credential, *given: tuple[MediaRole, str]) -> None:
        media = tuple(Medium(part=part, url=url, seconds=5.0) for part, url in given)
        whole = GenerationRequest(
            model="doubao-seedance-2-0-260128", mode=Mode.REFERENCE, prompt="A boat", media=media
        )
        who: dict[str, Any] = {"project": project, "credential": credential}
        place_batch([whole], key=uuid.uuid4(), created_by=member, **who, now=clock.now)

    return place


def film(keep: Keep, content: bytes = b"a video") -> Upload:
    return keep(content, "mp4", width=1280, height=720, duration=5.0)


def sent(sim: Simulator, kind: str) -> list[str]:
    [record] = sim.tasks
    return [item[kind]["url"] for item in record.order.content if kind in item]


@pytest.mark.usefixtures("shares")
def test_a_video_and_a_sound_go_as_links_that_give_them_out(
    account: Account, place: Place, keep: Keep, sim: Simulator, clock: Clock
) -> None:
    tone = keep(b"a sound", "mp3", width=0, height=0, duration=5.0)
    place(account(), (VIDEO, film(keep).line), (AUDIO, tone.line))
    send(clock)
    assert only().state == SubmissionState.CREATED, only().message
    for kind, content in (("video_url", b"a video"), ("audio_url", b"a sound")):
        [url] = sent(sim, kind)
        answer = Browser().get(url.removeprefix(OURS))
        assert bytes_of(answer) == content and url.startswith(f"{OURS}/shared/")
    assert "seconds" not in str(sim.tasks[0].order.content)


def test_a_sound_travels_within_the_request_where_no_links_are_shared(
    account: Account, place: Place, keep: Keep, sim: Simulator, clock: Clock
) -> None:
    picture = keep(png(), "png")
    tone = keep(b"a sound", "wav", width=0, height=0, duration=5.0)
    place(account(), (MediaRole.REFERENCE_IMAGE, picture.line), (AUDIO, tone.line))
    send(clock)
    [url] = sent(sim, "audio_url")
    head, _, body = url.partition(",")
    assert (head, b64decode(body)) == ("data:audio/wav;base64", b"a sound")


def test_a_video_is_not_sent_at_all_where_no_links_are_shared(
    account: Account, place: Place, keep: Keep, sim: Simulator, clock: Clock
) -> None:
    place(account(), (VIDEO, film(keep).line))
    send(clock)
    assert (only().state, creates(sim)) == (SubmissionState.REFUSED, 0)
    assert "only be sent as links" in only().message


def test_the_simulator_refuses_a_video_within_a_request_as_ark_does(
    account: Account, place: Place, sim: Simulator, clock: Clock
) -> None:
    place(account(), (VIDEO, "data:video/mp4;base64,AAAA"))
    send(clock)
    assert (only().state, len(sim.tasks)) == (SubmissionState.REFUSED, 0)


# Saved clips


@pytest.fixture
def clip(make_task: MakeTask, project: Project, save_copy: SaveCopy) -> Task:
    task = make_task(project=project, status="succeeded")
    save_copy(task, b"a clip", duration=5.0)
    return task


@pytest.mark.usefixtures("shares")
def test_a_saved_clip_goes_as_a_link_to_our_copy(
    account: Account, place: Place, clip: Task, sim: Simulator, clock: Clock
) -> None:
    place(account(), (VIDEO, f"clip:{clip.pk}"))
    send(clock)
    [url] = sent(sim, "video_url")
    assert bytes_of(Browser().get(url.removeprefix(OURS))) == b"a clip"


@pytest.mark.usefixtures("shares")
def test_a_clip_that_was_deleted_meanwhile_is_a_refusal_that_never_left(
    account: Account, place: Place, clip: Task, sim: Simulator, clock: Clock
) -> None:
    place(account(), (VIDEO, f"clip:{clip.pk}"))
    Copy.objects.filter(task=clip).update(deleted_at=timezone.now())
    send(clock)
    state = Task.objects.exclude(pk=clip.pk).get().submission.state
    assert (state, creates(sim)) == (SubmissionState.REFUSED, 0)


@pytest.mark.usefixtures("shares")
def test_another_projects_clip_cannot_be_placed(
    account: Account, place: Place, make_task: MakeTask, save_copy: SaveCopy
) -> None:
    theirs = make_task(project=Project.objects.create(name="Other"), status="succeeded")
    save_copy(theirs, b"a clip")
    with pytest.raises(UploadGoneError):
        place(account(), (VIDEO, f"clip:{theirs.pk}"))
