"""What several wishes have in common, and in what they differ; in words, whatever it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tasks.making.choices import SWITCHES
from tasks.making.words import MODES, PARTS, seconds
from tasks.models import Task
from tasks.providers.wish import SCALARS, Part, Wish, upload_in

#: In the order in which they are told. A seed is told beside the result.
NAMES = (
    "model",
    "mode",
    "prompt",
    *map(str, Part),
    "draft_task_id",
    *(name for name in SCALARS if name not in ("callback_url", "seed")),
    "web_search",
)
LABELS: Mapping[str, Any] = {str(part): label for part, label in PARTS.items()} | {
    "mode": gettext_lazy("Way"),
    "watermark": gettext_lazy("Watermark"),
    "camera_fixed": gettext_lazy("Keep the camera still"),
    "return_last_frame": gettext_lazy("Keep the last frame too"),
    "web_search": gettext_lazy("Let the model search the web"),
    "generate_audio": gettext_lazy("With sound"),
    "execution_expires_after": gettext_lazy("Give up after"),
}
PICTURES = frozenset(map(str, Part))


@dataclass(frozen=True)
class Setting:
    """`value` in words; `given` are the pictures and links, where it is these."""

    name: str
    label: str
    value: str = ""
    given: tuple[Given, ...] = ()


@dataclass(frozen=True)
class Given:
    """An upload by its number, or a link without what may be secret in it."""

    upload: int | None
    link: str


@dataclass(frozen=True)
class Compared:
    common: list[Setting]
    own: dict[int, list[Setting]]  # of each, what it has otherwise than some other one

    @classmethod
    def of(cls, wishes: Mapping[int, Wish]) -> Compared:
        told = {key: _told(wish) for key, wish in wishes.items()}
        said = [name for name in NAMES if any(each[name] for each in told.values())]
        differing = [name for name in said if len({each[name] for each in told.values()}) > 1]
        one: dict[str, Any] = next(iter(told.values()), {})
        return cls(
            common=[_setting(name, one[name]) for name in said if name not in differing],
            own={key: [_setting(n, each[n]) for n in differing] for key, each in told.items()},
        )

    def has_in_common(self, name: str) -> str:
        """The value, in words; "" where they differ in it, or have none."""
        return next((each.value for each in self.common if each.name == name), "")


def _told(wish: Wish) -> dict[str, Any]:
    """What is switched off, or left to the provider, is told as nothing."""
    parts = {str(part): _links(wish, part) for part in Part}
    return {name: parts.get(name) or getattr(wish, name, None) or None for name in NAMES}


def _links(wish: Wish, part: Part) -> tuple[str, ...]:
    return tuple(medium.url for medium in wish.media if medium.part == part)


def _setting(name: str, value: Any) -> Setting:
    if name in PICTURES:
        return Setting(name, _label(name), given=tuple(map(_given, value or ())))
    return Setting(name, _label(name), _in_words(name, value))


def _label(name: str) -> str:
    known = LABELS.get(name)
    return str(known if known is not None else Task._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def _in_words(name: str, value: Any) -> str:
    if name in SWITCHES:
        return _("yes") if value else _("no")
    if value is None:
        return "–"
    if name == "mode":
        return str(MODES[value])
    if name == "duration":
        return seconds(value)
    if name == "execution_expires_after":
        return _("%(hours)s h") % {"hours": value // 3600}
    return str(value)


def _given(url: str) -> Given:
    parts = urlsplit(url)
    return Given(upload_in(url), f"{parts.netloc}{parts.path}"[-60:])
