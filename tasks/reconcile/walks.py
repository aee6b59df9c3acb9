"""The reconciliations that are under way, beside the sweep's own questions, each in its lane."""

from __future__ import annotations

import logging
import time
from datetime import datetime

from tasks.lanes import Lane
from tasks.models import Credential, Reconciliation
from tasks.providers import Page, ProviderError, Trouble
from tasks.reconcile import lost
from tasks.reconcile.walk import Walk

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0  # between two looks whether somebody wants a comparison


class Walks:
    """Lives as long as a sweep; the rows know how far they are."""

    def __init__(self) -> None:
        self._walks: dict[int, Walk] = {}  # by credential
        self._look_at = 0.0

    def look(self, now: datetime) -> list[Credential]:
        """Every two seconds: whose lists are to be asked for. Two queries."""
        if time.monotonic() < self._look_at:
            return []
        self._look_at = time.monotonic() + LOOK_SECONDS
        lost.look(now)
        askable = Credential.objects.askable(now)
        rows = Reconciliation.objects.open().filter(credential__in=askable)
        known, self._walks = self._walks, {}
        for row in rows.select_related("credential"):
            walk = self._walks[row.credential_id] = known.get(row.credential_id) or Walk(row)
            walk.credential = row.credential  # as it is now
        return [walk.credential for walk in self._walks.values()]

    def give_up(self, credential: Credential, now: datetime) -> None:
        """Its key cannot be used."""
        words = "The key cannot be used. Type it in again."
        error = ProviderError(words, trouble=Trouble.UNAUTHORIZED, permanent=True)
        self._walks.pop(credential.pk).fail(error, now)

    def step(self, lane: Lane, now: datetime) -> ProviderError | None:
        """Take in the page that came, and want the next; the trouble with it, if there was any."""
        walk = self._walks.get(lane.credential.pk)
        if walk is None or lane.awaits_page:
            return None
        trouble = _taken_in(walk, lane.take_page(), now)
        if trouble:
            walk.fail(trouble, now)
        path = walk.question(now) if walk.row.is_open else None
        if path:
            lane.want_page(path)
        else:
            del self._walks[lane.credential.pk]
        return trouble


def _taken_in(walk: Walk, page: Page | ProviderError | None, now: datetime) -> ProviderError | None:
    """Whatever an odd list does to us, the tasks' own questions go on."""
    if isinstance(page, ProviderError):
        return page
    try:
        if page is not None:
            walk.take_in(page, now)
    except ProviderError as error:
        return error
    except Exception as error:
        log.exception("A list of %s could not be compared.", walk.credential)
        words = f"The list could not be compared: {type(error).__name__}"
        return ProviderError(words, trouble=Trouble.MALFORMED)
    return None
