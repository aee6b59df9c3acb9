"""The limits that `manage.py web` asks of the system before it serves."""

from __future__ import annotations

import resource

import pytest

from tasks.management.commands import web


@pytest.mark.parametrize(
    ("soft", "hard", "raised_to", "connections"),
    [
        (1024, 524_288, 16_384, 8192),  # as systemd starts services
        (1024, resource.RLIM_INFINITY, 16_384, 8192),
        (1024, 4096, 4096, 2048),
        (64, 64, 64, 32),
        (100_000, 100_000, None, 8192),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, None, 8192),
    ],
)
def test_connections_leave_half_of_the_files_that_may_be_open(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, raised_to: int | None, connections: int
) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: asked.append(limits))
    assert web._connections() == connections
    assert asked == ([] if raised_to is None else [(raised_to, hard)])
