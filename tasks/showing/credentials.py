"""A credential as its pages show it: how it fares, in a word and a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Count
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tasks.diagnosis import Diagnosis, diagnose
from tasks.models import Credential, Lease, Project, Task
from tasks.models.credential import NEEDS_A_PERSON
from tasks.providers.findings import Finding, State
from tasks.sentences import trouble_sentence, words_beside
from tasks.showing.health import HALF, Day, day_of, days_of
from tasks.showing.looks import Look
from tasks.showing.pulse import SILENCE

PATIENCE = timedelta(minutes=1)  # a test that took longer found no worker


@dataclass(frozen=True, slots=True)
class Condition:
    word: str | Promise
    look: Look


PAUSED = Condition(gettext_lazy("Paused"), Look("player-pause", "grey"))
NEEDS_SOMEBODY = Condition(gettext_lazy("Needs somebody"), Look("key-off", "red"))
IN_TROUBLE = Condition(gettext_lazy("In trouble"), Look("plug-connected-x", "amber"))
UNTESTED = Condition(gettext_lazy("Not heard of yet"), Look("help-circle", "purple"))
WELL = Condition(gettext_lazy("Works"), Look("circle-check", "green"))

STATE_LOOKS = {
    State.OK: Look("circle-check", "green"),
    State.WARNING: Look("alert-triangle", "amber"),
    State.FAILED: Look("circle-x", "red"),
    State.UNKNOWN: Look("help-circle", "grey"),
}


class CredentialShown:
    """`working` counts tasks in flight, among those this person may see."""

    def __init__(
        self, credential: Credential, now: datetime, *, day: Day, working: int, may_edit: bool
    ) -> None:
        self.credential = credential
        self.now = now
        self.day = day
        self.working = working
        self.may_edit = may_edit

    @property
    def condition(self) -> Condition:
        if not self.credential.active:
            return PAUSED
        if self.credential.trouble:
            needs_somebody = self.credential.trouble in NEEDS_A_PERSON
            return NEEDS_SOMEBODY if needs_somebody else IN_TROUBLE
        return WELL if self.credential.heard_at else UNTESTED

    @property
    def sentence(self) -> str:
        """What is the matter, and what to do."""
        if not self.credential.active:
            return _("Nothing is asked with it. Its tasks wait, and go on when it does.")
        return trouble_sentence(self.credential.trouble)

    @property
    def words(self) -> str:
        return words_beside(self.credential.trouble, self.credential.trouble_message)

    @property
    def resting_until(self) -> datetime | None:
        until = self.credential.paused_until
        return until if until and until > self.now and self.credential.active else None

    @property
    def provider(self) -> str:
        return str(_(self.credential.service.label))

    @property
    def docs_url(self) -> str:
        return self.credential.service.docs_url

    @property
    def host(self) -> str:
        return urlsplit(self.credential.base_url).netloc

    @cached_property
    def projects(self) -> list[Project]:
        """Those that alone may use it."""
        return [] if self.credential.open_to_all else list(self.credential.projects.all())


class LastTest:
    """The one that is under way, or else what the last one found."""

    def __init__(self, credential: Credential, now: datetime) -> None:
        self.credential = credential
        self.now = now

    @property
    def is_under_way(self) -> bool:
        asked, tested = self.credential.test_asked_at, self.credential.tested_at
        return asked is not None and (tested is None or tested < asked)

    @property
    def is_overdue(self) -> bool:
        asked = self.credential.test_asked_at
        return self.is_under_way and asked is not None and self.now - asked > PATIENCE

    @cached_property
    def is_waiting_for_a_worker(self) -> bool:
        """Who sweeps works off tests as well."""
        beating = Lease.objects.filter(name="sweep", beat_at__gt=self.now - SILENCE)
        return self.is_under_way and not beating.exists()

    @cached_property
    def diagnosis(self) -> Diagnosis | None:
        kept = self.credential.test_findings
        return diagnose(Finding.read(each) for each in kept) if kept else None

    @property
    def lines(self) -> list[tuple[Any, Look]]:
        lines = self.diagnosis.lines if self.diagnosis else ()
        return [(line, STATE_LOOKS[line.state]) for line in lines]


def list_of(user: Any, now: datetime) -> list[CredentialShown]:
    """All that this person sees, in a handful of queries however many there are."""
    found = list(Credential.objects.visible_to(user).prefetch_related("projects"))
    editable = set(Credential.objects.editable_by(user).values_list("pk", flat=True))
    days = days_of([each.pk for each in found], now, HALF)
    working = _working(user)
    return [
        CredentialShown(
            each,
            now,
            day=days[each.pk],
            working=working.get(each.pk, 0),
            may_edit=each.pk in editable,
        )
        for each in found
    ]


def one_of(user: Any, credential: Credential, now: datetime) -> CredentialShown:
    return CredentialShown(
        credential,
        now,
        day=day_of(credential.pk, now),
        working=_working(user, credential=credential).get(credential.pk, 0),
        may_edit=Credential.objects.editable_by(user).filter(pk=credential.pk).exists(),
    )


def _working(user: Any, **of: Any) -> dict[int, int]:
    live = Task.objects.visible_to(user).live().filter(**of).order_by()
    return dict(live.values_list("credential").annotate(number=Count("pk")))
