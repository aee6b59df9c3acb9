"""A task as a page shows it at one moment: its status, its error and its facts in words."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable
from datetime import datetime, timedelta
from functools import cached_property

from django.utils.translation import gettext as _

from tasks.billing.amounts import money
from tasks.models import Submission, SubmissionState, Task
from tasks.models.status_change import STATUS_CHOICES
from tasks.providers.catalog.models import find_model
from tasks.providers.status import Status
from tasks.web.messages.failures import Failure, failure_of
from tasks.web.messages.plain_failures import plain_sentence
from tasks.web.messages.provider_errors import trouble_detail, trouble_sentence
from tasks.web.presenters.badges import MEANINGS, PLAIN_MEANINGS, STATUS_BADGES, Badge
from tasks.web.presenters.billing import cost_of, paid_for
from tasks.web.presenters.facts import Fact, clock, fact_groups, grouped, note_groups
from tasks.web.presenters.key_facts import is_long, key_facts
from tasks.web.presenters.links import FileLink, LinkLife, file_links
from tasks.web.presenters.media_sources import media_sources
from tasks.web.presenters.screen import Screen
from tasks.web.presenters.task_files import TaskFiles
from tasks.web.presenters.time_left import TimeLeft
from tasks.web.presenters.timeline import TimelineEntry, timeline_of
from tasks.web.presenters.unconfirmed import UnconfirmedPresenter

TITLE = 160  # characters
_STATUS_WORDS = dict(STATUS_CHOICES)
#: How long a finished clip is called new.
NEW = timedelta(minutes=10)


class TaskPresenter:
    """A task for templates; `files`, `screen` and `link_life` answer for their own subjects.

    What is a detail (`access.ProjectAccess.detailed_to`) is empty where the reader sees none.
    """

    is_starred = False  # depends on the person; the views set it where a page shows stars
    queue_place: int | None = None  # of a queued task; 0 where it is unknown; see queue_place.py

    def __init__(self, task: Task, now: datetime, sources: Iterable[str] | None = None) -> None:
        """`sources` are the origins that the page may play from; None: those of this task."""
        self.task, self.now, self.shows_details = task, now, task.shows_details
        self._sources = media_sources([task]) if sources is None else sources

    @cached_property
    def files(self) -> TaskFiles:
        return TaskFiles(self.task, self.now)

    @cached_property
    def link_life(self) -> LinkLife:
        return LinkLife(self.task.link_ends_at, self.now)

    @cached_property
    def screen(self) -> Screen:
        return Screen(self.task, self.files, self.link_life, self._sources)

    @cached_property
    def unconfirmed(self) -> UnconfirmedPresenter | None:
        """The create, where nobody knows whether the provider made the task; else None."""
        if self.task.status != Status.UNCONFIRMED or not hasattr(self.task, "submission"):
            return None
        return UnconfirmedPresenter(self.task.submission, self.now)

    @property
    def is_moving(self) -> bool:
        """Whether something will change within seconds, so that a page asks often."""
        return self.task.is_live or self.files.is_moving

    @property
    def counts_time(self) -> bool:
        """Whether its row has a clock or a countdown in it, so that it is never at rest."""
        has_deadline = self.files.video is not None and self.files.video.deadline is not None
        return self.is_moving or has_deadline or self.shows_link_life

    @property
    def looks(self) -> tuple[Hashable, ...]:
        """A key of what its row shows: rows with equal ones look the same to everybody.

        The change number stands for what is stored of the task and its files. The others are what
        changes without it: by the reader's rights, by time, by a name that somebody changes.
        """
        task = self.task
        by_time = (self.files.mark, self.screen.mark, self.is_stale, self.is_new, self.queue_place)
        names = (self.model, self.author, task.project.name)
        return (task.pk, task.change, self.shows_details, *by_time, *names)

    # Status

    @property
    def status(self) -> str:
        """The status in words: a tenth of a new row is what `get_status_display` takes."""
        return str(_STATUS_WORDS[Status(self.task.status)])

    @property
    def badge(self) -> Badge:
        return STATUS_BADGES[Status(self.task.status)]

    @property
    def provider_status(self) -> str:
        """The provider's own word for the status; "" where it is the same as ours."""
        word = self.task.status_word
        return word if self.shows_details and word.lower() != self.task.status else ""

    @property
    def meaning(self) -> str:
        meanings = MEANINGS if self.shows_details else PLAIN_MEANINGS
        return str(meanings.get(Status(self.task.status), ""))

    @property
    def trouble(self) -> str:
        tells = self.shows_details and self.task.is_live
        return trouble_sentence(self.task.trouble) if tells else ""

    @property
    def trouble_detail(self) -> str:
        """The provider's answer at the last trouble; "" where it gave none."""
        return trouble_detail(self.task.trouble, self.task.trouble_message)

    @property
    def credential(self) -> str:
        """The name of the task's credential."""
        return self.task.credential.name if self.shows_details else ""

    @property
    def sent_after(self) -> datetime | None:
        """The time at which a create may be sent that waits for the quota of its account's plan."""
        submission = getattr(self.task, "submission", None)
        if submission is None or submission.state != SubmissionState.WAITING:
            return None
        return self.task.credential.creates_wait(self.now)

    @property
    def is_stale(self) -> bool:
        return self.task.is_stale(self.now)

    @property
    def is_new(self) -> bool:
        """Whether the clip was finished only some minutes ago."""
        ended_at = self.task.elapsed_until if self.task.status == Status.SUCCEEDED else None
        return ended_at is not None and self.now - ended_at < NEW

    @property
    def progress(self) -> int | None:
        """A gateway's progress in percent while the task is running; None where it gives none."""
        known = self.task.status == Status.RUNNING and self.task.progress is not None
        return max(0, min(100, self.task.progress or 0)) if known else None

    @cached_property
    def time_left(self) -> TimeLeft | None:
        """The rest of its time, by recent takes of its kind; None where nothing can be said."""
        return TimeLeft.of(self.task, self.now)

    @property
    def elapsed(self) -> str:
        until = self.task.elapsed_until or self.now
        return clock((until - self.task.born_at).total_seconds())

    @property
    def timeline(self) -> list[TimelineEntry]:
        return timeline_of(self.task)

    # Error

    @property
    def has_error(self) -> bool:
        """Whether the provider said why the task failed; a retry of ours that is late is none."""
        return bool(self.task.error_code or self.task.error_message)

    @cached_property
    def failure(self) -> Failure | None:
        """The meaning of the error; None where it belongs to no family that we know."""
        return failure_of(self.task.error_code, self.task.error_message) if self.has_error else None

    @property
    def plain_failure(self) -> str:
        """The reason of its failure in plain words, for a reader who sees no details; or ""."""
        has_failed = self.task.status == Status.FAILED or self.has_error
        return plain_sentence(self.failure) if has_failed and not self.shows_details else ""

    @property
    def reason(self) -> str:
        """The reason why there is no clip, and what to do, in a line; "" where that needs none."""
        if self.task.is_foreign:
            return _("This id belongs to another project.")
        if self.task.status != Status.FAILED:
            return self.plain_failure or str(PLAIN_MEANINGS.get(Status(self.task.status), ""))
        if self.plain_failure:
            return self.plain_failure
        known = self.failure
        return str(known.sentence) if known else self.task.error_message or self.task.error_code

    # Files

    @property
    def links(self) -> list[FileLink]:
        links = file_links(self.task, self.files, self.link_life)
        return [link for link in links if link.is_ours or self.shows_details]

    @property
    def shows_link_life(self) -> bool:
        """Whether the time left of the provider's link is shown: a copy of ours shows its own."""
        plays = self.screen.name in ("film", "elsewhere") and not self.files.video
        return self.shows_details and plays and self.task.link_ends_at is not None

    # Facts

    @property
    def element_id(self) -> str:
        """The id of its row's element; the ids of the parts begin with it."""
        return f"t{self.task.pk}"

    @property
    def title(self) -> str:
        """The beginning of the prompt, as long as a row has room for."""
        prompt = self.task.prompt
        return prompt if len(prompt) <= TITLE else f"{prompt[: TITLE - 1].rstrip()}…"

    @property
    def model(self) -> str:
        """The model's name as people say it; the provider's own where we know no other."""
        known = find_model(self.task.known_as or self.task.model)
        return known.label if known else self.task.model

    @property
    def author(self) -> str:
        """The name of the person who made or tracked it; "" where nobody did, or they are gone."""
        person = self.task.created_by
        return person.get_full_name() or person.get_username() if person else ""

    @property
    def length(self) -> str:
        """The clip's length: of the order, or of the file where the model chose it."""
        task, video = self.task, self.files.video
        seconds = task.duration if (task.duration or 0) > 0 else None
        if seconds is None and video and video.copy.duration:
            seconds = round(video.copy.duration)
        if seconds is not None:
            return _("%(number)s s") % {"number": seconds}
        return _("%(number)s frames") % {"number": task.frames} if task.frames else ""

    @property
    def stars(self) -> int:
        """The number of people who have starred it; never who."""
        return self.task.star_count or 0

    @property
    def cost(self) -> str:
        """The money that it took, where that is known and the reader may see it; else ""."""
        return money(*self.paid) if self.paid else ""

    @property
    def paid(self) -> tuple[int, str] | None:
        """The money of `cost`, in millionths of a currency."""
        return paid_for(self.task) if self.shows_details else None

    @property
    def spec(self) -> list[str]:
        """The order in short: 1080p, 16:9, 5 s."""
        draft = _("draft") if self.task.draft else ""
        facts = (self.task.resolution, self.task.ratio, self.length, draft)
        return [each for each in facts if each]

    @property
    def take(self) -> Submission | None:
        """The submission where its batch has several takes; None for a single or tracked task."""
        submission = getattr(self.task, "submission", None)
        return submission if submission and submission.batch.takes > 1 else None

    @property
    def tokens(self) -> str:
        tokens = self.task.total_tokens or self.task.completion_tokens
        return grouped(tokens) if tokens is not None and self.shows_details else ""

    @property
    def groups(self) -> list[tuple[str, list[Fact]]]:
        """All facts of the task and its saved files, under their headings."""
        if self.task.is_foreign:
            return note_groups(self.task)
        cost = cost_of(self.task) if self.shows_details else []
        return [*fact_groups(self.task, cost=cost), *self.files.fact_groups]

    @property
    def raw(self) -> str:
        """The provider's answer, indented; unchanged where it is not JSON."""
        if not self.shows_details:
            return ""
        try:
            return json.dumps(json.loads(self.task.raw), ensure_ascii=False, indent=2)
        except (ValueError, RecursionError):
            return self.task.raw

    # Beside the clip on its own page

    @property
    def key_facts(self) -> list[Fact]:
        words = {"model": self.model, "length": self.length, "paid": self.cost}
        return key_facts(self.task, self.files, **words, tokens=self.tokens)

    @property
    def has_long_prompt(self) -> bool:
        return is_long(self.task.prompt)
