"""Presses of the button, and what the worker sends of them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from tasks.models import (
    Batch,
    Credential,
    Project,
    Submission,
    SubmissionState,
)
from tasks.simulator.server import Simulator
from tasks.submission import send as sending
from tasks.submission.place import (
    place_batch,
)
from tests.providers.generations import generation
from tests.tracking.conftest import Clock

Place = Callable[..., Batch]
CREATED, REFUSED = SubmissionState.CREATED, SubmissionState.REFUSED
WAITING = SubmissionState.WAITING
UNCONFIRMED, NOT_CREATED = SubmissionState.UNCONFIRMED, SubmissionState.NOT_CREATED
LOST_ANSWERS = ["lost-create", "500;on=create", "html;on=create", "empty;on=create"]
MODELS = {"byteplus": "dreamina-seedance-2-0-260128", "powertokens": "seedance-1-5-pro-251215"}


@pytest.fixture
def place(project: Project, member: User, clock: Clock) -> Place:
    """place(credential, takes=3): one press of the button."""

    def place(credential: Credential, *, takes: int = 1, **fields: Any) -> Batch:
        model = MODELS.get(credential.provider, "doubao-seedance-2-0-260128")
        by = fields.pop("created_by", member)
        key = fields.pop("key", None) or uuid.uuid4()
        requests = [generation(model, **fields)] * takes
        whose = {"project": project, "credential": credential, "created_by": by}
        return place_batch(requests, key=key, **whose, now=clock.now)

    return place


def send(clock: Clock) -> int:
    return sending.send_waiting(10, clock=clock)


def only() -> Submission:
    return Submission.objects.select_related("task").get()


def creates(sim: Simulator) -> int:
    return sum(sim.counts.creates.values())
