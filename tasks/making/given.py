"""What is given to make a video of: links, and pictures that were uploaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _

from tasks.models import Project, Upload
from tasks.providers.pictures import BESIDES, LARGEST_REQUEST, fit_one_request, sent_size
from tasks.providers.wish import PICTURES, Wish, upload_in


class Links(forms.CharField):
    """Links, one a line; an asset's id at the provider is one too."""

    widget = forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "placeholder": "https://"})
    _is_url = URLValidator(schemes=["http", "https"])

    def clean(self, value: Any) -> Any:
        links = lines(super().clean(value))
        for link in links:
            self.check(link)
        return links

    def check(self, link: str) -> None:
        if not link.startswith("asset://"):
            self._is_url(link)


def lines(value: str | None) -> list[str]:
    stripped = (line.strip() for line in (value or "").splitlines())
    return [line for line in stripped if line]


def uploads_in(value: str | None) -> list[int]:
    found = (upload_in(line) for line in lines(value))
    return [number for number in found if number is not None]


class PicturesInput(forms.Textarea):
    """Each uploaded picture is a box of the same name that is ticked; the links are written."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str:
        values = data.getlist(name) if hasattr(data, "getlist") else [data.get(name) or ""]
        return "\n".join(values)

    def format_value(self, value: Any) -> str:
        return "\n".join(line for line in lines(value) if upload_in(line) is None)


class Pictures(Links):
    """Links, and `upload:…` for pictures that were uploaded to the project."""

    widget = PicturesInput(attrs=Links.widget.attrs)
    most = 1
    here: Mapping[int, Upload] = {}

    def check(self, link: str) -> None:
        number = upload_in(link)
        if number is None:
            super().check(link)
        elif number not in self.here:
            said = _("A picture is not in this project, or not any more. Give it again.")
            raise ValidationError(said, code="rule")

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> BoundPictures:
        return BoundPictures(form, self, field_name)


class BoundPictures(forms.BoundField):
    is_for_pictures = True
    field: Pictures

    @property
    def thumbnails(self) -> list[Upload]:
        wanted = uploads_in(self.value())
        return [self.field.here[number] for number in wanted if number in self.field.here]


class GivenPictures(forms.Form):
    """The part of a form that knows uploaded pictures."""

    project_chosen: Project | None

    def _find_pictures(self) -> None:
        """In one query for all parts."""
        wanted = {number for name in self._for_pictures() for number in uploads_in(self._raw(name))}
        found = Upload.objects.here().filter(project=self.project_chosen, pk__in=wanted)
        self._here = {upload.pk: upload for upload in found} if wanted else {}
        for name in self._for_pictures():
            self.fields[name].here = self._here  # type: ignore[attr-defined]

    def _for_pictures(self) -> Iterator[str]:
        return (part for part in PICTURES if part in self.fields)

    def _raw(self, name: str) -> str:
        return str(self[name].value() or "")

    def _check_sizes(self, wish: Wish) -> None:
        """All that is sent at once, unless only links to it are sent."""
        sizes = [self._here[number].size for number in wish.uploads]
        if settings.SHARES_UPLOADS or fit_one_request(sizes):
            return
        said = _("Together the pictures are %(is)s MB as they are sent; %(most)s MB are the most.")
        exact = {"is": _megabytes(sent_size(sizes)), "most": _megabytes(LARGEST_REQUEST - BESIDES)}
        self.add_error(next(self._for_pictures(), None), ValidationError(said % exact, code="rule"))


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f}"
