"""The only attempt to send each create, made by a job: pages never ask a provider."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from tasks.encryption import DecryptionError
from tasks.models import Copy, Submission, SubmissionState, Upload, shared_links
from tasks.models.credential import LONGEST_QUOTA
from tasks.models.private_hosts import allowed_private_hosts
from tasks.providers import ProviderError, Trouble
from tasks.providers.catalog.material_limits import Material
from tasks.providers.catalog.picture_limits import fit_one_request
from tasks.providers.catalog.request import CLIP, UPLOAD, GenerationRequest
from tasks.providers.dialects.creating import read_created, surely_not_created
from tasks.providers.dialects.errors import quota_reset
from tasks.providers.transport.client import Client
from tasks.submission.place import AlreadyTrackedError, mark_created, put_back, record_outcome
from tasks.tracking import callbacks

log = logging.getLogger(__name__)

DEADLINE = 40.0  # seconds for one create, within the 60 that a job may last
READING = 6.0  # seconds to read its files, before it is sent
AT_ONCE = 16  # requests in flight, all credentials together
LOOK_SECONDS = 0.25  # between two looks for creates that were placed while others are in flight
#: Bytes of files in flight together. A body of 61 MB took 260 MB of memory to make.
HEAVIEST = 64_000_000
#: The trouble of a video where this installation shares no links to its files.
NO_LINKS = Trouble.UNSUPPORTED
PATIENCE = (1, 2, 4)  # seconds between tries to record what was paid for


@dataclass(frozen=True, kw_only=True)
class CreateOutcome:
    """The outcome of one attempt: the new task's id, or the error."""

    submission: Submission
    remote_id: str = ""
    error: ProviderError | None = None


#: Requests in flight, each with the bytes of its files.
Attempts = dict[asyncio.Task[CreateOutcome], int]


def send_waiting(
    seconds: float,
    *,
    may_start: Callable[[], bool] = lambda: True,
    clock: Callable[[], datetime] = timezone.now,
) -> int:
    """Send waiting creates until none waits or is in flight; return the number sent.

    None is started after so many seconds, nor while `may_start` says no; it is asked every
    LOOK_SECONDS. Several processes may send at once.
    """
    sent, deadline = 0, time.monotonic() + seconds
    with asyncio.Runner() as runner:
        in_flight: Attempts = {}
        while True:
            is_open = may_start() and time.monotonic() < deadline
            room = AT_ONCE - len(in_flight) if is_open else 0
            in_flight |= _started(runner, room, HEAVIEST - sum(in_flight.values()), clock)
            if not in_flight:
                break
            for ended in runner.run(_ended(in_flight)):
                del in_flight[ended]
                record_surely(ended.result(), clock())
                sent += 1
    return sent


def _started(
    runner: asyncio.Runner, room: int, free: int, clock: Callable[[], datetime]
) -> Attempts:
    """Take waiting creates by conditional update and start them; at most `room`, `free` bytes.

    An error of the database ends it early: the answers that others wait for must not be lost.
    """
    started: Attempts = {}
    try:
        for submission in _next(room, clock()):
            weight = min(_inline_bytes(submission), HEAVIEST)  # else it would never have room
            if weight > free - sum(started.values()):
                break
            if Submission.objects.begin(submission.pk, clock()):
                callback = callbacks.callback_url_for(submission, clock())
                coming = attempt(submission, callback, _clips_here(submission))
                started[runner.get_loop().create_task(coming)] = weight
    except DatabaseError:
        log.exception("No more creates can be started for now.")
    return started


def _inline_bytes(submission: Submission) -> int:
    """The bytes of the files that travel within its request."""
    return 0 if settings.SHARES_UPLOADS else sum(each.size for each in submission.uploads.all())


def _clips_here(submission: Submission) -> frozenset[int]:
    """The tasks whose saved videos it gives, as far as these are here."""
    wanted = submission.generation.clips
    if not wanted:
        return frozenset()
    copies = Copy.objects.lent(wanted, submission.task.project_id)
    return frozenset(copies.values_list("task", flat=True))


def _next(room: int, now: datetime) -> Iterable[Submission]:
    waiting = Submission.objects.waiting(now).select_related("task__credential")
    waiting = waiting.prefetch_related("uploads")
    return list(waiting[:room]) if room else []


async def _ended(attempts: Attempts) -> set[asyncio.Task[CreateOutcome]]:
    """Wait until an attempt has ended, for LOOK_SECONDS at most; return those that have."""
    ended, _others = await asyncio.wait(
        attempts, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED
    )
    return ended


async def attempt(
    submission: Submission, callback: str | None = None, clips: frozenset[int] = frozenset()
) -> CreateOutcome:
    """Send the only request. It never raises, so that every outcome is recorded.

    `clips` are the tasks whose saved videos are here, of those that it gives.
    """
    try:
        remote_id = await _send(submission, callback, clips)
    except ProviderError as error:
        return CreateOutcome(submission=submission, error=error)
    except DecryptionError as error:
        sentence = f"The key cannot be used: {error} Type it in again."
        return CreateOutcome(submission=submission, error=_not_sent(sentence, Trouble.UNAUTHORIZED))
    except Exception as error:
        log.exception("A create broke off.")
        sentence = f"Something here broke while it was being sent: {type(error).__name__}."
        unknown = ProviderError(sentence, trouble=Trouble.MALFORMED)
        return CreateOutcome(submission=submission, error=unknown)
    return CreateOutcome(submission=submission, remote_id=remote_id)


