"""The way in: links for the terminal, limits at the door, the first steps of an installation."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from tasks.models import Credential, Membership, Project, Role, SignInLink, Task

#: Wrong passwords within the window. An address may be a whole office's.
TRIES_BY_NAME, TRIES_BY_ADDRESS = 10, 50
TRIES_WINDOW = 15 * 60  # seconds


def has_accounts() -> bool:
    return User.objects.exists()


def sign_in_url(base: str, user: Any = None) -> str:
    """A link that works once, for 15 minutes; without a user it is to create the first account."""
    token = SignInLink.objects.make(user=user, now=timezone.now())
    return base.rstrip("/") + reverse("enter", args=[token])


def create_first_account(form: Any, token: str) -> User | None:
    """Spend the link and make its person a superuser; None when someone was quicker."""
    with transaction.atomic():
        project = Project.objects.select_for_update().first()  # one at a time, also on PostgreSQL
        if has_accounts() or not SignInLink.objects.use(token, now=timezone.now()):
            return None
        user: User = form.save(commit=False)
        user.is_staff = user.is_superuser = True
        user.save()
        if project:
            Membership.objects.create(project=project, user=user, role=Role.MANAGER)
        return user


# The checklist of a new installation


@dataclass(frozen=True, kw_only=True)
class Step:
    title: str
    text: str
    done: bool
    url: str = ""  # where this person can do it
    action: str = ""  # … and what the button says


def is_new_installation() -> bool:
    return not (has_accounts() and _tested_credential() and Task.objects.exists())


def checklist(user: Any) -> list[Step]:
    """The three steps from an empty installation to a first tracked task."""
    return [_account_step(), _credential_step(user), _task_step(user)]


def _tested_credential() -> bool:
    return Credential.objects.exclude(heard_at=None).exists()


def _account_step() -> Step:
    return Step(
        title=_("Create the first account"),
        text=_("With the one-time link in the terminal; nobody has a password before."),
        done=has_accounts(),
    )


def _credential_step(user: Any) -> Step:
    waiting = Credential.objects.filter(heard_at=None).order_by("pk").first()
    add, test = _("Add a credential"), _("Test the connection")
    url = (
        reverse("admin:tasks_credential_change", args=[waiting.pk])
        if waiting
        else reverse("admin:tasks_credential_add")
    )
    return Step(
        title=_("Add a credential and test it"),
        text=_("An API key of a provider. It is kept sealed, and never shown again."),
        done=_tested_credential(),
        url=url if user.has_perm("tasks.change_credential") else "",
        action=test if waiting else add,
    )


def _task_step(user: Any) -> Step:
    may = user.is_authenticated and Project.objects.open_to_work_by(user).exists()
    return Step(
        title=_("Track a task"),
        text=_("Paste the ids of tasks that were made elsewhere."),
        done=Task.objects.exists(),
        url=reverse("track") if may else "",
        action=_("Track tasks"),
    )


# Limits at the door: counted in the cache, which all processes share where REDIS_URL is set.


def too_many_tries(name: str, address: str) -> bool:
    counts = cache.get_many(_try_keys(name, address))
    by_name, by_address = _try_keys(name, address)
    return counts.get(by_name, 0) >= TRIES_BY_NAME or counts.get(by_address, 0) >= TRIES_BY_ADDRESS


def count_wrong_try(name: str, address: str) -> None:
    for key in _try_keys(name, address):
        cache.add(key, 0, TRIES_WINDOW)
        cache.incr(key)


def forget_wrong_tries(name: str) -> None:
    cache.delete(_try_keys(name, "")[0])


def _try_keys(name: str, address: str) -> tuple[str, str]:
    return f"tries-name:{_digest(name.casefold())}", f"tries-address:{_digest(address)}"


def _digest(text: str) -> str:
    """A cache's keys are short and plain; names are neither."""
    return hashlib.sha256(text.encode()).hexdigest()
