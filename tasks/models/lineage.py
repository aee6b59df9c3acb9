"""The relation of a task to the one that it was made from."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _


class Relation(models.TextChoices):
    """The relation of a new task to its parent."""

    RETRY = "retry", _("tried again")  # the parent came to nothing
    AGAIN = "again", _("made again")  # by the same request
    EDITED = "edited", _("changed")
    FINAL = "final", _("final of the draft")
    CONTINUED = "continued", _("on from the last frame")
    SEED = "seed", _("with the same seed")
    CUT = "cut", _("edited from the clip")
    EXTENDED = "extended", _("extends the clip")


@dataclass(frozen=True)
class Origin:
    """The task that a new one is made from, by its row's id, and the new one's relation to it."""

    parent: int
    relation: Relation
