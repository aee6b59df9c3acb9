"""What a task's page says of a create whose answer was lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.utils.translation import gettext as _

from tasks.models import Candidate, Inquiry, Outcome, Submission, Task
from tasks.models.reconciliation import COMPLETE
from tasks.providers.tariff import tokens_of
from tasks.sentences import trouble_sentence, words_beside
from tasks.showing.facts import grouped
from tasks.showing.looks import LOOKS, Look
from tasks.status import Status


@dataclass(frozen=True)
class CandidateShown:
    """A task in the provider's list that may be the lost one."""

    candidate: Candidate
    sent_at: datetime

    @property
    def look(self) -> Look:
        return LOOKS[Status(self.candidate.status)]

    @property
    def after(self) -> str:
        """When it was made, beside when ours was sent."""
        seconds = round(self.candidate.seconds_after(self.sent_at))
        if not seconds:
            return _("in the second it was sent")
        words = _("%(number)s s after sending") if seconds > 0 else _("%(number)s s before sending")
        return words % {"number": abs(seconds)}

    @property
    def agreed(self) -> str:
        names = [str(Task._meta.get_field(each).verbose_name) for each in self.candidate.agreed]  # type: ignore[union-attr]
        return _("same %(names)s") % {"names": ", ".join(names)} if names else ""


class Lost:
    """An unconfirmed submission: what the provider's list says, and what to weigh up.

    Queries are made where they are needed, for few pages need them.
    """

    def __init__(self, submission: Submission, now: datetime) -> None:
        self.submission, self.now = submission, now

    @cached_property
    def inquiry(self) -> Inquiry | None:
        return Inquiry.objects.filter(submission=self.submission).first()

    @property
    def can_list(self) -> bool:
        """Whether there is a list in which it would be: that of the account it was sent to."""
        task = self.submission.task
        return task.credential.service.can_list and task.base_url == task.credential.base_url

    @property
    def is_looking(self) -> bool:
        due_at = self.inquiry.due_at if self.inquiry else None
        return due_at is not None and (due_at <= self.now or not self.outcome)

    @property
    def outcome(self) -> str:
        """complete, failed, or nothing yet."""
        if self.inquiry is None or not self.inquiry.outcome:
            return ""
        return "complete" if self.inquiry.outcome in COMPLETE else Outcome(self.inquiry.outcome)

    @property
    def trouble(self) -> str:
        return trouble_sentence(self.inquiry.trouble) if self.inquiry else ""

    @property
    def last_words(self) -> str:
        return words_beside(self.inquiry.trouble, self.inquiry.message) if self.inquiry else ""

    @property
    def looks_again_at(self) -> datetime | None:
        return self.inquiry.due_at if self.inquiry and not self.is_looking else None

    @cached_property
    def candidates(self) -> list[CandidateShown]:
        if self.inquiry is None or self.submission.sent_at is None:
            return []
        sent_at = self.submission.sent_at
        free = sorted(self.inquiry.candidates.free(), key=lambda each: each.rank(sent_at))
        return [CandidateShown(each, sent_at) for each in free]

    @cached_property
    def called_at(self) -> datetime | None:
        """When the provider last called about it: then it was made, for nobody else could."""
        callback = getattr(self.submission, "callback", None)
        return callback.called_at if callback else None

    @property
    def cost(self) -> str:
        """Of sending it again, if both succeed; "" where that is only known afterwards."""
        number = tokens_of(self.submission.wished)
        return grouped(number.most) if number and number.is_exact else ""
