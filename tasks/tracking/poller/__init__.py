"""The poller of one credential: it asks over its own connections, at its own rate.

No poller waits for another, so a slow or hostile provider delays nobody else's tasks.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from math import inf
from typing import Any, TypeVar
from urllib.parse import urlsplit

from aiolimiter import AsyncLimiter

from tasks.models import Credential
from tasks.models.health import AnswerTally
from tasks.models.private_hosts import allowed_private_hosts
from tasks.providers import Answer, ListPage, ProviderError, Trouble
from tasks.providers.dialects.creating import PageRequest
from tasks.providers.transport.client import CONNECTIONS, Client
from tasks.tracking.poller.polls import PollRequest, PollResult, digest, poll_result

__all__ = ["CredentialPoller", "PollRequest", "PollResult"]

log = logging.getLogger(__name__)

LISTING_PAYS = 3  # from so many tasks on, one list is cheaper than asking one by one
FEW_CALLBACKS = 10  # asked about singly at a time; for more of them a list is quicker
LARGEST_BACKLOG = 2_000
MARGIN = 0.9  # of a limit: of evenly spaced requests some arrive a little closer
#: Errors that every other request of this credential would earn as well.
CREDENTIAL_WIDE = frozenset(
    {Trouble.UNAUTHORIZED, Trouble.FORBIDDEN, Trouble.OVERDUE, Trouble.TLS}
    | {Trouble.PRIVATE_ADDRESS, Trouble.ODD_ADDRESS}
)
#: Errors that count as proper answers: the provider works, and has no more to say of this task.
PROPER_ANSWERS = frozenset({Trouble.NOT_FOUND, Trouble.MODEL_NOT_OPEN})

T = TypeVar("T")


class CredentialPoller:
    """The queue of one credential's poll requests, and their results. Lives within one event loop.

    A request waits in one of two queues, to be asked about by list or singly, is then in flight,
    and leaves a result. `start` begins the work, `take_results` collects what it brought.
    """

    def __init__(self, credential: Credential, *, rested: float = inf) -> None:
        """`rested`: seconds since another poller may have used the same account."""
        self.credential = credential
        self.asked = 0
        self._results: list[PollResult] = []
        self._tally = AnswerTally()
        self._service = credential.service
        self._key = credential.reveal_key()
        self._allowed = allowed_private_hosts()
        self._clients: dict[str, Client] = {}
        self._gets = _limiter(credential.gets_per_second)
        self._list_gap = 1 / self._service.lists_per_second
        self._list_at = time.monotonic() + self._list_gap - rested
        self._list_queue: deque[PollRequest] = deque()
        self._single_queue: deque[PollRequest] = deque()
        self._in_flight: dict[int, PollRequest] = {}
        self._dropped: list[PollRequest] = []
        self._workers: set[asyncio.Task[None]] = set()
        self._single_workers = 0
        self._has_list_worker = False
        #: For the account's whole list, asked in turn with the lists by ids.
        self._page_request: PageRequest | None = None
        self._page_in_flight = False
        self._page_was_last = False
        self._page: ListPage | ProviderError | None = None

    # State

    def fits(self, credential: Credential) -> bool:
        """Whether key, address and rate are still those that this poller was built with."""
        return _identity(self.credential) == _identity(credential)

    @property
    def pending(self) -> set[int]:
        """Primary keys of the tasks whose request waits or is in flight."""
        waiting = {req.pk for queue in (self._list_queue, self._single_queue) for req in queue}
        return waiting | self._in_flight.keys()

    @property
    def is_busy(self) -> bool:
        return bool(self._workers)

    @property
    def awaits_answers(self) -> bool:
        return bool(self._in_flight) or self._page_in_flight

    @property
    def awaits_page(self) -> bool:
        return self._page_request is not None or self._page_in_flight

    @property
    def backlog(self) -> int:
        return len(self._list_queue) + len(self._single_queue)

    @property
    def room(self) -> int:
        """The number of further tasks that can be asked about within about a second."""
        per_second = self.credential.gets_per_second
        if self._service.can_list_by_id:
            per_second += self._service.list_size * self._service.lists_per_second
        return max(0, min(LARGEST_BACKLOG, max(CONNECTIONS, int(per_second))) - self.backlog)

    # Work and its results

    def enqueue(self, requests: list[PollRequest]) -> None:
        """Queue requests; a few with callbacks go first and singly, for lists wait up to 1 s."""
        urgent = [request for request in requests if request.has_callback][:FEW_CALLBACKS]
        self._single_queue.extendleft(urgent)
        first = {request.pk for request in urgent}
        rest = [request for request in requests if request.pk not in first]
        by_list = self._service.can_list_by_id and len(rest) + len(self._list_queue) >= LISTING_PAYS
        (self._list_queue if by_list else self._single_queue).extend(rest)

    def request_page(self, request: PageRequest) -> None:
        """Queue a page of the account's whole list; all its lists share one rate."""
        self._page_request = request

    def start(self) -> None:
        """Start workers for what is queued; call it within the event loop."""
        if (self._list_queue or self._page_request) and not self._has_list_worker:
            self._has_list_worker = True
            self._spawn(self._ask_by_lists())
        for _ in range(min(CONNECTIONS - self._single_workers, len(self._single_queue))):
            self._single_workers += 1
            self._spawn(self._ask_singly())

    def take_page(self) -> ListPage | ProviderError | None:
        """Return the page that was requested, or its error, once."""
        page, self._page = self._page, None
        return page

    def take_results(self) -> list[PollResult]:
        """Return the results since the last call."""
        results, self._results = self._results, []
        return results

    def take_tally(self) -> AnswerTally:
        """Return how the provider has answered since the last call."""
        tally, self._tally = self._tally, AnswerTally()
        return tally

    def take_dropped(self) -> list[PollRequest]:
        """Return the requests that were dropped unasked since the last call."""
        dropped, self._dropped = self._dropped, []
        return dropped

    def drop_queue(self) -> None:
        """Ask nothing more for now."""
        self._dropped += [*self._list_queue, *self._single_queue]
        self._list_queue.clear()
        self._single_queue.clear()
        self._page_request = None

    async def close(self) -> None:
        self.drop_queue()
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        for client in self._clients.values():
            await client.close()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        worker = asyncio.get_running_loop().create_task(work)
        self._workers.add(worker)
        worker.add_done_callback(self._worker_ended)

    def _worker_ended(self, worker: asyncio.Task[None]) -> None:
        self._workers.discard(worker)
        if not worker.cancelled() and worker.exception():
            log.error("A poller of %s broke.", self.credential, exc_info=worker.exception())

    # One task at a time

    async def _ask_singly(self) -> None:
        try:
            while self._single_queue:
                await self._gets.acquire()
                if self._single_queue:
                    await self._ask_one(self._single_queue.popleft())
        finally:
            self._single_workers -= 1

    async def _ask_one(self, request: PollRequest) -> None:
        self._in_flight[request.pk] = request
        try:
            path = self._service.dialect.task_path(request.remote_id)
            self._add(await self._ask(request.base_url, path, partial(self._read_task, request)))
        except ProviderError as error:
            self._fail_all([request], error)
        finally:
            self._in_flight.pop(request.pk, None)

    def _read_task(self, request: PollRequest, answer: Answer) -> PollResult:
        # A body that is byte for byte the last one has nothing new, so it is not even parsed.
        body_digest = digest(answer.body)
        if request.known_digest.startswith(body_digest) and answer.status_code == 200:
            return PollResult(pk=request.pk)
        remote = self._service.dialect.read_task(
            answer, remote_id=request.remote_id, base_url=request.base_url
        )
        return poll_result(request, remote, body_digest)

    # Many tasks, and pages of the whole list

    async def _ask_by_lists(self) -> None:
        try:
            while self._list_queue or self._page_request:
                await asyncio.sleep(max(0.0, self._list_at - time.monotonic()))
                if self._page_request and not (self._list_queue and self._page_was_last):
                    await self._ask_page(self._page_request)
                elif chunk := self._next_chunk():
                    await self._ask_many(chunk)
                else:
                    continue
                # The gap begins with the answer: nobody knows when the provider counted the list.
                self._list_at = time.monotonic() + self._list_gap
        finally:
            self._has_list_worker = False

    async def _ask_page(self, request: PageRequest) -> None:
        self._page_request = None
        base_url, dialect = self.credential.base_url, self._service.dialect
        self._page_in_flight = self._page_was_last = True
        try:
            self._page = await self._ask(
                base_url,
                request.path,
                lambda answer: dialect.read_page(answer, base_url=base_url),
                body=request.body,
            )
        except ProviderError as error:
            self._page = error
        finally:
            self._page_in_flight = False

    def _next_chunk(self) -> list[PollRequest]:
        """Take as many requests as one list may name, all of one base URL and service tier."""
        if not self._list_queue:
            return []
        group = self._list_queue[0].list_group
        self._page_was_last = False
        same = [request for request in self._list_queue if request.list_group == group]
        chunk = same[: self._service.list_size]
        taken = {request.pk for request in chunk}
        self._list_queue = deque(req for req in self._list_queue if req.pk not in taken)
        return chunk

    async def _ask_many(self, requests: list[PollRequest]) -> None:
        """Ask about tasks by one list.

        A task that the list leaves out is asked about singly: its tier may not be known yet.
        """
        first, dialect = requests[0], self._service.dialect
        tier = "flex" if first.service_tier == "flex" else ""
        path = dialect.list_path(tuple(req.remote_id for req in requests), service_tier=tier)
        assert path, f"{self._service.label} is said to list, but its dialect has no such path"
        self._in_flight.update((request.pk, request) for request in requests)
        try:
            listed = await self._ask(
                first.base_url,
                path,
                lambda answer: dialect.read_list(answer, base_url=first.base_url),
            )
        except ProviderError as error:
            self._fail_all(requests, error)
        else:
            remotes = {remote.id: remote for remote in listed}
            for request in requests:
                if remote := remotes.get(request.remote_id):
                    self._add(poll_result(request, remote))
                else:
                    self._single_queue.append(request)
            self.start()
        finally:
            for request in requests:
                self._in_flight.pop(request.pk, None)

    # One HTTP request

    async def _ask(
        self,
        base_url: str,
        path: str,
        read: Callable[[Answer], T],
        *,
        body: Mapping[str, Any] | None = None,
    ) -> T:
        """Send one GET, or a POST where it has a body, and count how it went.

        Raises ProviderError.
        """
        client, answer = self._client(base_url), None
        try:
            answer = await (client.act("POST", path, body) if body else client.get(path))
            result = read(answer)
        except ProviderError as error:
            if answer and error.trouble in PROPER_ANSWERS:
                self._tally.record_answer(answer.seconds)
            else:
                self._tally.record_error(error.trouble)
            raise
        self._tally.record_answer(answer.seconds)
        return result

    def _client(self, base_url: str) -> Client:
        if _host(base_url) != _host(self.credential.base_url):
            raise ProviderError(
                f"This task lives at {_host(base_url)}, but the credential's key is for "
                f"{_host(self.credential.base_url)}, and a key is sent to its own host only.",
                trouble=Trouble.WRONG_HOST,
                permanent=True,
            )
        if base_url not in self._clients:
            self._clients[base_url] = Client(
                base_url, self._key, scheme=self._service.auth_scheme, allowed=self._allowed
            )
        return self._clients[base_url]

    def _add(self, result: PollResult) -> None:
        self.asked += 1
        self._results.append(result)

    def _fail_all(self, requests: list[PollRequest], error: ProviderError) -> None:
        """Record the error for these requests, and drop the queue where asking on is useless.

        That is where the provider says when to come back (a 429 with Retry-After), or where every
        other request of the credential would earn the same error.
        """
        for request in requests:
            self._add(PollResult(pk=request.pk, error=error))
        if error.retry_after is not None or error.trouble in CREDENTIAL_WIDE:
            self.drop_queue()


def _identity(credential: Credential) -> tuple[object, ...]:
    """The settings that a poller is built with."""
    return (
        credential.provider,
        credential.base_url,
        credential.sealed_key,
        credential.gets_per_second,
    )


def _host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()


def _limiter(per_second: float) -> AsyncLimiter:
    """A limiter that spaces requests evenly, not in bursts: a provider's seconds are its own."""
    burst = max(1.0, per_second / 20)
    return AsyncLimiter(burst, burst / (per_second * MARGIN))
