"""The sight of a person: the projects they see at one moment, for which all open pages ask.

Who sees what is decided in `access` (`sight_of`), which makes these.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import blake2b

from django.db import connection

NONE = 0  # no row has this id


@dataclass(frozen=True)
class Sight:
    """The projects that a person sees, and the number of the last change of a task in them.

    Who has seen a change has seen all before it in these projects; see ChangeCounter.
    """

    projects: tuple[int, ...] | None  # in ascending order; None: all of them
    detailed: tuple[int, ...] | None  # those of which the person sees the details
    last_change: int

    @classmethod
    def of_projects(cls, rows: Iterable[tuple[int, int, bool]]) -> Sight:
        """The sight of these projects: id, last change, and whether their details are seen."""
        seen = sorted(rows)
        return cls(
            projects=tuple(pk for pk, _, _ in seen),
            detailed=tuple(pk for pk, _, is_detailed in seen if is_detailed),
            last_change=max((number for _, number, _ in seen), default=0),
        )

    @classmethod
    def of_everything(cls, project: int | None) -> Sight:
        """The sight of all projects, whose last change is what the counter says; or of one."""
        one = "SELECT max(number) FROM tasks_projectchange WHERE project_id = %s"
        every = "SELECT value FROM tasks_changecounter WHERE id = 1"
        with connection.cursor() as cursor:
            cursor.execute(one if project else every, [project] if project else [])
            [last_change] = cursor.fetchone()
        projects = (project,) if project else None
        return cls(projects=projects, detailed=projects, last_change=last_change or 0)

    @property
    def mark(self) -> str:
        """A digest of the projects, and of which of them the details are seen."""
        sight = repr((self.projects, self.detailed))
        return blake2b(sight.encode(), digest_size=4).hexdigest()

    def within(self, project: int) -> Sight:
        """The part that lies in one of these projects, as `sight_of` gives it."""
        detailed = (project,) if self.detailed is None or project in self.detailed else ()
        return replace(self, projects=(project,), detailed=detailed)

    def changes_of(self, ids: Iterable[int]) -> dict[int, int]:
        """The last change of each of these tasks that is in sight. A raw statement.

        Every page of a busy team asks it each two seconds, and putting it together cost the ORM
        five times what the database took.
        """
        chosen = ", ".join(str(int(pk)) for pk in ids)
        if not chosen:
            return {}
        sql = f"SELECT id, change FROM tasks_task WHERE id IN ({chosen}) AND deleted_at IS NULL"
        if self.projects is not None:
            sql += f" AND project_id IN ({', '.join(map(str, self.projects or (NONE,)))})"
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return dict(cursor.fetchall())
