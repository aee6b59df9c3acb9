"""A request to poll one task, and its result."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter

from tasks.providers import ProviderError, RemoteTask


@dataclass(frozen=True, kw_only=True, slots=True)
class PollRequest:
    """The columns of a claimed task that are needed to ask about it."""

    pk: int
    remote_id: str
    base_url: str
    service_tier: str
    known_digest: str  # of the last answer that was recorded
    has_callback: bool = False  # the provider called: the task has changed there
    due_at: datetime | None = None  # check_after and asked_at before the claim …
    asked_at: datetime | None = None
    claimed_until: datetime | None = None  # … and check_after since

    @property
    def list_group(self) -> tuple[str, bool]:
        """The base URL and whether the tier is flex, which must be the same for all of one list.

        Ark lists flex tasks only when the list is asked for them by name.
        """
        return (self.base_url, self.service_tier == "flex")


@dataclass(frozen=True, kw_only=True, slots=True)
class PollResult:
    """The task as the provider described it, or the error; neither when nothing has changed."""

    pk: int
    remote: RemoteTask | None = None
    digest: str = ""
    error: ProviderError | None = None

    @property
    def is_unchanged(self) -> bool:
        return self.remote is None and self.error is None


def poll_result(request: PollRequest, remote: RemoteTask, body_digest: str = "") -> PollResult:
    """Compare an answer with the last one by what was read from it, not by its bytes.

    Some gateways put a new time stamp into each answer. The first half of a digest is of the
    answer's bytes, the second of what was read; an item of a list has the second half only.
    """
    meaning = digest(repr(_all_but_raw(remote)).encode())
    if request.known_digest.endswith(meaning):
        return PollResult(pk=request.pk)
    return PollResult(pk=request.pk, remote=remote, digest=body_digest + meaning)


_all_but_raw = attrgetter(*(field.name for field in fields(RemoteTask) if field.name != "raw"))


def digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=8).hexdigest()
