"""Pictures that people gave to be made into videos: kept once a project, as long as needed."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import IO, Any

from django.conf import settings
from django.core import signing
from django.core.files import File
from django.core.files.storage import storages
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tasks.models.people import Project
from tasks.models.storage import remove_files
from tasks.providers.pictures import KINDS, data_uri

log = logging.getLogger(__name__)

KEPT_UNUSED = timedelta(days=7)
SHARED_FOR = timedelta(hours=24)


def _signer() -> signing.TimestampSigner:
    return signing.TimestampSigner(salt="dailies.shared-uploads")


class UploadQuerySet(models.QuerySet["Upload"]):
    def here(self) -> UploadQuerySet:
        """Those that are wholly in the storage, and not about to be removed."""
        return self.exclude(name="").exclude(sha256="")

    def visible_to(self, user: Any) -> UploadQuerySet:
        return self.here().filter(project__in=Project.objects.ids_visible_to(user))

    def usable_by(self, user: Any) -> UploadQuerySet:
        """Where this person may make videos."""
        return self.here().filter(project__in=Project.objects.open_to_work_by(user))

    def keep(self, file: IO[bytes], now: datetime, **facts: Any) -> Upload:
        """`facts`: project, created_by, sha256, size, width, height, kind. What the project has
        already is not stored again.

        A kill on the way leaves a row without a name: nobody can use it, and the next upload of
        the same file, or the purge, takes it up.
        """
        one = {name: facts.pop(name) for name in ("project", "sha256")}
        row, _is_new = self.get_or_create(
            **one, defaults={**facts, "created_at": now, "touched_at": now}
        )
        self.filter(pk=row.pk).update(touched_at=now)
        if not row.is_stored:
            row._store(file)
        return row

    def touch(self, pks: Collection[int], project: Project, now: datetime) -> bool:
        """Hold these for whoever is about to use them; whether all of them are here."""
        wanted = set(pks)
        mine = self.here().filter(pk__in=wanted, project=project)
        return mine.update(touched_at=now) == len(wanted)

    def shared(self, token: str) -> UploadQuerySet:
        """The one that a link of ours names, for as long as the link lives."""
        try:
            pk = _signer().unsign(token, max_age=SHARED_FOR)
        except signing.BadSignature:  # or it is past its time
            return self.none()
        return self.here().filter(pk=pk)

    def let_go(self, now: datetime) -> UploadQuerySet:
        """Take what nobody used for a week out of everybody's reach; their files go next.

        The time is asked of the row itself too: PostgreSQL looks at it again once whoever is
        touching it has committed, and not at what a subquery found before.
        """
        old = self.filter(touched_at__lt=now - KEPT_UNUSED)
        old.filter(pk__in=old.filter(submissions=None).values("pk")).update(sha256="")
        return self.filter(sha256="")

    def purge(self, now: datetime, most: int) -> int:
        """Remove up to so many that nobody used for a week; how many there are no more.

        Where the storage does not let go of a file its row stays, for the next purge.
        """
        leaving = list(self.let_go(now).order_by("pk")[:most])
        gone = [row.pk for row in leaving if remove_files(row.name)]
        self.filter(pk__in=gone, sha256="").delete()
        return len(gone)


class Upload(models.Model):
    project = models.ForeignKey(Project, models.PROTECT, verbose_name=_("project"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("person"),
    )
    sha256 = models.CharField(_("SHA-256"), max_length=64, editable=False)  # "" before it goes
    size = models.PositiveIntegerField(_("size"), help_text=_("bytes"))
    width = models.PositiveIntegerField(_("width"))
    height = models.PositiveIntegerField(_("height"))
    kind = models.CharField(_("kind"), max_length=4, choices=[(each, each) for each in KINDS])
    name = models.CharField(_("file"), max_length=100, default="", editable=False)
    created_at = models.DateTimeField(_("uploaded"), editable=False)
    touched_at = models.DateTimeField(_("last wanted"), editable=False)

    objects = UploadQuerySet.as_manager()

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "sha256"],
                name="upload_once_a_project",
                condition=~Q(sha256=""),
            )
        ]
        indexes = [models.Index(fields=["touched_at"], name="upload_touched")]

    def __str__(self) -> str:
        return f"{self.kind} {self.width} × {self.height}"

    @property
    def content_type(self) -> str:
        return KINDS[self.kind]

    @property
    def is_stored(self) -> bool:
        return bool(self.name) and storages["videos"].exists(self.name)

    def _store(self, file: IO[bytes]) -> None:
        """Under a name of our own ids; of two that store it at once one is kept, if a storage does
        not put both under the same name anyway.
        """
        file.seek(0)
        storage, before = storages["videos"], self.name
        name = storage.save(f"uploads/{self.pk}.{self.kind}", File(file))
        if type(self).objects.filter(pk=self.pk, name=before).update(name=name):
            self.name = name
            return
        self.refresh_from_db()
        if self.name != name:
            storage.delete(name)

    # As a provider gets it

    def content(self) -> bytes:
        """OSError, or whatever a remote storage raises, where it is not to be had."""
        with storages["videos"].open(self.name) as file:
            found: bytes = file.read()
        return found

    def data_uri(self) -> str:
        return data_uri(self.content_type, self.content())

    def shared_url(self) -> str:
        """A public link to this one file, for a day."""
        return settings.PUBLIC_URL + reverse("shared", args=[_signer().sign(str(self.pk))])
