"""The settings with which a person last made videos: what a new form begins with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tasks.models import Batch, Submission
from tasks.providers.catalog.request import GenerationRequest
from tasks.web.compose.model_options import HOURS, SWITCHES, Measure

#: Settings that are taken over. Words, pictures and the mode that they need belong to one video.
KEPT = (
    *"model resolution ratio duration frames service_tier priority output_format".split(),
    *SWITCHES,
)


def last_used(person: Any, project: int | None = None) -> dict[str, Any]:
    """The form's initial values from this person's last batch, of any project or of this one.

    Two queries, and one more for several takes. The form replaces what it no longer offers.
    """
    batches = Batch.objects.usable_by(person).filter(created_by=person)
    batch = (batches.filter(project=project) if project else batches).order_by("-pk").first()
    if batch is None:
        return {"project": project}
    account = {"project": batch.project_id, "credential": batch.credential_id}
    submissions = Submission.objects.filter(batch=batch)
    first = submissions.order_by("take").first()
    if first is None:  # all of its tasks were purged
        return account
    last = submissions.order_by("take").last() if batch.takes > 1 else first
    is_one = last is not None and _seedless(last) == _seedless(first)
    return account | _settings(first.generation) | ({"takes": batch.takes} if is_one else {})


def _settings(request: GenerationRequest) -> dict[str, Any]:
    values = {name: getattr(request, name) for name in KEPT}
    hours = (request.execution_expires_after or 0) / 3600
    values["expires"] = int(hours) if hours in HOURS else None
    values["measure"] = Measure.FRAMES if request.frames else None
    return {name: value for name, value in values.items() if value not in (None, "")}


def _seedless(submission: Submission) -> GenerationRequest:
    """The request without its seed, in which the takes of one setting differ."""
    return replace(submission.generation, seed=None)
