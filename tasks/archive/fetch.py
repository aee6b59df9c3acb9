"""The download of a file into the folder of unfinished files, from where the last try stopped."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress

from django.conf import settings

from tasks.archive.disk import SpaceReservations
from tasks.archive.job import DownloadError, DownloadJob
from tasks.archive.partial_file import PartialFile, hash_of
from tasks.models import CopyTrouble
from tasks.providers import ProviderError, Trouble
from tasks.providers.transport.downloads import Allowed, Limits, open_stream

LONGEST_TRY = 7200.0  # seconds; a host that drips is given up much sooner, see downloads.Limits
_QUERY = re.compile(r"\?[^\s\"'<>]*")


def fetch(job: DownloadJob, reservations: SpaceReservations, received: Callable[[], None]) -> None:
    """Download the whole file to `job.whole_path`, and its SHA-256 to `job.digest`.

    `received` is called when the host is no longer needed, before all bytes are on the disk. In any
    case `job.done` is then where the next try can go on from. Raises DownloadError,
    DownloadCancelledError, and OSError for the disk.
    """
    if job.whole_path.exists():  # an earlier try brought it
        received()
        with job.whole_path.open("rb") as whole:
            job.digest = hash_of(whole).hexdigest()
            job.done = job.total = whole.tell()
        return
    with PartialFile(job.partial_path) as file:
        try:
            _download(job, file, reservations)
            received()
            file.finish(job.whole_path)
            job.digest = file.digest
        except ProviderError as error:
            raise _download_error(error) from None
        finally:
            reservations.release(job.pk)
            with suppress(OSError):
                job.done = file.sync() if file.has_begun else job.done


def _download(job: DownloadJob, file: PartialFile, reservations: SpaceReservations) -> None:
    """Read, hash, write; and sync from time to time, for only bytes on the disk count as done.

    1. Ask for the rest if what we have is surely of the same file, else for all of it.
    2. Give up where the rest belongs to another file.
    3. Reserve the room that it needs.
    4. Append what comes.
    """
    start = job.done if job.etag and job.done <= file.left_over else 0
    with open_stream(
        job.url,
        allowed=Allowed.parse(settings.PRIVATE_HOSTS),
        key=job.key,
        key_origin=job.key_origin,
        scheme=job.key_scheme,
        start=start,
        etag=job.etag if start else "",
        limits=Limits(largest=settings.LARGEST_VIDEO, deadline=LONGEST_TRY),
        cancelled=job.cancelled,
    ) as stream:
        if stream.start and job.total not in (None, stream.total):
            sentence = "It is another file now."
            raise DownloadError(sentence, trouble=CopyTrouble.CUT_OFF, is_useless=True)
        reservations.reserve(job.pk, (stream.total or 0) - stream.start)
        file.begin(stream.start)
        job.total, job.etag, job.done = stream.total, stream.etag[:200], stream.start
        for piece in stream:
            file.write(piece)
            if file.needs_sync:
                job.done = file.sync()
                if job.total is not None:
                    reservations.update(job.pk, job.total - job.done)


def _download_error(error: ProviderError) -> DownloadError:
    return DownloadError(
        # A link's query is what makes it a key to the video.
        _QUERY.sub("", str(error))[:500],
        trouble=error.trouble,
        status=error.status_code,
        retry_after=error.retry_after,
        host_time=error.host_time,
        is_permanent=error.permanent,
        is_useless=error.trouble in (Trouble.TOO_LARGE, Trouble.MALFORMED),
    )
