"""An unconfirmed create on its task's page: what speaks for and against the task's existence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.utils.translation import gettext as _

from tasks.models import Candidate, CreateLookup, ListOutcome, Submission, Task
from tasks.models.reconciliation import COMPLETE
from tasks.providers.catalog.tariff import tokens_of
from tasks.providers.status import Status
from tasks.web.messages.provider_errors import trouble_detail, trouble_sentence
from tasks.web.presenters.badges import STATUS_BADGES, Badge
from tasks.web.presenters.facts import grouped


@dataclass(frozen=True)
class CandidatePresenter:
    """A task in the provider's list that the create may have become."""

    candidate: Candidate
    sent_at: datetime

    @property
    def badge(self) -> Badge:
        return STATUS_BADGES[Status(self.candidate.status)]

    @property
    def after(self) -> str:
        """The time between our sending and the candidate's creation, in words."""
        seconds = round(self.candidate.seconds_after(self.sent_at))
        if not seconds:
            return _("the same second it was sent")
        words = _("%(number)s s after sending") if seconds > 0 else _("%(number)s s before sending")
        return words % {"number": abs(seconds)}

    @property
    def agreed(self) -> str:
        names = [str(Task._meta.get_field(each).verbose_name) for each in self.candidate.agreed]  # type: ignore[union-attr]
        return _("same %(names)s") % {"names": ", ".join(names)} if names else ""


class UnconfirmedPresenter:
    """An unconfirmed submission: the answer of the provider's list, and what a person must weigh.

    Queries are made where a property is read, because few pages need them.
    """

    def __init__(self, submission: Submission, now: datetime) -> None:
        self.submission, self.now = submission, now

    @cached_property
    def lookup(self) -> CreateLookup | None:
        return CreateLookup.objects.filter(submission=self.submission).first()

    @property
    def can_list(self) -> bool:
        """Whether the provider has a list, and of the same account that the create went to."""
        task = self.submission.task
        return task.credential.service.can_list and task.base_url == task.credential.base_url

    @property
    def is_under_way(self) -> bool:
        """Whether the list is being looked through, or is due to be."""
        due_at = self.lookup.due_at if self.lookup else None
        return due_at is not None and (due_at <= self.now or not self.outcome)

    @property
    def outcome(self) -> str:
        """ "complete", "failed", or "" before the first attempt has ended."""
        if self.lookup is None or not self.lookup.outcome:
            return ""
        return "complete" if self.lookup.outcome in COMPLETE else ListOutcome(self.lookup.outcome)

    @property
    def trouble(self) -> str:
        return trouble_sentence(self.lookup.trouble) if self.lookup else ""

    @property
    def trouble_detail(self) -> str:
        return trouble_detail(self.lookup.trouble, self.lookup.message) if self.lookup else ""

    @property
    def next_attempt_at(self) -> datetime | None:
        return self.lookup.due_at if self.lookup and not self.is_under_way else None

    @cached_property
    def candidates(self) -> list[CandidatePresenter]:
        if self.lookup is None or self.submission.sent_at is None:
            return []
        sent_at = self.submission.sent_at
        free = sorted(self.lookup.candidates.free(), key=lambda each: each.rank(sent_at))
        return [CandidatePresenter(each, sent_at) for each in free]

    @cached_property
    def called_at(self) -> datetime | None:
        """The moment of the provider's last callback about it, which proves that it was made."""
        callback = getattr(self.submission, "callback", None)
        return callback.called_at if callback else None

    @property
    def cost(self) -> str:
        """Tokens for sending it again; "" where they are only known afterwards."""
        tokens = tokens_of(self.submission.generation)
        return grouped(tokens.most) if tokens and tokens.is_exact else ""
