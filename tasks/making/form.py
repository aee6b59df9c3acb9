"""What to make: the form that knows the models.

Every choice narrows the next: project, credential, model, way of making, settings. What the model
cannot do, or the provider would drop, is not there; what two choices together make impossible is
said beside them, live and again at the end, out of one list of rules (providers/rules.py).
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from tasks.making import choices
from tasks.making.choices import OPTIONAL, SENT_AS, SWITCHES, switches
from tasks.making.fields import MakeFields
from tasks.making.given import GivenPictures
from tasks.making.words import MODES, is_to_be_said_early, sentence
from tasks.models import Credential, ModelName, Project
from tasks.providers.catalog import (
    Model,
    frame_size,
    tokens,
)
from tasks.providers.rules import (
    LARGEST_SEED,
    Objection,
    formats_of,
    objections,
    parts_of,
    tiers_of,
)
from tasks.providers.wish import Medium, Mode, Part, Wish, modes_of

SHAPE = ("resolution", "ratio", "duration")
USUAL_MODEL = "seedance-2-0-260128"


class MakeForm(GivenPictures, MakeFields):
    def __init__(self, *args: Any, user: Any, looking: bool = False, **kwargs: Any) -> None:
        """`looking`: not to be sent yet. A choice that is gone gives way to the usual one, and
        what is merely still empty is no error.
        """
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field.widget, forms.CheckboxInput | forms.RadioSelect):
                field.widget.attrs["class"] = "form-check-input"
        self._looking = looking
        if looking:
            self.data = QueryDict.copy(self.data)  # type: ignore[arg-type]
        self._choose_account(user)
        if self.credential_chosen:
            self._choose_model(self.credential_chosen)
            self._offer_settings()
            self._find_pictures()

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
        return by_key[self._settle(name, list(by_key))]

    def _choose_model(self, credential: Credential) -> None:
        self._dialect = credential.service.dialect
        names = {
            name: model
            for name, model in ModelName.objects.at(credential.provider).items()
            if self._modes(model)
        }
        usual = next((n for n, model in names.items() if model.name == self._usual()), None)
        self._set_choices("model", [(name, choices.label(name, names[name])) for name in names])
        self._name = self._settle("model", list(names), usual)
        self.model_chosen = names[self._name]
        modes = self._modes(self.model_chosen)
        self._set_choices("mode", [(mode, MODES[mode]) for mode in modes])
        self.mode_chosen = Mode(self._settle("mode", [str(mode) for mode in modes]))

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

    def _said(self, name: str) -> str:
        value = (
            self.data.get(name)
            if self.is_bound
            else self.get_initial_for_field(self.fields[name], name)
        )
        return str(getattr(value, "pk", value) or "")

    def _settle(self, name: str, options: list[str], usual: str | None = None) -> str:
        said, usual = self._said(name), usual or options[0]
        if said in options:
            return said
        if not self.is_bound:
            self.initial[name] = usual
        elif self._looking:
            self.data[name] = usual  # type: ignore[index]  # a copy, so it may
        return usual

    def _set_choices(self, name: str, offered: Iterable[tuple[Any, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(offered)

    # Settings

    def _offer_settings(self) -> None:
        self._offer_parts()
        model, mode = self.model_chosen, self.mode_chosen
        self._drafts = bool(self._said("draft")) and model.has_draft
        self._offer_choice("ratio", choices.ratios(model, mode))
        sized = choices.resolutions(model, mode, self._said("ratio"), draft=self._drafts)
        self._offer_choice("resolution", sized, model.default_resolution)
        self._offer_choice("duration", choices.durations(model, mode), str(model.default_duration))
        self._offer_choice("service_tier", [(tier, tier) for tier in tiers_of(model)])
        self._offer_choice(
            "output_format", [(each, each) for each in formats_of(self.model_chosen)]
        )
        for name in self._absent():
            self.fields.pop(name, None)

    def _offer_parts(self) -> None:
        """Exactly one first frame is one line; many references are several."""
        most = parts_of(self.mode_chosen, self.model_chosen)
        for part in Part:
            if part not in most:
                del self.fields[part]
            else:
                self.fields[part].help_text = choices.part_help(part, most[part])
                self.fields[part].most = most[part]  # type: ignore[attr-defined]
        if self.mode_chosen != Mode.FINAL:
            del self.fields["draft_task_id"]

    def _offer_choice(
        self, name: str, offered: list[tuple[str, Any]], usual: str | None = None
    ) -> None:
        if name not in self._dialect.hands_on or not offered:
            del self.fields[name]
            return
        self._set_choices(name, offered)
        options = [value for value, _label in offered]
        self._settle(name, options, usual if usual in options else None)
        if len(offered) == 1 and name in ("service_tier", "output_format"):
            del self.fields[name]

    def _absent(self) -> list[str]:
        """What this model cannot do in this way, or this provider would drop."""
        there = switches(self.model_chosen, self.mode_chosen, draft=self._drafts)
        names = (*OPTIONAL, *SENT_AS)
        return [
            name
            for name in names
            if name not in there or SENT_AS.get(name, name) not in self._dialect.hands_on
        ] + (choices.OF_THE_DRAFT if self.mode_chosen == Mode.FINAL else [])

    # Groups, as the page shows them

    def _there(self, *names: str) -> list[forms.BoundField]:
        return [self[name] for name in names if name in self.fields]

    @property
    def account(self) -> list[forms.BoundField]:
        return self._there("project", "credential", "model")

    @property
    def given(self) -> list[forms.BoundField]:
        return self._there(*Part, "draft_task_id")

    @property
    def shape(self) -> list[forms.BoundField]:
        return self._there(*SHAPE, "takes", "seeds")

    @property
    def switches(self) -> list[forms.BoundField]:
        return self._there(*SWITCHES)

    @property
    def more(self) -> list[forms.BoundField]:
        return self._there("service_tier", "priority", "expires", "output_format")

    # What comes of it

    def clean_seeds(self) -> list[int]:
        words = self.cleaned_data["seeds"].replace(",", " ").replace("，", " ").split()
        if not all(word.isascii() and word.isdigit() for word in words):
            raise ValidationError(_("Seeds are whole numbers, such as 11, 12, 13."))
        seeds = [int(word) for word in words]
        if any(seed > LARGEST_SEED for seed in seeds):
            raise ValidationError(_("The largest seed is %(most)s.") % {"most": LARGEST_SEED})
        return seeds

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        seeds, takes = cleaned.get("seeds"), cleaned.get("takes", 1)
        if seeds and len(seeds) != takes:
            self.add_error("seeds", _("As many seeds as takes, or none."))
        if self.credential_chosen:
            for objection in objections(self.wish, self.model_chosen, self._dialect):
                self._object(objection)
            self._check_sizes(self.wish)
        return cleaned

    def _object(self, objection: Objection) -> None:
        field = {"seed": "seeds", "execution_expires_after": "expires"}.get(
            objection.field, objection.field
        )
        code = "" if is_to_be_said_early(objection) else "later"
        error = ValidationError(sentence(objection), code=code or "rule")
        self.add_error(field if field in self.fields else None, error)

    def _post_clean(self) -> None:
        """While looking, only what two choices make impossible is an error."""
        if not self._looking:
            return
        for name in list(self.errors):
            kept = [e for e in self.errors[name].as_data() if e.code == "rule"]
            del self.errors[name]
            if kept:
                self.add_error(None if name == "__all__" else name, kept)

    def _focus(self, widget: forms.Widget) -> None:
        if not self._looking:
            super()._focus(widget)

    @cached_property
    def wish(self) -> Wish:
        """What all takes have in common; only what differs from the provider's own is sent."""
        said = self._known()
        switched: dict[str, Any] = {name: True for name in SWITCHES if said.get(name)}
        if "generate_audio" in self.fields:
            switched["generate_audio"] = bool(said.get("generate_audio"))
        shape: dict[str, Any] = {
            name: said.get(name) or None for name in ("resolution", "ratio", "duration")
        }
        return Wish(
            model=self._name,
            known_as=self.model_chosen.name,
            mode=self.mode_chosen,
            prompt=said.get("prompt", ""),
            media=tuple(self._media()),
            draft_task_id=said.get("draft_task_id", ""),
            service_tier="flex" if said.get("service_tier") == "flex" else None,
            priority=said.get("priority") or None,
            execution_expires_after=said["expires"] * 3600 if said.get("expires") else None,
            output_format="mov" if said.get("output_format") == "mov" else None,
            **shape,
            **switched,
        )

    def _known(self) -> dict[str, Any]:
        """What has been typed as far as it is valid; of a fresh form what it begins with."""
        if self.is_bound:
            return self.cleaned_data
        fresh: dict[str, Any] = {}
        for name, field in self.fields.items():
            with suppress(ValidationError):
                fresh[name] = field.clean(self[name].value())
        return fresh

    def _media(self) -> Iterable[Medium]:
        for part in Part:
            for link in self._known().get(part) or []:
                yield Medium(part=part, url=link)

    @property
    def wishes(self) -> list[Wish]:
        """One a take. Where seeds can be given each take has its own, so it can be made again."""
        takes: int = self.cleaned_data["takes"]
        if "seeds" not in self.fields:
            return [self.wish] * takes
        seeds = self.cleaned_data["seeds"] or random.sample(range(LARGEST_SEED), takes)
        return [replace(self.wish, seed=seed) for seed in seeds]

    @property
    def estimate(self) -> int | None:
        """Tokens of all takes; None where the size or the length is only known afterwards."""
        if not self.credential_chosen:
            return None
        wish = self.wish
        size = frame_size(self.model_chosen, wish.resolution or "", wish.ratio or "")
        if size is None or not wish.duration or wish.duration < 0 or self._has_video:
            return None
        audio = bool(wish.generate_audio)
        one = tokens(*size, wish.duration, draft=bool(wish.draft), audio=audio)
        return one * (self._known().get("takes") or 1)

    @property
    def _has_video(self) -> bool:
        return any(medium.part == Part.REFERENCE_VIDEO for medium in self.wish.media)
