"""A provider that is away: its credential pauses, longer each time, and notices the return soon."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from urllib.parse import urlsplit

import pytest

from tasks.models import Credential, Project, Task
from tasks.models.credential import PATIENCE, SHORTEST_PAUSE
from tasks.providers import ProviderError, Trouble
from tasks.tracking import refresh
from tasks.tracking.poller import PollResult
from tasks.tracking.refresh import note_health
from tests.tracking.in_process import InProcess, Network

pytestmark = pytest.mark.django_db

OUTAGE = 75.0
SOON = 90.0  # seconds after its return in which the provider is asked again
SWEEP = 15.0


@pytest.fixture
def sim(network: Network) -> Iterator[InProcess]:
    """A provider with its real limits, on the clock of the sweeps."""
    with InProcess(network, limits=True, clock=network.time.unix) as simulator:
        yield simulator


def at(sim: InProcess, preset: str) -> Credential:
    row = Credential(name=preset, provider=preset, base_url=sim.base_url(preset))
    row.replace_key("sim-test")
    row.save()
    return row


def follow(
    number: int, sim: InProcess, credential: Credential, project: Project, network: Network
) -> None:
    preset = credential.provider
    ids = [sim.create("sim:stuck", preset=preset, key="sim-test") for _ in range(number)]
    account = {"credential": credential, "project": project, "created_by": None}
    Task.objects.track(ids, **account, now=network.time.clock())  # type: ignore[arg-type]


def sweep_for(seconds: float, network: Network) -> None:
    end = network.time.now + seconds
    while (left := end - network.time.now) > 0:
        refresh.sweep(min(SWEEP, left), clock=network.time.clock)


def fail(kind: str, sim: InProcess, network: Network) -> None:
    """Have the provider fail in this way, or in none."""
    network.away = {urlsplit(sim.url).port or 0} if kind == "away" else set()
    sim.fault("sim-test", kind.removeprefix("away"))


@pytest.mark.parametrize(
    ("preset", "number", "kind"),
    [
        ("volcengine", 1, "500"),
        ("dataeyes", 1, "away"),
        ("dataeyes", 30, "500"),
        pytest.param("volcengine", 200, "503", marks=pytest.mark.exhaustive),
        pytest.param("volcengine", 5_000, "away", marks=pytest.mark.exhaustive),
    ],
)
def test_a_provider_that_was_away_is_asked_again_soon_and_never_too_fast(
    preset: str, number: int, kind: str, sim: InProcess, network: Network, project: Project
) -> None:
    follow(number, sim, at(sim, preset), project, network)
    fail(kind, sim, network)
    sweep_for(OUTAGE, network)
    failed = len(sim.requests_seen)
    fail("", sim, network)
    end = network.time.now + SOON
    while Task.objects.exclude(trouble="", status="running").exists():
        assert network.time.now < end
        sweep_for(4, network)
    assert {seen.status for seen in list(sim.requests_seen)[failed:]} == {200}
    assert not Credential.objects.exclude(trouble="", paused_until=None).exists()


def test_a_provider_that_stays_away_is_asked_one_question_a_pause(
    sim: InProcess, network: Network, project: Project
) -> None:
    credential = at(sim, "dataeyes")
    follow(60, sim, credential, project, network)
    fail("500", sim, network)
    sweep_for(15, network)
    asked, pauses = len(sim.requests_seen), []
    for _ in range(3):
        credential.refresh_from_db()
        assert credential.paused_until
        pauses.append(credential.paused_until)
        left = credential.paused_until - network.time.clock()
        sweep_for(left.total_seconds() + 5, network)
    assert len(sim.requests_seen) == asked + 3
    first, second = (b - a for a, b in pairwise(pauses))
    assert first / SHORTEST_PAUSE == pytest.approx(2, abs=0.2)
    assert second / SHORTEST_PAUSE == pytest.approx(4, abs=0.2)


def test_tasks_that_a_pause_leaves_unasked_are_due_when_it_ends(
    sim: InProcess, network: Network, project: Project
) -> None:
    """Also old ones, which otherwise are asked about every few hours."""
    credential = at(sim, "dataeyes")
    follow(60, sim, credential, project, network)
    before = network.time.clock()
    Task.objects.update(created_at=before - timedelta(days=5), check_after=before)
    fail("429;retry-after=40", sim, network)
    sweep_for(5, network)
    unasked = Task.objects.filter(trouble="")
    assert unasked.count() > 40
    assert set(unasked.values_list("check_after", "asked_at")) == {(before, None)}
    fail("", sim, network)
    sweep_for(80, network)
    assert not Task.objects.filter(asked_at=None).exists()


def test_a_claim_that_somebody_moved_since_is_not_undone(
    sim: InProcess, network: Network, project: Project
) -> None:
    credential, now = at(sim, "dataeyes"), network.time.clock()
    follow(2, sim, credential, project, network)
    claimed = refresh.claim(credential, now, limit=2)
    later = now + timedelta(hours=1)
    Task.objects.filter(pk=claimed[0].pk).update(check_after=later)
    refresh.give_back(claimed)
    assert Task.objects.get(pk=claimed[0].pk).check_after == later
    assert Task.objects.get(pk=claimed[1].pk).check_after == now


SERVER = PollResult(pk=1, error=ProviderError("no", trouble=Trouble.SERVER))


def test_errors_that_arrive_within_a_pause_do_not_lengthen_it(
    credential: Credential, network: Network
) -> None:
    now = network.time.clock()
    for second in range(20):
        note_health(credential, [SERVER], now + timedelta(seconds=second))
    assert credential.troubles_in_a_row == PATIENCE
    assert credential.paused_until == now + timedelta(seconds=PATIENCE - 1) + SHORTEST_PAUSE
    asked_to_wait = ProviderError("no", trouble=Trouble.RATE_LIMITED, retry_after=120)
    note_health(credential, [PollResult(pk=1, error=asked_to_wait)], now + timedelta(seconds=20))
    assert credential.paused_until == now + timedelta(seconds=140)


def test_an_answer_that_was_on_its_way_does_not_end_what_the_provider_asked_for(
    credential: Credential, network: Network
) -> None:
    now = network.time.clock()
    asked_to_wait = ProviderError("no", trouble=Trouble.RATE_LIMITED, retry_after=60)
    note_health(credential, [PollResult(pk=1, error=asked_to_wait)], now)
    note_health(credential, [PollResult(pk=2)], now + timedelta(seconds=1))
    credential.refresh_from_db()
    assert credential.paused_until == now + timedelta(seconds=60)
    note_health(credential, [PollResult(pk=2)], now + timedelta(seconds=61))
    credential.refresh_from_db()
    assert (credential.trouble, credential.paused_until) == ("", None)
