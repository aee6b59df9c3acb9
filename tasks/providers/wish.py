"""What a person wants made: one wish is one create request, whichever provider gets it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, Self

from tasks.providers.catalog import Input, Model, find_model


class Mode(StrEnum):
    """How a video comes about. Ark's own three ways exclude each other, so one is chosen first."""

    TEXT = "text"
    FIRST_FRAME = "first_frame"
    FIRST_AND_LAST_FRAME = "first_and_last_frame"
    REFERENCE = "reference"
    EDIT = "edit"
    EXTEND = "extend"
    FINAL = "final"  # of an accepted draft

    @property
    def inputs(self) -> frozenset[Input]:
        """What a model must be able to do for it."""
        return _NEEDS[self]


_NEEDS = {
    Mode.TEXT: frozenset({Input.TEXT}),
    Mode.FIRST_FRAME: frozenset({Input.FIRST_FRAME}),
    Mode.FIRST_AND_LAST_FRAME: frozenset({Input.FIRST_FRAME, Input.LAST_FRAME}),
    Mode.REFERENCE: frozenset({Input.REFERENCE_IMAGE}),
    Mode.EDIT: frozenset({Input.EDIT, Input.REFERENCE_VIDEO}),
    Mode.EXTEND: frozenset({Input.EXTEND, Input.REFERENCE_VIDEO}),
    Mode.FINAL: frozenset({Input.DRAFT_TASK}),
}


class Part(StrEnum):
    """The part that a picture, video or sound plays; Ark's `role`."""

    FIRST_FRAME = "first_frame"
    LAST_FRAME = "last_frame"
    REFERENCE_IMAGE = "reference_image"
    REFERENCE_VIDEO = "reference_video"
    REFERENCE_AUDIO = "reference_audio"

    @property
    def content_type(self) -> str:
        """Ark's `type` of the content item."""
        kind = self.value.rpartition("_")[2]
        return f"{kind if kind in ('video', 'audio') else 'image'}_url"

    @property
    def is_picture(self) -> bool:
        return self.content_type == "image_url"


PICTURES = tuple(part for part in Part if part.is_picture)

#: Before the number of a picture that was uploaded here; no provider ever sees it.
UPLOAD = "upload:"


def upload_in(url: str) -> int | None:
    """Which upload a medium's URL names, if it is one."""
    number = url.removeprefix(UPLOAD)
    named = url != number and number.isascii() and number.isdigit() and len(number) < 19
    return int(number) if named else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Medium:
    """One given file: a public link, `asset://…`, a data URI (pictures and sound only), or, until
    it is sent, `upload:…`.
    """

    part: Part
    url: str = field(repr=False)  # long, or a bearer link


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """Field names are Ark's own (volcengine.com/docs/82379/1520757); what is None is not sent.

    Durations and times are in seconds.
    """

    model: str  # the name that this provider knows it by, or an endpoint's id
    known_as: str = ""  # the catalog's name for it, where the other does not tell
    mode: Mode = Mode.TEXT
    prompt: str = ""
    media: tuple[Medium, ...] = ()
    draft_task_id: str = ""

    resolution: str | None = None
    ratio: str | None = None
    duration: int | None = None
    frames: int | None = None
    seed: int | None = None
    generate_audio: bool | None = None
    camera_fixed: bool | None = None
    watermark: bool | None = None
    return_last_frame: bool | None = None
    service_tier: str | None = None
    priority: int | None = None
    execution_expires_after: int | None = None
    web_search: bool | None = None
    draft: bool | None = None
    output_format: str | None = None

    safety_identifier: str | None = None
    callback_url: str | None = field(default=None, repr=False)  # whoever knows it can knock

    def count(self, part: Part) -> int:
        return sum(medium.part == part for medium in self.media)

    @property
    def uploads(self) -> tuple[int, ...]:
        """As often as each is given."""
        found = (upload_in(medium.url) for medium in self.media)
        return tuple(number for number in found if number is not None)

    def with_uploads(self, urls: Mapping[int, str]) -> Self:
        """As it is sent: each upload by what a provider can read. KeyError for one not there."""
        named = ((medium, upload_in(medium.url)) for medium in self.media)
        media = (
            medium if number is None else replace(medium, url=urls[number])
            for medium, number in named
        )
        return replace(self, media=tuple(media))

    @property
    def catalogued(self) -> Model | None:
        """The model behind the name; None where the catalog has none such."""
        return find_model(self.known_as or self.model)

    def to_json(self) -> dict[str, Any]:
        """To be kept; what is not wished for is left out."""
        kept = {name: value for name, value in asdict(self).items() if value not in (None, "", ())}
        return kept | {"media": [asdict(medium) for medium in self.media]}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        media = tuple(
            Medium(part=Part(each["part"]), url=each["url"]) for each in kept.get("media", ())
        )
        known = {each.name for each in fields(cls)}
        values = {name: value for name, value in kept.items() if name in known}
        return cls(**values | {"media": media, "mode": Mode(kept.get("mode", Mode.TEXT))})

    def given(self) -> dict[str, object]:
        """Of SCALARS those that are to be sent."""
        values = ((name, getattr(self, name)) for name in SCALARS)
        return {name: value for name, value in values if value is not None}


#: What is sent as it is, beside model and content, in the order of Ark's page.
SCALARS = (
    "callback_url return_last_frame service_tier execution_expires_after generate_audio draft "
    "safety_identifier priority resolution ratio duration frames seed camera_fixed watermark "
    "output_format"
).split()

#: All that a wish can hold, by the names of fields and parts.
EVERYTHING = frozenset({*SCALARS, *map(str, Part), "web_search", "draft_task_id"})


def modes_of(model: Model) -> tuple[Mode, ...]:
    """The ways in which this model makes videos."""
    return tuple(mode for mode in Mode if mode.inputs <= model.inputs)
