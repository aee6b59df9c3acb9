"""The rows of the archive: claim, renew, record. One thread calls them, each in a transaction.

Tasks are locked before copies (`mark_changed`), here as in the sweep, which may bring another
link at the very same time: the one who comes second sees what the first has written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.db import transaction

from tasks.archive import retry_policy
from tasks.archive.disk import FULL
from tasks.archive.job import DownloadError, DownloadJob, Expected, host_of
from tasks.archive.pool import PER_HOST
from tasks.archive.retry_policy import Step
from tasks.encryption import DecryptionError
from tasks.models import Copy, CopyKind, CopyState, CopyTrouble, Task, bulk, token_checks
from tasks.models.copy import UNSAVED
from tasks.models.copy_links import CopyLink, current
from tasks.models.preview import NO_PREVIEWS
from tasks.models.task_queries import TaskQuerySet
from tasks.providers.catalog.models import FPS, frame_size

CLAIM = timedelta(seconds=30)  # renewed while the file comes; then anybody may have it
#: Columns that a job is made of: all of copy, task and credential took six times as long.
NEEDED = (
    *("kind", "url", "needs_key", "due_at", "state", "bytes_done", "bytes_total", "etag"),
    *("link_ends_at", "tries", "trouble"),
    *(f"task__{name}" for name in ("created_at", "credential", "model", "resolution", "ratio")),
    *(f"task__{name}" for name in ("duration", "frames", "framespersecond", "generate_audio")),
)
#: Columns written for a saved file; those that are not given get their default.
SAVED_FIELDS = (
    *("state", "saved_at", "due_at", "trouble", "trouble_message"),
    *("bytes_done", "bytes_total", "etag", "name", "size", "sha256", "frame_sha256"),
    *NO_PREVIEWS,
    *("duration", "width", "height", "frames", "rate", "video_codec", "audio_codec", "mismatch"),
    *("checked_at", "damage", "damaged_at", "storage_etag"),
)
AT_ONCE = 500  # rows that are shown about a full disk in one statement


def claim(now: datetime, *, room: int, busy: Counter[str], skip: Collection[int]) -> list[Copy]:
    """Claim due copies, nearest end first, so that nobody else gets them.

    `room` is the most to claim, `busy` counts the files under way by host, and `skip` are the ids
    of copies that are claimed already.
    """
    with transaction.atomic():
        chosen = _choose(now, room, busy, skip)
        if not chosen:
            return []
        Task.objects.filter(pk__in={one.task_id for one in chosen}).mark_changed()
        return _take([one.pk for one in chosen], now)


def _take(chosen: Sequence[int], now: datetime) -> list[Copy]:
    """Claim those that are still due. Their tasks are locked, so they stay due until we commit."""
    copies = list(Copy.objects.due(now).filter(pk__in=chosen).select_related("task").only(*NEEDED))
    for copy in copies:
        copy.due_at, copy.state = now + CLAIM, CopyState.SAVING
    ours = Copy.objects.filter(pk__in=[copy.pk for copy in copies])
    ours.update(due_at=now + CLAIM, state=CopyState.SAVING)
    return copies


class _Due(NamedTuple):
    pk: int
    task_id: int
    url: str


def _choose(now: datetime, room: int, busy: Counter[str], skip: Collection[int]) -> list[_Due]:
    """Choose copies within each host's share.

    A host that has its share is left out of the query, or its queue would hide all others.
    """
    chosen: list[_Due] = []
    busy = Counter(busy)
    while (missing := room - len(chosen)) > 0:
        waiting = Copy.objects.due(now).exclude(pk__in=[*skip, *(one.pk for one in chosen)])
        for host in [host for host, files in busy.items() if files >= PER_HOST]:
            waiting = waiting.exclude(url__startswith=host)
        rows = [_Due(*row) for row in waiting.values_list(*_Due._fields)[:missing]]
        found = list(_within_shares(rows, busy))
        chosen += found
        if not found or len(rows) < missing:
            break
    return chosen


def _within_shares(rows: Iterable[_Due], busy: Counter[str]) -> Iterator[_Due]:
    for row in rows:
        host = host_of(row.url)
        if busy[host] < PER_HOST:
            busy[host] += 1
            yield row


def job_for(copy: Copy) -> DownloadJob:
    """Make a claimed copy's job.

    Raises DownloadError where the link needs a key that we must not send, or cannot read.
    """
    assert copy.due_at
    key, key_origin = _key(copy) if copy.needs_key else ("", "")
    return DownloadJob(
        pk=copy.pk,
        url=copy.url,
        claimed_until=copy.due_at,
        key=key,
        key_origin=key_origin,
        key_scheme=copy.task.credential.service.auth_scheme,
        is_picture=copy.kind == CopyKind.LAST_FRAME,
        name=f"{copy.task.created_at:%Y/%m/%d}/{copy.task_id}-{copy.pk}",
        expected=_expected(copy.task),
        done=copy.bytes_done,
        total=copy.bytes_total,
        etag=copy.etag,
    )


def _key(copy: Copy) -> tuple[str, str]:
    credential = copy.task.credential
    if not _same_origin(copy.url, credential.base_url):
        sentence = "The link needs a key, but lives elsewhere than the credential it belongs to."
        raise DownloadError(sentence, trouble=CopyTrouble.NO_KEY)
    try:
        return credential.reveal_key(), credential.base_url
    except DecryptionError as reason:
        raise DownloadError(
            f"The key cannot be used: {reason}", trouble=CopyTrouble.NO_KEY
        ) from None


def _same_origin(one: str, other: str) -> bool:
    try:
        return _origin(one) == _origin(other)
    except ValueError:
        return False


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, parts.port or usual


def _expected(task: Task) -> Expected:
    seconds = float(task.duration) if task.duration and task.duration > 0 else None
    if task.frames:
        seconds = task.frames / (task.framespersecond or FPS)
    size = frame_size(task.model, task.resolution, task.ratio)
    return Expected(seconds=seconds, size=size, audio=task.generate_audio)


def take_over(now: datetime) -> None:
    """Make due what a dead process was saving: the lease of the whole archive is ours."""
    Copy.objects.filter(state=CopyState.SAVING).update(due_at=now)


def renew(jobs: Sequence[DownloadJob], shown: dict[int, int], now: datetime) -> set[int]:
    """Renew the claims and write the progress; return the ids of those that are no longer ours.

    `shown` are the bytes that open pages know of.
    """
    until = now + CLAIM
    done = {job.pk: job.done for job in jobs}  # others change it meanwhile
    moved = [job.pk for job in jobs if shown.get(job.pk) != done[job.pk]]
    with transaction.atomic():
        _tasks_of(*moved).mark_changed()
        ours = [job for job in jobs if _write(job, due_at=until, bytes_done=done[job.pk])]
    for job in ours:
        job.claimed_until, shown[job.pk] = until, done[job.pk]
    return {job.pk for job in jobs} - {job.pk for job in ours}


def _tasks_of(*copies: int) -> TaskQuerySet[Task]:
    """The tasks of these copies now: a copy moves if its task turns out to be another project's."""
    return Task.objects.filter(pk__in=Copy.objects.filter(pk__in=copies).values("task"))


