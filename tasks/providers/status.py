"""The statuses of a task: the providers' words, and our own."""

from enum import StrEnum


class Status(StrEnum):
    """Statuses of a task: six words of the providers, then five of our own."""

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
    FOREIGN = "foreign"  # an id that was tracked here, and that another project's create made


#: Endings; a provider never takes these back, and neither do we.
FINAL = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.EXPIRED})

#: Statuses after which nothing more is asked.
ENDED = FINAL | {Status.LOST, Status.FOREIGN}

#: Statuses that may still change without us.
LIVE = frozenset(Status) - ENDED
