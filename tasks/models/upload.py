"""Uploads: pictures, videos and sounds for creates, stored once a project while they are needed."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import IO, Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import models, transaction
from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from tasks.models import shared_links
from tasks.models.access import UploadAccess
from tasks.models.projects import Project
from tasks.models.storage import remove_files
from tasks.providers.catalog.material_limits import KINDS, Material, material_of
from tasks.providers.catalog.picture_limits import data_uri
from tasks.providers.catalog.request import UPLOAD, upload_in
from tasks.providers.numbers import whole_number

log = logging.getLogger(__name__)

KEPT_UNUSED = timedelta(days=7)


class QuotaExceededError(Exception):
    """A file does not fit into the quota of its person or its project; sizes in bytes."""

    def __init__(self, *, is_persons: bool, used: int, most: int) -> None:
        super().__init__(f"{used} of {most} bytes are used.")
        self.is_persons, self.used, self.most = is_persons, used, most


class UploadQuerySet(UploadAccess["Upload"]):
    def here(self) -> UploadQuerySet:
        """Uploads that are completely stored and not about to be removed."""
        return self.exclude(name="").exclude(sha256="")

    def keep(self, file: IO[bytes], now: datetime, **facts: Any) -> Upload:
        """Store a file unless the project has it; return its row.

        `facts` are the other fields: project, created_by, sha256, size, kind. A kill in between
        leaves a row without a name: nobody can use it, and the next upload of the same file
        completes it, or the purge removes it. Raises QuotaExceededError for a new one that finds
        no room.
        """
        identity = {name: facts.pop(name) for name in ("project", "sha256")}
        with transaction.atomic():
            _lock(facts["created_by"], identity["project"])
            row = self.filter(**identity).first()
            if row is None:
                self._check_quotas(identity["project"], facts["created_by"], facts["size"])
                row = self.create(**identity, **facts, created_at=now, touched_at=now)
        self.filter(pk=row.pk).update(touched_at=now)
        if not row.is_stored:
            row._store(file)
        return row

    def _check_quotas(self, project: Project, person: Any, size: int) -> None:
        """Raise QuotaExceededError where so many bytes more are too many."""
        here = self.model._default_manager.exclude(sha256="")
        quotas = [(False, here.filter(project=project), settings.UPLOADS_PER_PROJECT)]
        if person is not None:
            quotas.append((True, here.filter(created_by=person), settings.UPLOADS_PER_PERSON))
        for is_persons, rows, most in quotas:
            used = rows.aggregate(used=Sum("size"))["used"] or 0
            if most and used + size > most:
                raise QuotaExceededError(is_persons=is_persons, used=used, most=most)

    def touch(self, pks: Collection[int], project: Project, now: datetime) -> bool:
        """Keep these from the purge for another week; whether all of them are stored."""
        wanted = set(pks)
        uploads = self.here().filter(pk__in=wanted, project=project)
        return uploads.update(touched_at=now) == len(wanted)

    def shared(self, token: str) -> UploadQuerySet:
        """The upload that a signed link names; none once the link has ended."""
        named = shared_links.named_by(token)
        pk = whole_number(named) if named.isdigit() else upload_in(named)
        return self.here().filter(pk=pk) if pk is not None else self.none()

    def let_go(self, now: datetime) -> UploadQuerySet:
        """Make uploads unusable that nobody used for a week; return them for the removal of files.

        The outer filter tests the time as well: PostgreSQL evaluates it again after a concurrent
        `touch` has committed, but not the subquery.
        """
        old = self.filter(touched_at__lt=now - KEPT_UNUSED)
        old.filter(pk__in=old.filter(submissions=None).values("pk")).update(sha256="")
        return self.filter(sha256="")

    def purge(self, now: datetime, most: int) -> int:
        """Remove at most so many that nobody used for a week; return the number removed.

        If the storage cannot delete a file its row stays for the next purge.
        """
        leaving = list(self.let_go(now).order_by("pk")[:most])
        gone = [row.pk for row in leaving if remove_files(row.name, row.picture or "")]
        self.filter(pk__in=gone, sha256="").delete()
        return len(gone)


def _lock(person: Any, project: Project) -> None:
    """Let uploads at the same moment count each other; the person first, as in the gate."""
    if person is not None:
        people = get_user_model().objects.select_for_update(no_key=True)
        people.only("pk").get(pk=person.pk)
    Project.objects.select_for_update(no_key=True).only("pk").get(pk=project.pk)


class Upload(models.Model):
    """One picture, video or sound of a project. Sides are in pixels; a sound has none."""

    project = models.ForeignKey(Project, models.PROTECT, verbose_name=_("project"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("person"),
    )
    sha256 = models.CharField(_("SHA-256"), max_length=64, editable=False)  # "": to be removed
    size = models.PositiveIntegerField(_("size"), help_text=_("bytes"))
    width = models.PositiveIntegerField(_("width"))
    height = models.PositiveIntegerField(_("height"))
    kind = models.CharField(_("kind"), max_length=4, choices=[(each, each) for each in KINDS])
    name = models.CharField(_("file"), max_length=100, default="", editable=False)
    #: Of a video or a sound. Frames are those of a second, on average.
    duration = models.FloatField(_("duration"), null=True, help_text=_("seconds"))
    rate = models.FloatField(_("frames per second"), null=True)
    video_codec = models.CharField(_("video codec"), max_length=20, null=True, blank=True)
    audio_codec = models.CharField(_("audio codec"), max_length=20, null=True, blank=True)
    #: A small picture of it in the storage: a video's first frame, a sound's waveform.
    picture = models.CharField(max_length=100, null=True, blank=True, editable=False)
    picture_size = models.PositiveIntegerField(null=True, editable=False)
    picture_hash = models.CharField(max_length=16, null=True, blank=True, editable=False)
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
        length = f"{self.duration:.1f} s" if self.duration else ""
        size = f"{self.width} × {self.height}" if self.width else ""
        return " ".join(filter(None, (self.kind, size, length)))

    @property
    def content_type(self) -> str:
        return KINDS[self.kind]

    @property
    def material(self) -> Material:
        return material_of(self.kind)

    @property
    def line(self) -> str:
        """The value that stands for it in a form and in a request: upload:7."""
        return f"{UPLOAD}{self.pk}"

    @property
    def is_stored(self) -> bool:
        return bool(self.name) and storages["videos"].exists(self.name)

    def _store(self, file: IO[bytes]) -> None:
        """Store the file under a name made of our own id.

        If two processes do so at once, one file is kept, whether or not the storage gives both the
        same name.
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

    def keep_picture(self, picture: bytes, suffix: str) -> None:
        """Store the small picture of it under a name of its own; one of two at once is kept."""
        storage = storages["videos"]
        name = storage.save(f"uploads/{self.pk}.picture.{suffix}", ContentFile(picture))
        digest = blake2b(picture, digest_size=8).hexdigest()
        fields = {"picture": name, "picture_size": len(picture), "picture_hash": digest}
        if type(self).objects.filter(pk=self.pk, picture=None).update(**fields):
            self.picture, self.picture_size, self.picture_hash = name, len(picture), digest
            return
        storage.delete(name)
        self.refresh_from_db()

    # For providers

    def content(self) -> bytes:
        """The bytes of the file. Raises OSError, or whatever a remote storage raises."""
        with storages["videos"].open(self.name) as file:
            content: bytes = file.read()
        return content

    def data_uri(self) -> str:
        return data_uri(self.content_type, self.content())

    def shared_url(self) -> str:
        """A public link to this one file, which ends by itself."""
        is_picture = self.material == Material.PICTURE
        return shared_links.url_of(str(self.pk) if is_picture else self.line)
