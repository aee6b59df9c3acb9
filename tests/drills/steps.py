"""Steps that drills run in processes of their own: python -m tests.drills.steps COMMAND …

Several commands in one process are separated by `then`.

follow BASE_URL ID …   add a credential of Volcengine there, and track these tasks
sweep STEP             refresh for a second; STEP as in tests.archive.launcher
place BASE_URL         … and place one request that waits to be sent to it
queue                  queue the jobs that send requests and refresh tasks
send STEP              send the waiting requests
settle                 mark abandoned sends, as after the time in which a sender must end
cancel STEP            request to cancel the first task, and run the job
take_up                resume cancels, as after the time in which their worker must end
enter                  sign a superuser in; print the session's cookie
ask COOKIE             print the status codes of the list and of an attempt to write
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import groupby

import django
from django.urls import reverse

from tests.archive.launcher import die_at

CHECK_SECONDS = 0.5


def follow(base_url: str, *remote_ids: str) -> None:
    from django.utils import timezone

    from tasks.models import Credential, Project, Task

    row = Credential.objects.filter(name="Drilled").first() or Credential(
        name="Drilled", provider="volcengine", base_url=base_url, check_seconds=CHECK_SECONDS
    )
    row.replace_key("sim-test")
    row.save()
    account = {"credential": row, "project": Project.objects.get(), "created_by": None}
    Task.objects.track(remote_ids, **account, now=timezone.now())  # type: ignore[arg-type]


def sweep(step: str) -> None:
    from tasks.tracking import refresh

    if step != "none":
        die_at(step)
    refresh.sweep(1)


def place(base_url: str) -> None:
    import uuid

    from django.utils import timezone

    from tasks.models import Credential, Project
    from tasks.providers.catalog.request import GenerationRequest
    from tasks.submission.place import place_batch

    follow(base_url)
    place_batch(
        [GenerationRequest(model="doubao-seedance-2-0-260128", prompt="A paper boat")],
        key=uuid.uuid4(),
        project=Project.objects.get(),
        credential=Credential.objects.get(),
        created_by=None,
        now=timezone.now(),
    )


def queue() -> None:
    from django_q.tasks import async_task

    from tasks import jobs

    async_task(jobs.SEND)
    async_task(jobs.SWEEP)


def send(step: str) -> None:
    from tasks.submission.send import send_waiting

    if step != "none":
        die_at(step)
    send_waiting(5)


def settle() -> None:
    from django.utils import timezone

    from tasks.submission.place import ABANDONED, mark_interrupted

    mark_interrupted(timezone.now() + ABANDONED)


def cancel(step: str) -> None:
    from django.utils import timezone

    from tasks.models import Cancellation, Task
    from tasks.submission.cancel import attempt_cancel

    now = timezone.now()
    asked = Cancellation.objects.ask_for(Task.objects.earliest("id"), None, now)
    assert asked, "nobody may ask for it"
    if step != "none":
        die_at(step)
    attempt_cancel(asked.pk, now)


def take_up() -> None:
    from django.utils import timezone

    from tasks.submission.cancel import ABANDONED, recover_cancellations

    recover_cancellations(timezone.now() + ABANDONED)


def enter() -> None:
    from django.contrib.auth.models import User
    from django.test import Client

    client = Client()
    client.force_login(User.objects.create_superuser("drilled"))
    print(client.cookies["dailies_session"].value)


def ask(cookie: str) -> None:
    from django.test import Client

    from tasks.models import Task

    client = Client(SERVER_NAME="localhost")
    client.cookies["dailies_session"] = cookie
    task = Task.objects.order_by("id")[0]
    written = client.post(reverse("refresh_task", args=[task.pk]))
    print(client.get("/").status_code, written.status_code)


COMMANDS: dict[str, Callable[..., None]] = {
    "follow": follow,
    "place": place,
    "queue": queue,
    "send": send,
    "settle": settle,
    "cancel": cancel,
    "take_up": take_up,
    "sweep": sweep,
    "enter": enter,
    "ask": ask,
}


def main(words: list[str]) -> None:
    """Run the commands in one process, because a start takes most of a second."""
    django.setup()
    for is_between, group in groupby(words, lambda word: word == "then"):
        if not is_between:
            name, *arguments = group
            COMMANDS[name](*arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
