"""Form fields for the references of a video: links, uploaded files, and saved clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _

from tasks.models import Copy, Upload
from tasks.providers.catalog.material_limits import KINDS, Material, material_of
from tasks.providers.catalog.picture_limits import (
    BESIDES,
    LARGEST_REQUEST,
    fit_one_request,
    sent_size,
)
from tasks.providers.catalog.request import clip_in, upload_in
from tasks.web.compose.given_files import GivenFile, given_file
from tasks.web.compose.labels import no_sharing_sentence


class Links(forms.CharField):
    """Public links, or ids of the provider's own library (asset://…), one per line."""

    widget = forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "placeholder": "https://"})
    _is_url = URLValidator(schemes=["http", "https"])

    def clean(self, value: Any) -> Any:
        links = split_lines(super().clean(value))
        for link in links:
            self.check(link)
        return links

    def check(self, link: str) -> None:
        """Raise ValidationError unless the link can be sent to a provider."""
        if not link.startswith("asset://"):
            self._is_url(link)


def split_lines(value: str | None) -> list[str]:
    """The lines that are not empty, without the spaces around them."""
    stripped = (line.strip() for line in (value or "").splitlines())
    return [line for line in stripped if line]


def uploads_in(value: str | None) -> list[int]:
    """The ids of the uploads among the lines of a field."""
    ids = (upload_in(line) for line in split_lines(value))
    return [number for number in ids if number is not None]


def clips_in(value: str | None) -> list[int]:
    """The ids of the tasks whose saved videos are among the lines of a field."""
    ids = (clip_in(line) for line in split_lines(value))
    return [number for number in ids if number is not None]


def is_link(line: str) -> bool:
    """Whether a line is neither an upload nor a saved clip."""
    return upload_in(line) is None and clip_in(line) is None


class FilesInput(forms.Textarea):
    """A text box for links; each upload and clip is a checkbox of the same name beside it."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str:
        values = data.getlist(name) if hasattr(data, "getlist") else [data.get(name) or ""]
        return "\n".join(values)

    def format_value(self, value: Any) -> str:
        return "\n".join(line for line in split_lines(value) if is_link(line))


class Files(Links):
    """Links, `upload:…` for files that were uploaded to the project, `clip:…` for saved videos.

    The form sets `most`, the largest number of them, and what the project has of the given ones:
    `uploads` by their ids, and `clips` by their tasks' ids.
    """

    widget = FilesInput(attrs=Links.widget.attrs)
    most = 1
    uploads: Mapping[int, Upload] = {}
    clips: Mapping[int, Copy] = {}

    def __init__(self, *, material: Material = Material.PICTURE, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.material = material

    @property
    def takes_files(self) -> bool:
        """Whether files are taken: a video goes to a provider only as a link of ours."""
        return self.material != Material.VIDEO or bool(settings.SHARES_UPLOADS)

    def check(self, link: str) -> None:
        upload, clip = upload_in(link), clip_in(link)
        if upload is None and clip is None:
            super().check(link)
            return
        found = self.uploads.get(upload) if upload is not None else None
        is_here = found is not None and found.material == self.material
        is_here |= clip in self.clips and self.material == Material.VIDEO
        if not is_here:
            message = {
                Material.PICTURE: _("A picture is no longer in this project. Add it again."),
                Material.VIDEO: _("A video is no longer in this project. Add it again."),
                Material.SOUND: _("An audio file is no longer in this project. Add it again."),
            }[self.material]
            raise ValidationError(message, code="rule")
        if not self.takes_files:
            raise ValidationError(no_sharing_sentence(), code="rule")

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> BoundFiles:
        return BoundFiles(form, self, field_name)


class BoundFiles(forms.BoundField):
    """A field for files in a form, with those that are given."""

    is_for_files = True
    field: Files

    @property
    def given(self) -> list[GivenFile]:
        """The uploads and clips among the lines, as far as the project has them."""
        return list(filter(None, map(self._found, split_lines(self.value()))))

    def _found(self, line: str) -> GivenFile | None:
        upload, clip = upload_in(line), clip_in(line)
        return given_file(upload, clip, self.field.uploads, self.field.clips)

    @property
    def has_links(self) -> bool:
        """Whether something other than files was given, which is shown beside them."""
        return any(map(is_link, split_lines(self.value())))

    @property
    def accept(self) -> str:
        """The types of file that a browser offers to choose."""
        return ",".join(
            content_type
            for kind, content_type in KINDS.items()
            if material_of(kind) == self.field.material
        )

    @property
    def word(self) -> str:
        """The word on the button that chooses files."""
        words = {
            Material.PICTURE: _("Picture"),
            Material.VIDEO: _("Video"),
            Material.SOUND: _("Sound"),
        }
        return words[self.field.material]

    @property
    def refusal(self) -> str:
        """The sentence that says why no files are taken here; "" where they are."""
        return "" if self.field.takes_files else no_sharing_sentence()


def size_error(sizes: Sequence[int]) -> ValidationError | None:
    """An error if files of these sizes in bytes do not fit into one request, else None.

    The sum of the sizes does not matter where only links to the files are sent.
    """
    if settings.SHARES_UPLOADS or fit_one_request(sizes):
        return None
    message = _("Together, the files are %(is)s MB. At most %(most)s MB can be sent.")
    sizes_in_mb = {
        "is": _megabytes(sent_size(sizes)),
        "most": _megabytes(LARGEST_REQUEST - BESIDES),
    }
    return ValidationError(message % sizes_in_mb, code="rule")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f}"
