"""The history of a task: one row per change of status."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tasks.providers.status import Status

STATUS_CHOICES = [
    (Status.SUBMITTING, _("Submitting")),
    (Status.UNCONFIRMED, _("Unconfirmed")),
    (Status.UNKNOWN, _("Unknown")),
    (Status.QUEUED, _("Queued")),
    (Status.RUNNING, _("Running")),
    (Status.SUCCEEDED, _("Succeeded")),
    (Status.FAILED, _("Failed")),
    (Status.CANCELLED, _("Cancelled")),
    (Status.EXPIRED, _("Expired")),
    (Status.LOST, _("Lost")),
    (Status.FOREIGN, _("Elsewhere")),
]


class StatusChange(models.Model):
    """One change of a task's status, shown in its timeline."""

    task = models.ForeignKey("Task", models.CASCADE, related_name="changes")
    was = models.CharField(_("was"), max_length=12, choices=STATUS_CHOICES)
    became = models.CharField(_("became"), max_length=12, choices=STATUS_CHOICES)
    word = models.CharField(_("provider's word"), max_length=64, default="")
    at = models.DateTimeField(_("seen"))

    class Meta:
        verbose_name = _("status change")
        verbose_name_plural = _("status changes")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.task_id}: {self.was} → {self.became}"
