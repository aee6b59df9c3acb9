"""Sample life: a simulated account with each provider, a week of tasks, and ever new ones."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
from django.contrib.auth.models import User
from django.db import DatabaseError, transaction
from django.db.models import Value
from django.db.models.functions import Replace
from django.utils import timezone

from tasks import prices, search
from tasks.models import Budget, Credential, Membership, Price, Project, Role, Task
from tasks.providers import provider
from tasks.simulator.shot import Shot
from tasks.simulator.shots import SHOTS

PEOPLE = {"producer": Role.MANAGER, "artist": Role.MEMBER}
ENOUGH_LIVE, ENOUGH_IN_ALL = 10, 300
MONTHLY_TOKENS = 12_000_000
#: What links come to: one that ends minutes after its video was saved, one whose host is down.
LINKS_IN_DANGER = (
    Shot(
        preset="volcengine",
        model="doubao-seedance-2-0-260128",
        prompt="Look test: rain on a tin roof, one drop in slow motion, grey light",
        ago=20 * 60,
        wish=f"ok link={24 * 60}",
    ),
    Shot(
        preset="byteplus",
        model="dreamina-seedance-2-0-260128",
        prompt="Storyboard 7: a paper lantern is let go, the camera stays with the hand",
        ratio="4:3",
        ago=22 * 3600 + 45 * 60,
        wish="ok media=503",
    ),
)
PAUSE = (15.0, 35.0)  # seconds between two new tasks
TOLD = ("model", "prompt", "resolution", "ratio", "duration")  # what we know, for we asked for it


class SampleLife:
    """Submits to the simulator as a team would, over HTTP, and tracks what it submitted."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._http = httpx.Client(timeout=5, trust_env=False)
        self._next_at = 0.0

    def begin(self) -> None:
        """What is missing of the accounts and the past; nothing where all of it is there."""
        base_urls = self._http.get(self._origin).raise_for_status().json()
        _move_to(self._origin)
        make_account("demo")
        for name, role in PEOPLE.items():
            make_account(name, role)
        shots = (*SHOTS, *LINKS_IN_DANGER)
        accounts = {shot.preset: _credential(shot.preset, base_urls[shot.preset]) for shot in SHOTS}
        _set_limits(accounts.values())
        empty = {slug for slug, account in accounts.items() if not account.task_set.exists()}
        for shot in sorted(shots, key=lambda shot: -shot.ago):  # the list shows the newest on top
            if shot.preset in empty:
                self._submit(accounts[shot.preset], shot)

    def go_on(self) -> None:
        """Call it often: submits one more task when it is time for one."""
        if time.monotonic() < self._next_at:
            return
        self._next_at = time.monotonic() + random.uniform(*PAUSE)
        try:
            if Task.objects.live().count() < ENOUGH_LIVE and Task.objects.count() < ENOUGH_IN_ALL:
                shot = random.choice([shot for shot in SHOTS if _is_quick(shot)])
                credential = Credential.objects.get(name=_name(shot.preset))
                self._submit(credential, replace(shot, ago=0))
        except (httpx.HTTPError, DatabaseError, Credential.DoesNotExist):
            pass  # the simulator is being started again, or somebody tries things out

    def _submit(self, credential: Credential, shot: Shot) -> None:
        _track(credential, self._create(credential.base_url, credential.reveal_key(), shot), shot)

    def _create(self, base_url: str, key: str, shot: Shot) -> str:
        answer = self._http.post(
            base_url + shot.path(),
            json=shot.body(),
            headers={
                "Authorization": f"Bearer {key}",
                "X-Sim-Created-Ago": str(shot.ago),
                "X-Sim-Steer": shot.wish,
            },
        )
        return str(answer.raise_for_status().json()["id"])


def make_account(name: str, role: Role | None = None) -> User:
    """Nobody has a password; without a role it is one that may do everything."""
    user, is_new = User.objects.get_or_create(
        username=name, defaults={"is_staff": role is None, "is_superuser": role is None}
    )
    if is_new:
        user.set_unusable_password()
        user.save(update_fields=["password"])
        project = Project.objects.order_by("pk").first()
        Membership.objects.get_or_create(
            project=project, user=user, defaults={"role": role or Role.MANAGER}
        )
    return user


def _name(slug: str) -> str:
    return f"{provider(slug).label} (simulated)"


def _credential(slug: str, base_url: str) -> Credential:
    credential, is_new = Credential.objects.get_or_create(
        name=_name(slug), defaults={"provider": slug, "base_url": base_url}
    )
    if is_new:
        credential.replace_key(f"sim-{secrets.token_hex(16)}")
        credential.save(update_fields=["sealed_key", "key_tail"])
    return credential


def _set_limits(accounts: Iterable[Credential]) -> None:
    """Prices as the providers' pages have them, for a month back; a budget that is half used."""
    Budget.objects.get_or_create(
        project=Project.objects.order_by("pk")[0], defaults={"limit": MONTHLY_TOKENS}
    )
    first = timezone.localdate() - timedelta(days=30)
    for account in accounts:
        if not Price.objects.filter(credential=account).exists():
            Price.objects.bulk_create(prices.proposals(account, first))


def _move_to(origin: str) -> None:
    """The simulator listens on another port than last time; its tasks moved with it."""
    for credential in Credential.objects.filter(name__endswith=" (simulated)"):
        place = urlsplit(credential.base_url)
        here = Replace("base_url", Value(f"{place.scheme}://{place.netloc}"), Value(origin))
        if f"{place.scheme}://{place.netloc}" != origin:
            Task.objects.filter(credential=credential).update(base_url=here)
            Credential.objects.filter(pk=credential.pk).update(base_url=here)


@transaction.atomic  # so that no sweep asks about a task before its row is complete
def _track(credential: Credential, remote_id: str, shot: Shot) -> None:
    people = list(User.objects.filter(username__in=["demo", *PEOPLE]))
    [task] = Task.objects.track(
        [remote_id],
        credential=credential,
        project=Project.objects.order_by("pk")[0],
        created_by=random.choice(people) if people else None,
        now=timezone.now() - timedelta(seconds=shot.ago),
    )
    _tell(task, shot)


def _tell(task: Task, shot: Shot) -> None:
    for name in TOLD:
        setattr(task, name, getattr(shot, name))
    task.search_text = search.searchable(task.prompt, task.remote_id, task.model)
    task.save(update_fields=[*TOLD, "search_text"])


def _is_quick(shot: Shot) -> bool:
    return shot.options.get("service_tier") != "flex"
