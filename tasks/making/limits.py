"""How much may be asked for at once."""

from __future__ import annotations

from tasks.models import Budget, Project


def most_wishes(project: Project) -> int:
    """How many videos one press of the button may ask for in this project."""
    return Budget.objects.of(project).most_takes
