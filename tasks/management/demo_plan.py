"""The work of the demonstration's team in three months, planned and not yet written.

The same on each machine and in each run of one day: chance begins with the same number, and all
times are relative to today.
"""

from __future__ import annotations

import random
import string
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from tasks.providers import provider
from tasks.providers.catalog.models import find_model
from tasks.providers.catalog.request import GenerationRequest, MediaRole, Medium, Mode
from tasks.providers.status import Status

STORY: dict[str, Any] = tomllib.loads(
    Path(__file__).with_name("history.toml").read_text(encoding="utf-8")
)
SEED = 90
SECONDS = 5  # of each video, as long as the sample clips are
#: Presses of a day, from Monday on; at weekends only when something is due.
PRESSES = (6, 7, 7, 6, 5, 1, 0.4)
GROWTH = 0.6  # more presses a day at the end than at the beginning, as a share
BEGIN, END = 9, 19  # hours of a working day
TAKES, TAKES_WEIGHTS = (1, 2, 3, 4), (40, 25, 10, 25)
STARRED = 0.09  # share of the successes
WITH_FRAME = 0.25  # share of the presses that begin with a picture
UNCOUNTED = 0.2  # share of the new-api gateway's successes without a token count
OVERBILLED = 0.15  # share of the others, for which it bills a fifth more than the formula says


@dataclass(frozen=True, kw_only=True)
class Ending:
    """The end of a take."""

    status: Status
    code: str = ""
    message: str = ""
    queued: int  # seconds until it ran
    ran: int  # seconds until it ended
    is_counted: bool
    is_overbilled: bool
    is_starred: bool


@dataclass(frozen=True, kw_only=True)
class Press:
    """One press of the button, with its takes' ids at the provider and their ends."""

    at: datetime
    project: str
    person: str
    provider: str
    request: GenerationRequest
    ids: tuple[str, ...]
    endings: tuple[Ending, ...]


def presses(today: date) -> Iterator[Press]:
    """All presses until yesterday, in their order."""
    chance = random.Random(SEED)
    days = STORY["days"]
    for ago in range(days, 0, -1):
        day = today - timedelta(days=ago)
        usual = PRESSES[day.weekday()] * (1 + GROWTH * (days - ago) / days) * (1 - GROWTH / 2)
        number = int(usual * chance.uniform(0.5, 1.5) + chance.random())
        hours = sorted(chance.uniform(BEGIN, END) for _ in range(number))
        yield from (_press(chance, _at(day, hour), ago) for hour in hours)


def _at(day: date, hour: float) -> datetime:
    start = timezone.make_aware(datetime.combine(day, time()), timezone.get_default_timezone())
    return start + timedelta(seconds=int(hour * 3600))


def _press(chance: random.Random, at: datetime, ago: int) -> Press:
    project = _one_of(chance, STORY["projects"])
    ways = [way for way in STORY["ways"] if way.get("until", 0) < ago <= way.get("since", ago)]
    way = _one_of(chance, ways)
    number = chance.choices(TAKES, TAKES_WEIGHTS)[0]
    return Press(
        at=at,
        project=project["name"],
        person=chance.choice([*project["makers"], "demo"]),
        provider=way["provider"],
        request=_request(chance, project, way),
        ids=tuple(_id(chance, way["provider"], at) for _ in range(number)),
        endings=tuple(_ending(chance, way["provider"]) for _ in range(number)),
    )


def _one_of(chance: random.Random, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return chance.choices(rows, [row["weight"] for row in rows])[0]


def _request(
    chance: random.Random, project: dict[str, Any], way: dict[str, Any]
) -> GenerationRequest:
    sold = provider(way["provider"]).models_by_name().get(way["model"])
    known = sold or find_model(way["model"])
    number = chance.randrange(len(project["scenes"]))
    media: tuple[Medium, ...] = ()
    # A model that follows its input takes no ratio beside a first frame.
    if chance.random() < WITH_FRAME and not (known and known.follows_input):
        url = f"https://images.example.com/storyboard/{number + 1:02}.jpg"
        media = (Medium(part=MediaRole.FIRST_FRAME, url=url),)
    return GenerationRequest(
        model=way["model"],
        known_as=known.name if known else "",
        mode=Mode.FIRST_FRAME if media else Mode.TEXT,
        media=media,
        prompt=project["scenes"][number],
        resolution=way.get("resolution", "720p"),
        ratio=chance.choice(project["ratios"]),
        duration=SECONDS,
    )


def _id(chance: random.Random, slug: str, at: datetime) -> str:
    """An id in the form of this provider's."""
    if slug == "openrouter":
        letters = string.ascii_letters + string.digits
        return f"gen-vid-{int(at.timestamp())}-{''.join(chance.choices(letters, k=20))}"
    tail = "".join(chance.choices(string.ascii_lowercase + string.digits, k=5))
    return f"cgt-{at:%Y%m%d%H%M%S}-{tail}"


def _ending(chance: random.Random, slug: str) -> Ending:
    end = _one_of(chance, STORY["ends"])
    is_success = end["status"] == Status.SUCCEEDED
    return Ending(
        status=Status(end["status"]),
        code=end.get("code", ""),
        message=end.get("message", ""),
        queued=int(chance.lognormvariate(3.0, 0.7)),
        ran=int(chance.lognormvariate(4.6, 0.35)),
        is_counted=slug != "dataeyes" or chance.random() > UNCOUNTED,
        is_overbilled=slug == "dataeyes" and chance.random() < OVERBILLED,
        is_starred=is_success and chance.random() < STARRED,
    )
