"""One person may do each thing only so often, is told until when, and loses nothing typed."""

from __future__ import annotations

import re
import threading
import time
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.test import Client

from tasks.models import Credential, Invitation, Project, Task, Upload
from tasks.team import limits
from tasks.team.limits import Limit, LimitReachedError, spend
from tests.conftest import MakeTask
from tests.media.pictures import png
from tests.web.composing import ark, desk, filled
from tests.web.conftest import ClientOf, SaveCopy, fresh_counts, save_copy
from tests.web.giving import file, upload_files
from tests.web.track.doing import A, B, typed

__all__ = ["ark", "desk", "fresh_counts", "save_copy"]

pytestmark = pytest.mark.usefixtures("fresh_counts")


class Clock:
    """Begins now, as the cache itself forgets by the machine's clock, and goes on when told to."""

    def __init__(self) -> None:
        self.now = time.time()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(limits.time, "time", lambda: clock.now)
    return clock


@pytest.fixture
def limit(settings: Any) -> Any:
    """limit("search", 2): so many, in the usual time."""

    def limit(name: str, most: int) -> None:
        settings.LIMITS = settings.LIMITS | {name: (most, settings.LIMITS[name][1])}

    return limit


def words(answer: Any) -> str:
    body = b"".join(answer) if answer.streaming else answer.content
    return " ".join(body.decode().replace("&#x27;", "'").split())


def is_told(answer: Any, sentence: str) -> None:
    """Assert a 429 that says how often it is allowed, and when it goes on, in words and seconds."""
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) >= 1
    text = words(answer)
    assert sentence in text
    assert re.search(r"You can continue in \d+ (s|min), at \d\d:\d\d:\d\d UTC\.", text), text


# Counting


def test_so_many_pass_at_once_and_then_one_after_the_other(
    member: User, clock: Clock, limit: Any
) -> None:
    limit("search", 3)  # in 60 s
    for _ in range(3):
        spend(member, Limit.SEARCH)
    with pytest.raises(LimitReachedError) as told:
        spend(member, Limit.SEARCH)
    assert told.value.seconds == pytest.approx(20)
    clock.now += 20
    spend(member, Limit.SEARCH)
    with pytest.raises(LimitReachedError):
        spend(member, Limit.SEARCH)
    clock.now += 60
    for _ in range(3):
        spend(member, Limit.SEARCH)


def test_each_person_and_each_thing_is_counted_by_itself(
    member: User, manager: User, limit: Any
) -> None:
    limit("search", 1)
    limit("export", 1)
    for person in (member, manager):
        spend(person, Limit.SEARCH)
        spend(person, Limit.EXPORT)
    with pytest.raises(LimitReachedError):
        spend(member, Limit.EXPORT)


def test_what_was_refused_is_not_counted(member: User, clock: Clock, limit: Any) -> None:
    limit("upload", 10)
    spend(member, Limit.UPLOAD, 8)
    for _ in range(5):
        with pytest.raises(LimitReachedError):
            spend(member, Limit.UPLOAD, 3)
    spend(member, Limit.UPLOAD, 2)


def test_more_than_is_ever_allowed_at_once_is_told_so(member: User, limit: Any) -> None:
    limit("upload", 5)
    with pytest.raises(LimitReachedError) as told:
        spend(member, Limit.UPLOAD, 6)
    assert str(told.value) == "One person can upload at most 5 pictures an hour. Request fewer."


def test_a_clock_that_was_set_back_holds_nobody_up_for_long(
    member: User, clock: Clock, limit: Any
) -> None:
    limit("export", 60)
    spend(member, Limit.EXPORT)
    clock.now -= 86_400
    with pytest.raises(LimitReachedError) as told:
        spend(member, Limit.EXPORT)
    assert told.value.seconds == pytest.approx(60)


def test_nought_is_no_limit(member: User, limit: Any) -> None:
    limit("search", 0)
    for _ in range(500):
        spend(member, Limit.SEARCH)


@pytest.mark.django_db(transaction=True)
def test_many_at_the_same_moment_pass_no_more_than_one_after_the_other(
    member: User, limit: Any
) -> None:
    limit("export", 5)
    gate, refused = threading.Barrier(12), []

    def ask() -> None:
        gate.wait()
        try:
            spend(member, Limit.EXPORT)
        except LimitReachedError as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 7


