"""Uploading pictures in a real browser: dropped, pasted and chosen, and sent to the provider."""

from __future__ import annotations

import threading
from base64 import b64decode, b64encode
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tasks.models import Credential, ModelName, Task, Upload
from tasks.providers.status import Status
from tasks.simulator.server import Simulator
from tasks.submission.send import send_waiting
from tests.browser.conftest import Enter
from tests.browser.looks import assert_accessible, check_appearance
from tests.media.pictures import bmp, gif, png
from tests.web.conftest import save_copy
from tests.web.live_pages import change

__all__ = ["save_copy"]

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("save_copy")]  # a storage of its own

#: Events with files as a browser creates them, for the two ways that need no dialog.
HAND_OVER = """(element, {kind, files}) => {
  const transfer = new DataTransfer();
  for (const {name, type, bytes} of files) {
    const content = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0));
    transfer.items.add(new File([content], name, {type}));
  }
  const means = {bubbles: true, cancelable: true};
  const event = kind === "paste"
    ? new ClipboardEvent("paste", {...means, clipboardData: transfer})
    : new DragEvent(kind, {...means, dataTransfer: transfer});
  return !element.dispatchEvent(event);
}"""


def hand_over(element: Locator, kind: str, **files: bytes) -> bool:
    """Whether the page handled the event; otherwise the browser would open the file."""
    payload = [
        {"name": f"{name}.png", "type": "image/png", "bytes": b64encode(content).decode()}
        for name, content in files.items()
    ]
    taken: bool = element.evaluate(HAND_OVER, {"kind": kind, "files": payload})
    return taken


def part(page: Page, name: str) -> Locator:
    return page.locator(f".pictures[data-part={name}]")


def choose_mode(page: Page, words: str) -> None:
    page.get_by_label("Mode", exact=True).select_option(label=words)


def settled(page: Page) -> None:
    """Wait until no request is under way that would replace the form during the next step."""
    expect(page.locator("#compose-body:is(.htmx-request, [aria-busy])")).to_have_count(0)


def expect_shown(thumbnails: Locator, *widths: int) -> None:
    """Expect thumbnails of these widths, and that each is drawn, not only present."""
    expect(thumbnails).to_have_count(len(widths))
    for place, width in enumerate(widths):
        expect(thumbnails.nth(place)).to_have_js_property("naturalWidth", width)


def pictures_of(sim: Simulator) -> list[bytes]:
    [record] = sim.tasks
    urls = [item["image_url"]["url"] for item in record.order.content if "image_url" in item]
    return [b64decode(url.removeprefix("data:image/png;base64,"), validate=True) for url in urls]


def send() -> None:
    """Send the waiting requests as the worker would, in a thread without an event loop."""

    def work() -> None:
        send_waiting(10)
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    worker.join()


@pytest.fixture
def form(enter: Enter, account: Credential, member: User, complaints: list[str]) -> Page:
    return enter(member, "/tasks/new/")


def test_a_dropped_picture_is_shown_and_sent(form: Page, sim: Simulator) -> None:
    choose_mode(form, "First frame to video")
    first = part(form, "first_frame")
    expect(first).to_be_visible()
    assert hand_over(first, "dragover", boat=png())
    expect(first).to_have_class("pictures is-target")
    assert hand_over(first, "drop", boat=png())
    expect_shown(first.locator("img"), 640)
    settled(form)
    assert_accessible(form)
    form.get_by_label("Prompt", exact=True).fill("A paper boat on a canal")
    form.get_by_role("button", name="Generate").click()
    form.get_by_role("link", name="Show it").click()
    form.wait_for_url("**/tasks/*/")
    assert Task.objects.get().submission.generation.uploads == (Upload.objects.get().pk,)
    send()
    assert pictures_of(sim) == [png()]


def test_a_button_stays_the_same_element_when_the_task_changes(form: Page) -> None:
    """Keep its key too, so that two clicks are one request even with news between them."""
    form.get_by_label("Prompt", exact=True).fill("A paper boat on a canal")
    form.get_by_role("button", name="Generate").click()
    form.get_by_role("link", name="Show it").click()
    form.wait_for_url("**/tasks/*/")
    again = form.locator("#once-more")
    expect(again).to_have_count(0)
    task = Task.objects.get()
    change(task, status=Status.QUEUED, remote_id="cgt-20261120120000-named")
    expect(again).to_be_visible()
    expect(form.locator("#cancel")).to_be_visible()
    form.evaluate("window.button = document.querySelector('#once-more')")
    key = again.locator("[name=key]").get_attribute("value")
    change(task, status=Status.RUNNING)
    expect(form.locator("#cancel")).to_have_count(0)
    assert form.evaluate("document.querySelector('#once-more') === window.button")
    assert again.locator("[name=key]").get_attribute("value") == key


