"""Answers to a form that a script sends while its page stays open: JSON with rendered parts.

Only they are JSON, so no sign-in page and no proxy's page is taken for one. The statuses: 200 for
placed, 409 for "placed before it was changed", 422 for not placed.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tasks.models import Batch
from tasks.text import prose


def is_background(request: HttpRequest) -> bool:
    """Whether a script sent the form and reads the answer."""
    return request.headers.get("Accept") == "application/json"


def placed(request: HttpRequest, batch: Batch, left_out: int = 0) -> JsonResponse:
    """Say what was sent, with the key for the next press."""
    context = {"sentence": placed_sentence(batch, left_out)}
    return _answer(request, batch, "compose/_placed.html", context, 200)


def placed_before(request: HttpRequest, batch: Batch) -> JsonResponse:
    """Say what the key had placed before the form was changed, with a new key for the change."""
    context = {"changed": changed_sentence(), "sentence": placed_sentence(batch)}
    return _answer(request, batch, "compose/_placed_before.html", context, 409)


def not_placed(request: HttpRequest, context: dict[str, Any]) -> JsonResponse:
    """Show the form with its errors; without a credential there is none to show."""
    parts = {"outcome": render_to_string("compose/_not_placed.html", context, request)}
    if context["form"].plan:
        parts["body"] = render_to_string("compose/_body.html", context, request)
    return JsonResponse(parts, status=422)


def _answer(
    request: HttpRequest, batch: Batch, template: str, context: dict[str, Any], status: int
) -> JsonResponse:
    url = address_of(batch)
    outcome = render_to_string(template, {**context, "batch": batch, "url": url}, request)
    parts = {"key": str(uuid.uuid4()), "batch": batch.pk, "url": url, "outcome": outcome}
    return JsonResponse(parts, status=status)


def address_of(batch: Batch) -> str:
    """The address of the batch, or of its only task."""
    only = batch.submissions.first() if batch.takes == 1 else None
    return reverse("task", args=[only.task_id]) if only else batch.get_absolute_url()


def placed_sentence(batch: Batch, left_out: int = 0) -> str:
    """The number of requests that were sent, now or before, and of the combinations left out."""
    if batch.is_repeat:
        sent = ngettext(
            "Already sent: %(count)s request.", "Already sent: %(count)s requests.", batch.takes
        )
    else:
        sent = ngettext("%(count)s request sent.", "%(count)s requests sent.", batch.takes)
    sentences = [sent % {"count": batch.takes}]
    if left_out:
        omitted = ngettext(
            "%(count)s combination was left out because the model doesn't support it.",
            "%(count)s combinations were left out because the models don't support them.",
            left_out,
        )
        sentences.append(omitted % {"count": left_out})
    return prose(*sentences)


def changed_sentence() -> str:
    """The warning that a form had been sent before it was changed."""
    return _(
        "This form was already sent before you changed it. Your changes haven't been sent. "
        "Generate again to send them too."
    )
