"""A lane asks one credential's questions: over its own connections, at its own rate.

No lane waits for another, so a slow or hostile provider delays nobody else's tasks.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Coroutine
from math import inf
from typing import Any, TypeVar
from urllib.parse import urlsplit

from aiolimiter import AsyncLimiter
from django.conf import settings

from tasks.lanes.questions import Finding, Question, digest, finding
from tasks.models import Credential
from tasks.models.health import Heard
from tasks.providers import Answer, Page, ProviderError, RemoteTask, Trouble
from tasks.providers.client import CONNECTIONS, Client
from tasks.providers.guard import Allowed

__all__ = ["Finding", "Lane", "Question", "identity"]

log = logging.getLogger(__name__)

LISTING_PAYS = 3  # from so many questions on, one list is cheaper than asking one by one
FEW_HINTS = 10  # at a time; with more of them a list is quicker again
LARGEST_BACKLOG = 2_000
MARGIN = 0.9  # of a limit: of evenly spaced requests some arrive a little closer
#: After these the rest of the lane's questions would only earn the same answer.
HUSHING = frozenset(
    {Trouble.UNAUTHORIZED, Trouble.FORBIDDEN, Trouble.OVERDUE, Trouble.TLS}
    | {Trouble.PRIVATE_ADDRESS, Trouble.ODD_ADDRESS}
)
#: The provider's answer is in order, though it says no more of the task than that.
IN_ORDER = frozenset({Trouble.NOT_FOUND, Trouble.MODEL_NOT_OPEN})

T = TypeVar("T")


class Lane:
    """One credential's questions, from claimed to found. Lives within one event loop."""

    def __init__(self, credential: Credential, *, rested: float = inf) -> None:
        """`rested`: seconds since another lane may have asked."""
        self.credential = credential
        self.findings: list[Finding] = []
        self.asked = 0
        self._heard = Heard()
        self._service = credential.service
        self._key = credential.reveal_key()
        self._allowed = Allowed.parse(settings.PRIVATE_HOSTS)
        self._clients: dict[str, Client] = {}
        self._gets = _limiter(credential.gets_per_second)
        self._list_gap = 1 / self._service.lists_per_second
        self._list_at = time.monotonic() + self._list_gap - rested
        self._many: deque[Question] = deque()  # to be asked by list
        self._single: deque[Question] = deque()
        self._asking: dict[int, Question] = {}
        self._at_work: set[asyncio.Task[None]] = set()
        self._single_workers = 0
        self._lister_works = False
        self._page_path = ""  # of the whole list, to be asked in turn with the lists by ids
        self._page_asked = False
        self._page_was_last = False
        self._page: Page | ProviderError | None = None

    @property
    def identity(self) -> tuple[object, ...]:
        return identity(self.credential)

    @property
    def asking(self) -> set[int]:
        """Tasks with a question waiting or on its way."""
        waiting = {question.pk for queue in (self._many, self._single) for question in queue}
        return waiting | self._asking.keys()

    @property
    def is_busy(self) -> bool:
        return bool(self._at_work)

    @property
    def awaits_answers(self) -> bool:
        return bool(self._asking) or self._page_asked

    @property
    def backlog(self) -> int:
        return len(self._many) + len(self._single)

    @property
    def room(self) -> int:
        """How many more questions can be asked within about a second."""
        per_second = self.credential.gets_per_second
        if self._service.can_list:
            per_second += self._service.list_size * self._service.lists_per_second
        return max(0, min(LARGEST_BACKLOG, max(CONNECTIONS, int(per_second))) - self.backlog)

    def put(self, questions: list[Question]) -> None:
        """Hinted ones first and by themselves, while few: for a list they may wait a second."""
        hinted = [question for question in questions if question.is_hinted][:FEW_HINTS]
        self._single.extendleft(hinted)
        first = {question.pk for question in hinted}
        rest = [question for question in questions if question.pk not in first]
        by_list = self._service.can_list and len(rest) + len(self._many) >= LISTING_PAYS
        (self._many if by_list else self._single).extend(rest)

    def start(self) -> None:
        """Put hands to the work that waits; called within the loop."""
        if (self._many or self._page_path) and not self._lister_works:
            self._lister_works = True
            self._spawn(self._ask_by_lists())
        for _ in range(min(CONNECTIONS - self._single_workers, len(self._single))):
            self._single_workers += 1
            self._spawn(self._ask_singly())

    @property
    def awaits_page(self) -> bool:
        return bool(self._page_path) or self._page_asked

    def want_page(self, path: str) -> None:
        """Ask for this part of the account's list, at the one pace of all its lists."""
        self._page_path = path

    def take_page(self) -> Page | ProviderError | None:
        """What came of the page that was wanted."""
        page, self._page = self._page, None
        return page

    def take_findings(self) -> list[Finding]:
        found, self.findings = self.findings, []
        return found

    def take_heard(self) -> Heard:
        """How the provider answered since this was last asked."""
        heard, self._heard = self._heard, Heard()
        return heard

    def hush(self) -> None:
        """Ask nothing more for now. What was claimed comes due again by itself."""
        self._many.clear()
        self._single.clear()
        self._page_path = ""

    async def close(self) -> None:
        self.hush()
        for task in self._at_work:
            task.cancel()
        await asyncio.gather(*self._at_work, return_exceptions=True)
        for client in self._clients.values():
            await client.close()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._at_work.add(task)
        task.add_done_callback(self._put_away)

    def _put_away(self, task: asyncio.Task[None]) -> None:
        self._at_work.discard(task)
        if not task.cancelled() and task.exception():
            log.error("A lane of %s broke.", self.credential, exc_info=task.exception())

    async def _ask_singly(self) -> None:
        try:
            while self._single:
                await self._gets.acquire()
                if self._single:
                    await self._ask_one(self._single.popleft())
        finally:
            self._single_workers -= 1

    async def _ask_one(self, question: Question) -> None:
        self._asking[question.pk] = question
        try:
            self._note(await self._answer_to(question))
        except ProviderError as error:
            self._suffer([question], error)
        finally:
            self._asking.pop(question.pk, None)

    async def _answer_to(self, question: Question) -> Finding:
        path = self._service.dialect.task_path(question.remote_id)
        return await self._ask(question.base_url, path, lambda answer: self._read(question, answer))

    def _read(self, question: Question, answer: Answer) -> Finding:
        # A body that is byte for byte the last one teaches nothing, so it is not even read.
        letters = digest(answer.body)
        if question.known_digest.startswith(letters) and answer.status_code == 200:
            return Finding(pk=question.pk)
        remote = self._service.dialect.read_task(
            answer, remote_id=question.remote_id, base_url=question.base_url
        )
        return finding(question, remote, letters)

    async def _ask_by_lists(self) -> None:
        try:
            while self._many or self._page_path:
                await asyncio.sleep(max(0.0, self._list_at - time.monotonic()))
                if self._page_path and not (self._many and self._page_was_last):
                    await self._ask_page()
                elif chunk := self._next_chunk():
                    await self._ask_many(chunk)
                else:
                    continue
                # From the answer on, for nobody knows when the provider counted the question.
                self._list_at = time.monotonic() + self._list_gap
        finally:
            self._lister_works = False

    async def _ask_page(self) -> None:
        path, self._page_path = self._page_path, ""
        base_url, dialect = self.credential.base_url, self._service.dialect
        self._page_asked = self._page_was_last = True
        try:
            self._page = await self._ask(
                base_url, path, lambda answer: dialect.read_page(answer, base_url=base_url)
            )
        except ProviderError as error:
            self._page = error
        finally:
            self._page_asked = False

    def _next_chunk(self) -> list[Question]:
        """As many as one list may name, of one base URL and one service tier."""
        if not self._many:
            return []
        kind = self._many[0].kind
        self._page_was_last = False
        chunk = [q for q in self._many if q.kind == kind][: self._service.list_size]
        taken = {question.pk for question in chunk}
        self._many = deque(q for q in self._many if q.pk not in taken)
        return chunk

    async def _ask_many(self, questions: list[Question]) -> None:
        self._asking.update((question.pk, question) for question in questions)
        try:
            found = await self._listed(questions)
        except ProviderError as error:
            self._suffer(questions, error)
        else:
            self._sort_out(questions, found)
        finally:
            for question in questions:
                self._asking.pop(question.pk, None)

    async def _listed(self, questions: list[Question]) -> dict[str, RemoteTask]:
        first, dialect = questions[0], self._service.dialect
        tier = "flex" if first.service_tier == "flex" else ""
        path = dialect.list_path(tuple(q.remote_id for q in questions), service_tier=tier)
        assert path, f"{self._service.label} is said to list, but its dialect has no such path"
        listed = await self._ask(
            first.base_url, path, lambda answer: dialect.read_list(answer, base_url=first.base_url)
        )
        return {task.id: task for task in listed}

    async def _ask(self, base_url: str, path: str, read: Callable[[Answer], T]) -> T:
        """One request, counted with how it went."""
        client, answer = self._client(base_url), None
        try:
            answer = await client.get(path)
            found = read(answer)
        except ProviderError as error:
            self._count(answer, error.trouble)
            raise
        self._heard.answer(answer.seconds)
        return found

    def _count(self, answer: Answer | None, trouble: Trouble) -> None:
        if answer and trouble in IN_ORDER:
            self._heard.answer(answer.seconds)
        else:
            self._heard.miss(trouble)

    def _sort_out(self, questions: list[Question], found: dict[str, RemoteTask]) -> None:
        """One that the list leaves out is asked for by itself: its tier may not be known yet."""
        for question in questions:
            if remote := found.get(question.remote_id):
                self._note(finding(question, remote))
            else:
                self._single.append(question)
        self.start()

    def _client(self, base_url: str) -> Client:
        if _host(base_url) != _host(self.credential.base_url):
            raise ProviderError(
                f"This task lives at {_host(base_url)}, but the credential's key is for "
                f"{_host(self.credential.base_url)}, and a key is sent to its own host only.",
                trouble=Trouble.WRONG_HOST,
                permanent=True,
            )
        if base_url not in self._clients:
            self._clients[base_url] = Client(base_url, self._key, allowed=self._allowed)
        return self._clients[base_url]

    def _note(self, finding: Finding) -> None:
        self.asked += 1
        self.findings.append(finding)

    def _suffer(self, questions: list[Question], error: ProviderError) -> None:
        for question in questions:
            self._note(Finding(pk=question.pk, error=error))
        if error.retry_after is not None or error.trouble in HUSHING:
            self.hush()


def identity(credential: Credential) -> tuple[object, ...]:
    """What a lane is built on; when it changes, a new lane is."""
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
    """Evenly spaced rather than in bursts: a provider counts each of its own seconds."""
    burst = max(1.0, per_second / 20)
    return AsyncLimiter(burst, burst / (per_second * MARGIN))
