"""Callbacks: a provider calls an address with a token when a task changes; we keep its hash."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from tasks.models.submission import Submission
from tasks.providers.redact import CALLBACK_PREFIX


class CallbackQuerySet(models.QuerySet["Callback"]):
    def make(self, submission: Submission, now: datetime) -> str:
        """Create a token for this submission. It is returned only here: the row keeps its hash.

        It has 256 random bits, so a plain hash is enough, and rotating the keys ends no callback.
        """
        token = CALLBACK_PREFIX + secrets.token_urlsafe(32)
        fields = {"digest": digest_of(token), "made_at": now, "called_at": None}
        self.update_or_create(submission=submission, defaults=fields)
        return token

    def known(self, token: str) -> CallbackQuerySet:
        """The row of a token, found by an index on the hash: the time taken reveals no token."""
        return self.filter(digest=digest_of(token))


class Callback(models.Model):
    """The callback of one submission."""

    submission = models.OneToOneField(
        Submission, models.CASCADE, related_name="callback", verbose_name=_("submission")
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    made_at = models.DateTimeField(_("made"))
    called_at = models.DateTimeField(_("last called"), null=True)

    objects = CallbackQuerySet.as_manager()

    class Meta:
        verbose_name = _("callback")
        verbose_name_plural = _("callbacks")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["called_at"],
                name="callback_called",
                condition=models.Q(called_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return str(self.submission_id)


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
