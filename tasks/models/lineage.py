"""How one task came from another."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kinship(models.TextChoices):
    """Said of the child: it is this of its parent."""

    RETRY = "retry", _("tried again")  # what the parent came to nothing of
    AGAIN = "again", _("made again")  # by the same wish
    EDITED = "edited", _("changed")
    FINAL = "final", _("final of the draft")
    CONTINUED = "continued", _("on from the last frame")
    SEED = "seed", _("with the same seed")


@dataclass(frozen=True)
class Origin:
    """The task that a new one comes from, by its row's id, and how."""

    parent: int
    kinship: Kinship
