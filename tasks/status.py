"""The words for where a task stands. Imports nothing of ours."""

from enum import StrEnum


class Status(StrEnum):
    """Six words of the providers, then four of our own."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"  # the provider gave up: not finished within execution_expires_after

    SUBMITTING = "submitting"  # our create request is on its way
    UNCONFIRMED = "unconfirmed"  # a create whose answer never reached us
    UNKNOWN = "unknown"  # no answer yet, or a word we do not know
    LOST = "lost"  # the provider says, repeatedly, that it does not know the task


#: A provider never takes these back, and neither do we.
FINAL = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.EXPIRED})

#: Nothing more is asked about these.
ENDED = FINAL | {Status.LOST}

#: These may still change by themselves.
LIVE = frozenset(Status) - ENDED
