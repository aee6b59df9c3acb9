"""Our own copy of a task's file as a page shows it at one moment."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cached_property
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tasks.models import Copy, CopyState, CopyTrouble, Kind, trash
from tasks.models.copy import RISKY
from tasks.providers import Trouble
from tasks.sentences import trouble_sentence, words_beside
from tasks.showing.facts import Fact, clock, grouped
from tasks.showing.looks import Look

WAITING, SAVING, SAVED, GONE, DELETED = (str(state) for state in CopyState)
AT_RISK, SAVED_ONLY_HERE = "at_risk", "saved_only_here"

#: What is said of each state: icon, tone, word.
LOOKS = {
    WAITING: (Look("hourglass", "grey"), gettext_lazy("Waiting to be saved")),
    SAVING: (Look("cloud-download", "blue"), gettext_lazy("Saving")),
    SAVED: (Look("device-floppy", "green"), gettext_lazy("Saved")),
    SAVED_ONLY_HERE: (
        Look("device-floppy", "green"),
        gettext_lazy("Gone upstream, saved here"),
    ),
    AT_RISK: (Look("shield-exclamation", "red"), gettext_lazy("At risk")),
    GONE: (Look("cloud-off", "grey"), gettext_lazy("Gone upstream, lost")),
    DELETED: (Look("trash", "grey"), gettext_lazy("Deleted")),
}
#: Why the last try failed, and what comes of it.
TROUBLES: dict[str, Any] = {
    CopyTrouble.NOT_READY: gettext_lazy(
        "The provider has not put the file there yet; that takes some minutes after the success."
    ),
    CopyTrouble.LINK_DEAD: gettext_lazy(
        "The link works no more. The provider is asked for a fresh one."
    ),
    CopyTrouble.CUT_OFF: gettext_lazy(
        "Fewer bytes came than were announced. The next try goes on from there."
    ),
    CopyTrouble.NOT_A_VIDEO: gettext_lazy(
        "What came is not a whole file of its kind, so it is not called saved."
    ),
    CopyTrouble.NO_KEY: gettext_lazy(
        "The link asks for the key, and this credential's key cannot be used. Type it in again."
    ),
    CopyTrouble.DISK_FULL: gettext_lazy(
        "The disk is full up to its reserve. Make room; saving then goes on by itself."
    ),
    CopyTrouble.STORAGE: gettext_lazy(
        "Our own storage did not take the file. Check its settings and its room."
    ),
    CopyTrouble.MISSING: gettext_lazy(
        "It was saved, but missing from the storage when a backup was restored. "
        "It is fetched again."
    ),
    # The network's, where a file is meant and no answer about a task.
    Trouble.CONNECTION: gettext_lazy(
        "The host of the file could not be reached. It is tried again by itself."
    ),
    Trouble.TIMEOUT: gettext_lazy(
        "The file came too slowly, or not at all. The next try goes on from there."
    ),
    Trouble.TLS: gettext_lazy(
        "The certificate of the file's host was not accepted. Check this server's clock, and "
        "whether a proxy stands in between."
    ),
    Trouble.TOO_LARGE: gettext_lazy(
        "The file is larger than is allowed here (DAILIES_LARGEST_VIDEO)."
    ),
    Trouble.MALFORMED: gettext_lazy("What came is not what was announced. It is tried again."),
    Trouble.EMPTY: gettext_lazy("The file came empty. It is tried again."),
}
WITHOUT_TROUBLE = (SAVED, SAVED_ONLY_HERE, GONE, DELETED)
#: Where file and task differ; see Copy.mismatches.
MISMATCHES = {
    "duration": gettext_lazy("The file runs for %(file)s s; the task says %(task)s s."),
    "size": gettext_lazy("The file is %(file)s pixels; the task says %(task)s."),
    "audio": gettext_lazy("Sound in the file: %(file)s; the task says: %(task)s."),
}
ROUTES = {Kind.VIDEO: "video", Kind.LAST_FRAME: "last_frame"}


class CopyShown:
    """What templates read of one copy."""

    def __init__(self, copy: Copy, now: datetime, *, forgotten: bool = False) -> None:
        """`forgotten` says that the provider no longer knows the task itself."""
        self.copy, self.now, self.forgotten = copy, now, forgotten

    @cached_property
    def state(self) -> str:
        """The copy's own, or one of the two that time makes of it."""
        if self.copy.is_deleted:
            return DELETED
        if self.copy.is_saved:
            return SAVED_ONLY_HERE if self.link_ended or self.forgotten else SAVED
        return AT_RISK if self.copy.is_at_risk(self.now) else str(self.copy.state)

    @property
    def look(self) -> Look:
        return LOOKS[self.state][0]

    @property
    def word(self) -> str:
        return str(LOOKS[self.state][1])

    @property
    def kind(self) -> str:
        return str(Kind(self.copy.kind).label)

    @property
    def is_saving(self) -> bool:
        return self.copy.state == CopyState.SAVING

    @property
    def is_moving(self) -> bool:
        """Whether something will change within seconds, so that a page asks often."""
        due_at = self.copy.due_at
        soon = due_at is not None and (due_at - self.now).total_seconds() < 60
        return self.is_saving or (self.copy.state == CopyState.WAITING and soon)

    @property
    def may_be_saved(self) -> bool:
        """Whether "save now" would do something."""
        return self.state != DELETED and self.copy.state in (CopyState.WAITING, CopyState.GONE)

    @property
    def restorable_until(self) -> datetime | None:
        """While a deleted file is in the trash."""
        copy = self.copy
        if copy.deleted_at is None or copy.state != CopyState.SAVED:
            return None
        until = copy.deleted_at + trash.KEPT
        return until if until > self.now else None

    # Progress

    @property
    def percent(self) -> int | None:
        total = self.copy.bytes_total
        return min(100, 100 * self.copy.bytes_done // total) if total else None

    @property
    def progress(self) -> str:
        """43 %, or how many bytes where nobody said how many there will be."""
        if self.percent is not None:
            return f"{self.percent} %"
        return filesizeformat(self.copy.bytes_done) if self.copy.bytes_done else ""

    # The link's end

    @property
    def link_ended(self) -> bool:
        ends_at = self.copy.link_ends_at
        return ends_at is not None and ends_at <= self.now

    @property
    def deadline(self) -> datetime | None:
        """When the link ends, as long as that matters."""
        unsaved = self.state in (WAITING, SAVING, AT_RISK)
        return self.copy.link_ends_at if unsaved and not self.link_ended else None

    @property
    def left(self) -> str:
        return clock((self.deadline - self.now).total_seconds()) if self.deadline else ""

    @property
    def turns_at(self) -> datetime | None:
        """When this looks different although nobody writes anything."""
        ends_at = self.copy.link_ends_at
        if ends_at is None or self.state in (GONE, DELETED) or self.link_ended:
            return None
        return ends_at - RISKY if self.state in (WAITING, SAVING) else ends_at

    # Trouble

    @property
    def trouble(self) -> str:
        """Why it is not saved yet, and what comes of it; of what is gone nothing will."""
        kind = "" if self.state in WITHOUT_TROUBLE else self.copy.trouble
        return str(TROUBLES.get(kind) or trouble_sentence(kind))

    @property
    def was_lost_here(self) -> bool:
        """Gone, and not because it was never saved."""
        return self.state == GONE and self.copy.trouble == CopyTrouble.MISSING

    @property
    def last_words(self) -> str:
        """What the host answered, or what was found in the file, as the last try heard it."""
        return words_beside(self.copy.trouble, self.copy.trouble_message)

    # The file

    @property
    def url(self) -> str:
        return reverse(ROUTES[Kind(self.copy.kind)], args=[self.copy.task_id])

    @property
    def poster(self) -> str:
        return reverse("poster", args=[self.copy.task_id]) if self.copy.poster else ""

    @property
    def size(self) -> str:
        return filesizeformat(self.copy.size) if self.copy.size is not None else ""

    @property
    def pixels(self) -> str:
        width, height = self.copy.width, self.copy.height
        return f"{width} × {height}" if width and height else ""

    @property
    def mismatches(self) -> list[str]:
        """In which ways the file is not what the task says, in words."""
        return [_difference(*found) for found in self.copy.mismatches]


def _difference(what: str, in_file: str, in_task: str) -> str:
    words = MISMATCHES.get(what, _("The file and the task differ: %(file)s, %(task)s."))
    return str(words) % {"file": _in_words(in_file), "task": _in_words(in_task)}


def _in_words(value: str) -> str:
    """As a person writes it: 1280 × 720, not 1280x720."""
    known = {"yes": _("yes"), "no": _("no"), "": _("unknown")}
    return known.get(value) or re.sub(r"(\d)x(\d)", r"\1 × \2", value)


def headline(shown: CopyShown) -> str:
    is_video = shown.copy.kind == Kind.VIDEO
    return _("Saved video") if is_video else _("Saved last frame")


def facts_of(shown: CopyShown) -> list[Fact]:
    """What was read out of the saved file."""
    copy = shown.copy
    found = [
        Fact(_("size"), _size(copy)),
        Fact(_("pixels"), shown.pixels),
        Fact(_("runs for"), _seconds(copy.duration)),
        Fact(_("video codec"), copy.video_codec),
        Fact(_("audio codec"), copy.audio_codec or (_("none") if copy.video_codec else "")),
        Fact(_("saved at"), copy.saved_at, "time"),
        Fact("SHA-256", copy.sha256, "code", f"{copy.kind}-sha256"),
    ]
    return [fact for fact in found if fact.value]


def _seconds(duration: float | None) -> str:
    return (
        _("%(number)s s") % {"number": f"{duration:.2f}".rstrip("0").rstrip(".")}
        if duration
        else ""
    )


def _size(copy: Copy) -> str:
    """Short, and to the byte."""
    if copy.size is None:
        return ""
    exact = _("%(number)s bytes") % {"number": grouped(copy.size)}
    return f"{filesizeformat(copy.size)} ({exact})"
