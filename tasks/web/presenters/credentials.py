"""A credential as its pages show it: its condition, its last test and its day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Count
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tasks.models import AvailableModel, Credential, Lease, Project, Task
from tasks.models.credential import NEEDS_A_PERSON
from tasks.providers import Trouble
from tasks.providers.transport.connection_check import CheckResult, CheckState
from tasks.web.messages.connection_test import CheckMessage, Diagnosis, diagnose
from tasks.web.messages.provider_errors import trouble_detail, trouble_sentence
from tasks.web.presenters.badges import Badge
from tasks.web.presenters.header_status import SILENCE
from tasks.web.presenters.health import HALF, Day, day_of, days_of

#: Kinds of trouble that mean that the address of a list of models has none.
NO_LIST = frozenset(
    {Trouble.BAD_ADDRESS, Trouble.NOT_FOUND, Trouble.UNSUPPORTED}
    | {Trouble.MALFORMED, Trouble.NOT_JSON, Trouble.EMPTY}
)
OVERDUE_AFTER = timedelta(minutes=1)  # a test that takes longer has found no worker


@dataclass(frozen=True, slots=True)
class Condition:
    """The condition of a credential in a word."""

    word: str | Promise
    badge: Badge


PAUSED = Condition(gettext_lazy("Paused"), Badge("player-pause", "grey"))
NEEDS_SOMEBODY = Condition(gettext_lazy("Needs attention"), Badge("key-off", "red"))
IN_TROUBLE = Condition(gettext_lazy("Having problems"), Badge("plug-connected-x", "amber"))
UNTESTED = Condition(gettext_lazy("Not tested yet"), Badge("help-circle", "purple"))
WELL = Condition(gettext_lazy("Working"), Badge("circle-check", "green"))

STATE_BADGES = {
    CheckState.OK: Badge("circle-check", "green"),
    CheckState.WARNING: Badge("alert-triangle", "amber"),
    CheckState.FAILED: Badge("circle-x", "red"),
    CheckState.UNKNOWN: Badge("help-circle", "grey"),
}


def condition_of(credential: Credential) -> Condition:
    if not credential.active:
        return PAUSED
    if credential.trouble:
        return NEEDS_SOMEBODY if credential.trouble in NEEDS_A_PERSON else IN_TROUBLE
    return WELL if credential.heard_at else UNTESTED


class CredentialPresenter:
    """A credential for templates; `working` counts live tasks among those a person may see."""

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
        return condition_of(self.credential)

    @property
    def sentence(self) -> str:
        """The trouble and the way out; "" where all is well."""
        if not self.credential.active:
            return _("Checks with it are paused. Its tasks wait, and continue when it does.")
        return trouble_sentence(self.credential.trouble)

    @property
    def trouble_detail(self) -> str:
        return trouble_detail(self.credential.trouble, self.credential.trouble_message)

    @property
    def resting_until(self) -> datetime | None:
        until = self.credential.paused_until
        return until if until and until > self.now and self.credential.active else None

    @property
    def provider(self) -> str:
        return str(_(self.credential.service.label))

    @property
    def creates_wait_until(self) -> datetime | None:
        """The time until which creates wait for the plan's quota; None where they do not."""
        return self.credential.creates_wait(self.now)

    @property
    def docs_url(self) -> str:
        return self.credential.service.docs_url

    @property
    def host(self) -> str:
        return urlsplit(self.credential.base_url).netloc

    @cached_property
    def projects(self) -> list[Project]:
        """The projects that alone may use it; none where every project may."""
        return [] if self.credential.open_to_all else list(self.credential.projects.all())


class LastTest:
    """The test of a connection that is under way, or else the result of the last one."""

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
        return self.is_under_way and asked is not None and self.now - asked > OVERDUE_AFTER

    @cached_property
    def is_waiting_for_a_worker(self) -> bool:
        """Whether no sweep is beating, which is what runs the tests as well."""
        sweeps = Lease.objects.filter(name="sweep", beat_at__gt=self.now - SILENCE)
        return self.is_under_way and not sweeps.exists()

    @cached_property
    def diagnosis(self) -> Diagnosis | None:
        kept = self.credential.test_findings
        return diagnose(CheckResult.from_json(each) for each in kept) if kept else None

    @cached_property
    def leads_to_first_video(self) -> bool:
        """Whether it was passed where no task is yet: at the end of setting up."""
        return bool(self.diagnosis and self.diagnosis.ok) and not Task.objects.exists()

    @property
    def steps(self) -> list[tuple[CheckMessage, Badge]]:
        steps = self.diagnosis.steps if self.diagnosis else ()
        return [(step, STATE_BADGES[step.state]) for step in steps]


class ModelList:
    """The newest list of a provider's models, and whether another is on its way."""

    def __init__(self, credential: Credential, now: datetime) -> None:
        self.credential = credential
        self.now = now

    @property
    def can_be_asked(self) -> bool:
        return bool(self.credential.service.models_path)

    @property
    def is_under_way(self) -> bool:
        """Whether a worker has the question, or may still take it."""
        asked, listed = self.credential.models_asked_at, self.credential.models_listed_at
        waits = asked is not None and (listed is None or listed < asked)
        return waits and asked is not None and self.now - asked <= OVERDUE_AFTER

    @property
    def trouble(self) -> str:
        kind = self.credential.models_trouble
        return _("This provider has no model list.") if kind in NO_LIST else trouble_sentence(kind)

    @cached_property
    def known(self) -> list[tuple[AvailableModel, str]]:
        """The listed models that the catalog knows, with their labels."""
        return [(row, row.model.label) for row in self._rows if row.is_known and row.model]

    @cached_property
    def unknown(self) -> list[AvailableModel]:
        """The listed models that are new: the form offers them with unchecked settings."""
        return [row for row in self._rows if not row.is_known]

    @cached_property
    def _rows(self) -> list[AvailableModel]:
        return list(self.credential.available_models.all())


def list_of(user: Any, now: datetime) -> list[CredentialPresenter]:
    """All credentials that this person sees, in a handful of queries however many there are."""
    credentials = list(Credential.objects.visible_to(user).prefetch_related("projects"))
    editable = set(Credential.objects.editable_by(user).values_list("pk", flat=True))
    days = days_of([each.pk for each in credentials], now, HALF)
    working = _working(user)
    return [
        CredentialPresenter(
            each,
            now,
            day=days[each.pk],
            working=working.get(each.pk, 0),
            may_edit=each.pk in editable,
        )
        for each in credentials
    ]


def one_of(user: Any, credential: Credential, now: datetime) -> CredentialPresenter:
    return CredentialPresenter(
        credential,
        now,
        day=day_of(credential.pk, now),
        working=_working(user, credential=credential).get(credential.pk, 0),
        may_edit=Credential.objects.editable_by(user).filter(pk=credential.pk).exists(),
    )


def _working(user: Any, **only: Any) -> dict[int, int]:
    """The number of live tasks that this person sees, by the id of their credential."""
    live = Task.objects.visible_to(user).live().filter(**only).order_by()
    return dict(live.values_list("credential").annotate(number=Count("pk")))
