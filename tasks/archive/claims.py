"""The rows of the archive: claim, renew, record. Called from one thread, each in a transaction.

Tasks are locked before copies (`tell_of_change`), here as in the sweep, which may bring another
link at the very same time: the one who comes second sees what the first has written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.db import transaction

from tasks.archive import verdict
from tasks.archive.disk import FULL
from tasks.archive.errand import Errand, Snag, Wanted, host_of
from tasks.archive.verdict import Step
from tasks.archive.ways import PER_HOST
from tasks.models import Copy, CopyState, CopyTrouble, Kind, Task, bulk
from tasks.models.copy import UNSAVED
from tasks.providers.catalog import FPS, frame_size
from tasks.sealing import Unreadable

CLAIM = timedelta(seconds=30)  # renewed while the file comes; then anybody may have it
#: What an errand is made of: all columns of copy, task and credential took six times as long.
NEEDED = (
    *("kind", "url", "needs_key", "due_at", "state", "bytes_done", "bytes_total", "etag"),
    *("link_ends_at", "tries", "trouble"),
    *(f"task__{name}" for name in ("created_at", "credential", "model", "resolution", "ratio")),
    *(f"task__{name}" for name in ("duration", "frames", "framespersecond", "generate_audio")),
)
#: What is written of a saved file; what is not given takes its beginning's value.
SAVED_FIELDS = (
    *("state", "saved_at", "due_at", "trouble", "trouble_message"),
    *("bytes_done", "bytes_total", "etag", "name", "poster", "size", "poster_size", "sha256"),
    *("duration", "width", "height", "video_codec", "audio_codec", "mismatch"),
)
AT_ONCE = 500  # rows that are told about a full disk in one statement


def claim(now: datetime, *, room: int, busy: Counter[str], skip: Collection[int]) -> list[Copy]:
    """Due copies that nobody else gets now, nearest end first; `busy` counts files by host."""
    with transaction.atomic():
        chosen = _choose(now, room, busy, skip)
        if not chosen:
            return []
        Task.objects.filter(pk__in={one.task_id for one in chosen}).tell_of_change()
        return _take([one.pk for one in chosen], now)


def _take(chosen: Sequence[int], now: datetime) -> list[Copy]:
    """Their tasks are locked: what is due still is so until we commit."""
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
    """A host that has its share is left out in the question, or its queue would hide all others."""
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


def errand_for(copy: Copy) -> Errand:
    """Raises Snag where the link needs a key that we must not send, or cannot read."""
    assert copy.due_at
    key, key_origin = _key(copy) if copy.needs_key else ("", "")
    return Errand(
        pk=copy.pk,
        task_pk=copy.task_id,
        url=copy.url,
        token=copy.due_at,
        key=key,
        key_origin=key_origin,
        is_picture=copy.kind == Kind.LAST_FRAME,
        name=f"{copy.task.created_at:%Y/%m/%d}/{copy.task_id}-{copy.pk}",
        wanted=_wanted(copy.task),
        done=copy.bytes_done,
        total=copy.bytes_total,
        etag=copy.etag,
    )


def _key(copy: Copy) -> tuple[str, str]:
    credential = copy.task.credential
    if not _same_origin(copy.url, credential.base_url):
        sentence = "The link needs a key, but lives elsewhere than the credential it belongs to."
        raise Snag(sentence, trouble=CopyTrouble.NO_KEY)
    try:
        return credential.reveal_key(), credential.base_url
    except Unreadable as reason:
        raise Snag(f"The key cannot be used: {reason}", trouble=CopyTrouble.NO_KEY) from None


def _same_origin(one: str, other: str) -> bool:
    try:
        return _origin(one) == _origin(other)
    except ValueError:
        return False


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, parts.port or usual


def _wanted(task: Task) -> Wanted:
    seconds = float(task.duration) if task.duration and task.duration > 0 else None
    if task.frames:
        seconds = task.frames / (task.framespersecond or FPS)
    size = frame_size(task.model, task.resolution, task.ratio)
    return Wanted(seconds=seconds, size=size, audio=task.generate_audio)


def take_over(now: datetime) -> None:
    """Whoever was saving these has died: the lease of the whole archive is ours."""
    Copy.objects.filter(state=CopyState.SAVING).update(due_at=now)


def renew(errands: Sequence[Errand], told: dict[int, int], now: datetime) -> set[int]:
    """Keep the claims and write down how far they are; the ids of those no longer ours.

    `told` are the bytes that open pages know of.
    """
    until = now + CLAIM
    done = {errand.pk: errand.done for errand in errands}  # which others go on with meanwhile
    moved = {errand.task_pk for errand in errands if told.get(errand.pk) != done[errand.pk]}
    with transaction.atomic():
        Task.objects.filter(pk__in=moved).tell_of_change()
        ours = [
            errand for errand in errands if _write(errand, due_at=until, bytes_done=done[errand.pk])
        ]
    for errand in ours:
        errand.token, told[errand.pk] = until, done[errand.pk]
    return {errand.pk for errand in errands} - {errand.pk for errand in ours}


def _write(errand: Errand, **fields: Any) -> bool:
    claimed = Copy.objects.filter(pk=errand.pk, due_at=errand.token, state=CopyState.SAVING)
    return bool(claimed.update(**_progress(errand) | fields))


def _progress(errand: Errand) -> dict[str, Any]:
    return {"bytes_done": errand.done, "bytes_total": errand.total, "etag": errand.etag}


def give_back(errand: Errand, now: datetime) -> None:
    """Not this time; the next one goes on from here at once."""
    with transaction.atomic():
        Task.objects.filter(pk=errand.task_pk).tell_of_change()
        _write(errand, due_at=now, state=CopyState.WAITING)


def record_saved(brought: Sequence[tuple[Errand, dict[str, Any]]], now: datetime) -> set[int]:
    """The only place that says `saved`; whatever has become of the claims meanwhile.

    Each errand comes with its copy's fields. Gives the ids of those whose rows are there: the
    others were deleted for good while their files came, and nobody will look for them.
    """
    fields = {errand.pk: found for errand, found in brought}
    with transaction.atomic():
        Task.objects.filter(pk__in={errand.task_pk for errand, _ in brought}).tell_of_change()
        there = Copy.objects.filter(pk__in=fields).exclude(state=CopyState.DELETED)
        states = dict(there.values_list("pk", "state"))
        fresh = [pk for pk, state in states.items() if state != CopyState.SAVED]
        bulk.write([_saved(pk, fields[pk], now) for pk in fresh], SAVED_FIELDS)
    return set(states)


def _saved(pk: int, fields: dict[str, Any], now: datetime) -> Copy:
    size = fields["size"]
    return Copy(
        pk=pk, state=CopyState.SAVED, saved_at=now, bytes_done=size, bytes_total=size, **fields
    )


def record_miss(errand: Errand, snag: Snag, now: datetime) -> None:
    """The try failed; nothing is written if the claim is no longer ours."""
    with transaction.atomic():
        Task.objects.filter(pk=errand.task_pk).tell_of_change()
        claimed = Copy.objects.filter(pk=errand.pk, due_at=errand.token, state=CopyState.SAVING)
        copy = claimed.select_related("task").first()
        if copy:
            miss(copy, snag, now, **_progress(errand))


def refuse(copy: Copy, snag: Snag, now: datetime) -> None:
    """A claimed copy that is not even asked for."""
    with transaction.atomic():
        Task.objects.filter(pk=copy.task_id).tell_of_change()
        copy.task.refresh_from_db()
        miss(copy, snag, now)


def miss(copy: Copy, snag: Snag, now: datetime, **progress: Any) -> None:
    """Write down what is wrong and when to try again; in the transaction of who calls."""
    step = verdict.next_step(copy, snag, now)
    if step is Step.ASK:
        Task.objects.filter(pk=copy.task_id).check_now(now)
    is_over = step is Step.GIVE_UP
    copy.tries += 0 if snag.trouble in verdict.LOCAL else 1
    Copy.objects.filter(pk=copy.pk).update(
        state=CopyState.GONE if is_over else CopyState.WAITING,
        due_at=None if is_over else now + timedelta(seconds=verdict.wait(copy, snag, now)),
        tries=copy.tries,
        trouble=verdict.trouble(copy, snag, now),
        trouble_message=str(snag)[:500],
        **progress,
    )


def wait_for_room(now: datetime) -> None:
    """All that is due waits for room on the disk, and says so; it stays due."""
    with transaction.atomic():
        waiting = Copy.objects.due(now).exclude(trouble=CopyTrouble.DISK_FULL)
        rows = dict(waiting.values_list("pk", "task_id")[:AT_ONCE])
        Task.objects.filter(pk__in=set(rows.values())).tell_of_change()
        Copy.objects.filter(pk__in=rows, state__in=UNSAVED).update(
            state=CopyState.WAITING, trouble=CopyTrouble.DISK_FULL, trouble_message=FULL
        )
