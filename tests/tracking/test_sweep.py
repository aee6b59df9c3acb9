"""A status on its whole way, from a provider that speaks real HTTP to real rows."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tasks.models import ChangeCounter, Credential, Lease, Project, StatusChange, Task
from tasks.providers import PROVIDERS, Trouble
from tasks.simulator.server import Simulator
from tasks.tracking import refresh
from tests.tracking.conftest import Account, Clock, Follow, Look, track

pytestmark = pytest.mark.django_db
PRESETS = [provider.slug for provider in PROVIDERS]
#: These have no word for a task that expired: it fails there.
WITHOUT_EXPIRY = {"wavespeed", "atlascloud"}
#: The measure that a success is billed by, where it is not tokens; None: the answer has none.
MEASURES = {"openrouter": "cost_micros", "wavespeed": None, "atlascloud": None}
NEWER = ("openrouter", "wavespeed", "atlascloud", "anyfast")
#: These tell why a task failed in words, without a code.
WITHOUT_CODES = {"openrouter", "wavespeed", "atlascloud"}


@pytest.mark.parametrize("preset", PRESETS)
def test_a_task_of_every_provider_is_followed_to_its_video(
    preset: str, account: Account, follow: Follow, look: Look
) -> None:
    task = follow(account(preset), "A paper boat sim:ok sim:queue=10 sim:run=60")
    assert look(task, after=2).status == "queued"
    assert look(task, after=40).status == "running"
    task = look(task, after=120)
    assert task.status == "succeeded"
    assert task.video_url.startswith("http")
    measure = MEASURES.get(preset, "total_tokens")
    assert measure is None or getattr(task, measure)
    assert task.check_after is None
    words = [change.became for change in task.changes.all()]
    assert words == ["queued", "running", "succeeded"]


@pytest.mark.parametrize("preset", PRESETS)
def test_a_failure_keeps_the_providers_own_words(
    preset: str, account: Account, follow: Follow, look: Look
) -> None:
    code = "OutputVideoSensitiveContentDetected"
    task = look(follow(account(preset), f"sim:fail={code}", ago=3600))
    assert task.status == "failed"
    assert task.error_message and task.request_id
    assert task.error_code.startswith("" if preset in WITHOUT_CODES else code)
    assert task.check_after is None


@pytest.mark.parametrize("preset", PRESETS)
def test_an_expiry_is_seen_even_where_the_gateway_hides_it(
    preset: str, account: Account, follow: Follow, look: Look
) -> None:
    task = follow(account(preset), "sim:expire", ago=3600 * 60)
    assert look(task).status == ("failed" if preset in WITHOUT_EXPIRY else "expired")


FAULTS = {
    "429": Trouble.RATE_LIMITED,
    "500": Trouble.SERVER,
    "503": None,  # Ark's is an overload: slow down; a gateway's is the gateway's
    "empty": Trouble.EMPTY,
    "truncated": Trouble.NOT_JSON,
    "html": None,  # told apart elsewhere: a wrong address, or a web page in JSON's place
    "wrong-id": Trouble.WRONG_TASK,
}


@pytest.mark.parametrize("preset", ["dataeyes", "yescale", "powertokens", "tokenhot", *NEWER])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_answer_never_fails_a_task(
    fault: str, preset: str, sim: Simulator, account: Account, follow: Follow, look: Look
) -> None:
    credential = account(preset)
    task = look(follow(credential, "sim:queue=0 sim:run=9999", ago=60))
    assert task.status == "running"
    sim.fault("sim-test", fault)
    task = look(task, after=60)
    assert task.status == "running"
    assert task.trouble == (FAULTS[fault] or task.trouble) and task.trouble
    assert task.check_after is not None
    sim.fault("sim-test", "")
    credential.refresh_from_db()
    Credential.objects.update(paused_until=None)
    task = look(task, after=600)
    assert (task.trouble, task.troubles_in_a_row) == ("", 0)
    credential.refresh_from_db()
    assert credential.trouble == ""


def test_trouble_shows_on_the_credential_and_as_stale_on_the_task(
    sim: Simulator, account: Account, follow: Follow, look: Look, clock: Clock
) -> None:
    credential = account("dataeyes")
    task = look(follow(credential))
    heard = task.last_heard_at
    sim.fault("sim-test", "500")
    task = look(task, after=30)
    credential.refresh_from_db()
    assert credential.trouble == Trouble.SERVER
    assert task.is_stale(clock.now)
    assert task.last_heard_at == heard


def test_retry_after_holds_the_whole_credential(
    sim: Simulator, account: Account, follow: Follow, look: Look, clock: Clock
) -> None:
    credential = account("dataeyes")
    first, second = follow(credential), follow(credential)
    sim.fault("sim-test", "429;retry-after=40")
    look(first)
    asked = sim.counts.operations["get"]
    sim.fault("sim-test", "")
    look(second, after=30)
    assert sim.counts.operations["get"] == asked
    look(second, after=15)  # a single question first
    assert sim.counts.operations["get"] == asked + 1
    assert look(second).status != "unknown"


def test_a_provider_that_answers_some_requests_is_not_paused_for_refusing_others(
    sim: Simulator, account: Account, follow: Follow, clock: Clock
) -> None:
    """The answer "too many requests" only slows the polls down while others are good."""
    credential = account("dataeyes")
    for _ in range(2):
        follow(credential, "sim:stuck")
    sim.fault("sim-test", "429;share=50")
    for _ in range(8):
        clock.go_on(60)
        Task.objects.update(check_after=clock.now)
        refresh.sweep(0, clock=clock)
    credential.refresh_from_db()
    assert (credential.trouble, credential.paused_until) == (Trouble.RATE_LIMITED, None)
    sim.fault("sim-test", "429")
    for _ in range(5):
        Task.objects.update(check_after=clock.now)
        refresh.sweep(0, clock=clock)
    credential.refresh_from_db()
    assert credential.paused_until and credential.paused_until > clock.now


def test_a_wrong_key_pauses_the_credential_and_its_tasks_wait_unharmed(
    sim: Simulator, account: Account, follow: Follow, look: Look
) -> None:
    credential = account("volcengine")
    task = follow(credential)
    credential.replace_key("wrong-0123456789")
    credential.save()
    task = look(task)
    credential.refresh_from_db()
    assert credential.trouble == Trouble.UNAUTHORIZED and credential.paused_until
    assert task.status == "unknown"


def test_an_unknown_id_is_lost_only_after_repeats(
    account: Account, project: Project, look: Look, clock: Clock
) -> None:
    credential = account("dataeyes")
    task = track("cgt-20260101000000-zzzzz", credential=credential, project=project, now=clock.now)
    for seconds in (0, 30, 30):
        task = look(task, after=seconds)
        assert (task.status, task.trouble) == ("unknown", Trouble.NOT_FOUND)
    assert look(task, after=120).status == "lost"
    credential.refresh_from_db()
    assert credential.trouble == ""


def test_many_tasks_of_a_provider_that_lists_are_asked_for_at_once(
    sim: Simulator, account: Account, follow: Follow, clock: Clock
) -> None:
    credential = account("volcengine")
    for _ in range(60):
        follow(credential, "sim:queue=0 sim:run=9999", ago=60)
    refresh.sweep(0, clock=clock)
    assert Task.objects.filter(status="running").count() == 60
    assert (sim.counts.operations["list"], sim.counts.operations["get"]) == (1, 0)


def test_flex_tasks_are_asked_for_apart(
    sim: Simulator, account: Account, follow: Follow, clock: Clock
) -> None:
    credential = account("volcengine")
    model = "doubao-seedance-1-0-pro-250528"
    for tier in ("default", "flex") * 4:
        follow(credential, "sim:queue=9999", model=model, service_tier=tier)
    refresh.sweep(0, clock=clock)
    assert Task.objects.filter(status="queued").count() == 8
    assert Task.objects.filter(service_tier="flex").count() == 4
    assert (sim.counts.operations["list"], sim.counts.operations["get"]) == (1, 4)
    clock.go_on(3600)
    refresh.sweep(1.5, clock=clock)
    assert (sim.counts.operations["list"], sim.counts.operations["get"]) == (3, 4)


def test_an_unchanged_answer_needs_no_write_but_the_claim(
    account: Account, follow: Follow, look: Look
) -> None:
    task = look(follow(account("dataeyes"), "sim:queue=9999", ago=90))
    seen, change = task.answer_digest, ChangeCounter.objects.now()
    again = look(task, after=30)
    assert again.answer_digest == seen and again.change == task.change
    assert ChangeCounter.objects.now() == change
    assert again.asked_at and task.asked_at and again.asked_at > task.asked_at
    assert again.check_after and again.check_after > again.asked_at + timedelta(seconds=13)


@pytest.mark.parametrize("tasks", [5, 150])
def test_statements_do_not_grow_with_tasks(
    tasks: int, account: Account, follow: Follow, clock: Clock
) -> None:
    credential = account("volcengine")
    for _ in range(tasks):
        follow(credential, "sim:queue=9999")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        refresh.sweep(0, clock=clock)
    assert Task.objects.filter(status="queued").count() == tasks
    assert len(queries) <= 26


def test_one_sweep_at_a_time(clock: Clock) -> None:
    assert Lease.objects.take(refresh.LEASE, "another", now=clock.now, seconds=10)
    assert refresh.sweep(0, clock=clock) is None
    clock.go_on(11)
    assert refresh.sweep(0, clock=clock) is not None


def test_a_task_claimed_by_one_cluster_is_not_claimed_by_another(
    account: Account, follow: Follow, clock: Clock
) -> None:
    credential = account("volcengine")
    for _ in range(20):
        follow(credential)
    first = refresh.claim(credential, clock.now, limit=12)
    second = refresh.claim(credential, clock.now, limit=100)
    assert len(first) == 12 and len(second) == 8
    assert not {q.pk for q in first} & {q.pk for q in second}


def test_tasks_claimed_by_a_killed_sweep_come_due_again(
    account: Account, follow: Follow, clock: Clock
) -> None:
    credential = account("volcengine")
    task = follow(credential)
    assert refresh.claim(credential, clock.now, limit=10)
    clock.go_on(10)
    refresh.sweep(0, clock=clock)
    task.refresh_from_db()
    assert task.status != "unknown"


def test_a_stalling_provider_does_not_delay_another(
    sim: Simulator, account: Account, follow: Follow, clock: Clock
) -> None:
    slow, quick = account("dataeyes", "sim-slow"), account("tokenhot", "sim-quick")
    sim.fault("sim-slow", "drip")
    for _ in range(12):
        follow(slow)
    task = follow(quick)
    refresh.sweep(0.4, clock=clock)
    task.refresh_from_db()
    assert task.status == "queued"


def test_a_key_is_sent_to_its_own_host_only(
    sim: Simulator, account: Account, follow: Follow, look: Look
) -> None:
    credential = account("dataeyes")
    task = follow(credential)
    Task.objects.filter(pk=task.pk).update(
        base_url=sim.base_url("dataeyes").replace("127.0.0.1", "localhost")
    )
    task = look(task)
    assert task.trouble == Trouble.WRONG_HOST and task.status == "unknown"
    assert sim.counts.operations["get"] == 0


def test_a_task_keeps_the_base_url_it_was_created_at(
    sim: Simulator, account: Account, follow: Follow, look: Look
) -> None:
    credential = account("dataeyes")
    task = follow(credential)
    Credential.objects.update(base_url=sim.url + "/elsewhere")
    assert look(task).status == "queued"


def test_a_key_that_cannot_be_decrypted_is_reported_and_not_used(
    sim: Simulator, account: Account, follow: Follow, look: Look
) -> None:
    credential = account("dataeyes")
    task = follow(credential)
    Credential.objects.update(sealed_key="not a token")
    look(task)
    credential.refresh_from_db()
    assert credential.trouble == Trouble.UNAUTHORIZED
    assert sim.counts.operations["get"] == 0


def test_an_inactive_credential_is_left_alone(
    sim: Simulator, account: Account, follow: Follow, look: Look
) -> None:
    task = follow(account("dataeyes", active=False))
    assert look(task).asked_at is None
    assert sim.counts.operations["get"] == 0


def test_asking_again_by_hand_works_for_ended_tasks_too(
    account: Account, follow: Follow, look: Look, clock: Clock, staff: User
) -> None:
    task = look(follow(account("dataeyes"), "sim:ok", ago=3600))
    assert task.status == "succeeded" and task.check_after is None
    clock.go_on(60)
    assert Task.objects.editable_by(staff).check_now(clock.now) == 1
    refresh.sweep(0, clock=clock)
    task.refresh_from_db()
    assert task.asked_at == clock.now and task.check_after is None
    assert StatusChange.objects.filter(task=task).count() == 1


def test_a_success_without_a_link_is_asked_about_again(
    sim: Simulator, account: Account, follow: Follow, look: Look
) -> None:
    task = look(follow(account("tokenhot"), "sim:novideo sim:ok", ago=3600))
    assert (task.status, task.video_url) == ("succeeded", "")
    assert task.check_after is not None


@pytest.mark.exhaustive
@pytest.mark.sockets
def test_real_limits_are_never_exceeded(clock: Clock, project: Project) -> None:
    with Simulator(limits=True) as sim:
        credential = Credential(
            name="a", provider="volcengine", base_url=sim.base_url("volcengine")
        )
        credential.replace_key("sim-limits")
        credential.save()
        for _ in range(25):
            track(
                sim.create("sim:queue=0 sim:run=999", key="sim-limits", service_tier="default"),
                credential=credential,
                project=project,
                now=clock.now,
            )
        refresh.sweep(1.2)
        assert {seen.status for seen in sim.requests_seen} == {200}
        assert Task.objects.filter(status="running").count() == 25
