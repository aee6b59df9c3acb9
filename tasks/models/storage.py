"""How much of the storage each project uses, kept by the database itself; emptying it."""

from __future__ import annotations

import logging
from typing import Any

from django.core.files.storage import storages
from django.db import models
from django.utils.translation import gettext_lazy as _

from tasks.models.people import Project

log = logging.getLogger(__name__)


class StorageUseQuerySet(models.QuerySet["StorageUse"]):
    def visible_to(self, user: Any) -> StorageUseQuerySet:
        if user.is_active and user.is_staff:
            return self
        return self.filter(project__in=Project.objects.ids_visible_to(user))


class StorageUse(models.Model):
    """The saved copies of one project, in numbers.

    Triggers on the copies keep them (migration 0021), so whoever writes a copy cannot forget to,
    and a page need not add up a million sizes. A poster's bytes count, but not as a file.
    """

    project = models.OneToOneField(
        Project, models.CASCADE, primary_key=True, verbose_name=_("project")
    )
    files = models.BigIntegerField(_("files"), default=0)
    bytes = models.BigIntegerField(_("size"), default=0, help_text=_("bytes"))

    objects = StorageUseQuerySet.as_manager()

    class Meta:
        verbose_name = _("storage used")
        verbose_name_plural = _("storage used")

    def __str__(self) -> str:
        return f"{self.project_id}: {self.files} files, {self.bytes} bytes"


def remove_files(*names: str) -> bool:
    """Take these out of the storage; whether they are. What is not there is no trouble."""
    try:
        for name in filter(None, names):
            storages["videos"].delete(name)
    except Exception as error:  # whatever the library of a remote storage raises
        log.warning("The storage did not delete a file: %s", type(error).__name__)
        return False
    return True
