"""The demonstration's sample life: an account at each provider, three months of takes, a week of
tasks that the simulator knows, and new ones.
"""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.contrib.auth.models import User
from django.db import DatabaseError, transaction
from django.db.models import Value
from django.db.models.functions import Replace
from django.utils import timezone

from tasks.management.demo_history import history, set_prices
from tasks.management.demo_plan import STORY, Press
from tasks.models import (
    Budget,
    Credential,
    Membership,
    Period,
    Price,
    Project,
    Role,
    Task,
    search,
)
from tasks.models.budget import TOKENS
from tasks.providers import Answer, provider
from tasks.providers.dialects.creating import CreateRequest, read_created
from tasks.providers.status import Status
from tasks.simulator.records import WEEK
from tasks.simulator.shots import SHOTS, Shot

PEOPLE = ("producer", "artist", "editor", "animator")
ENOUGH_LIVE, ENOUGH_IN_ALL = 10, 300
MONTHLY_TOKENS = 12_000_000
#: Tasks with links in danger: one ends minutes after its video was saved, one has a host that is
#: down.
LINKS_IN_DANGER = (
    Shot(
        preset="volcengine",
        model="doubao-seedance-2-0-260128",
        prompt="Look test: rain on a tin roof, one drop in slow motion, grey light",
        ago=20 * 60,
        steer=f"ok link={24 * 60}",
    ),
    Shot(
        preset="byteplus",
        model="dreamina-seedance-2-0-260128",
        prompt="Storyboard 7: a paper lantern is let go, the camera stays with the hand",
        ratio="4:3",
        ago=22 * 3600 + 45 * 60,
        steer="ok media=503",
    ),
)
PAUSE = (15.0, 35.0)  # seconds between two new tasks
YESTERDAY = 20 * 3600  # seconds; what came after is of the simulator alone
REQUESTED = ("model", "prompt", "resolution", "ratio", "duration")  # known, for we asked for it


