"""Callbacks: a provider that tells of a change is a reason to ask at once, and nothing more.

The posted body is never read, so nobody can tell us anything. Whoever knows the token, 256 random
bits of which only a hash is kept, can make us send a request that we would have sent anyway.
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

from tasks.models import Callback, CreateLookup, Submission, SubmissionState, Task
from tasks.models.private_hosts import allowed_private_hosts
from tasks.providers import provider
from tasks.providers.transport.guard import Address

log = logging.getLogger(__name__)

#: Between two requests about one task, however often the provider calls; a later call waits.
GAP = timedelta(seconds=2)
RECENT = timedelta(minutes=1)  # a call is acted upon long before
_ANY_PUBLIC_ADDRESS = IPv4Address("1.1.1.1")


def are_on() -> bool:
    """Whether callbacks are switched on, and the site has an address that providers can be given.

    Over http the token would travel in the open, so such an address is only given where private
    traffic is allowed to it by name: on this machine, or in a private network.
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
        address = _ANY_PUBLIC_ADDRESS
    allowed = allowed_private_hosts()
    return allowed.has(host, address, port) or allowed.has(host, address, None)


# Asking for callbacks


def callback_url_for(submission: Submission, now: datetime) -> str | None:
    """Return a callback URL for a create that is about to be sent; None where nobody would call.

    Also None where its row cannot be written: a callback is no reason to hold a create up.
    """
    service = submission.task.credential.service
    takes = service.can_call_back and "callback_url" in service.dialect.forwarded_fields
    if not (takes and are_on()):
        return None
    try:
        with transaction.atomic():
            token = Callback.objects.make(submission, now)
    except DatabaseError:
        log.exception("A create leaves without a callback.")
        return None
    return settings.PUBLIC_URL + reverse("callback", args=[token])


# Being called back


def receive(token: str, now: datetime) -> bool:
    """Have the task asked about at the next turn of the sweep; false for an unknown token."""
    found = Callback.objects.known(token).select_related("submission__task").first()
    if found is None:
        return False
    submission = found.submission
    if not submission.task.is_live:
        return True
    is_first = found.called_at is None
    Callback.objects.filter(pk=found.pk).update(called_at=now)
    if submission.state == SubmissionState.UNCONFIRMED and is_first:
        # Only the provider knows the token, so the task was created: look for it at once.
        with transaction.atomic():
            CreateLookup.objects.hasten(submission, now)
            Task.objects.filter(pk=submission.task_id).mark_changed()
    else:
        _bring_forward(submission.task, now)
    return True


def _bring_forward(task: Task, now: datetime) -> None:
    """Set an earlier check, but not within the gap, nor before the provider itself knows."""
    lead = timedelta(seconds=provider(task.provider).callback_lead)
    due = max(now + lead, (task.asked_at or now - GAP) + GAP)
    Task.objects.filter(pk=task.pk, check_after__gt=due).update(check_after=due)


# Asking about tasks


def called_for(tasks: Iterable[Task], now: datetime) -> frozenset[int]:
    """Primary keys of the tasks for which the provider called since they were last asked about."""
    if not are_on():
        return frozenset()
    recent = Callback.objects.filter(called_at__gt=now - RECENT)
    calls = dict(recent.values_list("submission__task", "called_at"))

    def was_called(task: Task) -> bool:
        called_at = calls.get(task.pk)
        return called_at is not None and (task.asked_at is None or task.asked_at <= called_at)

    return frozenset(task.pk for task in tasks if was_called(task))
