"""A task's own page, and "refresh now"."""

import json
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tasks.models import StatusChange, Task
from tasks.models.task import REMOTE_TIMES, SAME_NAME
from tasks.providers import Trouble
from tasks.providers.status import Status
from tasks.web.presenters.facts import COUNTED
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf, SaveCopy
from tests.web.everyone import plain

HTMX = {"hx-request": "true"}


@pytest.fixture
def reader(client_of: ClientOf, member: User) -> Client:
    return client_of(member)


def text_of(client: Client, task: Task) -> str:
    return client.get(f"/tasks/{task.pk}/").content.decode()


# What is shown


def test_every_field_of_an_answer_has_its_place(reader: Client, make_task: MakeTask) -> None:
    now = timezone.now()
    values: dict[str, object] = {}
    for number, name in enumerate(SAME_NAME):
        kind = Task._meta.get_field(name).get_internal_type()
        if kind in ("CharField", "TextField"):
            values[name] = f"value-of-{name}"
        elif kind in ("IntegerField", "BigIntegerField"):
            values[name] = 40 + number
    values |= {f"remote_{n}": now - timedelta(days=i) for i, n in enumerate(REMOTE_TIMES, 1)}
    values |= {
        "tools": "web_search",
        "cost_currency": "AUD",
        "generate_audio": True,
        "draft": False,
        "progress": 37,
        "video_url": "https://gateway.example/value-of-video_url",
        "last_frame_url": "https://gateway.example/value-of-last_frame_url",
        "file_url": "https://gateway.example/value-of-file_url",
        "link_ends_at": now + timedelta(hours=5),
    }
    done = text_of(reader, make_task(status=Status.SUCCEEDED, **values))
    running = text_of(reader, make_task(status=Status.RUNNING, **values))
    for name, value in values.items():
        wanted = value.isoformat(timespec="seconds") if hasattr(value, "isoformat") else str(value)
        if isinstance(value, bool):
            wanted = "<dd> yes </dd>" if value else "<dd> no </dd>"
        assert wanted in " ".join((done + running).split()), name
    assert {"total_tokens", "quota"} <= COUNTED


def test_what_is_not_known_is_not_shown(reader: Client, make_task: MakeTask) -> None:
    text = text_of(reader, make_task())
    for label in ("resolution", "seed", "frames", "quota", "draft task", "<h2 class"):
        assert f"<dt>{label}</dt>" not in text
    assert "None" not in text


def test_a_providers_error_is_shown_word_for_word_with_its_code_and_request_id(
    reader: Client, make_task: MakeTask
) -> None:
    task = make_task(
        status=Status.FAILED,
        error_code="OutputVideoSensitiveContentDetected",
        error_message="The output video may contain sensitive information.",
        request_id="0217636345678",
    )
    text = text_of(reader, task)
    assert "OutputVideoSensitiveContentDetected" in text
    assert "The output video may contain sensitive information." in text
    assert 'id="error-request">0217636345678<' in " ".join(text.split())


def test_the_timeline_tells_every_change_and_how_long_it_took(
    reader: Client, make_task: MakeTask
) -> None:
    start = timezone.now() - timedelta(minutes=10)
    task = make_task(status=Status.SUCCEEDED, created_at=start)
    changes = [(Status.QUEUED, 5), (Status.RUNNING, 65), (Status.SUCCEEDED, 185)]
    for became, seconds in changes:
        at = start + timedelta(seconds=seconds)
        StatusChange.objects.create(task=task, was=Status.UNKNOWN, became=became, at=at)
    steps = reader.get(f"/tasks/{task.pk}/").context["presented"].timeline
    assert [(step.word, step.after) for step in steps] == [
        ("Created", ""),
        ("Queued", "0:05"),
        ("Running", "1:00"),
        ("Succeeded", "2:00"),
    ]


def test_the_raw_answer_is_set_out_to_be_read_and_kept_as_text(
    reader: Client, make_task: MakeTask
) -> None:
    raw = json.dumps({"id": "cgt-1", "prompt": "海浪</pre><script>"}, ensure_ascii=False)
    text = text_of(reader, make_task(raw=raw))
    assert "{\n  &quot;id&quot;: &quot;cgt-1&quot;" in text
    assert "海浪&lt;/pre&gt;&lt;script&gt;" in text


