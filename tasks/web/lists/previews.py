"""The progress of the previews that saved videos of earlier releases get."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from tasks.archive import previews
from tasks.models import Copy
from tasks.models.access import Rights

MOST = 100_000  # videos that are counted: 10 ms, and only while some of them have no previews


@dataclass(frozen=True)
class PreviewProgress:
    """The number of saved videos whose previews were made or tried, out of `total`."""

    made: int
    total: int
    is_cut: bool  # more than `MOST` are still to be made, so nobody counts them

    @classmethod
    def read(cls, user: Any) -> PreviewProgress | None:
        """The progress in the projects that this person manages; None where all is done.

        One query, and another while something is still to be done.
        """
        if not (Rights.of(user).manages and previews.are_made()):
            return None
        videos = Copy.objects.managed_by(user).saved_videos().order_by()
        left = videos.filter(previewed_at=None)
        if not left.exists():
            return None
        if left.values("pk")[MOST : MOST + 1].exists():
            return cls(0, MOST, is_cut=True)
        return cls(**videos.aggregate(made=Count("previewed_at"), total=Count("pk")), is_cut=False)
