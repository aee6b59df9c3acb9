"""The scrub's columns of a saved file: when it was last checked, and what was wrong with it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self, TypeVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from tasks.models.trash import TrashQuerySet

AGAIN = timedelta(days=1)  # after which a lost file is looked for again: somebody may bring it back


class Damage(models.TextChoices):
    """The ways in which a file that had been saved may be found wrong."""

    SUSPECTED = "suspected", _("Being checked")  # by whoever sent it; the scrub decides
    MISSING = "missing", _("Missing from the storage")
    CHANGED = "changed", _("Changed in the storage")


#: Damages by which a copy is not called saved any more.
LOST = (Damage.MISSING, Damage.CHANGED)

Row = TypeVar("Row", bound=models.Model, covariant=True)


class ScrubQuerySet(TrashQuerySet[Row]):
    """Questions about the files that are to be checked, and about the lost ones."""

    if TYPE_CHECKING:  # CopyQuerySet has it

        def saved(self) -> Self: ...

    def suspect(self) -> int:
        """Have the scrub look at these saved files next; return how many were not suspected yet."""
        return self.saved().filter(damage=None).update(damage=Damage.SUSPECTED)

    def damaged(self) -> Self:
        """Copies whose saved file is missing or changed, whatever has become of them since."""
        return self.filter(damage__isnull=False, damage__in=LOST)

    def suspected(self, now: datetime) -> Self:
        """Files to be checked at any hour: suspected ones, and lost ones that may be back.

        A lost file is looked for once a day, and whenever somebody asks for it.
        """
        looked_for = models.Q(checked_at=None) | models.Q(checked_at__lte=now - AGAIN)
        is_lost = models.Q(damage__in=LOST, state__in=("waiting", "gone")) & looked_for
        is_suspected = models.Q(damage=Damage.SUSPECTED, state="saved")
        return self.kept().filter(is_lost | is_suspected, damage__isnull=False)

    def checked_before(self, then: datetime) -> Self:
        """Saved files whose last check was before this, the oldest first.

        Those of earlier releases that no check has a time of come before all others.
        """
        kept = self.saved().kept()
        if (never := kept.filter(checked_at=None)).exists():
            return never.order_by("id")
        return kept.filter(checked_at__lte=then).order_by("checked_at", "id")


class Scrubbed(models.Model):
    """A row with a file in the storage. The columns may be empty, so that SQLite just adds them."""

    checked_at = models.DateTimeField(_("file last checked"), null=True, editable=False)
    damage = models.CharField(
        _("damage"), max_length=9, choices=Damage, null=True, blank=True, editable=False
    )
    damaged_at = models.DateTimeField(_("damage noticed"), null=True, editable=False)
    #: The object's ETag in a bucket when it was saved, or first checked; see archive/stored_file.
    storage_etag = models.CharField(max_length=200, null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    @property
    def is_lost(self) -> bool:
        """Whether its file was saved once, and was then found missing or changed."""
        return self.damage in LOST