class SampleLife:
    """Submits to the simulator as a team would, over HTTP, and tracks what it submitted."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._http = httpx.Client(timeout=5, trust_env=False)
        self._next_at = 0.0

    def begin(self) -> None:
        """Create the accounts and past tasks that are missing."""
        base_urls = self._http.get(self._origin).raise_for_status().json()
        _move_to(self._origin)
        make_account("demo")
        for name in PEOPLE:
            make_account(name, is_staff=False)
        _make_teams()
        shots = (*SHOTS, *LINKS_IN_DANGER)
        accounts = {shot.preset: _credential(shot.preset, base_urls[shot.preset]) for shot in SHOTS}
        _set_limits(accounts)
        empty = {slug for slug, account in accounts.items() if not _has_shots(account)}
        now = timezone.now()
        is_new = len(empty) == len(accounts)
        create = partial(self._create_recent, accounts, now)
        with history(accounts, now, create, is_wanted=is_new) as past:
            for shot in sorted(shots, key=lambda shot: -shot.ago):  # a list has the newest on top
                past.write_until(now - timedelta(seconds=max(shot.ago, YESTERDAY)))
                if shot.preset in empty:
                    self._submit(accounts[shot.preset], shot)

    def go_on(self) -> None:
        """Call it often: submits one more task when it is time for one."""
        if time.monotonic() < self._next_at:
            return
        self._next_at = time.monotonic() + random.uniform(*PAUSE)
        try:
            shots = Task.objects.filter(submission=None)
            if Task.objects.live().count() < ENOUGH_LIVE and shots.count() < ENOUGH_IN_ALL:
                shot = random.choice([shot for shot in SHOTS if _is_quick(shot)])
                credential = Credential.objects.get(name=_name(shot.preset))
                self._submit(credential, replace(shot, ago=0))
        except (httpx.HTTPError, DatabaseError, Credential.DoesNotExist):
            pass  # the simulator is being started again, or somebody tries things out

    def _submit(self, credential: Credential, shot: Shot) -> None:
        create = CreateRequest(path=shot.path(), body=shot.body())
        _track(credential, self._create(credential, create, shot.ago, shot.steer), shot)

    def _create_recent(
        self, accounts: Mapping[str, Credential], now: datetime, press: Press
    ) -> Press:
        """Create at the simulator what a provider would still know of a press.

        Return the press with the ids that its successes have there.
        """
        ago, account = int((now - press.at).total_seconds()), accounts[press.provider]
        if ago >= WEEK:
            return press
        model = press.request.written_for
        assert model
        create = account.service.dialect.create_request(press.request, model)
        ids = (
            self._create(account, create, ago, "ok") if ending.status == Status.SUCCEEDED else known
            for known, ending in zip(press.ids, press.endings, strict=True)
        )
        return replace(press, ids=tuple(ids))

    def _create(self, account: Credential, create: CreateRequest, ago: int, steer: str) -> str:
        """Create a task at the simulator, `ago` seconds ago, and return its id."""
        answer = self._http.post(
            account.base_url + create.path,
            json=dict(create.body),
            headers={
                "Authorization": f"Bearer {account.reveal_key()}",
                "X-Sim-Created-Ago": str(ago),
                "X-Sim-Steer": steer,
            },
        )
        answer.raise_for_status()
        created = Answer(
            status_code=answer.status_code, headers=dict(answer.headers), body=answer.content
        )
        return read_created(created)


def make_account(name: str, *, is_staff: bool = True) -> User:
    """Create a user without a password; one of the staff may do everything."""
    user, is_new = User.objects.get_or_create(
        username=name, defaults={"is_staff": is_staff, "is_superuser": is_staff}
    )
    if is_new:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return user


def _make_teams() -> None:
    """Create the projects that are missing, with the people in them."""
    people = {user.username: user for user in User.objects.filter(username__in=["demo", *PEOPLE])}
    for row in STORY["projects"]:
        project, is_new = Project.objects.get_or_create(name=row["name"])
        if is_new or not Membership.objects.filter(project=project).exists():
            crew = {"demo": Role.MANAGER, **row["crew"]}
            Membership.objects.bulk_create(
                Membership(project=project, user=people[name], role=role)
                for name, role in crew.items()
            )


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


def _has_shots(account: Credential) -> bool:
    return account.task_set.filter(submission=None).exists()


def _set_limits(accounts: Mapping[str, Credential]) -> None:
    """Create price lists and budgets, where there are none."""
    if not Price.objects.exists():
        set_prices(accounts, timezone.localdate())
    people = {user.username: user for user in User.objects.filter(username__in=PEOPLE)}
    first, second, third = (Project.objects.get(name=row["name"]) for row in STORY["projects"])
    budgets: list[tuple[dict[str, Any], Period, int]] = [
        ({"project": first, "person": None}, Period.MONTH, MONTHLY_TOKENS),
        ({"project": second, "person": None}, Period.WEEK, MONTHLY_TOKENS // 2),
        ({"project": third, "person": None}, Period.MONTH, MONTHLY_TOKENS // 3),
        ({"project": first, "person": people["artist"]}, Period.WEEK, MONTHLY_TOKENS // 3),
        ({"credential": accounts["volcengine"]}, Period.MONTH, 2 * MONTHLY_TOKENS),
    ]
    for subject, period, limit in budgets:
        row = {**subject, "period": period, "unit": TOKENS}
        Budget.objects.get_or_create(**row, defaults={"limit": limit})


def _move_to(origin: str) -> None:
    """Change the accounts' and tasks' base URLs, for the simulator may have another port now."""
    for credential in Credential.objects.filter(name__endswith=" (simulated)"):
        parts = urlsplit(credential.base_url)
        before = f"{parts.scheme}://{parts.netloc}"
        if before != origin:
            base_url = Replace("base_url", Value(before), Value(origin))
            Task.objects.filter(credential=credential).update(base_url=base_url)
            Credential.objects.filter(pk=credential.pk).update(base_url=base_url)


@transaction.atomic  # so that no sweep asks about a task before its row is complete
def _track(credential: Credential, remote_id: str, shot: Shot) -> None:
    people = list(User.objects.filter(username__in=["demo", *PEOPLE]))
    [task] = Task.objects.track(
        [remote_id],
        credential=credential,
        project=Project.objects.get(name=STORY["projects"][0]["name"]),
        created_by=random.choice(people) if people else None,
        now=timezone.now() - timedelta(seconds=shot.ago),
    )
    for name in REQUESTED:
        setattr(task, name, getattr(shot, name))
    task.search_text = search.searchable(task.prompt, task.remote_id, task.model)
    task.save(update_fields=[*REQUESTED, "search_text"])


def _is_quick(shot: Shot) -> bool:
    return shot.options.get("service_tier") != "flex"
