"""Presenter of a copy: one saved file of a task as a page shows it at one moment."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cached_property
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tasks.models import Copy, CopyKind, CopyState, CopyTrouble, Damage, trash
from tasks.models.copy import RISKY
from tasks.providers import Trouble
from tasks.web.messages.provider_errors import trouble_detail, trouble_sentence
from tasks.web.presenters.addresses import reverse
from tasks.web.presenters.badges import Badge
from tasks.web.presenters.copy_links import LinkLine, link_lines
from tasks.web.presenters.facts import Fact, clock, grouped

WAITING, SAVING, SAVED, GONE, DELETED = (str(state) for state in CopyState)
AT_RISK, SAVED_ONLY_HERE = "at_risk", "saved_only_here"
MISSING, CHANGED = str(Damage.MISSING), str(Damage.CHANGED)

#: The badge and the word of each state.
STATE_BADGES = {
    WAITING: (Badge("hourglass", "grey"), gettext_lazy("Waiting to be saved")),
    SAVING: (Badge("cloud-download", "blue"), gettext_lazy("Saving")),
    SAVED: (Badge("device-floppy", "green"), gettext_lazy("Saved")),
    SAVED_ONLY_HERE: (
        Badge("device-floppy", "green"),
        gettext_lazy("Gone at the provider, saved here"),
    ),
    AT_RISK: (Badge("shield-exclamation", "red"), gettext_lazy("At risk")),
    GONE: (Badge("cloud-off", "grey"), gettext_lazy("Gone at the provider, lost")),
    DELETED: (Badge("trash", "grey"), gettext_lazy("Deleted")),
    MISSING: (Badge("video-off", "red"), gettext_lazy("Saved file missing")),
    CHANGED: (Badge("alert-octagon", "red"), gettext_lazy("Saved file changed")),
}
#: The letter of each state in the live feed's address; "n" stands for no copy.
MARKS = dict(zip(STATE_BADGES, "wvsurgdmc", strict=True))
#: Sentences that say why the last try failed, and what happens next.
TROUBLES: dict[str, Any] = {
    CopyTrouble.NOT_READY: gettext_lazy(
        "The provider hasn't put the file there yet. This can take a few minutes after the task "
        "succeeds."
    ),
    CopyTrouble.LINK_DEAD: gettext_lazy(
        "The link no longer works. Requesting a new one from the provider."
    ),
    CopyTrouble.CUT_OFF: gettext_lazy(
        "Fewer bytes arrived than announced. The next attempt continues from there."
    ),
    CopyTrouble.NOT_A_VIDEO: gettext_lazy(
        "The file that arrived isn't complete, so it isn't marked as saved."
    ),
    CopyTrouble.NO_KEY: gettext_lazy(
        "The link needs the key, but this credential's key can't be used. Enter it again."
    ),
    CopyTrouble.DISK_FULL: gettext_lazy(
        "The disk is full except for its reserve. Free up space; saving then continues "
        "automatically."
    ),
    CopyTrouble.STORAGE: gettext_lazy(
        "The storage didn't accept the file. Check its settings and free space."
    ),
    CopyTrouble.MISSING: gettext_lazy(
        "This file was saved but is now missing from storage. It's being fetched again."
    ),
    CopyTrouble.CHANGED: gettext_lazy(
        "This file was saved but has changed in storage. It's being fetched again."
    ),
    # Troubles of the network, said of a file and not of an answer about a task.
    Trouble.CONNECTION: gettext_lazy(
        "Couldn't reach the file's host. We'll try again automatically."
    ),
    Trouble.TIMEOUT: gettext_lazy(
        "The file arrived too slowly or not at all. The next attempt continues from there."
    ),
    Trouble.TLS: gettext_lazy(
        "The certificate of the file's host wasn't accepted. Check this server's clock, and "
        "whether a proxy is in between."
    ),
    Trouble.TOO_LARGE: gettext_lazy(
        "The file is larger than allowed here (DAILIES_LARGEST_VIDEO)."
    ),
    Trouble.MALFORMED: gettext_lazy(
        "The file that arrived isn't the one expected. We'll try again."
    ),
    Trouble.EMPTY: gettext_lazy("The file is empty. We'll try again."),
}
WITHOUT_TROUBLE = (SAVED, SAVED_ONLY_HERE, GONE, DELETED, MISSING, CHANGED)
#: Sentences about each difference between file and task; see Copy.mismatches.
MISMATCHES = {
    "duration": gettext_lazy("The file is %(file)s s long. The task says %(task)s s."),
    "size": gettext_lazy("The file is %(file)s pixels. The task says %(task)s."),
    "audio": gettext_lazy("Audio in the file: %(file)s. The task says: %(task)s."),
}
ROUTES = {str(CopyKind.VIDEO): "video", str(CopyKind.LAST_FRAME): "last_frame"}


class FilePresenter:
    """A copy for templates."""

    def __init__(
        self, copy: Copy, now: datetime, *, shows_details: bool, forgotten: bool = False
    ) -> None:
        """`shows_details`: whether the reader sees alarms, links and digests of the file.

        `forgotten`: whether the provider no longer knows the task itself.
        """
        self.copy, self.now, self.forgotten = copy, now, forgotten
        self.shows_details = shows_details

    @cached_property
    def state(self) -> str:
        """The copy's state, or one that time brings about: at risk, saved only here, lost here."""
        if self.copy.is_deleted:
            return DELETED
        if not self.shows_details:
            return str(self.copy.state)
        if self.copy.is_saved:
            return SAVED_ONLY_HERE if self.link_ended or self.forgotten else SAVED
        if self.copy.state == CopyState.GONE and self.copy.is_lost:
            return str(self.copy.damage)
        return AT_RISK if self.copy.is_at_risk(self.now) else str(self.copy.state)

    @property
    def mark(self) -> str:
        return MARKS[self.state]

    @property
    def badge(self) -> Badge:
        return STATE_BADGES[self.state][0]

    @property
    def word(self) -> str:
        return str(STATE_BADGES[self.state][1])

    @property
    def kind(self) -> str:
        return str(CopyKind(self.copy.kind).label)

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
    def is_as_it_should(self) -> bool:
        """Whether it is saved as it was ordered, so that a row says nothing of it."""
        return self.state in (SAVED, SAVED_ONLY_HERE) and not self.copy.mismatch

    @property
    def may_be_saved(self) -> bool:
        """Whether "save now" would do something."""
        return self.state != DELETED and self.copy.state in (CopyState.WAITING, CopyState.GONE)

    @property
    def restorable_until(self) -> datetime | None:
        """The moment until which a deleted file stays in the trash; None where it is not there."""
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
        """The share that is saved, "43 %"; the bytes so far where the host did not say how many."""
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
        """The end of the link; None once the file is saved or gone, or the link has ended."""
        unsaved = self.shows_details and self.state in (WAITING, SAVING, AT_RISK)
        return self.copy.link_ends_at if unsaved and not self.link_ended else None

    @property
    def left(self) -> str:
        return clock((self.deadline - self.now).total_seconds()) if self.deadline else ""

    @property
    def turns_at(self) -> datetime | None:
        """The next moment at which the state changes although nobody writes anything."""
        ends_at = self.copy.link_ends_at if self.shows_details else None
        is_over = self.state in (GONE, DELETED, MISSING, CHANGED) or self.link_ended
        if ends_at is None or is_over:
            return None
        return ends_at - RISKY if self.state in (WAITING, SAVING) else ends_at

    # Trouble

    @property
    def trouble(self) -> str:
        """The reason why it is not saved yet, and what happens next; "" where nothing will."""
        tells = self.shows_details and self.state not in WITHOUT_TROUBLE
        kind = self.copy.trouble if tells else ""
        return str(TROUBLES.get(kind) or trouble_sentence(kind))

    @property
    def failed_tries(self) -> int:
        """The number of failed tries while the file is not saved."""
        return self.copy.tries if self.shows_details and not self.copy.is_saved else 0

    @property
    def is_fetched_again(self) -> bool:
        """Whether it was saved, was found missing or changed, and is on its way once more."""
        return self.copy.is_lost and self.state in (WAITING, SAVING, AT_RISK)

    @property
    def trouble_detail(self) -> str:
        """The host's answer to the last try, or what was found in the file."""
        if not self.shows_details:
            return ""
        return trouble_detail(self.copy.trouble, self.copy.trouble_message)

    @cached_property
    def links(self) -> list[LinkLine]:
        """The links of the file, and the tries of each that failed."""
        return link_lines(self.copy) if self.shows_details else []

    # The file

    @property
    def url(self) -> str:
        return reverse(ROUTES[self.copy.kind], args=[self.copy.task_id])

    @property
    def poster(self) -> str:
        """The address of the first frame; browsers keep it for ever where it has a hash."""
        copy = self.copy
        if not copy.poster:
            return ""
        if not copy.poster_hash:
            return reverse("poster", args=[copy.task_id])
        return reverse("kept_poster", args=[copy.task_id, copy.poster_hash])

    @property
    def sprite_url(self) -> str:
        """The address of the frames to scrub by, in one image; "" where there is none."""
        copy = self.copy
        return reverse("sprite", args=[copy.task_id, copy.sprite_hash]) if copy.sprite else ""

    @property
    def proxy_url(self) -> str:
        """The address of a small version that every browser plays; "" where there is none."""
        copy = self.copy
        return reverse("proxy", args=[copy.task_id, copy.proxy_hash]) if copy.proxy else ""

    @property
    def sprite_frames(self) -> int:
        return self.copy.sprite_frames or 0

    @property
    def sprite_columns(self) -> int:
        """The number of frames in a row of that image."""
        return self.copy.sprite_columns or 0

    @property
    def size(self) -> str:
        return filesizeformat(self.copy.size) if self.copy.size is not None else ""

    @property
    def pixels(self) -> str:
        width, height = self.copy.width, self.copy.height
        return f"{width} × {height}" if width and height else ""

    @property
    def mismatches(self) -> list[str]:
        """Sentences about each way in which the file is not what the task says."""
        unknown = _("The file and the task differ: %(file)s, %(task)s.")
        return [
            str(MISMATCHES.get(name, unknown))
            % {"file": _in_words(in_file), "task": _in_words(in_task)}
            for name, in_file, in_task in self.copy.mismatches
        ]

    @property
    def heading(self) -> str:
        """The heading over the facts of the saved file."""
        return _("Saved video") if self.copy.kind == CopyKind.VIDEO else _("Saved last frame")

    @property
    def facts(self) -> list[Fact]:
        """The facts that were read out of the saved file."""
        copy, size = self.copy, self.size
        if size:
            exact = _("%(number)s bytes") % {"number": grouped(copy.size or 0)}
            size = f"{size} ({exact})"
        duration = f"{copy.duration:.2f}".rstrip("0").rstrip(".") if copy.duration else ""
        facts = [
            Fact(_("size"), size),
            Fact(_("pixels"), self.pixels),
            Fact(_("length"), _("%(number)s s") % {"number": duration} if duration else ""),
            Fact(_("video codec"), copy.video_codec),
            Fact(_("audio codec"), copy.audio_codec or (_("none") if copy.video_codec else "")),
            Fact(_("saved at"), copy.saved_at, "time"),
        ]
        if self.shows_details:
            facts.append(Fact("SHA-256", copy.sha256, "code", f"{copy.kind}-sha256"))
        return [fact for fact in facts if fact.value]


def _in_words(value: str) -> str:
    """The value as a person writes it: 1280 × 720, not 1280x720."""
    known = {"yes": _("yes"), "no": _("no"), "": _("unknown")}
    return known.get(value) or re.sub(r"(\d)x(\d)", r"\1 × \2", value)
