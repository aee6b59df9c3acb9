"""Translation of the providers' status words."""

from __future__ import annotations

from tasks.providers.status import Status

# volcengine.com/docs/82379/1521309 (Ark), new-api's model/task.go (NOT_START, SUBMITTED, QUEUED,
# IN_PROGRESS, SUCCESS, FAILURE) and dto/openai_video.go, and synonyms of other gateways.
# Anything else, including new-api's own UNKNOWN, is Status.UNKNOWN: it is shown and polled again.
WORDS = {
    "queued": Status.QUEUED,
    "pending": Status.QUEUED,
    "submitted": Status.QUEUED,
    "not_start": Status.QUEUED,
    "created": Status.QUEUED,
    "waiting": Status.QUEUED,
    "queuing": Status.QUEUED,
    "starting": Status.QUEUED,
    "in_queue": Status.QUEUED,
    "running": Status.RUNNING,
    "processing": Status.RUNNING,
    "in_progress": Status.RUNNING,
    "generating": Status.RUNNING,
    "succeeded": Status.SUCCEEDED,
    "success": Status.SUCCEEDED,
    "succeed": Status.SUCCEEDED,
    "completed": Status.SUCCEEDED,
    "failed": Status.FAILED,
    "failure": Status.FAILED,
    "fail": Status.FAILED,
    "error": Status.FAILED,
    "cancelled": Status.CANCELLED,
    "canceled": Status.CANCELLED,
    "expired": Status.EXPIRED,
    "timeout": Status.EXPIRED,
    "aborted": Status.EXPIRED,
}

#: Ark's own words, in Ark's spelling.
NATIVE_WORDS = frozenset({"queued", "running", "succeeded", "failed", "cancelled", "expired"})


def status_of(word: str) -> Status:
    """Translate a provider's status word; an unknown one is Status.UNKNOWN."""
    return WORDS.get(word) or WORDS.get(word.strip().lower()) or Status.UNKNOWN
