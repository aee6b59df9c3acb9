"""The progress of the previews that saved videos of earlier releases get."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tasks.archive import previews
from tasks.models import Copy
from tasks.models.access import Rights
from tasks.models.copy import CopyQuerySet
from tasks.web.lists.counts import CappedCount

MOST = 100_000  # videos are counted up to here, and only while some of them have no previews


@dataclass(frozen=True)
class PreviewProgress:
    """The numbers of saved videos, and of those whose previews are still to be made."""

    total: CappedCount
    left: CappedCount

    @property
    def made(self) -> int:
        """The videos whose previews were made, or tried in vain; not known of very many videos."""
        return self.total.number - self.left.number

    @classmethod
    def read(cls, user: Any) -> PreviewProgress | None:
        """The progress in the projects that this person manages; None where all is done.

        One query, and two more while something is still to be done anywhere.
        """
        is_told = Rights.of(user).manages and previews.are_made()
        if not (is_told and Copy.objects.without_previews().exists()):
            return None
        videos = Copy.objects.managed_by(user).saved_videos().order_by()
        left = _up_to_most(videos.filter(previewed_at=None))
        return cls(_up_to_most(videos), left) if left.number else None


def _up_to_most(copies: CopyQuerySet) -> CappedCount:
    number = copies.values("pk")[: MOST + 1].count()
    return CappedCount(min(number, MOST), at_least=number > MOST)
