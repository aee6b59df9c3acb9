"""What a lane is asked, and what it finds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from operator import attrgetter

from tasks.providers import ProviderError, RemoteTask


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A claimed task, as much of it as asking needs."""

    pk: int
    remote_id: str
    base_url: str
    service_tier: str
    known_digest: str  # of the answer that is already written down
    is_hinted: bool = False  # the provider called: it has news

    @property
    def kind(self) -> tuple[str, bool]:
        """One list is of one kind: Ark lists flex tasks only when asked for them by name."""
        return (self.base_url, self.service_tier == "flex")


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What asking about one task brought: the task as described, the trouble, or old news."""

    pk: int
    remote: RemoteTask | None = None
    digest: str = ""
    error: ProviderError | None = None

    @property
    def is_old_news(self) -> bool:
        return self.remote is None and self.error is None


def finding(question: Question, remote: RemoteTask, letters: str = "") -> Finding:
    """News only where we read something else than last time: some gateways stamp each answer.

    The digest's first half is of the answer's bytes, its second of what they meant; an item of a
    list has the second half only.
    """
    meaning = digest(repr(_read_of(remote)).encode())
    if question.known_digest.endswith(meaning):
        return Finding(pk=question.pk)
    return Finding(pk=question.pk, remote=remote, digest=letters + meaning)


_read_of = attrgetter(*(field.name for field in fields(RemoteTask) if field.name != "raw"))


def digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=8).hexdigest()
