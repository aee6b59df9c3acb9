"""A task's page about the links to its film, the order, and the life of links."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from tasks.models import Copy, CopyTrouble, Task
from tasks.models.copy_links import CopyLink
from tasks.providers import Trouble
from tasks.web.presenters.copy_links import link_lines
from tests.conftest import MakeTask
from tests.providers.samples import body
from tests.web.copies import LINK, copy_of, done, now, reader

__all__ = ["done", "now", "reader"]

SIGNED = "https://x.volces.com/a.mp4?X-Tos-Date=20260228T102510Z&X-Tos-Signature=secret"
#: These say nothing of links.
OF_OURS = {
    *(CopyTrouble.DISK_FULL, CopyTrouble.STORAGE),
    *(CopyTrouble.MISSING, CopyTrouble.CHANGED),
}
STREAM = "https://gateway.example/v1/videos/task_x/content"


def page(client: Client, task: Task) -> str:
    return client.get(f"/tasks/{task.pk}/").content.decode()


def links(*several: CopyLink) -> list[dict[str, Any]]:
    return [link.to_json() for link in several]


def test_each_link_is_named_with_its_tries_their_times_and_reasons(
    reader: Client, done: Task, now: datetime
) -> None:
    tried = CopyLink(url=SIGNED)
    for minutes in (9, 5):
        at = now - timedelta(minutes=minutes)
        tried = tried.after_try(at, "link_dead", "Our words (HTTP 403 Expired): over")
    copy_of(
        done,
        url=STREAM,
        links=links(tried, CopyLink(url=STREAM, needs_key=True), CopyLink(url=LINK)),
        tries=2,
        due_at=now,
    )
    text = page(reader, done)
    items = re.findall(r"<li[^>]*>.*?</li>", text.partition('class="kept-links"')[2], re.DOTALL)
    assert "x.volces.com" in items[0] and "HTTP 403 Expired: over" in items[0]
    assert items[0].count('data-trouble="link_dead"') == 1 and "2 times" in items[0]
    assert (now - timedelta(minutes=5)).isoformat(timespec="seconds") in items[0]
    assert 'data-mark="next"' in items[1] and "data-mark" not in items[0] + items[2]
    assert 'class="kept-links" open' in text


def test_the_part_of_a_link_that_makes_it_a_key_is_not_among_the_tries(
    reader: Client, done: Task, now: datetime
) -> None:
    tried = CopyLink(url=SIGNED).after_try(now, "link_dead", "HTTP 403")
    copy_of(done, url=LINK, links=links(tried, CopyLink(url=LINK), tried.as_former()))
    assert "secret" not in page(reader, done)


def test_a_saved_film_says_which_link_it_came_from(
    reader: Client, done: Task, now: datetime
) -> None:
    tried = CopyLink(url=SIGNED).after_try(now, "link_dead", "")
    copy_of(done, url=LINK, state="saved", links=links(tried, CopyLink(url=LINK)))
    text = page(reader, done)
    assert text.count('data-mark="saved"') == 1
    assert 'class="kept-links" open' not in text


@pytest.mark.parametrize("kept", [None, [CopyLink(url=LINK).to_json()]])
def test_a_film_with_one_link_that_was_never_tried_has_no_list(
    reader: Client, done: Task, kept: list[dict[str, Any]] | None
) -> None:
    copy_of(done, links=kept)
    assert 'class="kept-links"' not in page(reader, done)


@pytest.mark.parametrize("trouble", sorted({*CopyTrouble, *Trouble} - OF_OURS))
def test_each_trouble_of_a_link_has_words(trouble: str, now: datetime) -> None:
    tried = CopyLink(url=LINK).after_try(now, trouble, "")
    ((line,),) = [each.tries for each in link_lines(Copy(url=LINK, links=links(tried)))]
    assert line.reason not in ("", trouble)


# The order, as the answer repeats it


def facts(text: str, name: str) -> list[str]:
    return re.findall(rf'<div data-fact="{name}">.*?</div>', text, re.DOTALL)


def test_the_name_by_which_the_gateway_was_asked_for_the_model_is_shown(
    reader: Client, make_task: MakeTask
) -> None:
    raw = json.dumps(body("tokenhot/succeeded"))
    (fact,) = facts(page(reader, make_task(raw=raw, model="doubao-seedance-2-0")), "origin_model")
    assert "doubao-seedance-2.0" in fact
    assert not facts(page(reader, make_task(raw=raw, model="doubao-seedance-2.0")), "origin_model")


def test_the_input_picture_that_an_answer_repeats_is_linked(
    reader: Client, make_task: MakeTask
) -> None:
    raw = body("yescale/succeeded")
    picture = raw["request"]["content"][1]["image_url"]["url"]
    (fact,) = facts(page(reader, make_task(raw=json.dumps(raw))), "input_picture")
    assert f'href="{picture}"' in fact and 'rel="noopener noreferrer"' in fact


@pytest.mark.parametrize("given", ["data:image/png;base64,AAAA", "javascript:alert(1)", 7, None])
def test_only_a_web_address_becomes_a_link(
    reader: Client, make_task: MakeTask, given: object
) -> None:
    raw = body("yescale/succeeded")
    raw["request"]["content"][1]["image_url"] = {"url": given}
    assert not facts(page(reader, make_task(raw=json.dumps(raw))), "input_picture")


@pytest.mark.parametrize("raw", ["", "no JSON", "[]", '{"request": 7}', "null"])
def test_an_answer_that_repeats_nothing_is_no_obstacle(
    reader: Client, make_task: MakeTask, raw: str
) -> None:
    text = page(reader, make_task(raw=raw))
    assert not facts(text, "origin_model") + facts(text, "input_picture")


@pytest.mark.parametrize(
    ("provider", "words"), [("powertokens", "14 days"), ("volcengine", "24 hours"), ("newapi", "")]
)
def test_what_a_provider_promises_of_its_links_stands_beside_what_we_go_by(
    reader: Client, make_task: MakeTask, provider: str, words: str
) -> None:
    text = facts(
        page(reader, make_task(status="succeeded", provider=provider, video_url=LINK)), "link_life"
    )
    assert len(text) == (1 if words else 0)
    assert all(words in fact and "signature" in fact for fact in text)
    assert not facts(page(reader, make_task(provider=provider)), "link_life")