def _write(job: DownloadJob, **fields: Any) -> bool:
    claimed = Copy.objects.filter(pk=job.pk, due_at=job.claimed_until, state=CopyState.SAVING)
    return bool(claimed.update(**_progress(job) | fields))


def _progress(job: DownloadJob) -> dict[str, Any]:
    return {"bytes_done": job.done, "bytes_total": job.total, "etag": job.etag}


def give_back(job: DownloadJob, now: datetime) -> None:
    """Give up the claim; whoever claims next goes on from here at once."""
    with transaction.atomic():
        _tasks_of(job.pk).mark_changed()
        _write(job, due_at=now, state=CopyState.WAITING)


def record_saved(finished: Sequence[tuple[DownloadJob, dict[str, Any]]], now: datetime) -> set[int]:
    """Record files as saved, whatever has become of the claims meanwhile. Only this does.

    Each job comes with its copy's fields. Returns the ids of those whose rows are there: the
    others were deleted for good while their files came, and nobody will look for them.
    """
    fields = {job.pk: found for job, found in finished}
    with transaction.atomic():
        _tasks_of(*fields).mark_changed()
        there = Copy.objects.filter(pk__in=fields).exclude(state=CopyState.DELETED)
        states = dict(there.values_list("pk", "state"))
        fresh = [pk for pk, state in states.items() if state != CopyState.SAVED]
        bulk.write([_saved(pk, fields[pk], now) for pk in fresh], SAVED_FIELDS)
        token_checks.check_saved(fresh)
    return set(states)


