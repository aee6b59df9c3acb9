"""Every settled take is compared with the documented formula, once bill and file are known."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import call_command
from django.test import RequestFactory

from tasks.billing import ledger, prices
from tasks.management.doctor import Level, cost_checks
from tasks.models import Charge, Copy, CopyKind, CopyState, Price, Submission, Task, token_checks
from tasks.providers import RemoteTask
from tasks.providers.catalog.models import frame_size
from tests.billing.conftest import NOW, ONE, V20, Place, SetPrice
from tests.conftest import MakeTask
from tests.providers.samples import NAMES, SAMPLES, read_sample

HD: dict[str, Any] = {"width": 1280, "height": 720, "frames": 121, "rate": 24.0, "duration": 5.04}
#: Sizes of samples whose own words are of another ratio, or of none.
REALLY = {"tokenhot/succeeded": (1112, 834), "yescale/succeeded": (736, 544)}
#: Samples of single tasks whose tokens were counted.
BILLED = [
    name
    for name in NAMES
    if name != "native/list" and "total_tokens" in (SAMPLES / f"{name}.json").read_text()
]


def saved(task: Task, **fields: Any) -> Copy:
    """Save a file as the archive does, in the transaction that compares it."""
    usual = {"url": "https://tos.example/a.mp4", "created_at": NOW, "saved_at": NOW}
    copy = Copy.objects.create(
        task=task, kind=CopyKind.VIDEO, state=CopyState.SAVED, **usual | HD | fields
    )
    token_checks.check_saved([copy.pk])
    return copy


def ended(status: str = "succeeded", **fields: Any) -> Charge:
    """End the only task, and settle its charge as the sweep does."""
    Task.objects.update(status=status, **fields)
    ledger.settle(Task.objects.all())
    return Charge.objects.get()


def compared() -> tuple[str | None, str | None, int | None]:
    charge = Charge.objects.get()
    return charge.token_check, charge.token_doubt, charge.token_difference


@pytest.fixture
def take(place: Place) -> Task:
    place()
    return Task.objects.get()


@pytest.mark.parametrize("is_saved_first", [True, False])
@pytest.mark.parametrize(
    ("billed", "found"),
    [
        (ONE, ("equal", None, None)),
        (ONE + 2_000, ("more", None, 2_000)),
        (100_000, ("less", None, -8_000)),
    ],
)
def test_bill_and_file_are_compared_whichever_comes_first(
    take: Task, billed: int, found: tuple[str, str | None, int | None], is_saved_first: bool
) -> None:
    Task.objects.update(status="succeeded")
    if is_saved_first:
        saved(take)
        ended(total_tokens=billed)
    else:
        ended(total_tokens=billed)
        assert compared() == ("unknown", "no_file", None)
        saved(take)
    assert compared() == found
    charge = Charge.objects.get()
    assert (charge.formula_least, charge.formula_tokens) == (108_000, ONE)


def test_a_bill_that_changes_is_compared_again(take: Task) -> None:
    ended(total_tokens=ONE)
    saved(take)
    ended(total_tokens=ONE * 2)
    assert compared() == ("more", None, ONE)


@pytest.mark.parametrize(
    ("billed", "found"), [(ONE * 2, ("more", None, ONE)), (ONE, ("equal", None, None))]
)
def test_a_charge_stays_compared_after_its_task_is_deleted(
    take: Task, billed: int, found: tuple[str, str | None, int | None]
) -> None:
    ended(total_tokens=billed)
    saved(take)
    take.delete()
    assert token_checks.check(Charge.objects.all()) == 0
    assert compared() == found


def test_nothing_is_compared_while_a_take_is_open_or_where_it_was_free(take: Task) -> None:
    assert compared() == (None, None, None)
    ended("failed")
    assert compared() == (None, None, None)


@pytest.mark.parametrize("status", ["failed", "cancelled", "expired"])
def test_what_did_not_succeed_should_have_cost_no_tokens(take: Task, status: str) -> None:
    ended(status, total_tokens=ONE)
    assert compared() == ("more", None, ONE)


def test_a_success_whose_tokens_nobody_counted_is_unknown_for_that_reason(take: Task) -> None:
    ended()
    saved(take)
    assert compared() == ("unknown", "uncounted", None)


def test_money_that_a_provider_names_without_tokens_is_no_bill_in_tokens(take: Task) -> None:
    ended(cost_micros=762_300, cost_currency="USD")
    saved(take)
    assert compared() == ("unknown", "not_tokens", None)


def test_a_price_of_the_video_that_comes_and_goes_takes_the_comparison_with_it(
    take: Task, set_price: SetPrice
) -> None:
    ended(total_tokens=ONE * 2)
    saved(take)
    request = RequestFactory().post("/")
    request.user = AnonymousUser()
    price = Price(
        credential=take.credential, model=V20, unit="video", amount=Decimal(2),
        valid_from=date(2026, 10, 1),
    )  # fmt: skip
    prices.add(request, price)
    assert compared() == ("unknown", "not_tokens", None)
    prices.remove(request, price)
    assert compared() == ("more", None, ONE)


def test_an_input_video_of_known_length_counts(place: Place) -> None:
    place(mode="reference", parts=("reference_video", "reference_image"))
    row = Submission.objects.get()
    row.request["media"][0]["seconds"] = 8.0
    row.save()
    ended(total_tokens=281_700)
    saved(Task.objects.get())
    assert compared() == ("equal", None, None)


def test_a_task_created_elsewhere_may_have_been_given_a_video(make_task: MakeTask) -> None:
    task = make_task(status="succeeded", created_at=NOW, model=f"doubao-{V20}")
    ended(total_tokens=ONE * 2)
    saved(task)
    assert compared() == ("unknown", "input", None)


def test_a_model_that_nobody_knows_has_no_documented_formula(make_task: MakeTask) -> None:
    task = make_task(status="succeeded", created_at=NOW, model="seedance-3-0")
    ended(total_tokens=ONE * 2)
    saved(task)
    assert compared() == ("unknown", "model", None)


def _file_of(name: str, remote: RemoteTask) -> dict[str, Any]:
    """The file that the sample's video must be: as large and as long as the sample says."""
    size = REALLY.get(name) or frame_size(remote.model, remote.resolution, remote.ratio)
    width, height = size or (1920, 1088)
    frames = remote.frames or (remote.duration or 5) * 24 + 1
    return {"width": width, "height": height, "frames": frames, "duration": frames / 24}


