"""The benchmarks of our own process can run. What they measure no test could promise."""

from benchmarks import refresh
from benchmarks.figures import Figure, table
from tasks.models import Project


def test_polls_are_measured(project: Project) -> None:
    found = list(refresh.measure(refresh.SMALL))
    assert len(found) == 4 and all(figure.ratio > 0 for figure in found)


def test_the_table_tells_what_was_missed() -> None:
    figure = Figure(
        name="polls a second", measured="90/s", baseline="100/s", ratio=0.9, goal="≥ 1", met=False
    )
    last = table([figure]).splitlines()[-1]
    assert last == "| polls a second |  | 90/s | 100/s | 0.90 | ≥ 1 | **no** |"
