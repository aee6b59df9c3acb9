"""The way in: links for the terminal, the first account, the first steps of an installation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from tasks.models import Credential, Membership, Project, Role, SignInLink, Task


def has_accounts() -> bool:
    return User.objects.exists()


def sign_in_url(base: str, user: Any = None, *, without_second_factor: bool = False) -> str:
    """A link that works once, for 15 minutes; without a user it is to create the first account."""
    token = SignInLink.objects.make(
        user=user, without_second_factor=without_second_factor, now=timezone.now()
    )
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


def after_sign_in(user: Any) -> str:
    """To the checklist, where there is nothing yet and this person can change that."""
    return reverse("welcome" if user.is_staff and is_new_installation() else "tasks")


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
    waiting = Credential.objects.visible_to(user).filter(heard_at=None).order_by("pk").first()
    add, test = _("Add a credential"), _("Test the connection")
    url = reverse("credential", args=[waiting.pk]) if waiting else reverse("credential_add")
    may = Project.objects.managed_by(user).exists()
    return Step(
        title=_("Add a credential and test it"),
        text=_("An API key of a provider. It is kept sealed, and never shown again."),
        done=_tested_credential(),
        url=url if may else "",
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
