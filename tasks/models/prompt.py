"""Saved prompts: a project keeps them for further creates."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tasks.models.access import SavedPromptAccess
from tasks.models.projects import Project

LONGEST_PROMPT = 20_000  # characters, as typed and as sent; no provider documents a limit
MOST_SAVED = 100  # in a project: all of them are offered wherever one is chosen


class SavedPromptQuerySet(SavedPromptAccess["SavedPrompt"]):
    pass


class SavedPrompt(models.Model):
    """One prompt that a project keeps under a name."""

    project = models.ForeignKey(
        Project, models.CASCADE, related_name="saved_prompts", verbose_name=_("project")
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("person"),
    )
    name = models.CharField(_("name"), max_length=80)
    text = models.TextField(_("prompt"))
    created_at = models.DateTimeField(_("saved"), default=timezone.now, editable=False)
    changed_at = models.DateTimeField(_("changed"), default=timezone.now, editable=False)

    objects = SavedPromptQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved prompt")
        verbose_name_plural = _("saved prompts")
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name"],
                name="prompt_name_once_a_project",
                violation_error_message=_("This project has a saved prompt of this name."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("saved_prompt", args=[self.pk])
