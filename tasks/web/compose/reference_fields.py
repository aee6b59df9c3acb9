"""Form fields for the references of a video: links, and uploaded pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _

from tasks.models import Upload
from tasks.providers.catalog.picture_limits import (
    BESIDES,
    LARGEST_REQUEST,
    fit_one_request,
    sent_size,
)
from tasks.providers.catalog.request import upload_in


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


class PicturesInput(forms.Textarea):
    """A text box for links; each uploaded picture is a checkbox of the same name beside it."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str:
        values = data.getlist(name) if hasattr(data, "getlist") else [data.get(name) or ""]
        return "\n".join(values)

    def format_value(self, value: Any) -> str:
        return "\n".join(line for line in split_lines(value) if upload_in(line) is None)


class Pictures(Links):
    """Links, and `upload:…` for pictures that were uploaded to the project.

    The form sets `most`, the largest number of pictures, and `uploads`, those of the given uploads
    that the project has, by their ids.
    """

    widget = PicturesInput(attrs=Links.widget.attrs)
    most = 1
    uploads: Mapping[int, Upload] = {}

    def check(self, link: str) -> None:
        number = upload_in(link)
        if number is None:
            super().check(link)
        elif number not in self.uploads:
            message = _("A picture is no longer in this project. Add it again.")
            raise ValidationError(message, code="rule")

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> BoundPictures:
        return BoundPictures(form, self, field_name)


class BoundPictures(forms.BoundField):
    """A field for pictures in a form, with the thumbnails of its uploads."""

    is_for_pictures = True
    field: Pictures

    @property
    def thumbnails(self) -> list[Upload]:
        ids = uploads_in(self.value())
        return [self.field.uploads[number] for number in ids if number in self.field.uploads]

    @property
    def has_links(self) -> bool:
        """Whether something other than uploads was given, which is shown beside them."""
        return any(upload_in(line) is None for line in split_lines(self.value()))


def size_error(sizes: Sequence[int]) -> ValidationError | None:
    """An error if pictures of these sizes in bytes do not fit into one request, else None.

    The sum of the sizes does not matter where only links to the pictures are sent.
    """
    if settings.SHARES_UPLOADS or fit_one_request(sizes):
        return None
    message = _("Together, the pictures are %(is)s MB. At most %(most)s MB can be sent.")
    sizes_in_mb = {
        "is": _megabytes(sent_size(sizes)),
        "most": _megabytes(LARGEST_REQUEST - BESIDES),
    }
    return ValidationError(message % sizes_in_mb, code="rule")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f}"
