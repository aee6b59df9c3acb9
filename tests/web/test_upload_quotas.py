"""Given pictures have a quota per project and per person, and leave the disk's reserve alone."""

from __future__ import annotations

import shutil
import threading
from collections import namedtuple
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from tasks.models import Membership, Project, Upload
from tasks.models.upload import QuotaExceededError
from tests.media.pictures import png
from tests.web.composing import ark, desk, filled
from tests.web.conftest import ClientOf, save_copy
from tests.web.giving import file, stored, submitted, upload_files, uploaded

__all__ = ["ark", "desk", "save_copy"]

pytestmark = pytest.mark.usefixtures("save_copy")  # the storage is the test's own

ONE = len(png())


def words(answer: Any) -> str:
    return " ".join(answer.content.decode().replace("\xa0", " ").split())


def test_a_project_that_is_full_takes_no_more_and_says_how_full(
    desk: Client, client_of: ClientOf, manager: User, settings: Any
) -> None:
    settings.UPLOADS_PER_PROJECT = 2 * ONE + 9
    uploaded(desk)
    uploaded(client_of(manager), png(640, 361))
    refused = words(upload_files(desk, png(640, 362)))
    assert "still.png: This project&#x27;s uploads use" in refused
    assert f"{2 * ONE} bytes of {2 * ONE + 9} bytes." in refused
    assert "are removed after 7 days" in refused
    assert (Upload.objects.count(), len(stored())) == (2, 2)


def test_a_person_who_has_used_up_their_share_leaves_room_for_others(
    desk: Client, client_of: ClientOf, member: User, manager: User, settings: Any
) -> None:
    settings.UPLOADS_PER_PERSON = ONE
    uploaded(desk)
    elsewhere = Project.objects.create(name="Elsewhere")
    Membership.objects.create(project=elsewhere, user=member, role="member")
    refused = words(upload_files(desk, png(), project=elsewhere.pk))
    assert "Your uploads use" in refused and "allowed per person" in refused
    assert uploaded(client_of(manager), png(640, 361)).created_by == manager


def test_a_picture_that_is_there_already_takes_no_room(desk: Client, settings: Any) -> None:
    settings.UPLOADS_PER_PROJECT = settings.UPLOADS_PER_PERSON = ONE
    assert uploaded(desk) == uploaded(desk)


def test_removed_pictures_leave_their_room(desk: Client, settings: Any) -> None:
    settings.UPLOADS_PER_PROJECT = ONE
    uploaded(desk)
    Upload.objects.update(sha256="")
    assert uploaded(desk, png(640, 361))


def test_nothing_is_limited_by_a_quota_of_nought(desk: Client, settings: Any) -> None:
    settings.UPLOADS_PER_PROJECT = settings.UPLOADS_PER_PERSON = 0
    assert uploaded(desk)


def test_several_files_are_kept_as_far_as_they_fit(desk: Client, settings: Any) -> None:
    settings.UPLOADS_PER_PROJECT = 2 * ONE + 9
    files = [png(640, 360 + n) for n in range(3)]
    page = words(upload_files(desk, *files, part="reference_image"))
    assert page.count("<img") == 2
    assert page.count("upload-refused") == 1


def test_without_scripts_the_form_says_it_and_keeps_what_was_typed(
    desk: Client, settings: Any
) -> None:
    settings.UPLOADS_PER_PROJECT = 1
    form = filled(mode="first_frame", prompt="A paper boat", first_frame_files=file(png()))
    page = words(desk.post("/tasks/new/", form))
    assert "This project&#x27;s uploads use" in page and "A paper boat" in page
    assert not Upload.objects.exists()


def test_pictures_leave_the_reserve_of_the_disk_alone(
    desk: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    free = settings.DISK_RESERVE + ONE - 1
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(2 * free, free, free))
    page = words(upload_files(desk, png()))
    assert "The server&#x27;s disk is full" in page
    assert (Upload.objects.count(), stored()) == (0, [])
    free += 1
    assert uploaded(desk)
    assert submitted(desk, "upload:1").status_code in (200, 302)


@pytest.mark.django_db(transaction=True)
def test_uploads_at_the_same_moment_do_not_pass_a_quota_together(
    member: User, manager: User, project: Project, settings: Any
) -> None:
    settings.UPLOADS_PER_PROJECT = 3
    gate, refused = threading.Barrier(8), []

    def give(number: int) -> None:
        gate.wait()
        facts = {"sha256": f"{number:064}", "size": 1, "width": 640, "height": 360, "kind": "png"}
        who = {"project": project, "created_by": (member, manager)[number % 2]}
        try:
            Upload.objects.keep(ContentFile(b"x"), timezone.now(), **who, **facts)
        except QuotaExceededError as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=give, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (Upload.objects.count(), len(refused)) == (3, 5)