async def _send(submission: Submission, callback: str | None, clips: frozenset[int]) -> str:
    """Send the create over a connection of its own; return the new task's id."""
    task, generation = submission.task, submission.generation
    model, dialect = generation.written_for, task.credential.service.dialect
    if model is None:
        raise _not_sent(f"Nothing is known of the model {generation.model}.", Trouble.UNSUPPORTED)
    if task.base_url != task.credential.base_url:
        raise _not_sent("The credential's base URL has changed since.", Trouble.WRONG_HOST)
    if missing := set(generation.clips) - clips:
        raise _not_sent(f"{len(missing)} of its clips are not saved here.", Trouble.NOT_FOUND)
    complete = replace(await _with_files(generation, submission), callback_url=callback)
    request = dialect.create_request(complete, model)
    # A new connection: one that was kept may have been closed at the other end.
    key, allowed = task.credential.reveal_key(), allowed_private_hosts()
    scheme = task.credential.service.auth_scheme
    async with Client(
        task.base_url, key, scheme=scheme, allowed=allowed, deadline=DEADLINE
    ) as client:
        return read_created(await client.act("POST", request.path, request.body))


async def _with_files(generation: GenerationRequest, submission: Submission) -> GenerationRequest:
    """The request with its files; they are read in a thread, beside the other requests."""
    uploads = {upload.pk: upload for upload in submission.uploads.all()}  # prefetched
    if missing := set(generation.uploads) - set(uploads):
        raise _not_sent(f"{len(missing)} of its files are not here any more.", Trouble.NOT_FOUND)
    try:
        async with asyncio.timeout(READING):
            return generation.with_urls(await asyncio.to_thread(_readable, generation, uploads))
    except ProviderError:
        raise
    except Exception as error:  # whatever the library of a remote storage raises
        log.warning("A given file could not be read: %s", type(error).__name__)
        sentence = "One of its files could not be read from the storage, so nothing was sent."
        raise _not_sent(sentence, Trouble.NOT_FOUND) from None


def _readable(generation: GenerationRequest, uploads: Mapping[int, Upload]) -> dict[str, str]:
    """Links of ours if the provider can reach them, else the files as data URIs, by their lines.

    A video goes as a link or not at all: Ark refuses videos within a request.
    """
    if settings.SHARES_UPLOADS:
        clips = {line: shared_links.url_of(line) for line in _clip_lines(generation)}
        return {f"{UPLOAD}{pk}": upload.shared_url() for pk, upload in uploads.items()} | clips
    videos = [each for each in uploads.values() if each.material == Material.VIDEO]
    if videos or generation.clips:
        raise _not_sent("Its videos can only be sent as links, and none are shared.", NO_LINKS)
    if not fit_one_request(uploads[number].size for number in generation.uploads):
        raise _not_sent("Its files are too large for one request.", Trouble.TOO_LARGE)
    return {f"{UPLOAD}{pk}": upload.data_uri() for pk, upload in uploads.items()}


def _clip_lines(generation: GenerationRequest) -> list[str]:
    return [f"{CLIP}{task}" for task in generation.clips]


def _not_sent(sentence: str, trouble: Trouble) -> ProviderError:
    return ProviderError(sentence, trouble=trouble, never_sent=True)


def record_surely(outcome: CreateOutcome, now: datetime) -> None:
    """Record an outcome, with retries: a busy or full database must not lose an id."""
    for pause in PATIENCE:
        try:
            return record(outcome, now)
        except DatabaseError:
            log.exception("%s could not be written down yet.", outcome.remote_id or "A refusal")
            time.sleep(pause)
    return record(outcome, now)


def waits_until(error: ProviderError, now: datetime) -> datetime | None:
    """Return when a refused create may be sent after all: at the reset of its plan's quota.

    None for every other refusal, and where the provider names no time to come.
    """
    if error.trouble != Trouble.QUOTA_USED_UP:
        return None
    reset = quota_reset(str(error))
    if reset is None and error.retry_after:
        reset = now + timedelta(seconds=error.retry_after)
    return reset if reset and now < reset <= now + LONGEST_QUOTA else None


def record(outcome: CreateOutcome, now: datetime) -> None:
    """Record the outcome of the only attempt: created, refused, unconfirmed, or put back."""
    submission, error = outcome.submission, outcome.error
    if error is None:
        try:
            mark_created(submission, outcome.remote_id, now)
        except AlreadyTrackedError:  # a person gave this task to another submission meanwhile
            sentence = (
                f"The provider says it is {outcome.remote_id}, the task of another submission here."
            )
            error = ProviderError(sentence, trouble=Trouble.WRONG_TASK)
            record_outcome(submission, SubmissionState.UNCONFIRMED, now, error)
    elif surely_not_created(error) and (until := waits_until(error, now)):
        put_back(submission, until, error, now)
    elif surely_not_created(error):
        record_outcome(submission, SubmissionState.REFUSED, now, error)
    else:
        record_outcome(submission, SubmissionState.UNCONFIRMED, now, error)