def test_a_field_for_one_picture_keeps_the_last_one(form: Page) -> None:
    choose_mode(form, "First frame to video")
    first = part(form, "first_frame")
    hand_over(first, "drop", boat=png())
    expect(first.locator(".upload-size")).to_have_text("640 × 360")
    settled(form)
    hand_over(first, "drop", boat=png(640, 400))
    expect(first.locator(".upload-size")).to_have_text("640 × 400")
    expect_shown(first.locator("img"), 640)


def test_pasted_and_chosen_pictures_are_added_and_removed_one_by_one(form: Page) -> None:
    choose_mode(form, "References to video")
    many = part(form, "reference_image")
    assert hand_over(many.locator("textarea"), "paste", boat=png())
    expect_shown(many.locator("img"), 640)
    settled(form)
    chosen = [
        {"name": "a.gif", "mimeType": "image/gif", "buffer": gif()},
        {"name": "b.bmp", "mimeType": "image/bmp", "buffer": bmp()},
    ]
    many.locator("input[type=file]").set_input_files(chosen)  # type: ignore[arg-type]
    expect_shown(many.locator("img"), 640, 640, 640)
    settled(form)
    many.get_by_label("Use this picture").first.uncheck()
    expect_shown(many.locator("img"), 640, 640)
    expect(many.get_by_label("Use this picture").first).to_be_checked()


def test_text_is_pasted_as_usual(form: Page) -> None:
    choose_mode(form, "References to video")
    assert not hand_over(part(form, "reference_image").locator("textarea"), "paste")


def test_refused_files_are_named_beside_accepted_ones(form: Page) -> None:
    choose_mode(form, "References to video")
    many = part(form, "reference_image")
    hand_over(many, "drop", boat=png(), page=b"<html>", crumb=png(20, 20))
    expect_shown(many.locator("img"), 640)
    refused = many.get_by_role("alert")
    expect(refused).to_contain_text("page.png: This isn't a complete picture.")
    expect(refused).to_contain_text("crumb.png: The shorter side is 20 pixels")
    form.get_by_label("Prompt", exact=True).fill("A paper boat")
    form.get_by_label("Prompt", exact=True).press("Tab")
    expect(form.get_by_role("button", name="Generate")).to_be_enabled()
    settled(form)
    assert_accessible(form)
    hand_over(many, "drop", other=png(640, 400))
    expect_shown(many.locator("img"), 640, 640)
    expect(refused).to_be_empty()


def test_a_file_dropped_beside_the_field_does_not_leave_the_page(form: Page) -> None:
    assert hand_over(form.locator("h1"), "dragover", boat=png())
    assert hand_over(form.locator("h1"), "drop", boat=png())
    assert not Upload.objects.exists()


def test_a_failed_upload_is_reported(form: Page) -> None:
    choose_mode(form, "First frame to video")
    form.route("**/tasks/new/upload/", lambda route: route.abort())
    expect(part(form, "first_frame")).to_be_visible()
    hand_over(part(form, "first_frame"), "drop", boat=png())
    expect(part(form, "first_frame")).to_contain_text("The files didn't arrive. Try again.")
    expect(form.get_by_role("button", name="Generate")).to_be_enabled()


def test_an_upload_that_takes_a_while_shows_how_far_it_is(form: Page) -> None:
    choose_mode(form, "First frame to video")
    held: list[Route] = []
    form.route("**/tasks/new/upload/", lambda route: held.append(route))
    first = part(form, "first_frame")
    expect(first).to_be_visible()
    bar = form.get_by_role("progressbar", name="Uploading files")
    expect(bar).to_be_hidden()
    hand_over(first, "drop", boat=png())
    expect(bar).to_be_visible()
    assert_accessible(form)
    held[0].continue_()
    expect_shown(first.locator("img"), 640)
    expect(bar).to_be_hidden()


def test_pictures_that_come_too_often_are_told_until_when(form: Page, settings: Any) -> None:
    settings.LIMITS = settings.LIMITS | {"upload": (1, 3600)}
    choose_mode(form, "References to video")
    many = part(form, "reference_image")
    hand_over(many, "drop", boat=png())
    expect_shown(many.locator("img"), 640)
    settled(form)
    hand_over(many, "drop", boat=png(640, 400))
    refused = many.get_by_role("alert")
    expect(refused).to_contain_text(
        "One person can upload at most 1 picture an hour. You can continue in"
    )
    expect_shown(many.locator("img"), 640)


class HeldPreview:
    """A hold on the renewed form, which arrives only when the test releases it."""

    def __init__(self, page: Page) -> None:
        self._page, self._routes, self._is_open = page, list[Route](), False
        page.route("**/tasks/new/preview/", self._note)

    def _note(self, route: Route) -> None:
        if self._is_open:
            route.continue_()
        else:
            self._routes.append(route)

    def come(self) -> None:
        """Release all requests, and wait until none is left."""
        asking = self._page.locator("#compose-body.htmx-request")
        expect(asking).to_have_count(1)
        self._is_open = True
        for route in self._routes:
            route.continue_()
        expect(asking).to_have_count(0)


