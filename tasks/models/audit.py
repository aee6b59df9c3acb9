"""The audit: an append-only record of who did what."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tasks.models.access import AuditAccess


class AuditAction(models.TextChoices):
    """Actions that the audit records; the column `verb` of an entry has one."""

    SIGNED_IN = "signed_in", _("signed in")
    SIGN_IN_FAILED = "sign_in_failed", _("could not sign in")
    SIGNED_OUT = "signed_out", _("signed out")
    SESSIONS_ENDED = "sessions_ended", _("ended sessions")
    PASSWORD_CHANGED = "password_changed", _("changed the password")
    FACTOR_ADDED = "factor_added", _("added a second factor")
    FACTOR_REMOVED = "factor_removed", _("removed a second factor")
    INVITED = "invited", _("invited")
    INVITATION_WITHDRAWN = "invitation_withdrawn", _("withdrew an invitation")
    JOINED = "joined", _("joined")
    ROLE_CHANGED = "role_changed", _("changed a role")
    PERSON_REMOVED = "person_removed", _("removed a person")
    PERSON_ADDED = "person_added", _("made an account")
    PERSON_CHANGED = "person_changed", _("changed an account")
    PROJECT_MADE = "project_made", _("made a project")
    PROJECT_CHANGED = "project_changed", _("changed a project")
    PROJECT_REMOVED = "project_removed", _("removed a project")
    CREDENTIAL_ADDED = "credential_added", _("added a credential")
    CREDENTIAL_CHANGED = "credential_changed", _("changed a credential")
    CREDENTIAL_REMOVED = "credential_removed", _("removed a credential")
    KEY_REPLACED = "key_replaced", _("replaced a key")
    PRICE_SET = "price_set", _("set a price")
    PRICE_ENDED = "price_ended", _("ended a price")
    PRICE_REMOVED = "price_removed", _("removed a price")
    BUDGET_CHANGED = "budget_changed", _("changed a budget")
    PROMPT_SAVED = "prompt_saved", _("saved a prompt")
    PROMPT_CHANGED = "prompt_changed", _("changed a saved prompt")
    TRACKED = "tracked", _("tracked tasks")
    ADOPTED = "adopted", _("adopted tasks")
    MOVED = "moved", _("moved to the project that pays")
    EXPORTED = "exported", _("exported")
    DELETED = "deleted", _("deleted")
    RESTORED = "restored", _("restored")
    PURGED = "purged", _("deleted for good")
    CANCELLED = "cancelled", _("cancelled")
    TOKEN_MADE = "token_made", _("made an API token")
    TOKEN_REVOKED = "token_revoked", _("revoked an API token")
    SERVICE_MADE = "service_made", _("made a service")


class AuditQuerySet(AuditAccess["AuditEntry"]):
    def update(self, **values: Any) -> NoReturn:
        raise ReadOnlyError

    def delete(self) -> NoReturn:
        raise ReadOnlyError


class ReadOnlyError(TypeError):
    """An entry of the audit was about to be changed or deleted."""

    def __init__(self) -> None:
        super().__init__("The record of who did what is only ever added to.")


class AuditEntry(models.Model):
    """One line of the audit.

    Names are copied and ids are plain numbers, so an entry outlives the rows it is about.
    """

    at = models.DateTimeField(_("at"), default=timezone.now)
    actor_id = models.BigIntegerField(_("actor's id"), null=True)
    actor = models.CharField(_("who"), max_length=150, default="")
    verb = models.CharField(_("did what"), max_length=24, choices=AuditAction)
    kind = models.CharField(_("kind of thing"), max_length=30, default="")
    object_id = models.BigIntegerField(_("thing's id"), null=True)
    label = models.CharField(_("to what"), max_length=200, default="")
    project_id = models.BigIntegerField(_("project's id"), null=True)
    address = models.GenericIPAddressField(_("from where"), null=True)
    changes = models.JSONField(_("what changed"), default=dict)
    #: Of the token with which the actor asked; None if they were signed in.
    token = models.CharField(_("by token"), max_length=60, null=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["project_id", "-id"], name="audit_project"),
            models.Index(fields=["actor_id", "-id"], name="audit_actor"),
            models.Index(fields=["verb", "-id"], name="audit_verb"),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.get_verb_display()} {self.label}".strip()

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise ReadOnlyError
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise ReadOnlyError
