"""A file to be downloaded, and the error that says why it did not come."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

from django.conf import settings

_HOST_END = re.compile("[/?#]")


def incoming() -> Path:
    """The folder of unfinished files, which are named by their copy's id alone."""
    return Path(settings.DATA_DIR) / "incoming"


def host_of(url: str) -> str:
    """The beginning of a link: scheme and host with the slash after them."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{_HOST_END.split(rest, 1)[0]}/"


@dataclass(frozen=True, kw_only=True)
class Expected:
    """Properties of the video that the task was asked for; None where nobody said."""

    seconds: float | None = None
    size: tuple[int, int] | None = None  # width and height in pixels
    audio: bool | None = None


@dataclass(kw_only=True)
class DownloadJob:
    """A claimed file. Made from a row by the database's thread; the downloading side knows no rows.

    `claimed_until` is the row's due time as we set it: while it stands there, the claim is ours.
    """

    pk: int
    url: str = field(repr=False)
    claimed_until: datetime
    is_picture: bool = False
    key: str = field(default="", repr=False)
    key_origin: str = ""
    key_scheme: str = "Bearer"
    name: str  # in the storage, without the hash and the suffix
    suffix: str = "mp4"
    expected: Expected = Expected()

    # Progress: written by the downloading side, read by the other. Only bytes on the disk count.
    done: int = 0
    total: int | None = None
    etag: str = ""
    digest: str = ""  # SHA-256 of the whole file

    #: Set by the other side when the claim is lost, or the process ends.
    cancelled: threading.Event = field(default_factory=threading.Event, repr=False)

    @cached_property
    def host(self) -> str:
        return host_of(self.url)

    @cached_property
    def partial_path(self) -> Path:
        return incoming() / f"{self.pk}.part"

    @cached_property
    def whole_path(self) -> Path:
        """The same file, once all of it is there: nothing more is asked of the host."""
        return incoming() / f"{self.pk}.whole"

    @cached_property
    def preview_path(self) -> Path:
        return incoming() / f"{self.pk}.preview"


class DownloadError(Exception):
    """The reason why a file did not come this time; the text may be shown.

    trouble       a CopyTrouble, or a provider's Trouble
    status        what the host answered
    retry_after   seconds, as the host asked for
    host_time     what time it was by the host's own clock
    is_permanent  the host says so for good
    is_useless    what has come so far is thrown away
    """

    def __init__(
        self,
        message: str,
        *,
        trouble: str,
        status: int | None = None,
        retry_after: float | None = None,
        host_time: datetime | None = None,
        is_permanent: bool = False,
        is_useless: bool = False,
    ) -> None:
        super().__init__(message)
        self.trouble = trouble
        self.status = status
        self.retry_after = retry_after
        self.host_time = host_time
        self.is_permanent = is_permanent
        self.is_useless = is_useless
