"""The geometry of a stacked bar chart, in per cent of its SVG. Pure.

The SVG has no view box, so that words and patterns keep their size however wide it is. Numbers are
text with two digits, as attributes have them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

PLOT = 88  # of the height; words stand below
FULL = 100
BAR = 0.72  # of a column's width
WIDEST = 9.0  # a single day is no wall
MOST_LABELS = 7
LEAST = 0.6  # the height of even the smallest number, so that it can be seen
STEPS = (1, 2, 2.5, 5, 10)
#: Seconds between two lines of the grid: parts of a minute, of an hour, and hours.
STEPS_OF_SECONDS = (
    *(1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 450, 600, 900, 1_200, 1_800),
    *(2_700, 3_600, 5_400, 7_200, 10_800, 14_400, 21_600, 43_200, 86_400),
)


@dataclass(frozen=True, kw_only=True)
class Series:
    """One kind of number, with its value in each column and a link for each."""

    label: str
    values: Sequence[int]
    urls: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A part of a column's bar."""

    series: int
    x: str
    y: str
    width: str
    height: str
    url: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A line of the grid with its number, or a word below a column."""

    at: str
    label: str
    anchor: str = "middle"
    is_spare: bool = False  # left out where there is little room


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart as a template draws it."""

    segments: Sequence[Segment]
    lines: Sequence[Tick]
    words: Sequence[Tick]


def stacked(
    columns: Sequence[str],
    series: Sequence[Series],
    shown: Callable[[int], str],
    *,
    names: bool,
    in_seconds: bool = False,
) -> Chart:
    """Draw the series on top of each other; `shown` writes a number, `names` those of series."""
    most = max((sum(values) for values in zip(*(s.values for s in series), strict=True)), default=0)
    top = ceiling_of_seconds(most) if in_seconds else ceiling(most)
    segments = [
        segment
        for number in range(len(columns))
        for segment in _column(number, columns, series, top, shown, names=names)
    ]
    lines = [
        Tick(at=_text(PLOT - PLOT * part / 4), label=shown(top * part // 4)) for part in range(5)
    ]
    return Chart(segments=segments, lines=lines if most else [], words=_words(columns))


def ceiling(number: int) -> int:
    """The least round number that is as large, and has whole quarters."""
    if number <= 4:
        return 4
    size = 10 ** (len(str(number)) - 1)
    found = next(int(step * size) for step in STEPS if step * size >= number)
    return found + (-found % 4)


def ceiling_of_seconds(number: int) -> int:
    """The least number of seconds that is as large, and whose quarters read well as times."""
    return next((4 * step for step in STEPS_OF_SECONDS if 4 * step >= number), ceiling(number))


def _column(
    number: int,
    columns: Sequence[str],
    series: Sequence[Series],
    top: int,
    shown: Callable[[int], str],
    *,
    names: bool,
) -> list[Segment]:
    space = FULL / len(columns)
    width = min(space * BAR, WIDEST)
    x, y, segments = space * number + (space - width) / 2, float(PLOT), []
    for place, each in enumerate(series):
        value = each.values[number]
        if value <= 0:
            continue
        height = max(LEAST, value / top * PLOT)
        y -= height
        words = (
            [columns[number], each.label, shown(value)]
            if names
            else [columns[number], shown(value)]
        )
        segments.append(
            Segment(
                series=place,
                x=_text(x),
                y=_text(max(0, y)),
                width=_text(width),
                height=_text(height),
                url=each.urls[number],
                title=" · ".join(words),
            )
        )
    return segments


def _words(columns: Sequence[str]) -> list[Tick]:
    """Words below some of the columns, evenly; those at the ends do not stand over."""
    number = len(columns)
    step = -(-number // MOST_LABELS)
    space = FULL / number if number else 0
    ticks = []
    for place in range(0, number, step):
        anchor, at = "middle", space * (place + 0.5)
        if number > 3 and place == 0:
            anchor, at = "start", 0.0
        elif number > 3 and place == number - 1:
            anchor, at = "end", float(FULL)
        is_spare = bool(place // step % 2)
        ticks.append(Tick(at=_text(at), label=columns[place], anchor=anchor, is_spare=is_spare))
    return ticks


def _text(number: float) -> str:
    return f"{number:.2f}"
