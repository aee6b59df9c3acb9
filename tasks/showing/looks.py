"""What a status looks like, and what it means where a person may not know."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy

from tasks.status import Status


@dataclass(frozen=True)
class Look:
    icon: str
    tone: str


LOOKS = {
    Status.SUBMITTING: Look("send", "dashed"),
    Status.UNCONFIRMED: Look("alert-triangle", "amber"),
    Status.UNKNOWN: Look("help-circle", "purple"),
    Status.QUEUED: Look("clock", "grey"),
    Status.RUNNING: Look("loader-2", "blue"),
    Status.SUCCEEDED: Look("circle-check", "green"),
    Status.FAILED: Look("circle-x", "red"),
    Status.CANCELLED: Look("ban", "grey"),
    Status.EXPIRED: Look("hourglass-off", "amber"),
    Status.LOST: Look("unlink", "amber"),
}

#: What to say of a status that a person may not know.
MEANINGS = {
    Status.UNCONFIRMED: gettext_lazy(
        "The answer to the create request never reached us: the provider may or may not be making "
        "this video. It is not sent again by itself."
    ),
    Status.EXPIRED: gettext_lazy("The provider gave up: it did not finish in the time allowed."),
    Status.LOST: gettext_lazy(
        "The provider says, repeatedly, that it does not know this task. Providers forget tasks "
        "after 7 days, cancelled ones after 24 hours. If the id or the credential was wrong, "
        "track it again with the right one."
    ),
}