# Search


def test_a_search_too_many_says_when_it_goes_on_and_keeps_the_words(
    client_of: ClientOf, member: User, make_task: MakeTask, limit: Any
) -> None:
    limit("search", 2)
    make_task(prompt="A paper boat", search_text="a paper boat")
    reader = client_of(member)
    for _ in range(2):
        assert reader.get("/?q=boat").status_code == 200
    answer = reader.get("/?q=boat&status=running")
    is_told(answer, "One person can search at most 2 times a minute.")
    assert "“boat”" in words(answer) and 'href="/?q=boat&amp;status=running"' in words(answer)
    assert reader.get("/").status_code == 200, "only searches are counted"


@pytest.mark.exhaustive
def test_typing_and_paging_for_a_minute_do_not_meet_the_limit(
    client_of: ClientOf, member: User, clock: Clock
) -> None:
    reader = client_of(member)
    for _ in range(100):
        clock.now += 0.6
        assert reader.get("/?q=boat").status_code == 200


def test_htmx_is_told_beside_the_page(client_of: ClientOf, member: User, limit: Any) -> None:
    limit("search", 1)
    reader = client_of(member)
    reader.get("/?q=boat")
    answer = reader.get("/?q=boat", headers={"hx-request": "true"})
    is_told(answer, "One person can search at most 1 time a minute.")
    assert answer["HX-Reswap"] == "none"
    assert 'id="toasts"' in words(answer) and "<html" not in words(answer)


def test_a_page_tells_htmx_to_take_in_such_an_answer(client_of: ClientOf, member: User) -> None:
    page = client_of(member).get("/").content.decode()
    config = re.search(r'name="htmx-config"\s+content=\'([^\']+)\'', page)
    assert config and '{"code":"429","swap":true,"error":true}' in config[1]


