"""Rows that several benchmarks need: credentials at a provider, tasks on them, people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.utils import timezone

from tasks.models import ApiToken, Credential, Membership, Project, Task, TokenScope
from tasks.providers.status import Status
from tasks.team.tokens import make_token


def credential(
    name: str, slug: str, base_url: str, *, key: str = "sim-of-the-benchmarks", **fields: object
) -> Credential:
    row = Credential(name=name, provider=slug, base_url=base_url, **fields)
    row.replace_key(key)
    row.save()
    return row


def running_tasks(account: Credential, number: int, *, spread: float = 0.0) -> list[Task]:
    """Create running tasks whose first checks are spread over so many seconds."""
    now = timezone.now()
    tasks = Task.objects.track(
        [f"cgt-20261120120000-{account.pk:03}{n:06}" for n in range(number)],
        credential=account,
        project=Project.objects.get(),
        created_by=None,
        now=now,
    )
    for place, task in enumerate(tasks):
        task.status = Status.RUNNING
        task.check_after = now + timedelta(seconds=spread * place / number)
    Task.objects.bulk_update(tasks, ["status", "check_after"], batch_size=500)
    return tasks


def forget_tasks() -> None:
    Task.objects.all().delete()
    Credential.objects.all().delete()


def person(name: str, projects: Iterable[Project] = (), **fields: object) -> User:
    user = User.objects.create_user(name, **fields)  # type: ignore[arg-type]
    for project in projects:
        Membership.objects.create(project=project, user=user)
    return user


def token(user: User, project: Project) -> tuple[ApiToken, str]:
    """A token of the API with which a program creates as this person, and its text."""
    request = RequestFactory().post("/")
    request.user = user
    make, now = TokenScope.MAKE, timezone.now()
    return make_token(request, user, name=str(user), scope=make, now=now, project=project)


def session_cookie(user: User) -> str:
    """The Cookie header of a signed-in browser."""
    client = Client()
    client.force_login(user)
    return "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
