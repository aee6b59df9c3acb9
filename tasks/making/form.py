"""What to make: the form that knows the models.

Every choice narrows the next: project, credential, model, way of making, settings. What the model
cannot do, or the provider would drop, is not there; what two choices together make impossible is
said beside them, live and again at the end, out of one list of rules (providers/rules.py). Where
several are tried there is what any of the models can do, and what one of them cannot is left out.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.http import QueryDict
from django.utils.translation import gettext as _

from tasks.making import choices
from tasks.making.choices import OPTIONAL, SENT_AS, SEVERAL, SWITCHES, switches, together
from tasks.making.fields import MakeFields, Measure, Seeding
from tasks.making.limits import most_wishes
from tasks.making.numbers import numbers_in
from tasks.making.shelf import Shelf, shelf_of
from tasks.making.wishing import Wishing
from tasks.making.words import MODES, SEED_HELP
from tasks.models import Credential, ModelName, Project
from tasks.money.refusals import TooMany
from tasks.providers.catalog import Model
from tasks.providers.rules import formats_of, parts_of, tiers_of
from tasks.providers.wish import Mode, Part, Wish, modes_of

SHAPE = ("ratio", "resolution", "measure", "duration", "frames")
USUAL_MODEL = "seedance-2-0-260128"


class MakeForm(Wishing, MakeFields):
    def __init__(self, *args: Any, user: Any, looking: bool = False, **kwargs: Any) -> None:
        """`looking`: not to be sent yet. A choice that is gone gives way to the usual one, and
        what is merely still empty is no error.
        """
        super().__init__(*args, **kwargs)
        self._user = user
        self._looking = looking
        if looking:
            self.data = QueryDict.copy(self.data)  # type: ignore[arg-type]
        self.is_several = bool(self._said("several"))
        if self.is_several:
            self._let_choose_many(*SEVERAL)
        for field in self.fields.values():
            if isinstance(field.widget, forms.CheckboxInput | forms.RadioSelect):
                field.widget.attrs["class"] = "form-check-input"
        self.models_chosen: dict[str, Model] = {}
        self._choose_account(user)
        self._limit_takes()
        if self.credential_chosen and self.project_chosen:
            self._use(user, self.project_chosen)
            self._choose_models(self.credential_chosen)
            self._offer_settings()
            self._find_pictures()
            self._find_variables()

    # Choosing, from the widest to the narrowest

    def _choose_account(self, user: Any) -> None:
        projects = list(Project.objects.open_to_work_by(user))
        self.project_chosen: Project | None = self._one_of("project", projects)
        usable = Credential.objects.none()
        if self.project_chosen:
            usable = Credential.objects.usable_in(self.project_chosen)
        self.credential_chosen: Credential | None = self._one_of("credential", list(usable))

    def _one_of(self, name: str, rows: list[Any]) -> Any:
        """A choice of one needs no choosing, so its field is not shown."""
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField) and field.queryset is not None
        field.queryset = field.queryset.model._default_manager.filter(
            pk__in=[row.pk for row in rows]
        )
        if len(rows) < 2:
            del self.fields[name]
            return rows[0] if rows else None
        by_key = {str(row.pk): row for row in rows}
        return by_key[self._settle(name, list(by_key))[0]]

    def _limit_takes(self) -> None:
        """To what the project allows at one press."""
        if self.project_chosen:
            most, takes = most_wishes(self.project_chosen), self.fields["takes"]
            takes.validators.append(MaxValueValidator(most, str(TooMany(most))))
            takes.widget.attrs["max"] = most

    def _choose_models(self, credential: Credential) -> None:
        self._dialect = credential.service.dialect
        names = {
            name: model
            for name, model in ModelName.objects.at(credential.provider).items()
            if self._modes(model)
        }
        usual = next((n for n, model in names.items() if model.name == self._usual()), None)
        self._set_choices("model", choices.model_names(names))
        chosen = self._settle("model", list(names), usual)
        if not self.is_several:
            self.fields["model"].help_text = choices.sent_as(chosen[0])
        self.models_chosen = {name: names[name] for name in chosen}
        there = {mode for model in self.models for mode in self._modes(model)}
        modes = [mode for mode in Mode if mode in there]
        self._set_choices("mode", [(mode, MODES[mode]) for mode in modes])
        self.mode_chosen = Mode(self._settle("mode", [str(mode) for mode in modes])[0])

    def _usual(self) -> str:
        """The same model at another provider, where that is what was chosen before."""
        known = Wish(model=self._said("model")).catalogued
        return known.name if known else USUAL_MODEL

    def _modes(self, model: Model) -> list[Mode]:
        """Ways that the model has and the provider hands on."""
        return [
            mode
            for mode in modes_of(model)
            if choices.needed(mode, model) <= self._dialect.hands_on
        ]

    @property
    def models(self) -> list[Model]:
        return list(self.models_chosen.values())

    @property
    def model_chosen(self) -> Model:
        """The only one, or the first of several."""
        return self.models[0]

    # Settings

    def _offer_settings(self) -> None:
        models, mode, first = self.models, self.mode_chosen, self.model_chosen
        self._offer_parts()
        self._drafts = bool(self._said("draft")) and any(model.has_draft for model in models)
        self._offer_choice("ratio", together([choices.ratios(each, mode) for each in models]))
        ratio = "" if self.is_several else self._said("ratio")  # sizes of one are told
        sized = [choices.resolutions(m, mode, ratio, draft=self._drafts) for m in models]
        self._offer_choice("resolution", together(sized), first.default_resolution)
        self._offer_length()
        tiers = [[(tier, tier) for tier in tiers_of(model)] for model in models]
        self._offer_choice("service_tier", together(tiers))
        formats = [[(each, each) for each in formats_of(model)] for model in models]
        self._offer_choice("output_format", together(formats))
        for name in self._absent():
            self.fields.pop(name, None)
        self._settle_switches()
        self._offer_seeds()

    def _settle_switches(self) -> None:
        """One that was not there before begins as on a fresh page: nobody has switched it off."""
        if self._looking:
            known = self.data.getlist("known_switch")  # type: ignore[attr-defined]
            for field in self.switches:
                if field.name not in known and field.field.initial:
                    self.data[field.name] = "on"  # type: ignore[index]

    def _offer_length(self) -> None:
        """In seconds or in frames, where there is a choice; never both."""
        lengths = together([choices.durations(each, self.mode_chosen) for each in self.models])
        lengths.sort(key=lambda choice: int(choice[0]))
        self._offer_choice("duration", lengths, str(self.model_chosen.default_duration))
        has_frames = any(each.has_frames for each in self.models)
        if not has_frames or not {"frames", "duration"} <= self._dialect.hands_on:
            del self.fields["measure"], self.fields["frames"]
        elif self._settle("measure", list(Measure)) == [Measure.FRAMES]:
            del self.fields["duration"]
            self.fields["frames"].help_text = choices.frames_help(several=self.is_several)
        else:
            del self.fields["frames"]

    def _offer_seeds(self) -> None:
        """Where only seeds are said, how many they are says what they are for."""
        if "seeding" not in self.fields:
            return
        said = numbers_in(self._said("seeds"))
        usual = (Seeding.CHANCE, Seeding.SAME, Seeding.LIST)[min(len(said), 2)]
        self.way_of_seeds = way = Seeding(self._settle("seeding", list(Seeding), usual)[0])
        self.fields["seeds"].help_text = SEED_HELP[way]
        if way == Seeding.CHANCE:
            del self.fields["seeds"]
        elif way == Seeding.LIST:
            del self.fields["takes"]

    def _offer_parts(self) -> None:
        """Exactly one first frame is one line; many references are several."""
        most: dict[Part, int] = {}
        for model in self.models:
            for part, number in parts_of(self.mode_chosen, model).items():
                most[part] = max(number, most.get(part, 0))
        for part in Part:
            if part not in most:
                del self.fields[part]
            else:
                self.fields[part].help_text = choices.part_help(part, most[part])
                self.fields[part].most = most[part]  # type: ignore[attr-defined]
        if self.mode_chosen != Mode.FINAL:
            del self.fields["draft_task_id"]

    def _absent(self) -> list[str]:
        """What no chosen model can do in this way, or this provider would drop."""
        there = set[str]()
        for model in self.models:
            there |= switches(model, self.mode_chosen, draft=self._drafts)
        names = (*OPTIONAL, *SENT_AS)
        return [
            name
            for name in names
            if name not in there or SENT_AS.get(name, name) not in self._dialect.hands_on
        ] + (choices.OF_THE_DRAFT if self.mode_chosen == Mode.FINAL else [])

    # Groups, as the page shows them

    @property
    def account(self) -> list[forms.BoundField]:
        names = ("project", "credential", "model")
        return self._there(*names[: 2 if self.is_several else 3])

    @property
    def given(self) -> list[forms.BoundField]:
        return self._there(*Part, "draft_task_id")

    @property
    def tried(self) -> list[forms.BoundField]:
        """Of which several can be chosen."""
        return self._there(*SEVERAL) if self.is_several else []

    @property
    def shape(self) -> list[forms.BoundField]:
        alone = [name for name in SHAPE if not (self.is_several and name in SEVERAL)]
        return self._there(*alone, "takes", "seeding", "seeds")

    @property
    def switches(self) -> list[forms.BoundField]:
        return self._there(*SWITCHES)

    @property
    def more(self) -> list[forms.BoundField]:
        return self._there("service_tier", "priority", "expires", "output_format")

    @cached_property
    def shelf(self) -> Shelf:
        assert self.project_chosen
        return shelf_of(self._user, self.project_chosen)

    def clean_frames(self) -> list[int]:
        numbers: list[int] = self.cleaned_data["frames"]
        if len(numbers) > 1 and not self.is_several:
            said = _("Give one number, or switch “Try several” on.")
            raise ValidationError(said, code="rule")
        return numbers