def test_choices_made_while_the_form_is_renewed_are_kept(form: Page) -> None:
    held = HeldPreview(form)
    form.get_by_label("Prompt", exact=True).fill("A paper boat")
    choose_mode(form, "First frame to video")
    form.get_by_label("Prompt", exact=True).fill("A paper boat on a canal")
    held.come()
    expect(part(form, "first_frame")).to_be_visible()
    expect(form.get_by_label("Prompt", exact=True)).to_have_value("A paper boat on a canal")


def test_a_picture_that_arrives_while_the_form_is_renewed_is_kept(form: Page) -> None:
    choose_mode(form, "First frame to video")
    first = part(form, "first_frame")
    expect(first).to_be_visible()
    held = HeldPreview(form)
    form.get_by_label("Prompt", exact=True).fill("A paper boat")
    form.get_by_label("Prompt", exact=True).press("Tab")
    hand_over(first, "drop", boat=png())
    expect_shown(first.locator("img"), 640)
    held.come()
    expect_shown(first.locator("img"), 640)


def test_a_button_being_pressed_is_not_replaced(form: Page) -> None:
    held = HeldPreview(form)
    form.get_by_label("Prompt", exact=True).fill("A paper boat")
    ratio = form.locator("#pick-ratio > summary").bounding_box()
    assert ratio
    form.mouse.move(ratio["x"] + 5, ratio["y"] + 5)
    form.mouse.down()
    held.come()
    form.mouse.up()
    expect(form.locator("#pick-ratio")).to_have_attribute("open", "")


@pytest.mark.looks
def test_thumbnails_fit_a_phone_in_any_light(form: Page) -> None:
    form.set_viewport_size({"width": 320, "height": 700})
    choose_mode(form, "References to video")
    many = part(form, "reference_image")
    hand_over(many, "drop", a=png(), b=png(640, 400), c=png(400, 900))
    expect_shown(many.locator("img"), 640, 640, 400)
    settled(form)
    check_appearance(form, closely=(320,))
    form.set_viewport_size({"width": 320, "height": 700})
    for target in many.locator(".upload-use, .pictures-choose").all():
        box = target.bounding_box()
        assert box and min(box["width"], box["height"]) >= 44


#: The width in pixels that the text of the chosen option leaves free in its list.
ROOM = """list => {
  const style = getComputedStyle(list);
  const line = document.createElement("canvas").getContext("2d");
  line.font = style.font;
  const words = line.measureText(list.selectedOptions[0].label).width;
  return list.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - words;
}"""


@pytest.mark.looks
def test_every_models_name_is_fully_visible(form: Page) -> None:
    models = form.get_by_label("Model", exact=True)
    for name in models.locator("option").evaluate_all("all => all.map(each => each.value)"):
        models.select_option(name)
        hint = form.locator("#id_model_helptext > span").first
        expect(hint).to_have_text(f"Sent as {name}")
        for width in (375, 1440):
            form.set_viewport_size({"width": width, "height": 900})
            # Widths are read in whole pixels.
            assert models.evaluate(ROOM) > -0.5, f"{name} at {width} px"


@pytest.mark.looks
def test_a_long_name_of_a_model_continues_below_the_list(
    enter: Enter, account: Credential, member: User
) -> None:
    name = "ep-20261120-" + "long" * 40
    ModelName.objects.create(provider="volcengine", name=name, known_as="seedance-2-0-260128")
    form = enter(member, "/tasks/new/")
    form.get_by_label("Model", exact=True).select_option(name)
    form.locator("#compose-more > summary").click()
    hint = form.locator("#id_model_helptext > span").first
    expect(hint).to_have_text(f"Sent as {name}")

    def nothing_is_cut(width: int) -> None:
        assert hint.evaluate("hint => hint.scrollWidth - hint.clientWidth") <= 0, width

    check_appearance(form, closely=(375,), also=nothing_is_cut)


def test_without_scripts_a_file_is_chosen_and_sent_with_the_form(
    browser: Browser, enter: Enter, account: Credential, member: User, sim: Simulator
) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = enter(member, "/tasks/new/", context.new_page())
        choose_mode(page, "First frame to video")
        page.get_by_role("button", name="Update options").click()
        boat = {"name": "boat.png", "mimeType": "image/png", "buffer": png()}
        page.locator("input[type=file]").set_input_files(boat)  # type: ignore[arg-type]
        page.get_by_label("Prompt", exact=True).fill("A paper boat on a canal")
        page.get_by_role("button", name="Generate").click()
        page.wait_for_url("**/tasks/*/")
    send()
    assert pictures_of(sim) == [png()]
