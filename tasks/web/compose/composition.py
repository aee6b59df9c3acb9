"""The content of a compose form: prompts, models, settings and seeds. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import prod
from types import MappingProxyType
from typing import Any

from tasks.providers.base import Dialect
from tasks.providers.catalog.models import Model
from tasks.providers.catalog.request import (
    GenerationRequest,
    Inherited,
    MediaRole,
    Medium,
    Mode,
)
from tasks.web.compose.model_options import SWITCHES, Seeding

#: The largest number of combinations, or of videos, that are built; more are only counted.
MOST_COMBINATIONS = 1_000


@dataclass(frozen=True, kw_only=True)
class Composition:
    """The values to combine: every prompt with every model and setting, in so many takes.

    None as the value of a setting leaves it to the provider.
    """

    dialect: Dialect
    shared: GenerationRequest  # what all requests have in common
    prompts: Sequence[str]
    number_of_prompts: int  # larger than len(prompts) where there are too many to fill in
    models: Mapping[str, Model]  # by the names sent to the provider
    vendor: str = ""  # whose models these are, some of which may have ended
    day: date | None = None  # on which the requests are sent
    ratios: Sequence[str | None] = (None,)
    resolutions: Sequence[str | None] = (None,)
    durations: Sequence[int | None] = (None,)  # seconds
    frames: Sequence[int | None] = (None,)
    takes: int = 1
    seeding: Seeding | None = Seeding.CHANCE  # None where seeds are not sent at all
    seeds: tuple[int, ...] = ()

    @property
    def number(self) -> int:
        """The number of combinations, whether or not they can be made."""
        axes = (self.models, self.ratios, self.resolutions, self.durations, self.frames)
        return self.number_of_prompts * prod(map(len, axes))

    @property
    def takes_of_each(self) -> int:
        """The number of takes of each combination; a list of seeds means one take for each."""
        return len(self.seeds) if self.seeding == Seeding.LIST and self.seeds else self.takes


def shared_request(
    cleaned: Mapping[str, Any],
    *,
    model: str,
    mode: Mode,
    inherited: Inherited | None = None,
    lengths: Mapping[str, float | None] = MappingProxyType({}),
) -> GenerationRequest:
    """The settings of all requests; those that equal the provider's own defaults are left out.

    `lengths` are the seconds of given videos and sounds, by the values for them.
    """
    switches: dict[str, Any] = {name: True for name in SWITCHES if cleaned.get(name)}
    if "generate_audio" in cleaned:
        switches["generate_audio"] = bool(cleaned["generate_audio"])
    return GenerationRequest(
        model=model,
        mode=mode,
        media=tuple(
            Medium(part=part, url=link, seconds=lengths.get(link))
            for part in MediaRole
            for link in cleaned.get(part) or []
        ),
        draft_task_id=cleaned.get("draft_task_id", ""),
        inherited=inherited,
        service_tier="flex" if cleaned.get("service_tier") == "flex" else None,
        priority=cleaned.get("priority") or None,
        execution_expires_after=cleaned["expires"] * 3600 if cleaned.get("expires") else None,
        output_format="mov" if cleaned.get("output_format") == "mov" else None,
        **switches,
    )


def axis(cleaned: Mapping[str, Any], name: str) -> tuple[Any, ...]:
    """The values of a setting that are tried, whether its field takes one or several."""
    value = cleaned.get(name)
    values = value if isinstance(value, list) else [value]
    return tuple(each or None for each in values) or (None,)
