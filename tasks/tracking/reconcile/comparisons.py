"""The comparisons that are under way, each asked page by page by its credential's poller."""

from __future__ import annotations

import logging
import time
from datetime import datetime

from tasks.models import Credential, Reconciliation
from tasks.providers import ListPage, ProviderError, Trouble
from tasks.tracking.poller import CredentialPoller
from tasks.tracking.reconcile import unconfirmed
from tasks.tracking.reconcile.comparison import Comparison

log = logging.getLogger(__name__)

CHECK_SECONDS = 2.0  # between two checks whether a comparison is wanted


class Comparisons:
    """All open comparisons of one sweep; how far each has come is in its row."""

    def __init__(self) -> None:
        self._comparisons: dict[int, Comparison] = {}  # by credential
        self._check_at = 0.0

    def credentials(self, now: datetime) -> list[Credential]:
        """Every two seconds, the credentials whose lists are to be asked for. Two queries."""
        if time.monotonic() < self._check_at:
            return []
        self._check_at = time.monotonic() + CHECK_SECONDS
        unconfirmed.advance_lookups(now)
        askable = Credential.objects.askable(now)
        rows = Reconciliation.objects.open().filter(credential__in=askable)
        known, self._comparisons = self._comparisons, {}
        for row in rows.select_related("credential"):
            comparison = known.get(row.credential_id) or Comparison(row)
            comparison.credential = row.credential  # as it is now
            self._comparisons[row.credential_id] = comparison
        return [comparison.credential for comparison in self._comparisons.values()]

    def fail_unusable_key(self, credential: Credential, now: datetime) -> None:
        """End the comparison of a credential whose key cannot be used."""
        words = "The key cannot be used. Type it in again."
        error = ProviderError(words, trouble=Trouble.UNAUTHORIZED, permanent=True)
        self._comparisons.pop(credential.pk).fail(error, now)

    def advance(self, poller: CredentialPoller, now: datetime) -> ProviderError | None:
        """Compare the page that came, and request the next; return the error, if there was one."""
        comparison = self._comparisons.get(poller.credential.pk)
        if comparison is None or poller.awaits_page:
            return None
        error = _take_in(comparison, poller.take_page(), now)
        if error:
            comparison.fail(error, now)
        request = comparison.next_request(now) if comparison.row.is_open else None
        if request:
            poller.request_page(request)
        else:
            del self._comparisons[poller.credential.pk]
        return error


def _take_in(
    comparison: Comparison, page: ListPage | ProviderError | None, now: datetime
) -> ProviderError | None:
    """Compare a page; whatever an odd list breaks, the sweep goes on."""
    if isinstance(page, ProviderError):
        return page
    try:
        if page is not None:
            comparison.take_in(page, now)
    except ProviderError as error:
        return error
    except Exception as error:
        log.exception("A list of %s could not be compared.", comparison.credential)
        words = f"The list could not be compared: {type(error).__name__}"
        return ProviderError(words, trouble=Trouble.MALFORMED)
    return None
