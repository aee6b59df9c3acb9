"""A comparison of several requests: common and differing settings, as labels and words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tasks.models import Task
from tasks.providers.catalog.models import find_model
from tasks.providers.catalog.request import (
    SCALARS,
    GenerationRequest,
    MediaRole,
    clip_in,
    upload_in,
)
from tasks.web.compose.labels import MODES, PARTS, seconds
from tasks.web.compose.model_options import SWITCHES

#: The settings in the order of the page, without the seed, which is shown beside the result.
NAMES = (
    "model",
    "mode",
    "prompt",
    *map(str, MediaRole),
    "draft_task_id",
    *(name for name in SCALARS if name not in ("callback_url", "seed")),
    "web_search",
)
LABELS: Mapping[str, Any] = {str(part): label for part, label in PARTS.items()} | {
    "mode": gettext_lazy("Mode"),
    "watermark": gettext_lazy("Watermark"),
    "camera_fixed": gettext_lazy("Fixed camera"),
    "return_last_frame": gettext_lazy("Keep the last frame"),
    "web_search": gettext_lazy("Allow web search"),
    "generate_audio": gettext_lazy("With sound"),
    "execution_expires_after": gettext_lazy("Expires after"),
}
REFERENCES = frozenset(map(str, MediaRole))


@dataclass(frozen=True)
class Setting:
    """A setting with its value in words, or with `references` if it holds pictures and links."""

    name: str
    label: str
    value: str = ""
    references: tuple[Reference, ...] = ()

    @property
    def is_pictures(self) -> bool:
        """Whether what was given are pictures, not videos or sounds."""
        return MediaRole(self.name).is_picture


@dataclass(frozen=True)
class Reference:
    """An upload or a clip by its id, or a link without its query, which may be secret."""

    upload: int | None
    link: str
    clip: int | None = None

    @classmethod
    def of(cls, url: str) -> Reference:
        parts = urlsplit(url)
        return cls(upload_in(url), f"{parts.netloc}{parts.path}"[-60:], clip_in(url))


@dataclass(frozen=True)
class SettingComparison:
    """The common settings of several requests, and those in which they differ."""

    common: list[Setting]
    own: dict[int, list[Setting]]  # by the requests' keys; those that differ between any two

    @classmethod
    def of(cls, requests: Mapping[int, GenerationRequest]) -> SettingComparison:
        values = {key: _values(request) for key, request in requests.items()}
        used = [name for name in NAMES if any(each[name] for each in values.values())]
        differing = [name for name in used if len({each[name] for each in values.values()}) > 1]
        first: dict[str, Any] = next(iter(values.values()), {})
        return cls(
            common=[_setting(name, first[name]) for name in used if name not in differing],
            own={key: [_setting(n, each[n]) for n in differing] for key, each in values.items()},
        )

    def common_value(self, name: str) -> str:
        """The value of a common setting in words; "" where the requests differ or have none."""
        return next((each.value for each in self.common if each.name == name), "")


def _values(request: GenerationRequest) -> dict[str, Any]:
    """The values of a request by name; None where switched off or left to the provider."""
    links = {
        str(part): tuple(medium.url for medium in request.media if medium.part == part)
        for part in MediaRole
    }
    return {name: links.get(name) or getattr(request, name, None) or None for name in NAMES}


def _setting(name: str, value: Any) -> Setting:
    if name in REFERENCES:
        return Setting(name, _label(name), references=tuple(map(Reference.of, value or ())))
    return Setting(name, _label(name), _in_words(name, value))


def _label(name: str) -> str:
    known = LABELS.get(name)
    return str(known if known is not None else Task._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def _in_words(name: str, value: Any) -> str:
    if name in SWITCHES:
        return _("yes") if value else _("no")
    if value is None:
        return "–"
    if name == "model":
        known = find_model(value)
        return known.label if known else str(value)
    if name == "mode":
        return str(MODES[value])
    if name == "duration":
        return seconds(value)
    if name == "execution_expires_after":
        return _("%(hours)s h") % {"hours": value // 3600}
    return str(value)