def test_a_locked_database_stops_no_search(
    client_of: ClientOf, member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(limits, "spend", fail)
    assert client_of(member).get("/?q=boat").status_code == 200


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite waits by a setting of its own")
def test_a_search_waits_shortly_for_a_lock_and_others_as_long_as_before(
    member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = []

    def note(*args: Any) -> None:
        with connection.cursor() as cursor:
            waits.append(cursor.execute("PRAGMA busy_timeout").fetchone()[0])

    note()
    monkeypatch.setattr(limits, "spend", note)
    limits.spend_on_reading(member, Limit.SEARCH)
    note()
    assert waits[1] == limits.PATIENCE < waits[0] == waits[2]


# Export


def test_an_export_too_many_can_be_sent_again_from_the_page_that_refuses_it(
    client_of: ClientOf, member: User, make_task: MakeTask, save_copy: SaveCopy, limit: Any
) -> None:
    limit("export", 1)
    task = make_task()
    save_copy(task, b"a video")
    reader = client_of(member)
    assert reader.post("/tasks/download.zip", {"task": [task.pk]}).status_code == 200
    answer = reader.post("/tasks/download.zip", {"task": [task.pk]})
    is_told(answer, "One person can export at most 1 time an hour.")
    assert f'name="task" value="{task.pk}"' in words(answer)


def test_csv_and_zip_are_counted_together(
    client_of: ClientOf, manager: User, make_task: MakeTask, save_copy: SaveCopy, limit: Any
) -> None:
    limit("export", 1)
    task = make_task()
    save_copy(task, b"a video")
    office = client_of(manager)
    assert office.post("/tasks/download.zip", {"task": [task.pk]}).status_code == 200
    is_told(office.post("/audit/export.csv"), "One person can export at most 1 time an hour.")


# Invitations


@pytest.fixture
def letters(settings: Any) -> None:
    settings.EMAIL_READY = True


@pytest.mark.usefixtures("letters")
def test_a_letter_too_many_is_not_sent_and_its_form_stays_as_typed(
    client_of: ClientOf, manager: User, project: Project, limit: Any
) -> None:
    limit("invite", 1)
    office = client_of(manager)
    form = {"project": project.pk, "role": "member", "email": "one@example.com"}
    assert office.post("/people/invite/", form).status_code == 200
    answer = office.post("/people/invite/", form | {"email": "two@example.com"})
    is_told(answer, "One person can send at most 1 invitation by e-mail an hour.")
    assert 'value="two@example.com"' in words(answer)
    assert (Invitation.objects.count(), len(mail.outbox)) == (1, 1)
    again = office.post(f"/people/invitations/{Invitation.objects.get().pk}/again/")
    is_told(again, "One person can send at most 1 invitation by e-mail an hour.")
    assert len(mail.outbox) == 1


@pytest.mark.usefixtures("letters")
def test_links_that_are_copied_by_hand_are_not_counted(
    client_of: ClientOf, manager: User, project: Project, limit: Any
) -> None:
    limit("invite", 1)
    office = client_of(manager)
    for _ in range(3):
        form = {"project": project.pk, "role": "member", "email": ""}
        assert office.post("/people/invite/", form).status_code == 200


# Pictures


@pytest.mark.usefixtures("save_copy")
def test_a_picture_too_many_is_told_beside_its_field(desk: Client, limit: Any) -> None:
    limit("upload", 2)
    assert upload_files(desk, png(), png(640, 361), part="reference_image").status_code == 200
    answer = upload_files(desk, png(640, 362))
    is_told(answer, "One person can upload at most 2 pictures an hour.")
    assert words(answer).startswith('<li class="upload-refused">')
    assert Upload.objects.count() == 2


@pytest.mark.usefixtures("save_copy")
def test_without_scripts_the_form_stays_as_typed(desk: Client, limit: Any) -> None:
    limit("upload", 1)
    upload_files(desk, png())
    form = filled(mode="first_frame", prompt="A paper boat", first_frame_files=file(png(640, 361)))
    answer = desk.post("/tasks/new/", form)
    is_told(answer, "One person can upload at most 1 picture an hour.")
    assert "A paper boat" in words(answer)
    assert (Upload.objects.count(), Task.objects.count()) == (1, 0)


# Tracking


def test_a_tracking_too_many_keeps_the_ids(
    client_of: ClientOf, member: User, ark: Credential, limit: Any
) -> None:
    limit("track", 2)
    reader = client_of(member)
    assert reader.post("/tasks/track/", typed(A, ark)).status_code == 200
    assert reader.post("/tasks/track/", typed(A, ark, "track")).status_code == 302
    for answer in (
        reader.post("/tasks/track/", typed(B, ark, "track")),
        reader.get(f"/tasks/track/?id={B}&credential={ark.pk}"),
    ):
        is_told(answer, "One person can look up or track ids at most 2 times an hour.")
        assert B in words(answer)
        assert f'<option value="{ark.pk}" selected>' in words(answer)
    assert Task.objects.count() == 1
    assert reader.get("/tasks/track/").status_code == 200


def test_files_of_ids_have_a_limit_of_their_own(
    client_of: ClientOf, member: User, ark: Credential, limit: Any
) -> None:
    limit("import", 1)
    reader = client_of(member)

    def send() -> Any:
        listed = SimpleUploadedFile("ids.txt", A.encode())
        return reader.post("/tasks/track/", typed("", ark, upload=listed))

    assert send().status_code == 200
    is_told(send(), "One person can import at most 1 file an hour.")
    assert reader.post("/tasks/track/", typed(A, ark)).status_code == 200


def test_the_limits_are_read_from_the_environment_by_their_names() -> None:
    """Every limit has a number, and no other setting is called a limit."""
    assert set(settings.LIMITS) == set(Limit)
    assert all(most > 0 and seconds in (60, 3600) for most, seconds in settings.LIMITS.values())


def test_an_open_page_may_repeat_its_search_and_ask_no_other(
    client_of: ClientOf, member: User, make_task: MakeTask, limit: Any
) -> None:
    limit("search", 1)
    task = make_task(prompt="A paper boat", search_text="a paper boat")
    reader = client_of(member)
    assert reader.get("/?q=boat").status_code == 200
    page = f"/tasks/{task.pk}/"
    for path in (page, "/live/"):
        assert [reader.get(f"{path}?q=boat").status_code for _ in range(3)] == [200] * 3
    assert reader.get("/live/?q=paper").status_code == 429
    assert reader.get(f"{page}?q=paper").status_code == 200, "without its neighbours"
