"""Rows of the table: each a figure beside the baseline that was taken in the same run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import quantiles

HEADINGS = ("what", "database", "measured", "baseline", "ratio", "goal", "met")
LINE = "| {} | {} | {} | {} | {} | {} | {} |"


@dataclass(frozen=True, kw_only=True)
class Figure:
    name: str
    measured: str
    baseline: str
    ratio: float | None  # None where there is no baseline
    goal: str = ""  # "" where the row is only told for comparison
    met: bool | None = None
    exact: bool = False  # a goal that holds on any machine, however slow
    database: str = ""


def write(figures: Iterable[Figure], path: Path, database: str) -> None:
    """Append each figure as soon as it is known."""
    for figure in figures:
        with path.open("a") as file:
            file.write(json.dumps(asdict(figure) | {"database": database}) + "\n")


def read(path: Path) -> list[Figure]:
    if not path.exists():
        return []
    return [Figure(**json.loads(line)) for line in path.read_text().splitlines()]


def table(figures: Sequence[Figure]) -> str:
    lines = [LINE.format(*HEADINGS), LINE.format(*["---"] * 2, *["---:"] * 3, *["---"] * 2)]
    return "\n".join([*lines, *map(_line, figures)])


def _line(figure: Figure) -> str:
    met = {True: "yes", False: "**no**", None: ""}[figure.met]
    facts = (figure.name, figure.database, figure.measured, figure.baseline, _ratio(figure))
    return LINE.format(*facts, figure.goal, met)


def _ratio(figure: Figure) -> str:
    if figure.ratio is None:
        return ""
    return f"{figure.ratio:.2f}" if figure.ratio >= 0.095 else f"{figure.ratio:.4f}"


def p95(values: Sequence[float]) -> float:
    return quantiles(values, n=20)[-1] if len(values) > 1 else values[0]
