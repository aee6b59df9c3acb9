"""Storage used by each project, summed by the database itself; removing files."""

from __future__ import annotations

import logging

from django.core.files.storage import storages
from django.db import models
from django.utils.translation import gettext_lazy as _

from tasks.models.access import ProjectRowAccess
from tasks.models.projects import Project

log = logging.getLogger(__name__)


class StorageUseQuerySet(ProjectRowAccess["StorageUse"]):
    pass


class StorageUse(models.Model):
    """Number and size of the saved copies of one project.

    Triggers on the copies keep both, so no writer can forget to, and no page adds up a million
    sizes. A poster counts by its bytes, but not as a file.
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
        return f"{self.project_id} · {self.files} · {self.bytes}"


def remove_files(*names: str) -> bool:
    """Remove files from the storage; whether that worked. A missing file is no error."""
    try:
        for name in filter(None, names):
            storages["videos"].delete(name)
    except Exception as error:  # whatever the library of a remote storage raises
        log.warning("The storage did not delete a file: %s", type(error).__name__)
        return False
    return True
