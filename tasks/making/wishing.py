"""What comes of the form: one wish for each video that is to be made."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import cached_property
from random import Random, SystemRandom
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tasks.making import telling
from tasks.making.choices import SWITCHES
from tasks.making.fields import Seeding
from tasks.making.filling import FilledPrompts
from tasks.making.given import GivenPictures
from tasks.making.limits import most_wishes
from tasks.making.matrix import MOST_COMBINED, Axes, Omission, Plan, Takes
from tasks.making.outlook import Outlook, outlook
from tasks.making.words import is_to_be_said_early, sentence
from tasks.models import Credential
from tasks.providers.rules import LARGEST_SEED, Objection
from tasks.providers.wish import Medium, Mode, Part, Wish

#: Where the form calls a setting otherwise.
FIELDS = {"seed": "seeds", "execution_expires_after": "expires"}


class Wishing(FilledPrompts, GivenPictures):
    """The part of a form that knows what would be sent, and what stands against it."""

    credential_chosen: Credential | None
    mode_chosen: Mode
    way_of_seeds = Seeding.CHANCE

    @cached_property
    def base(self) -> Wish:
        """What all have in common; only what differs from the provider's own is sent."""
        said = self._known()
        switched: dict[str, Any] = {name: True for name in SWITCHES if said.get(name)}
        if "generate_audio" in self.fields:
            switched["generate_audio"] = bool(said.get("generate_audio"))
        return Wish(
            model=next(iter(self.models_chosen)),
            mode=self.mode_chosen,
            media=tuple(self._media()),
            draft_task_id=said.get("draft_task_id", ""),
            service_tier="flex" if said.get("service_tier") == "flex" else None,
            priority=said.get("priority") or None,
            execution_expires_after=said["expires"] * 3600 if said.get("expires") else None,
            output_format="mov" if said.get("output_format") == "mov" else None,
            **switched,
        )

    @cached_property
    def plan(self) -> Plan:
        axes = Axes(
            prompts=tuple(self.prompts_filled),
            models=tuple(self.models_chosen.items()),
            ratios=self._axis("ratio"),
            resolutions=self._axis("resolution"),
            durations=self._axis("duration"),
            frames=self._axis("frames"),
            beyond=self.prompts_beyond,
        )
        return Plan(self.base, axes, self._dialect)

    def _axis(self, name: str) -> tuple[Any, ...]:
        known = self._known().get(name)
        values = known if isinstance(known, list) else [known]
        return tuple(value or None for value in values) or (None,)

    @cached_property
    def series(self) -> Takes:
        said = self._known()
        seeds = tuple(said.get("seeds") or ())
        is_list, is_same = self.way_of_seeds == Seeding.LIST, self.way_of_seeds == Seeding.SAME
        return Takes(
            number=said.get("takes") or 1,
            seeds=seeds if is_list else (),
            same=(seeds[0] if seeds else _dice.randrange(LARGEST_SEED)) if is_same else None,
            with_seeds="seeding" in self.fields,
        )

    @property
    def wish(self) -> Wish:
        """All takes but for the seed; of several combinations only what they have in common."""
        wishes = self.plan.wishes
        return wishes[0] if len(wishes) == 1 else self.base

    @cached_property
    def wishes(self) -> list[Wish]:
        """One for each video; none where there are too many even to be looked at."""
        is_small = self.number <= MOST_COMBINED
        return self.series.of(self.plan.wishes, _dice) if is_small else []

    @property
    def number(self) -> int:
        """Of videos that are to be made."""
        plan = self.plan
        return (plan.number if plan.is_too_large else len(plan.possible)) * len(self.series)

    @cached_property
    def outlook(self) -> Outlook | None:
        """What all of it is thought to take, and what the budget says to that."""
        if not (self.project_chosen and self.credential_chosen and self.wishes):
            return None
        return outlook(self.wishes, self.project_chosen, self.credential_chosen)

    # What is told of it

    @property
    def shows_plan(self) -> bool:
        return bool(self.credential_chosen) and (self.is_several or self.plan.number > 1)

    @property
    def product(self) -> str:
        return telling.product_of(self.plan, len(self.series))

    @property
    def lines(self) -> list[str]:
        return telling.lines(self.plan) if self.plan.number > 1 else []

    @property
    def omissions(self) -> list[str]:
        return [telling.omission(each, self._label(each)) for each in self.plan.omissions]

    def _label(self, each: Omission) -> Any:
        name = FIELDS.get(each.objection.field, each.objection.field)
        return self.fields[name].label if name in self.fields else ""

    @property
    def without_sound(self) -> str:
        """Of several models those that make none, where it is wished for."""
        return ", ".join(self.plan.lacking("has_audio")) if self.base.generate_audio else ""

    @property
    def without_seeds(self) -> str:
        return ", ".join(self.plan.lacking("has_seed")) if self.series.with_seeds else ""

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

    # What is wrong

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.credential_chosen:
            self._check_prompts()
            self._check_seeds()
            for objection in self.plan.common:
                self._object(objection)
            self._check_number()
            self._check_sizes(self.base)
        return cleaned

    def _check_seeds(self) -> None:
        seeds = self.cleaned_data.get("seeds")
        if self.way_of_seeds == Seeding.LIST and seeds == []:
            said = _("Give at least one seed.")
            self.add_error("seeds", ValidationError(said, code="later"))
        elif self.way_of_seeds == Seeding.SAME and len(seeds or ()) > 1:
            self.add_error("seeds", ValidationError(_("One seed for all."), code="rule"))
        if any(seed > LARGEST_SEED for seed in seeds or ()):
            most = _("The largest seed is %(most)s.") % {"most": LARGEST_SEED}
            self.add_error("seeds", ValidationError(most, code="rule"))

    def _check_number(self) -> None:
        """Of combinations some may be left out, as the page says; but not all, nor too many."""
        assert self.project_chosen
        most = min(most_wishes(self.project_chosen), MOST_COMBINED)
        if self.number > most:
            said = _("That makes %(is)s videos; at most %(most)s can be made at once.")
            exact = said % {"is": self.number, "most": most}
            self.add_error(None, ValidationError(exact, code="rule"))
        elif not self.plan.possible:
            said = _("None of these combinations can be made.")
            self.add_error(None, ValidationError(said, code="rule"))

    def _object(self, objection: Objection) -> None:
        field = FIELDS.get(objection.field, objection.field)
        code = "rule" if is_to_be_said_early(objection) else "later"
        error = ValidationError(sentence(objection), code=code)
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
            super()._focus(widget)  # type: ignore[misc]


_dice: Random = SystemRandom()