def _saved(pk: int, fields: dict[str, Any], now: datetime) -> Copy:
    size = fields["size"]
    done = {"saved_at": now, "checked_at": now, "bytes_done": size, "bytes_total": size}
    return Copy(pk=pk, state=CopyState.SAVED, **done, **fields)


def record_failure(job: DownloadJob, error: DownloadError, now: datetime) -> None:
    """Record a failed try; write nothing if the claim is no longer ours."""
    with transaction.atomic():
        _tasks_of(job.pk).mark_changed()
        claimed = Copy.objects.filter(pk=job.pk, due_at=job.claimed_until, state=CopyState.SAVING)
        copy = claimed.select_related("task").first()
        if copy:
            _write_failure(copy, error, now, **_progress(job))


def refuse(copy: Copy, error: DownloadError, now: datetime) -> None:
    """Record the failure of a claimed copy that is not even asked for."""
    with transaction.atomic():
        Task.objects.filter(pk=copy.task_id).mark_changed()
        claimed = Copy.objects.filter(pk=copy.pk, due_at=copy.due_at, state=CopyState.SAVING)
        ours = claimed.select_related("task").first()
        if ours:
            _write_failure(ours, error, now)


def _write_failure(copy: Copy, error: DownloadError, now: datetime, **progress: Any) -> None:
    """Write what is wrong, which link to try next, and when; in the caller's transaction."""
    for name, value in progress.items():
        setattr(copy, name, value)
    links, former = _links_after(copy, error, now)
    tried = next((link for link in links if link.url == copy.url), links[-1])
    step = retry_policy.next_step(copy, links, tried, error, now)
    if step is Step.ASK:
        asked = Task.objects.filter(pk=copy.task_id)
        asked.update(answer_digest="")  # an earlier release may have read fewer links in the same
        asked.check_now(now)
        links = [replace(link, is_asked=link.trouble == CopyTrouble.LINK_DEAD) for link in links]
    copy.links = [link.to_json() for link in (*links, *former)]
    copy.tries += 0 if error.trouble in retry_policy.LOCAL else 1
    copy.state, copy.due_at = CopyState.WAITING, now
    if step is Step.NEXT:
        copy.turn_to(links[links.index(tried) + 1])
    else:
        _put_off(copy, step, links, tried, error, now)
    Copy.objects.filter(pk=copy.pk).update(
        **{name: getattr(copy, name) for name in Copy.LINK_FIELDS}
    )


def _links_after(
    copy: Copy, error: DownloadError, now: datetime
) -> tuple[list[CopyLink], list[CopyLink]]:
    """The copy's links, with this failure noted on the one that was tried; and the former ones."""
    every = copy.every_link
    if not copy.tries:  # everything begins anew
        every = [replace(link, is_asked=False) for link in every]
    links, former = current(every), [link for link in every if link.is_former]
    if error.trouble not in retry_policy.LOCAL:
        links = [
            retry_policy.after_try(copy, link, error, now) if link.url == copy.url else link
            for link in links
        ]
    return links, former


def _put_off(
    copy: Copy,
    step: Step,
    links: list[CopyLink],
    tried: CopyLink,
    error: DownloadError,
    now: datetime,
) -> None:
    """Set the next try, of the same link or of the first; or none, where all are given up."""
    copy.trouble, copy.trouble_message = str(error.trouble), str(error)[:500]
    if step is not Step.REPEAT:
        copy.turn_to(links[0])
        tried = retry_policy.shown(links)
    if tried.tries and error.trouble not in retry_policy.LOCAL:
        copy.trouble, copy.trouble_message = tried.trouble, tried.tries[-1].said
    seconds = retry_policy.wait(copy, copy.trouble, error, now)
    copy.due_at = now + timedelta(seconds=seconds)
    if step is Step.GIVE_UP:
        copy.state, copy.due_at = CopyState.GONE, None


def mark_disk_full(now: datetime) -> None:
    """Mark all due copies as waiting for room on the disk; they stay due."""
    with transaction.atomic():
        waiting = Copy.objects.due(now).exclude(trouble=CopyTrouble.DISK_FULL)
        rows = dict(waiting.values_list("pk", "task_id")[:AT_ONCE])
        Task.objects.filter(pk__in=set(rows.values())).mark_changed()
        Copy.objects.filter(pk__in=rows, state__in=UNSAVED).update(
            state=CopyState.WAITING, trouble=CopyTrouble.DISK_FULL, trouble_message=FULL
        )
