"""The page of an unconfirmed create in a real browser."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Page, expect

from tasks.models import Callback, CreateLookup, ListOutcome, Submission, Task
from tests.browser.conftest import Enter
from tests.browser.looks import assert_accessible, assert_no_sideways_scrolling
from tests.web.test_create_lookups import candidate
from tests.web.test_create_lookups import submission as submission

pytestmark = pytest.mark.browser


def test_the_page_is_accessible_and_updates_keep_typed_text(
    live_server: Any, enter: Enter, member: User, submission: Submission, page: Page
) -> None:
    enter(member)
    page.goto(live_server.url + submission.task.get_absolute_url())
    page.fill("#found-id", "cgt-half-ty")
    Callback.objects.make(submission, timezone.now())
    Callback.objects.update(called_at=timezone.now())
    CreateLookup.objects.update(
        outcome=ListOutcome.COMPARED, attempted_at=timezone.now(), due_at=None
    )
    candidate(submission, "cgt-20261121120003-found", seconds=3, agreed=["seed", "resolution"])
    with transaction.atomic():
        Task.objects.filter(pk=submission.task_id).mark_changed()
    expect(page.get_by_text("cgt-20261121120003-found").first).to_be_visible()
    assert page.input_value("#found-id") == "cgt-half-ty"
    assert_accessible(page)
    page.set_viewport_size({"width": 320, "height": 900})
    assert_no_sideways_scrolling(page)
