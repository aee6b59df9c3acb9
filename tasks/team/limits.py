"""Limits of what one person may ask for in a while: searches, exports, letters, pictures, tracking.

Takes have limits of their own, which count rows (tasks/billing/gate.py), and so has signing in
(seedance_site/auth_settings.py). These are counted where signing in is: in the cache that all
processes share. A limit of 120 a minute lets 120 pass at once, and then one each half second.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from ipaddress import ip_address, ip_network
from math import ceil
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from tasks.text import prose

log = logging.getLogger(__name__)

WRONG_TOKENS = 30, 60  # of one address, in so many seconds
REPEATED = 3600  # seconds for which the same search is a repetition
PATIENCE = 250  # milliseconds that a page which only reads waits to be counted


class Limit(StrEnum):
    """Things that are limited; their numbers are in `settings.LIMITS`."""

    SEARCH = "search"
    EXPORT = "export"
    INVITE = "invite"  # by e-mail; links that are copied by hand are not counted
    UPLOAD = "upload"
    TRACK = "track"
    IMPORT = "import"


_SENTENCES: dict[Limit, Any] = {
    Limit.SEARCH: ngettext_lazy(
        "One person can search at most %(most)s time a minute.",
        "One person can search at most %(most)s times a minute.",
        "most",
    ),
    Limit.EXPORT: ngettext_lazy(
        "One person can export at most %(most)s time an hour.",
        "One person can export at most %(most)s times an hour.",
        "most",
    ),
    Limit.INVITE: ngettext_lazy(
        "One person can send at most %(most)s invitation by e-mail an hour.",
        "One person can send at most %(most)s invitations by e-mail an hour.",
        "most",
    ),
    Limit.UPLOAD: ngettext_lazy(
        "One person can upload at most %(most)s picture an hour.",
        "One person can upload at most %(most)s pictures an hour.",
        "most",
    ),
    Limit.TRACK: ngettext_lazy(
        "One person can look up or track ids at most %(most)s time an hour.",
        "One person can look up or track ids at most %(most)s times an hour.",
        "most",
    ),
    Limit.IMPORT: ngettext_lazy(
        "One person can import at most %(most)s file an hour.",
        "One person can import at most %(most)s files an hour.",
        "most",
    ),
}


@dataclass(eq=False)
class LimitReachedError(Exception):
    """A person asks too often; `seconds` are those until the next, None for never so many."""

    limit: Limit
    most: int
    seconds: float | None

    @property
    def retry_after(self) -> int:
        """Whole seconds for the header of this name."""
        return max(1, ceil(self.seconds or 0))

    def __str__(self) -> str:
        return prose(_SENTENCES[self.limit] % {"most": self.most}, self._advice())

    def _advice(self) -> str:
        if self.seconds is None:
            return _("Request fewer.")
        number = self.retry_after
        wait = _("%(number)s s") % {"number": number}
        if number > 90:
            wait = _("%(number)s min") % {"number": ceil(number / 60)}
        at = timezone.localtime(timezone.now() + timedelta(seconds=number))
        return _("You can continue in %(wait)s, at %(time)s.") % {"wait": wait, "time": _time(at)}


def _time(at: datetime) -> str:
    return f"{at:%H:%M:%S %Z}"


def spend(person: Any, limit: Limit, number: int = 1) -> None:
    """Count so many. Raises LimitReachedError, and counts nothing, where they are too many.

    The lock on the person makes requests at the same moment count each other.
    """
    most, seconds = settings.LIMITS[limit]
    if not most or not number:
        return
    with transaction.atomic():
        people = get_user_model().objects.select_for_update(no_key=True)
        people.only("pk").get(pk=person.pk)
        wait = _count(f"limit:{limit}:{person.pk}", most, seconds, number)
        if wait:
            raise LimitReachedError(limit, most, None if number > most else wait)


def _count(key: str, most: int, seconds: int, number: int = 1) -> float:
    """Count so many under a key; or count nothing and return the seconds until they fit."""
    each, now = seconds / most, time.time()
    # The moment from which nothing counts any more. A clock that was set back holds nobody up.
    free_at = min(max(cache.get(key, 0.0), now), now + seconds) + number * each
    wait = free_at - (now + seconds)
    if wait > each / 1000:  # more than an error of rounding
        return wait
    cache.set(key, free_at, seconds)
    return 0


def spend_on_wrong_token(address: str) -> int:
    """Count a wrong token of the API; whole seconds to wait where its address sent too many.

    Addresses of IPv6 count as their network, of which one client has all. Nothing is written for
    those that are too many, so they cost a read of the cache.
    """
    try:
        found = ip_address(address)
    except ValueError:
        key = "unknown"
    else:
        key = str(ip_network(f"{found}/64", strict=False) if found.version == 6 else found)
    with transaction.atomic():
        return ceil(_count(f"wrong-token:{key}", *WRONG_TOKENS))


def spend_on_reading(person: Any, limit: Limit) -> None:
    """Count one page that only reads. Raises LimitReachedError.

    A database that is locked or full neither holds the page up nor stops it.
    """
    try:
        with impatient():
            spend(person, limit)
    except OperationalError as error:
        log.warning("A %s was not counted: %s", limit, error)


def spend_on_search(person: Any, text: str, *, again: bool = False) -> None:
    """Count a search. Raises LimitReachedError.

    `again` leaves out what was counted within the hour: an open page repeats its question, and
    each task's page asks for its neighbours in the list that was found.
    """
    key = f"searched:{person.pk}:{blake2b(text.encode(), digest_size=12).hexdigest()}"
    if not (again and cache.get(key)):
        spend_on_reading(person, Limit.SEARCH)
        cache.set(key, 1, REPEATED)


@contextmanager
def impatient() -> Iterator[None]:
    """Wait PATIENCE for a lock, and not the usual 20 s."""
    with transaction.atomic() if connection.vendor == "postgresql" else _short_busy_timeout():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}ms'")
        yield


@contextmanager
def _short_busy_timeout() -> Iterator[None]:
    with connection.cursor() as cursor:
        [usual] = cursor.execute("PRAGMA busy_timeout").fetchone()
        cursor.execute(f"PRAGMA busy_timeout = {PATIENCE}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {usual}")
