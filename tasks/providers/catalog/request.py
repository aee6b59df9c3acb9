"""The request for one video, independent of the provider: one request becomes one create."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, Self

from tasks.providers.catalog.models import (
    Input,
    Model,
    find_model,
    is_catalogued,
    unchecked_model,
)
from tasks.providers.numbers import whole_number


class Mode(StrEnum):
    """A way of making a video. Ark's three ways exclude each other, so one is chosen first."""

    TEXT = "text"
    FIRST_FRAME = "first_frame"
    FIRST_AND_LAST_FRAME = "first_and_last_frame"
    REFERENCE = "reference"
    EDIT = "edit"
    EXTEND = "extend"
    FINAL = "final"  # the final video of an accepted draft

    @property
    def inputs(self) -> frozenset[Input]:
        """Inputs and abilities that a model must have for this mode."""
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


class MediaRole(StrEnum):
    """The role of a picture, video or sound in a request; Ark's `role`."""

    FIRST_FRAME = "first_frame"
    LAST_FRAME = "last_frame"
    REFERENCE_IMAGE = "reference_image"
    REFERENCE_VIDEO = "reference_video"
    REFERENCE_AUDIO = "reference_audio"

    @property
    def content_type(self) -> str:
        """Ark's `type` of a content item: image_url, video_url or audio_url."""
        kind = self.value.rpartition("_")[2]
        return f"{kind if kind in ('video', 'audio') else 'image'}_url"

    @property
    def is_picture(self) -> bool:
        return self.content_type == "image_url"


PICTURES = tuple(role for role in MediaRole if role.is_picture)

#: Prefixes of the id of a file that was uploaded here, and of the id of a task whose saved video
#: is meant. No provider ever sees them.
UPLOAD, CLIP = "upload:", "clip:"


def upload_in(url: str) -> int | None:
    """Return the id of the upload that a medium's URL names, or None if it names none."""
    return whole_number(url.removeprefix(UPLOAD)) if url.startswith(UPLOAD) else None


def clip_in(url: str) -> int | None:
    """Return the id of the task whose saved video a medium's URL names, or None."""
    return whole_number(url.removeprefix(CLIP)) if url.startswith(CLIP) else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Medium:
    """An input file and its role (`part`).

    The URL is a public link, `asset://…`, a data URI (pictures and sound only), or, until the
    request is sent, `upload:…` or `clip:…`.
    """

    part: MediaRole
    url: str = field(repr=False)  # long, or a link that gives access
    seconds: float | None = None  # of a video or a sound, where it is here; never sent

    def to_json(self) -> dict[str, Any]:
        length = {} if self.seconds is None else {"seconds": self.seconds}
        return {"part": self.part, "url": self.url} | length


@dataclass(frozen=True, kw_only=True, slots=True)
class Inherited:
    """The settings of a draft that its final video takes over; the request does not repeat them.

    They are known where the draft is a task here, and never sent.
    """

    ratio: str = ""
    duration: int | None = None  # seconds
    generate_audio: bool | None = None
    videos: int = 0  # reference videos of the draft


@dataclass(frozen=True, kw_only=True, slots=True)
class GenerationRequest:
    """The settings of one create request; what is None is not sent.

    Field names are Ark's own (volcengine.com/docs/82379/1520757). Durations and times are in
    seconds.
    """

    model: str  # the provider's name for it, or an endpoint's id
    known_as: str = ""  # the catalog's name, where `model` does not tell it
    mode: Mode = Mode.TEXT
    prompt: str = ""
    media: tuple[Medium, ...] = ()
    draft_task_id: str = ""
    inherited: Inherited | None = None  # by a final video, from its draft
    task_type: str | None = None  # "auto": the model tells from its media what is wanted

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
    callback_url: str | None = field(default=None, repr=False)  # whoever knows it can call it

    def count(self, role: MediaRole) -> int:
        return sum(medium.part == role for medium in self.media)

    @property
    def uploads(self) -> tuple[int, ...]:
        """Ids of the uploads among the media, each as often as it is used."""
        ids = (upload_in(medium.url) for medium in self.media)
        return tuple(upload_id for upload_id in ids if upload_id is not None)

    @property
    def clips(self) -> tuple[int, ...]:
        """Ids of the tasks whose saved videos are among the media."""
        ids = (clip_in(medium.url) for medium in self.media)
        return tuple(task_id for task_id in ids if task_id is not None)

    def with_urls(self, urls: Mapping[str, str]) -> Self:
        """Return the request as it is sent: what is kept here by a URL that a provider can read.

        `urls` are those of all uploads and clips, by `upload:…` and `clip:…`.
        """
        media = (replace(medium, url=urls.get(medium.url, medium.url)) for medium in self.media)
        return replace(self, media=tuple(media))

    @property
    def catalogued(self) -> Model | None:
        """The catalog's entry for the model, or None where it has none.

        A later version of a known family has none either: its settings and its price are its own.
        """
        name = self.known_as or self.model
        return find_model(name) if is_catalogued(name) else None

    @property
    def written_for(self) -> Model | None:
        """The model that the create is written for: the catalog's, or its nearest relative."""
        return self.catalogued or unchecked_model(self.model)

    def seconds_of(self, role: MediaRole) -> list[float | None]:
        """Return the length of each input of a role; None where it is not known here."""
        return [medium.seconds for medium in self.media if medium.part == role]

    @property
    def videos(self) -> int:
        """The number of input videos, those of a final's draft included."""
        inherited = self.inherited.videos if self.inherited else 0
        return self.count(MediaRole.REFERENCE_VIDEO) + inherited

    def to_json(self) -> dict[str, Any]:
        """Return the request as it is stored; settings that are not given are left out."""
        given = {name: value for name, value in asdict(self).items() if value not in (None, "", ())}
        return given | {"media": [medium.to_json() for medium in self.media]}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read a stored request; names that are no longer fields are ignored."""
        media = tuple(
            Medium(part=MediaRole(each["part"]), url=each["url"], seconds=each.get("seconds"))
            for each in stored.get("media", ())
        )
        known = {each.name for each in fields(cls)}
        inherited = stored.get("inherited")
        values = {name: value for name, value in stored.items() if name in known}
        values |= {"media": media, "mode": Mode(stored.get("mode", Mode.TEXT))}
        return cls(**values | {"inherited": Inherited(**inherited) if inherited else None})

    def scalars(self) -> dict[str, object]:
        """Return the settings of SCALARS that are given, in their order."""
        values = ((name, getattr(self, name)) for name in SCALARS)
        return {name: value for name, value in values if value is not None}


#: Settings that are sent unchanged beside model and content, in the order of Ark's page.
SCALARS = (
    "callback_url return_last_frame service_tier execution_expires_after generate_audio draft "
    "safety_identifier priority resolution ratio duration frames seed camera_fixed watermark "
    "output_format"
).split()

#: Everything that a request can hold, by the names of its settings and media roles.
ALL_FIELDS = frozenset({*SCALARS, *map(str, MediaRole), "web_search", "draft_task_id"})


def modes_of(model: Model) -> tuple[Mode, ...]:
    """Return the modes in which a model can make videos."""
    return tuple(mode for mode in Mode if mode.inputs <= model.inputs)
