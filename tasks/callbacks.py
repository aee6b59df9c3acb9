"""Callbacks: a provider that tells of a change is a reason to ask at once, and nothing more.

What is posted is never read, so nobody can tell us anything; whoever knows the token, 256 random
bits of which we keep only a hash, can make us ask a question that we would have asked anyway.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from ipaddress import IPv4Address, ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError, transaction
from django.urls import reverse

from tasks.models import Callback, Inquiry, Submission, SubmissionState, Task
from tasks.providers import provider
from tasks.providers.guard import Address, Allowed

log = logging.getLogger(__name__)

#: Between two questions about one task, however often we are called; a later hint waits for it.
GAP = timedelta(seconds=2)
LATELY = timedelta(minutes=1)  # a hint is acted upon long before
_SOMEWHERE = IPv4Address("1.1.1.1")


def are_on() -> bool:
    """Switched on, and at an address that providers can be given.

    Over http the token would travel in the open, so only where such traffic is allowed by name:
    on this machine, or in a private network.
    """
    if not (settings.CALLBACKS and settings.PUBLIC_URL):
        return False
    return settings.PUBLIC_URL.startswith("https://") or _is_private_and_allowed()


def _is_private_and_allowed() -> bool:
    parts = urlsplit(settings.PUBLIC_URL)
    host, port = parts.hostname or "", parts.port or 80
    try:
        address: Address = ip_address(host)
    except ValueError:  # a name, which is allowed as such
        address = _SOMEWHERE
    allowed = Allowed.parse(settings.PRIVATE_HOSTS)
    return allowed.has(host, address, port) or allowed.has(host, address, None)


# Asking for them


def address_for(submission: Submission, now: datetime) -> str | None:
    """What to give with a create that is about to leave; None where nobody would call.

    A hint is no reason to hold a create up: without the row there is none.
    """
    service = submission.task.credential.service
    takes = service.can_call_back and "callback_url" in service.dialect.hands_on
    if not (takes and are_on()):
        return None
    try:
        with transaction.atomic():
            token = Callback.objects.make(submission, now)
    except DatabaseError:
        log.exception("A create leaves without a callback.")
        return None
    return settings.PUBLIC_URL + reverse("callback", args=[token])


# Being called


def hear(token: str, now: datetime) -> bool:
    """Have the task asked about at the next turn of the sweep; false for nobody's token."""
    found = Callback.objects.known(token).select_related("submission__task").first()
    if found is None:
        return False
    submission = found.submission
    if not submission.task.is_live:
        return True
    is_first = found.called_at is None
    Callback.objects.filter(pk=found.pk).update(called_at=now)
    if submission.state == SubmissionState.UNCONFIRMED and is_first:
        _made_after_all(submission, now)
    else:
        _come_due(submission.task, now)
    return True


def _come_due(task: Task, now: datetime) -> None:
    """Never later than it is due, nor within the gap, nor before the provider itself knows."""
    lead = timedelta(seconds=provider(task.provider).callback_lead)
    due = max(now + lead, (task.asked_at or now - GAP) + GAP)
    Task.objects.filter(pk=task.pk, check_after__gt=due).update(check_after=due)


def _made_after_all(submission: Submission, now: datetime) -> None:
    """Its answer was lost, but only the provider knows the token: people are told at once."""
    with transaction.atomic():
        Inquiry.objects.hasten(submission, now)
        Task.objects.filter(pk=submission.task_id).tell_of_change()


# Asking


def hinted(tasks: Iterable[Task], now: datetime) -> frozenset[int]:
    """Of these tasks, about to be asked about, those we were called for since the last time."""
    if not are_on():
        return frozenset()
    lately = Callback.objects.filter(called_at__gt=now - LATELY)
    called = dict(lately.values_list("submission__task", "called_at"))
    return frozenset(task.pk for task in tasks if _is_news(called.get(task.pk), task.asked_at))


def _is_news(called_at: datetime | None, asked_at: datetime | None) -> bool:
    return called_at is not None and (asked_at is None or asked_at <= called_at)
