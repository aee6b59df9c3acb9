"""The badge of each status, and what a status means where a person may not know."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy

from tasks.providers.status import Status


@dataclass(frozen=True)
class Badge:
    """An icon of the sprite, and a tone, which is a CSS class without its "tone-"."""

    icon: str
    tone: str


STATUS_BADGES = {
    Status.SUBMITTING: Badge("send", "dashed"),
    Status.UNCONFIRMED: Badge("alert-triangle", "amber"),
    Status.UNKNOWN: Badge("help-circle", "purple"),
    Status.QUEUED: Badge("clock", "grey"),
    Status.RUNNING: Badge("loader-2", "blue"),
    Status.SUCCEEDED: Badge("circle-check", "green"),
    Status.FAILED: Badge("circle-x", "red"),
    Status.CANCELLED: Badge("ban", "grey"),
    Status.EXPIRED: Badge("hourglass-off", "amber"),
    Status.LOST: Badge("unlink", "amber"),
    Status.FOREIGN: Badge("arrow-back-up", "grey"),
}

#: Explanations of the statuses that a person may not know.
MEANINGS = {
    Status.UNCONFIRMED: gettext_lazy(
        "The answer to the create request never arrived, so the provider may or may not be "
        "generating this video. The request isn't sent again automatically."
    ),
    Status.EXPIRED: gettext_lazy(
        "The provider stopped the task because it didn't finish in the time allowed."
    ),
    Status.LOST: gettext_lazy(
        "The provider has repeatedly said that it doesn't know this task. Providers forget tasks "
        "after 7 days, and cancelled ones after 24 hours. If the id or the credential was wrong, "
        "track the task again with the right one."
    ),
    Status.FOREIGN: gettext_lazy(
        "The id you entered belongs to another project, which created this task and pays for it. "
        "Only the id is kept here."
    ),
}
#: The same for readers who see no details of the task.
PLAIN_MEANINGS = {
    Status.UNCONFIRMED: gettext_lazy("It isn't known yet whether this video is being generated."),
    Status.EXPIRED: gettext_lazy("The task didn't finish in the time allowed."),
    Status.LOST: gettext_lazy("The provider no longer knows this task."),
}