@pytest.mark.each_case
@pytest.mark.parametrize("raw", ["", "<html>", "[" * 100_000, '{"a": NaN, "b": 1e400}'])
def test_a_raw_answer_of_any_kind_can_be_shown(
    reader: Client, make_task: MakeTask, raw: str
) -> None:
    assert reader.get(f"/tasks/{make_task(raw=raw).pk}/").status_code == 200


@pytest.mark.parametrize("trouble", Trouble)
def test_each_trouble_comes_with_what_to_do(
    reader: Client, make_task: MakeTask, trouble: Trouble
) -> None:
    from tasks.web.messages.provider_errors import trouble_sentence

    words = "Our own words (HTTP 599): verbatim"
    page = reader.get(f"/tasks/{make_task(trouble=trouble, trouble_message=words).pk}/")
    assert page.context["presented"].trouble == trouble_sentence(trouble) != ""
    assert "HTTP 599: verbatim" in page.content.decode()
    assert "Our own words" not in page.content.decode()


# The few facts beside it


def key_facts(client: Client, task: Task) -> dict[str, str]:
    presented = client.get(f"/tasks/{task.pk}/").context["presented"]
    return {fact.name: fact.value for fact in presented.key_facts}


def test_the_few_facts_say_what_was_made_and_what_it_cost(
    reader: Client, client_of: ClientOf, viewer: User, make_task: MakeTask, save_copy: SaveCopy
) -> None:
    task = make_task(
        status=Status.SUCCEEDED,
        model="doubao-seedance-2-0-260128",
        resolution="720p",
        ratio="16:9",
        duration=5,
        framespersecond=24,
        seed=6274,
        total_tokens=108_900,
        cost_micros=5_010_000,
        cost_currency="CNY",
    )
    facts = {
        "model": "Seedance 2.0",
        "size": "720p · 16:9",
        "length": "5 s · 24 fps",
        "seed": "6274",
        "cost": "¥5.01 · 108,900 tokens",
    }
    assert key_facts(reader, task) == facts
    save_copy(task, b"a video", width=1280, height=720)
    facts["size"] = "1280 × 720 · 16:9"
    assert key_facts(reader, task) == facts
    del facts["cost"]
    assert key_facts(client_of(viewer), task) == facts


def test_a_model_that_is_in_no_catalog_is_named_as_its_provider_names_it(
    reader: Client, make_task: MakeTask
) -> None:
    for name in ("ep-20261120-abcde", "doubao-seedance-9-0-991231"):
        assert key_facts(reader, make_task(model=name))["model"] == name


def test_there_are_no_key_facts_where_nothing_is_known(reader: Client, make_task: MakeTask) -> None:
    assert key_facts(reader, make_task()) == {}


def test_there_is_one_primary_action(
    reader: Client, client_of: ClientOf, viewer: User, make_task: MakeTask, save_copy: SaveCopy
) -> None:
    task = make_task(status=Status.SUCCEEDED)
    save_copy(task, b"a video")
    primary = re.compile(r'class="btn[^"]*btn-primary[^"]*"\s+id="([a-z-]+)"')
    assert primary.findall(text_of(reader, task)) == ["make-another"]
    assert primary.findall(text_of(client_of(viewer), task)) == ["download"]


# The screen


@pytest.mark.parametrize(
    ("screen", "fields"),
    [
        ("making", {"status": Status.RUNNING}),
        ("nothing", {"status": Status.FAILED}),
        ("missing", {"status": Status.SUCCEEDED}),
        ("film", {"status": Status.SUCCEEDED, "video_url": "https://cdn.example/a.mp4"}),
        (
            "locked",
            {
                "status": Status.SUCCEEDED,
                "video_url": "https://gateway.example/v1/videos/task_1/content",
                "video_needs_key": True,
            },
        ),
    ],
)
def test_the_screen_shows_what_there_is(
    reader: Client, make_task: MakeTask, screen: str, fields: dict[str, object]
) -> None:
    response = reader.get(f"/tasks/{make_task(**fields).pk}/")
    assert response.context["presented"].screen.name == screen
    assert (b"<video" in response.content) is (screen == "film")


def test_a_link_that_has_ended_is_no_player(reader: Client, make_task: MakeTask) -> None:
    past = timezone.now() - timedelta(minutes=1)
    task = make_task(
        status=Status.SUCCEEDED, video_url="https://cdn.example/a.mp4", link_ends_at=past
    )
    for page in (f"/tasks/{task.pk}/", "/"):
        text = reader.get(page).content.decode()
        assert "<video" not in text and "data-clip=" not in text
        assert "https://cdn.example" not in text
    assert "link has ended" in text_of(reader, task)


