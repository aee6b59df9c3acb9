"""A task as a page shows it at one moment: its look, its screen, its facts in words."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import blake2b

from django.utils.translation import gettext as _

from tasks.failures import Failure, failure_of
from tasks.models import Kind, Submission, Task
from tasks.providers import Trouble, provider
from tasks.sentences import trouble_sentence, words_beside
from tasks.showing import copies, facts, money
from tasks.showing.copies import CopyShown
from tasks.showing.facts import Fact, clock
from tasks.showing.looks import LOOKS, MEANINGS, Look
from tasks.showing.lost import Lost
from tasks.showing.media import covers, media_sources, origin
from tasks.status import Status

COPY_MARKS = dict(zip(copies.LOOKS, "wvsurgd", strict=True))
RATIOS = ("16:9", "9:16", "4:3", "3:4", "1:1", "21:9", "9:21")


@dataclass(frozen=True)
class Link:
    label: str
    icon: str
    url: str
    is_ours: bool = False


@dataclass(frozen=True)
class Step:
    """One line of the timeline; `after` is the time since the step before."""

    word: str
    look: Look
    at: datetime
    after: str = ""


class Showing:
    """What templates read; every question about a task's looks is answered here."""

    is_starred = False  # by who is looking; views say so where it is shown

    def __init__(self, task: Task, now: datetime, sources: Iterable[str] | None = None) -> None:
        self.task, self.now = task, now
        self.sources = media_sources([task]) if sources is None else sources

    # The status

    @property
    def provider_cancels(self) -> bool:
        return self.is_or_will_be_named and provider(self.task.provider).can_cancel

    @property
    def is_or_will_be_named(self) -> bool:
        """Whether its provider knows it, or an answer that comes may yet say so."""
        return self.task.is_named or self.task.status in (Status.SUBMITTING, Status.UNCONFIRMED)

    @property
    def look(self) -> Look:
        return LOOKS[Status(self.task.status)]

    @property
    def word_beside(self) -> str:
        """The provider's own word, where it is none of ours."""
        word = self.task.status_word
        return "" if word.lower() == self.task.status else word

    @property
    def meaning(self) -> str:
        return str(MEANINGS.get(Status(self.task.status), ""))

    @property
    def trouble(self) -> str:
        return trouble_sentence(self.task.trouble) if self.task.is_live else ""

    @property
    def last_words(self) -> str:
        """What the provider answered, where it answered anything."""
        return words_beside(self.task.trouble, self.task.trouble_message)

    @property
    def is_stale(self) -> bool:
        return self.task.is_stale(self.now)

    @property
    def error(self) -> bool:
        """Whether the provider said why; a late retry of ours is no error of the task's."""
        return bool(self.task.error_code or self.task.error_message)

    @property
    def failure(self) -> Failure | None:
        """What the error means, where it is of a family that we know."""
        return failure_of(self.task.error_code, self.task.error_message) if self.error else None

    @property
    def timeline(self) -> list[Step]:
        """From its creation, as the provider dates it, through every change we saw."""
        steps = [Step(_("Created"), Look("plus", "grey"), self.task.born_at)]
        for change in self.task.changes.all():
            waited = clock((change.at - steps[-1].at).total_seconds())
            look = LOOKS[Status(change.became)]
            steps.append(Step(change.get_became_display(), look, change.at, waited))
        return steps

    @property
    def progress(self) -> int | None:
        """A gateway's step value, shown only while it says something."""
        known = self.task.status == Status.RUNNING and self.task.progress is not None
        return max(0, min(100, self.task.progress or 0)) if known else None

    @property
    def elapsed(self) -> str:
        until = self.task.elapsed_until or self.now
        return clock((until - self.task.born_at).total_seconds())

    @cached_property
    def lost(self) -> Lost | None:
        """Where nobody knows whether it was made: what speaks for and against."""
        if self.task.status != Status.UNCONFIRMED or not hasattr(self.task, "submission"):
            return None
        return Lost(self.task.submission, self.now)

    # The screen

    @cached_property
    def screen(self) -> str:
        """What stands where the video is, or will be; has a template of its own."""
        task = self.task
        if self.is_saved:
            return "film"
        if self.is_deleted:
            return "deleted"
        if task.status == Status.UNCONFIRMED:
            return "unsure"
        if task.is_live:
            return "making"
        if task.status != Status.SUCCEEDED:
            return "nothing"
        if task.video_needs_key:
            return "locked"
        if not origin(task.video_url):
            return "missing"
        if self.link_ended:
            return "ended"
        return "film" if covers(self.sources, origin(task.video_url)) else "elsewhere"

    @property
    def screen_template(self) -> str:
        return f"tasks/screens/_{self.screen}.html"

    @property
    def screen_mark(self) -> str:
        """Changes exactly when a page must show another screen."""
        shown = self.screen
        if shown == "film":
            shown += f" {self.film_url} {self.poster}"
        return blake2b(f"{shown} {self.shape}".encode(), digest_size=4).hexdigest()

    @property
    def film_url(self) -> str:
        """Our own file once there is one; the provider's until then."""
        return self.video.url if self.video and self.is_saved else self.task.video_url

    @property
    def poster(self) -> str:
        return self.video.poster if self.video and self.is_saved else ""

    @property
    def is_hevc(self) -> bool:
        return bool(self.video and self.video.copy.video_codec == "hevc")

    @property
    def link_ended(self) -> bool:
        ends_at = self.task.link_ends_at
        return ends_at is not None and ends_at <= self.now

    @property
    def link_life(self) -> bool:
        """Whether a link's remaining life is worth showing: none of our copies tells it."""
        plays = self.screen in ("film", "elsewhere") and not self.video
        return plays and self.task.link_ends_at is not None

    @property
    def link_left(self) -> str:
        return clock(((self.task.link_ends_at or self.now) - self.now).total_seconds())

    @property
    def link_is_short(self) -> bool:
        ends_at = self.task.link_ends_at
        return ends_at is not None and ends_at - self.now < timedelta(hours=3)

    @property
    def links(self) -> list[Link]:
        """Every file of the task: ours where it is saved, else as long as the provider's live."""
        task = self.task
        video = self._link(_("Video file"), "download", self.video, self._video_link)
        frame = self._link(_("Last frame"), "photo", self.last_frame, task.last_frame_url)
        other = self._link(_("Other file"), "file-text", None, task.file_url)
        return [link for link in (video, frame, other) if link]

    @property
    def _video_link(self) -> str:
        return "" if self.task.video_needs_key else self.task.video_url

    def _link(self, label: str, icon: str, shown: CopyShown | None, url: str) -> Link | None:
        if shown and shown.copy.is_saved:
            return Link(label, icon, f"{shown.url}?download", is_ours=True)
        lives = self.task.status == Status.SUCCEEDED and not self.link_ended
        lives = lives and not (shown and shown.copy.is_deleted)
        return Link(label, icon, url) if lives and origin(url) else None

    @property
    def shape(self) -> str:
        """A CSS class for the frame's form."""
        ratio = self.task.ratio
        return f"shape-{ratio.replace(':', 'x')}" if ratio in RATIOS else "shape-unknown"

    # Our copies

    @cached_property
    def _copies(self) -> dict[str, CopyShown]:
        return {
            copy.kind: CopyShown(copy, self.now, forgotten=self.is_forgotten)
            for copy in self.task.copies.all()
        }

    @property
    def is_forgotten(self) -> bool:
        """Whether the provider no longer knows this ended task; that changes nothing else."""
        return not self.task.is_live and self.task.trouble == Trouble.NOT_FOUND

    @property
    def video(self) -> CopyShown | None:
        return self._copies.get(Kind.VIDEO)

    @property
    def last_frame(self) -> CopyShown | None:
        return self._copies.get(Kind.LAST_FRAME)

    @property
    def unsaved_frame(self) -> CopyShown | None:
        """The last frame, while it lags behind a saved video."""
        frame = self.last_frame
        lags = frame and not (frame.copy.is_saved or frame.copy.is_deleted)
        return frame if lags and self.is_saved else None

    @property
    def is_saved(self) -> bool:
        return bool(self.video and self.video.copy.is_saved)

    @property
    def is_deleted(self) -> bool:
        """Whether somebody deleted the video and left the task."""
        return bool(self.video and self.video.copy.is_deleted)

    @property
    def may_be_saved(self) -> bool:
        return any(shown.may_be_saved for shown in self._copies.values())

    @property
    def is_moving(self) -> bool:
        """Whether a page should look again soon."""
        return self.task.is_live or any(shown.is_moving for shown in self._copies.values())

    @property
    def copy_mark(self) -> str:
        """One letter for each state a copy may be shown in; "n" where there is no copy."""
        return COPY_MARKS[self.video.state] if self.video else "n"

    # The facts

    @property
    def provider(self) -> str:
        return facts.provider(self.task)

    @property
    def spec(self) -> list[str]:
        """What was ordered, in one line: 1080p, 16:9, 5 s."""
        task = self.task
        length = _("%(number)s s") % {"number": task.duration} if task.duration else ""
        frames = _("%(number)s frames") % {"number": task.frames} if task.frames else ""
        draft = _("draft") if task.draft else ""
        return [each for each in (task.resolution, task.ratio, length or frames, draft) if each]

    @property
    def take(self) -> Submission | None:
        """Which of several it is that were made at once; None where it was alone, or elsewhere."""
        submission = getattr(self.task, "submission", None)
        return submission if submission and submission.batch.takes > 1 else None

    @property
    def tokens(self) -> str:
        tokens = self.task.total_tokens or self.task.completion_tokens
        return facts.grouped(tokens) if tokens is not None else ""

    @property
    def groups(self) -> list[tuple[str, list[Fact]]]:
        found = facts.groups(self.task, cost=money.cost_of(self.task))
        return [*found, *self._saved_groups]

    @property
    def _saved_groups(self) -> list[tuple[str, list[Fact]]]:
        saved = [shown for shown in self._copies.values() if shown.copy.is_saved]
        return [(copies.headline(shown), copies.facts_of(shown)) for shown in saved]

    @property
    def raw(self) -> str:
        """The provider's answer, set out to be read; as it is where it is no JSON."""
        try:
            return json.dumps(json.loads(self.task.raw), ensure_ascii=False, indent=2)
        except (ValueError, RecursionError):
            return self.task.raw
