"""What drills run in processes of their own: python -m tests.drills.steps COMMAND …

follow BASE_URL ID …   a credential of Volcengine's there, and these tasks
sweep STEP             refresh for a second; STEP as in tests.archive.launcher
enter                  a superuser's session; prints its cookie
ask COOKIE             prints the status of the list, and of an attempt to write
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import django
from django.urls import reverse

from tests.archive.launcher import die_at

CHECK_SECONDS = 0.5


def follow(base_url: str, *remote_ids: str) -> None:
    from django.utils import timezone

    from tasks.models import Credential, Project, Task

    row = Credential(
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
    "sweep": sweep,
    "enter": enter,
    "ask": ask,
}

if __name__ == "__main__":
    django.setup()
    COMMANDS[sys.argv[1]](*sys.argv[2:])