def test_the_links_remaining_life_is_shown(reader: Client, make_task: MakeTask) -> None:
    soon = timezone.now() + timedelta(hours=2, minutes=3, seconds=30)
    task = make_task(
        status=Status.SUCCEEDED, video_url="https://cdn.example/a.mp4", link_ends_at=soon
    )
    assert "2:03:" in text_of(reader, task)
    assert f'data-until="{soon.isoformat()}"' in text_of(reader, task)


def test_a_key_protected_link_is_never_given_to_a_browser(
    reader: Client, make_task: MakeTask
) -> None:
    url = "https://gateway.example/v1/videos/task_1/content"
    task = make_task(status=Status.SUCCEEDED, video_url=url, video_needs_key=True)
    assert f'href="{url}"' not in text_of(reader, task)
    assert f'src="{url}"' not in text_of(reader, task)


# Who may


def test_a_strangers_page_is_a_missing_page_byte_for_byte(
    client_of: ClientOf, stranger: User, make_task: MakeTask
) -> None:
    task, browser = make_task(), client_of(stranger)
    theirs, missing = (browser.get(f"/tasks/{pk}/") for pk in (task.pk, 987654))
    assert theirs.status_code == missing.status_code == 404
    assert plain(theirs) == plain(missing)


def test_a_number_too_large_for_the_database_is_a_missing_page(reader: Client) -> None:
    assert reader.get(f"/tasks/{10**30}/").status_code == 404
    assert reader.post(f"/tasks/{10**30}/refresh/").status_code == 404


def test_refresh_now_asks_at_the_next_turn_of_the_sweep(
    reader: Client, make_task: MakeTask
) -> None:
    task = make_task(status=Status.SUCCEEDED, check_after=None)
    response = reader.post(f"/tasks/{task.pk}/refresh/", follow=True)
    assert response.redirect_chain == [(f"/tasks/{task.pk}/", 302)]
    assert "Checking again" in response.content.decode()
    task.refresh_from_db()
    assert task.check_after is not None
    assert task.check_after <= timezone.now()


def test_refresh_now_answers_htmx_with_the_message_alone(
    reader: Client, make_task: MakeTask
) -> None:
    response = reader.post(f"/tasks/{make_task().pk}/refresh/", headers=HTMX)
    assert 'id="toasts"' in response.content.decode()
    assert "Checking again" in response.content.decode()
    assert "<html" not in response.content.decode()


@pytest.mark.parametrize("who", ["viewer", "stranger"])
def test_who_may_not_work_here_cannot_refresh(
    client_of: ClientOf, make_task: MakeTask, request: pytest.FixtureRequest, who: str
) -> None:
    task = make_task(check_after=None)
    browser = client_of(request.getfixturevalue(who))
    assert browser.post(f"/tasks/{task.pk}/refresh/").status_code == 404
    task.refresh_from_db()
    assert task.check_after is None


def test_a_viewer_is_not_offered_the_button(
    client_of: ClientOf, viewer: User, reader: Client, make_task: MakeTask
) -> None:
    task = make_task()
    assert "/refresh/" in text_of(reader, task)
    assert "/refresh/" not in text_of(client_of(viewer), task)


def test_looking_changes_nothing(reader: Client, make_task: MakeTask) -> None:
    task = make_task()
    assert reader.get(f"/tasks/{task.pk}/refresh/").status_code == 405
    before = Task.objects.values().get(pk=task.pk)
    text_of(reader, task)
    assert Task.objects.values().get(pk=task.pk) == before


def test_the_page_asks_as_much_for_a_long_timeline_as_for_none(
    reader: Client, make_task: MakeTask, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    task = make_task()
    # session with person, last change, their projects, the task, its timeline, its copies, what was
    # asked of its provider, what came of it, the star, the tasks before and after it, whether one
    # may work on it and anywhere, trouble; the header's two
    with django_assert_num_queries(16):
        text_of(reader, task)
    for _ in range(20):
        StatusChange.objects.create(
            task=task, was=Status.QUEUED, became=Status.RUNNING, at=timezone.now()
        )
    with django_assert_num_queries(16):
        text_of(reader, task)