@pytest.mark.parametrize("name", BILLED)
def test_no_documented_sample_is_a_false_alarm(make_task: MakeTask, name: str) -> None:
    task, remote = billed_sample(make_task, name)
    saved(task, **_file_of(name, remote))
    assert compared()[0] == ("equal" if remote.model else "unknown")


def billed_sample(make_task: MakeTask, name: str) -> tuple[Task, RemoteTask]:
    """Track a task created elsewhere, which this sample then answers."""
    folder = name.partition("/")[0]
    slug = "volcengine" if folder == "native" else folder
    remote = read_sample(name, slug=slug)
    task = make_task(provider=slug, model="", created_at=NOW)
    task.apply_answer(remote, "digest", NOW)
    task.save()
    ledger.settle([task])
    return task, remote


def test_a_film_that_its_gateway_enhanced_is_not_compared_with_what_was_made(
    make_task: MakeTask,
) -> None:
    task, _remote = billed_sample(make_task, "newapi/gen2-enhanced")
    saved(task, width=2560, height=1440, frames=241, duration=10.04)
    assert compared() == ("unknown", "enlarged", None)


def test_charges_of_earlier_releases_are_compared_by_the_command(
    take: Task,
) -> None:
    ended(total_tokens=ONE * 2)
    saved(take, frames=None, rate=None)
    found = compared()
    Charge.objects.update(token_check=None, token_doubt=None, token_difference=None)
    assert [each.level for each in cost_checks.comparisons()] == [Level.WARNING]
    call_command("rebuild_costs", verbosity=0)
    assert compared() == found == ("more", None, ONE * 2 - 109_800)
    assert [each.level for each in cost_checks.comparisons()] == [Level.OK]
    assert token_checks.check(Charge.objects.all()) == 0
