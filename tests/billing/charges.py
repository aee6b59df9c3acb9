"""Charges of many kinds, the same ones in each run."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta

from tasks.models import Charge, Credential, Project

FIRST = date(2026, 10, 20)
DAYS = 40
BILLED, RESERVED, FREE = "billed", "reserved", "free"


def charges(
    number: int, projects: Sequence[Project], credentials: Sequence[Credential], seed: int = 7
) -> list[Charge]:
    """Write charges without tasks, spread over days, people, models, outcomes and currencies."""
    draw = random.Random(seed)
    rows = [_charge(draw, pk, projects, credentials) for pk in range(number)]
    return Charge.objects.bulk_create(rows)


def _charge(
    draw: random.Random, pk: int, projects: Sequence[Project], credentials: Sequence[Credential]
) -> Charge:
    outcome = draw.choice(["succeeded"] * 6 + ["open", "failed", "cancelled", "expired", "lost"])
    state = {"succeeded": BILLED, "open": RESERVED, "lost": RESERVED}.get(outcome, FREE)
    if outcome == "succeeded" and draw.random() < 0.1:
        state = RESERVED  # nobody said what it took
    credential = draw.choice([*credentials, None])
    batch = pk // 3 + 1 if pk % 5 else None
    if batch:  # what takes of a batch have in common
        of_batch = random.Random(batch)
        credential = of_batch.choice(list(credentials))
    else:
        of_batch = draw
    currency = draw.choice(["CNY", "CNY", "USD", ""]) if state != FREE else ""
    return Charge(
        project=of_batch.choice(list(projects)),
        person=of_batch.choice([0, 1, 2, 3]),
        day=FIRST + timedelta(days=of_batch.randrange(DAYS)),
        credential=credential,
        provider=credential.provider if credential else "",
        batch=batch,
        model=draw.choice(["seedance-2-0-260128", "seedance-1-0-pro-250528", "a new one", ""]),
        resolution=draw.choice(["480p", "720p", "1080p", ""]),
        mode=draw.choice(["text", "first_frame", ""]),
        outcome=outcome,
        state=state,
        tokens=draw.randrange(1, 500_000),
        is_counted=state == BILLED and draw.random() < 0.9,
        currency=currency,
        micros=draw.randrange(1, 10**8) if currency else 0,
        made_seconds=draw.choice([5, 10, None]) if outcome == "succeeded" else None,
    )
