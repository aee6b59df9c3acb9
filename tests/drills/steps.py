"""What drills run in processes of their own: python -m tests.drills.steps COMMAND …

Several in one process, one after the other, have `then` between them.

follow BASE_URL ID …   a credential of Volcengine's there, and these tasks
sweep STEP             refresh for a second; STEP as in tests.archive.launcher
place BASE_URL         … and one wish waiting to be sent to it
send STEP              send what waits
settle                 as after the time in which a sender must have ended
enter                  a superuser's session; prints its cookie
ask COOKIE             prints the status of the list, and of an attempt to write
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
    from tasks import refresh

    if step != "none":
        die_at(step)
    refresh.sweep(1)


def place(base_url: str) -> None:
    import uuid

    from django.utils import timezone

    from tasks import submit
    from tasks.models import Credential, Project
    from tasks.providers.wish import Wish

    follow(base_url)
    submit.place(
        [Wish(model="doubao-seedance-2-0-260128", prompt="A paper boat")],
        key=uuid.uuid4(),
        project=Project.objects.get(),
        credential=Credential.objects.get(),
        created_by=None,
        now=timezone.now(),
    )


def send(step: str) -> None:
    from tasks import sending

    if step != "none":
        die_at(step)
    sending.send_waiting(5)


def settle() -> None:
    from django.utils import timezone

    from tasks import submit

    submit.settle(timezone.now() + submit.ABANDONED)


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
    "send": send,
    "settle": settle,
    "sweep": sweep,
    "enter": enter,
    "ask": ask,
}


def main(words: list[str]) -> None:
    """One command after the other, in one process: a start costs most of a second."""
    django.setup()
    for is_between, group in groupby(words, lambda word: word == "then"):
        if not is_between:
            name, *arguments = group
            COMMANDS[name](*arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
