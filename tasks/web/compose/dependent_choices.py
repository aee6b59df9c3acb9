"""Choices that narrow each other: the options of each field, and the chosen ones. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tasks.providers.base import Dialect
from tasks.providers.catalog.models import Model, find_model
from tasks.providers.catalog.request import MediaRole, Mode
from tasks.providers.catalog.rules import allowed_roles, formats_of, tiers_of
from tasks.web.compose import model_options
from tasks.web.compose.labels import MODES
from tasks.web.compose.model_options import (
    FROM_THE_DRAFT,
    SENT_AS,
    SEVERAL,
    Measure,
    Options,
    Seeding,
    merged,
    modes_at,
)
from tasks.web.compose.number_list import split_numbers

USUAL_MODEL = "seedance-2-0-260128"

#: The answers given to a field of this name so far: none, one or several.
Answers = Callable[[str], list[str]]


class DependentChoices:
    """The choices of a form, from the widest to the narrowest: model, mode, settings.

    Several models together offer whatever any of them can do. `options` and `chosen` have the names
    of the form's fields as keys; `absent` are the fields that the form leaves out.
    """

    def __init__(
        self,
        answers: Answers,
        named: Mapping[str, Model],
        dialect: Dialect,
        *,
        is_several: bool,
    ) -> None:
        """Narrow the choices; `named` are the provider's models by the names sent to it."""
        self.dialect, self.is_several = dialect, is_several
        self.options: dict[str, Options] = {}
        self.chosen: dict[str, list[str]] = {}
        self.absent: set[str] = set()
        self._answers = answers
        self._choose_model_and_mode(named)
        self._count_references()
        self._choose_settings()
        self._choose_length()
        self._leave_out_optional()
        self._choose_seeds()

    @property
    def models(self) -> list[Model]:
        return list(self.models_by_name.values())

    def _choose(self, name: str, options: Options, usual: str | None = None) -> list[str]:
        """Choose the answers that are among the options; else the usual one, or the first."""
        values = [value for value, _label in options]
        answers = self._answers(name)
        if self.is_several and name in SEVERAL:
            chosen = [value for value in values if value in answers]
        else:
            chosen = [value for value in answers[:1] if value in values]
        self.options[name] = options
        self.chosen[name] = chosen or [usual if usual in values else values[0]]
        return self.chosen[name]

    def _choose_model_and_mode(self, named: Mapping[str, Model]) -> None:
        """Choose models and mode; a model chosen at another provider is chosen here as well."""
        usable = {name: each for name, each in named.items() if modes_at(self.dialect, each)}
        known = find_model(next(iter(self._answers("model")), ""))
        usual_model = known.name if known else USUAL_MODEL
        usual = next((name for name, each in usable.items() if each.name == usual_model), None)
        chosen = self._choose("model", model_options.model_names(usable), usual)
        self.models_by_name = {name: usable[name] for name in chosen}
        possible = {mode for model in self.models for mode in modes_at(self.dialect, model)}
        options = [(str(mode), MODES[mode]) for mode in Mode if mode in possible]
        self.mode = Mode(self._choose("mode", options)[0])

    def _count_references(self) -> None:
        """Count how many references of each role may be given; of several models the most."""
        self.references: dict[MediaRole, int] = {}
        for model in self.models:
            for part, number in allowed_roles(self.mode, model).items():
                self.references[part] = max(number, self.references.get(part, 0))
        self.absent |= {str(part) for part in MediaRole if part not in self.references}
        if self.mode != Mode.FINAL:
            self.absent.add("draft_task_id")

    def _choose_settings(self) -> None:
        """Choose ratio, resolution, tier and format. Sizes in pixels need a single ratio."""
        self.is_draft = bool(self._answers("draft")) and any(m.has_draft for m in self.models)
        self._offer("ratio", [model_options.ratios(each, self.mode) for each in self.models])
        has_ratio = not self.is_several and self.mode != Mode.FINAL
        ratio = self.chosen.get("ratio", [""])[0] if has_ratio else ""
        sized = [
            model_options.resolutions(each, self.mode, ratio, draft=self.is_draft)
            for each in self.models
        ]
        self._offer("resolution", sized, self.models[0].default_resolution)
        for name, values_of in (("service_tier", tiers_of), ("output_format", formats_of)):
            self._offer(name, [[(each, each) for each in values_of(m)] for m in self.models])
            if len(self.options.get(name, ())) == 1:
                self.absent.add(name)

    def _offer(self, name: str, each: list[Options], usual: str | None = None) -> None:
        """Offer the merged options of all models, unless the provider would drop the setting."""
        options = merged(each)
        if name in self.dialect.forwarded_fields and options:
            self._choose(name, options, usual)
        else:
            self.absent.add(name)

    def _choose_length(self) -> None:
        """Choose the length in seconds or, where a model takes frames, in frames; never in both."""
        lengths = merged([model_options.durations(each, self.mode) for each in self.models])
        lengths.sort(key=lambda option: int(option[0]))
        self._offer("duration", [lengths], str(self.models[0].default_duration))
        has_frames = any(each.has_frames for each in self.models)
        if not has_frames or not {"frames", "duration"} <= self.dialect.forwarded_fields:
            self.absent |= {"measure", "frames"}
        elif self._choose("measure", Measure.choices) == [Measure.FRAMES]:
            self.absent.add("duration")
        else:
            self.absent.add("frames")

    def _leave_out_optional(self) -> None:
        """Leave out fields that no chosen model has in this mode, or that the provider drops."""
        usable: set[str] = set()
        for model in self.models:
            usable |= model_options.optional_fields(model, self.mode, draft=self.is_draft)
        self.absent |= {
            name
            for name in model_options.OPTIONAL
            if name not in usable or SENT_AS.get(name, name) not in self.dialect.forwarded_fields
        }
        if self.mode == Mode.FINAL:
            self.absent |= set(FROM_THE_DRAFT)

    def _choose_seeds(self) -> None:
        """Choose how seeds are given, if any are taken; a list of seeds replaces the takes."""
        self.seeding: Seeding | None = None
        if "seeding" in self.absent:
            return
        seeds = split_numbers(next(iter(self._answers("seeds")), ""))
        usual = (Seeding.CHANCE, Seeding.SAME, Seeding.LIST)[min(len(seeds), 2)]
        self.seeding = Seeding(self._choose("seeding", Seeding.choices, usual)[0])
        if self.seeding == Seeding.CHANCE:
            self.absent.add("seeds")
        elif self.seeding == Seeding.LIST:
            self.absent.add("takes")
