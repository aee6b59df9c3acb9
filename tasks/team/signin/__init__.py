"""Sign-in: one-time links, the first account, and the checklist of a new installation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from tasks.models import Credential, Membership, Project, Role, SignInLink, Task
from tasks.models.access import administers, manages_something, works_somewhere


def has_accounts() -> bool:
    return User.objects.exists()


def sign_in_url(base: str, user: Any = None, *, without_second_factor: bool = False) -> str:
    """Create a link that works once, for 15 minutes; without a user, for the first account."""
    token = SignInLink.objects.make(
        user=user, without_second_factor=without_second_factor, now=timezone.now()
    )
    return base.rstrip("/") + reverse("enter", args=[token])


def create_first_account(form: Any, token: str) -> User | None:
    """Spend the link and create a superuser; None if somebody was quicker."""
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
    """The URL to go to: the checklist of a new installation for staff, else the tasks."""
    return reverse("welcome" if administers(user) and is_new_installation() else "tasks")


@dataclass(frozen=True, kw_only=True)
class SetupStep:
    """One step of the checklist."""

    title: str
    text: str
    done: bool
    url: str = ""  # where this person can do it
    action: str = ""  # … and what the button says
    other_url: str = ""  # where something else does as well
    other: str = ""


def is_new_installation() -> bool:
    return not (has_accounts() and _tested_credential() and Task.objects.exists())


def checklist(user: Any) -> list[SetupStep]:
    """The three steps from an empty installation to a first video."""
    account = SetupStep(
        title=_("Create the first account"),
        text=_("Use the one-time link shown in the terminal. There are no passwords yet."),
        done=has_accounts(),
    )
    works = works_somewhere(user)
    video = SetupStep(
        title=_("Generate your first video"),
        text=_("Describe it, check the price, and generate."),
        done=Task.objects.exists(),
        url=reverse("compose") if works else "",
        action=_("Generate your first video"),
        other_url=reverse("track") if works else "",
        other=_("Or track tasks created elsewhere"),
    )
    return [account, _credential_step(user), video]


def _tested_credential() -> bool:
    return Credential.objects.exclude(heard_at=None).exists()


def _credential_step(user: Any) -> SetupStep:
    untested = Credential.objects.visible_to(user).filter(heard_at=None).order_by("pk").first()
    add, test = _("Add a credential"), _("Test the connection")
    url = reverse("credential", args=[untested.pk]) if untested else reverse("credential_add")
    return SetupStep(
        title=_("Add a credential and test it"),
        text=_("A provider's API key. It's stored encrypted and never shown again."),
        done=_tested_credential(),
        url=url if manages_something(user) else "",
        action=test if untested else add,
    )
