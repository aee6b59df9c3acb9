"""How much of the storage each project uses, kept by the database itself."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from tasks.models.people import Project


class StorageUseQuerySet(models.QuerySet["StorageUse"]):
    def visible_to(self, user: Any) -> StorageUseQuerySet:
        if user.is_active and user.is_staff:
            return self
        return self.filter(project__in=Project.objects.ids_visible_to(user))


class StorageUse(models.Model):
    """The saved copies of one project, in numbers.

    Triggers on the copies keep them (migration 0007), so whoever writes a copy cannot forget to,
    and a page need not add up a million sizes.
    """

    project = models.OneToOneField(
        Project, models.CASCADE, primary_key=True, verbose_name=_("project")
    )
    files = models.BigIntegerField(_("files"), default=0)
    bytes = models.BigIntegerField(_("size"), default=0, help_text=_("bytes"))

    objects = StorageUseQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.project_id}: {self.files} files, {self.bytes} bytes"
