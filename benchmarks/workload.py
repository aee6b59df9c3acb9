"""The soak's workload: scripts create tasks at each provider, and all of them are tracked."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterable
from pathlib import Path

import httpx
from django.utils import timezone

from tasks.models import Credential, Project, Task
from tasks.simulator.presets import base_urls
from tasks.simulator.records import Record
from tasks.simulator.shots import SHOTS, Shot

PRESETS = ("volcengine", "byteplus", "powertokens", "dataeyes", "tokenhot", "yescale")
#: How tasks end; the others as the provider's own rules have it.
STEERING = ("",) * 16 + ("fail", "fail", "expire", "cancel")


class Workload:
    def __init__(self, origin: str, state: Path, tasks: int) -> None:
        """`state` is the file in which the provider keeps its own record of what it created."""
        self.tracked: set[str] = set()
        self._state, self._tasks = state, tasks
        self._accounts = {slug: _account(slug, base_urls(origin)[slug]) for slug in PRESETS}
        self._script = threading.Thread(target=self._create_all, daemon=True)

    def begin(self) -> None:
        self._script.start()

    @property
    def is_done(self) -> bool:
        return not self._script.is_alive() and len(self.tracked) == self._tasks

    def track(self, records: Iterable[Record]) -> None:
        """Track the tasks of these records that are not tracked yet."""
        fresh: dict[str, list[str]] = {}
        for record in records:
            if record.public_id not in self.tracked:
                fresh.setdefault(record.preset, []).append(record.public_id)
        for slug, ids in fresh.items():
            Task.objects.track(
                ids,
                credential=self._accounts[slug],
                project=Project.objects.get(),
                created_by=None,
                now=timezone.now(),
            )
            self.tracked.update(ids)

    def _create_all(self) -> None:
        scripts = [
            threading.Thread(target=self._create_some, args=[slug, number], daemon=True)
            for slug, number in zip(PRESETS, _shares(self._tasks), strict=True)
        ]
        for script in scripts:
            script.start()
        for script in scripts:
            script.join()

    def _create_some(self, slug: str, number: int) -> None:
        """Create exactly so many; after a bad answer the provider's record is counted."""
        shots = [shot for shot in SHOTS if shot.preset == slug and _is_quick(shot)]
        created = 0
        with httpx.Client(timeout=1, trust_env=False) as http:
            while created < number:
                is_sure = _create(http, self._accounts[slug], random.choice(shots))
                created = created + 1 if is_sure else self._created_at(slug)

    def _created_at(self, slug: str) -> int:
        # Counted in the file's text, because the scripts' threads share this process with the rest.
        return self._state.read_text().count(f'"preset": "{slug}"') if self._state.exists() else 0


def key_at(slug: str) -> str:
    return f"sim-soak-{slug}"


def _account(slug: str, base_url: str) -> Credential:
    # Polled each 2 s, so that a kill meets a sweep at work.
    account = Credential(
        name=slug, provider=slug, base_url=base_url, check_seconds=2.0, requests_per_second=100.0
    )
    account.replace_key(key_at(slug))
    account.save()
    return account


def _create(http: httpx.Client, account: Credential, shot: Shot) -> bool:
    """Whether the answer says that a task was created; after a bad one nobody knows."""
    try:
        answer = http.post(
            account.base_url + shot.path(),
            json=shot.body(),
            headers={
                "Authorization": f"Bearer {key_at(account.provider)}",
                "X-Sim-Steer": random.choice(STEERING),
            },
        )
        return bool(answer.is_success and answer.json()["id"])
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return False


def _is_quick(shot: Shot) -> bool:
    return shot.options.get("service_tier") != "flex"


def _shares(number: int) -> list[int]:
    each, more = divmod(number, len(PRESETS))
    return [each + (place < more) for place in range(len(PRESETS))]
