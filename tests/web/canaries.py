"""Details of a project that its viewers are not to see, each with words found nowhere else."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from tasks.models import (
    Batch,
    Budget,
    Cancellation,
    CancelOutcome,
    Candidate,
    Charge,
    Copy,
    CopyKind,
    CreateLookup,
    Credential,
    Lease,
    ListOutcome,
    Price,
    Project,
    Submission,
    SubmissionState,
    Task,
)
from tasks.models.charge import day_of
from tasks.providers import Trouble
from tasks.providers.status import Status
from tests.conftest import MakeTask
from tests.providers.generations import generation
from tests.web.conftest import SaveCopy

#: What may stand in no answer to a viewer, by what it is.
CANARIES = {
    "an error's code": "CanaryErrorCode",
    "an error's words": "canary-error-words",
    "a request id": "canary-request-id",
    "a credential's name": "Canary credential",
    "a base URL": "canary-base.example",
    "a raw answer": "canary-raw-answer",
    "a signed link": "canary-signature",
    "a link's host": "canary-media.example",
    "the provider's own word": "canary-word",
    "a safety identifier": "canary-person",
    "the last words about a task": "canary-task-words",
    "the last words about a file": "canary-file-words",
    "the last words about a create": "canary-create-words",
    "what was said of a quota": "canary-quota-words",
    "a refusal to cancel": "canary-cancel-words",
    "a candidate": "cgt-canary-candidate",
    "a SHA-256": "ca9a" * 16,
    "tokens": "7,654,321",
    "money that the provider named": "123.45",
    "money by the price list": "¥67.89",
    "a price": "¥47.11",
    "a gateway's units": "8,765,432",
    "a budget": "987,654,321",
    "a credential in trouble": "overdue balance",
    "a file at risk": "header-status-risk",
    "the archive's list of them": "kept-at_risk",
    "a silent worker": "Worker last seen",
}

LINK = "https://canary-media.example/clip.mp4?X-Tos-Signature=canary-signature"


@pytest.fixture
def planted(
    world: dict[str, Any],
    project: Project,
    credential: Credential,
    member: User,
    make_task: MakeTask,
    save_copy: SaveCopy,
) -> dict[str, Task]:
    """One task of every fate in the project, full of canaries, by what became of it."""
    now = timezone.now()
    _plant_account(credential, project)
    facts = {
        "base_url": "https://canary-base.example/v1",
        "raw": json.dumps({"note": "canary-raw-answer"}),
        "request_id": "canary-request-id",
        "safety_identifier": "canary-person",
        "total_tokens": 7_654_321,
        "quota": 8_765_432,
        "created_by": member,
    }
    links: dict[str, Any] = {"video_url": LINK, "last_frame_url": LINK, "file_url": LINK}
    links["link_ends_at"] = now + timedelta(minutes=30)
    error = {"error_code": "CanaryErrorCode", "error_message": "canary-error-words"}
    overdue = {"error_code": "AccountOverdueError", "error_message": "canary-error-words"}
    done = {"status": Status.SUCCEEDED, **facts, **links}
    tasks = {
        "running": make_task(
            **facts,
            status_word="canary-word",
            trouble=Trouble.SERVER,
            trouble_message="The provider has an error. (HTTP 502: canary-task-words)",
        ),
        "failed": make_task(status=Status.FAILED, **facts, **error),
        "without an account": make_task(status=Status.FAILED, **facts, **overdue),
        "saved": make_task(
            **done, prompt="A saved clip", cost_micros=123_450_000, cost_currency="CNY"
        ),
        "priced": make_task(**done),
        "unsaved": make_task(**done),
        "gone": make_task(**done),
        "unconfirmed": make_task("unnamed-1", status=Status.UNCONFIRMED, **facts),
        "waiting": make_task("unnamed-2", status=Status.SUBMITTING, **facts),
        "refused": make_task("unnamed-3", status=Status.FAILED, **facts, **error),
    }
    save_copy(tasks["saved"], b"a clip", sha256="ca9a" * 16)
    _plant_files(tasks)
    _plant_creates(tasks, credential)
    _plant_money(tasks, project, credential)
    Cancellation.objects.create(
        task=tasks["running"],
        asked_at=now,
        outcome=CancelOutcome.REFUSED,
        message="canary-cancel-words",
    )
    return tasks


def found_in(answers: Iterable[tuple[str, bytes]]) -> dict[str, list[str]]:
    """The canaries in these answers: what each is, and the addresses that told it."""
    found: dict[str, list[str]] = {}
    for address, answer in answers:
        for what, words in CANARIES.items():
            if words.encode() in answer:
                found.setdefault(what, []).append(address)
    return found


def _plant_account(credential: Credential, project: Project) -> None:
    credential.name, credential.base_url = "Canary credential", "https://canary-base.example/v1"
    credential.provider = "volcengine"  # which has a list to look through
    credential.trouble, credential.trouble_since = Trouble.OVERDUE, timezone.now()
    credential.creates_wait_until = timezone.now() + timedelta(hours=1)
    credential.save()
    silent = timezone.now() - timedelta(hours=1)
    Lease.objects.update_or_create(name="sweep", defaults={"until": silent, "beat_at": silent})


def _plant_files(tasks: dict[str, Task]) -> None:
    file: dict[str, Any] = {"kind": CopyKind.VIDEO, "url": LINK, "created_at": timezone.now()}
    file |= {"trouble": Trouble.SERVER, "tries": 3}
    file["trouble_message"] = "The host has an error. (HTTP 500: canary-file-words)"
    ends = timezone.now() + timedelta(minutes=30)
    Copy.objects.create(task=tasks["unsaved"], link_ends_at=ends, **file)
    Copy.objects.create(task=tasks["gone"], state="gone", **file)


def _plant_creates(tasks: dict[str, Task], credential: Credential) -> None:
    project, now = tasks["waiting"].project, timezone.now()
    made = {"project": project, "credential": credential, "created_at": now, "takes": 4}
    batch = Batch.objects.create(key=uuid.uuid4(), **made)
    states = {
        "unconfirmed": (SubmissionState.UNCONFIRMED, "canary-create-words"),
        "waiting": (SubmissionState.WAITING, "canary-quota-words"),
        "refused": (SubmissionState.REFUSED, ""),
        "saved": (SubmissionState.CREATED, ""),
    }
    for take, (fate, (state, message)) in enumerate(states.items(), 1):
        row = Submission.objects.create(
            task=tasks[fate],
            batch=batch,
            take=take,
            request=generation(prompt=f"Take {take}").to_json(),
            state=state,
            message=message,
            sent_at=now,
        )
        if fate == "unconfirmed":
            outcome = {"outcome": ListOutcome.COMPARED, "attempted_at": now, "due_at": None}
            lookup, _ = CreateLookup.objects.update_or_create(submission=row, defaults=outcome)
            Candidate.objects.create(
                lookup=lookup,
                base_url=tasks[fate].base_url,
                remote_id="cgt-canary-candidate",
                status=Status.RUNNING,
                created_at=now,
            )


def _plant_money(tasks: dict[str, Task], project: Project, credential: Credential) -> None:
    today = day_of(timezone.now())
    price = Price.objects.create(
        credential=credential, model="seedance-1-0-pro", amount="47.11", valid_from=today
    )
    billed: dict[str, Any] = {"state": "billed", "currency": "CNY", "micros": 67_890_000}
    Charge.objects.create(
        task=tasks["priced"],
        project=project,
        credential=credential,
        day=today,
        price=price,
        tokens=7_654_321,
        **billed,
    )
    Budget.objects.create(project=project, limit=987_654_321)
