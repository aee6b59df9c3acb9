"""The one attempt to send each create. A job's work: pages never ask a provider."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from tasks import callbacks, submit
from tasks.models import Credential, Submission, SubmissionState, Upload
from tasks.providers import ProviderError, Trouble
from tasks.providers.client import Client
from tasks.providers.creating import read_created, surely_not_made
from tasks.providers.guard import Allowed
from tasks.providers.pictures import fit_one_request
from tasks.providers.wish import Wish
from tasks.sealing import Unreadable

log = logging.getLogger(__name__)

DEADLINE = 40.0  # seconds for one create, within the 60 that a job may last
READING = 6.0  # seconds for its pictures, before it leaves
AT_ONCE = 8  # requests on their way, all credentials together
#: Bytes of whole pictures on their way together. A body of 61 MB took 260 MB of memory to make.
HEAVIEST = 64_000_000
PATIENCE = (1, 2, 4)  # seconds between tries to write down what was paid for


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one attempt brought: the new task's id, or the error."""

    submission: Submission
    remote_id: str = ""
    error: ProviderError | None = None


#: With what each weighs.
Attempts = dict[asyncio.Task[Outcome], int]


def send_waiting(seconds: float, *, clock: Callable[[], datetime] = timezone.now) -> int:
    """Send what waits, beginning nothing new after so long; how many were sent.

    Several processes share the work.
    """
    sent, end = 0, time.monotonic() + seconds
    with asyncio.Runner() as runner:
        on_their_way: Attempts = {}
        while True:
            room = AT_ONCE - len(on_their_way) if time.monotonic() < end else 0
            on_their_way |= _started(runner, room, HEAVIEST - sum(on_their_way.values()), clock)
            if not on_their_way:
                break
            for attempt in runner.run(_some(on_their_way)):
                del on_their_way[attempt]
                record_surely(attempt.result(), clock())
                sent += 1
    return sent


def _started(
    runner: asyncio.Runner, room: int, free: int, clock: Callable[[], datetime]
) -> Attempts:
    """Each taken by its conditional update right before its request leaves; `free` in bytes."""
    started: Attempts = {}
    for submission in _next(room):
        weight = _weight(submission)
        if weight > free - sum(started.values()):
            break
        if Submission.objects.begin(submission.pk, clock()):
            callback = callbacks.address_for(submission, clock())
            started[runner.get_loop().create_task(attempt(submission, callback))] = weight
    return started


def _weight(submission: Submission) -> int:
    """Bytes of its pictures, and never more than may be on their way alone."""
    if settings.SHARES_UPLOADS:
        return 0
    return min(sum(upload.size for upload in submission.uploads.all()), HEAVIEST)


def _next(room: int) -> Iterable[Submission]:
    waiting = Submission.objects.waiting().select_related("task__credential")
    waiting = waiting.prefetch_related("uploads")
    return list(waiting[:room]) if room else []


async def _some(attempts: Attempts) -> set[asyncio.Task[Outcome]]:
    """Those that ended, one at least."""
    ended, _others = await asyncio.wait(attempts, return_when=asyncio.FIRST_COMPLETED)
    return ended


async def attempt(submission: Submission, callback: str | None = None) -> Outcome:
    """The one request. It never raises: what is not told is lost."""
    try:
        return Outcome(submission=submission, remote_id=await _send(submission, callback))
    except ProviderError as error:
        return Outcome(submission=submission, error=error)
    except Unreadable as error:
        sentence = f"The key cannot be used: {error} Type it in again."
        return Outcome(submission=submission, error=_not_sent(sentence, Trouble.UNAUTHORIZED))
    except Exception as error:
        log.exception("A create broke off.")
        said = f"Something here broke while it was being sent: {type(error).__name__}."
        return Outcome(submission=submission, error=ProviderError(said, trouble=Trouble.MALFORMED))


async def _send(submission: Submission, callback: str | None) -> str:
    task, wish = submission.task, submission.wished
    model, dialect = wish.catalogued, task.credential.service.dialect
    if model is None:
        raise _not_sent(f"Nothing is known of the model {wish.model}.", Trouble.UNSUPPORTED)
    if task.base_url != task.credential.base_url:
        raise _not_sent("The credential's base URL has changed since.", Trouble.WRONG_HOST)
    whole = replace(await _whole(wish, submission), callback_url=callback)
    request = dialect.create_request(whole, model)
    async with _client(task.credential) as client:
        return read_created(await client.act("POST", request.path, request.body))


async def _whole(wish: Wish, submission: Submission) -> Wish:
    """With its pictures as the provider can read them; they are read beside the other requests."""
    uploads = {upload.pk: upload for upload in submission.uploads.all()}  # fetched before
    if missing := set(wish.uploads) - set(uploads):
        raise _not_sent(f"{len(missing)} of its pictures are not here any more.", Trouble.NOT_FOUND)
    try:
        async with asyncio.timeout(READING):
            return wish.with_uploads(await asyncio.to_thread(_readable, wish, uploads))
    except ProviderError:
        raise
    except Exception as error:  # whatever the library of a remote storage raises
        log.warning("A picture could not be read: %s", type(error).__name__)
        sentence = "One of its pictures could not be read from the storage, so nothing was sent."
        raise _not_sent(sentence, Trouble.NOT_FOUND) from None


def _readable(wish: Wish, uploads: Mapping[int, Upload]) -> dict[int, str]:
    """Links of ours where the provider can reach them, else the pictures themselves."""
    if settings.SHARES_UPLOADS:
        return {number: upload.shared_url() for number, upload in uploads.items()}
    if not fit_one_request(uploads[number].size for number in wish.uploads):
        raise _not_sent("Its pictures are too large for one request.", Trouble.TOO_LARGE)
    return {number: upload.data_uri() for number, upload in uploads.items()}


def _client(credential: Credential) -> Client:
    """A connection of its own: one that was kept may have been closed at the other end."""
    allowed = Allowed.parse(settings.PRIVATE_HOSTS)
    key = credential.reveal_key()
    return Client(credential.base_url, key, allowed=allowed, deadline=DEADLINE)


def _not_sent(sentence: str, trouble: Trouble) -> ProviderError:
    return ProviderError(sentence, trouble=trouble, never_sent=True)


def record_surely(outcome: Outcome, now: datetime) -> None:
    """A database that is busy or full does not lose the id of what was made."""
    for pause in PATIENCE:
        try:
            return record(outcome, now)
        except DatabaseError:
            log.exception("%s could not be written down yet.", outcome.remote_id or "A refusal")
            time.sleep(pause)
    return record(outcome, now)


def record(outcome: Outcome, now: datetime) -> None:
    """Write down what became of the one attempt."""
    error = outcome.error
    if error is None:
        _record_made(outcome, now)
    elif surely_not_made(error):
        submit.end(outcome.submission, SubmissionState.REFUSED, now, error)
    else:
        submit.end(outcome.submission, SubmissionState.UNCONFIRMED, now, error)


def _record_made(outcome: Outcome, now: datetime) -> None:
    """Where somebody has given that task to another wish meanwhile, people must sort it out."""
    try:
        submit.made(outcome.submission, outcome.remote_id, now)
    except submit.Taken:
        said = f"The provider says it is {outcome.remote_id}, which is another wish's task here."
        error = ProviderError(said, trouble=Trouble.WRONG_TASK)
        submit.end(outcome.submission, SubmissionState.UNCONFIRMED, now, error)
