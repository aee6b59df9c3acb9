"""Every combination of a composition, checked against the rules, and its requests. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from random import Random

from tasks.providers.catalog.models import Model
from tasks.providers.catalog.request import GenerationRequest
from tasks.providers.catalog.rules import (
    LARGEST_SEED,
    Caution,
    RuleViolation,
    cautions,
    end_of,
    violations,
)
from tasks.web.compose.composition import MOST_COMBINATIONS, Composition
from tasks.web.compose.model_options import Seeding


@dataclass(frozen=True, kw_only=True, slots=True)
class Combination:
    """One prompt with one of each setting, and the violations to it."""

    request: GenerationRequest
    model: Model
    against: tuple[RuleViolation, ...]

    @property
    def reasons(self) -> frozenset[tuple[str, str]]:
        return frozenset((each.field, each.rule) for each in self.against)


@dataclass(frozen=True, kw_only=True, slots=True)
class Omission:
    """The number of a model's combinations that are left out for the same reason."""

    model: Model
    violation: RuleViolation
    number: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A composition's combinations, those that can be made, and the requests for them."""

    composition: Composition
    combinations: tuple[Combination, ...]  # () where there are more than MOST_COMBINATIONS

    @classmethod
    def of(cls, composition: Composition) -> Plan:
        is_small = composition.number <= MOST_COMBINATIONS
        combinations = tuple(_combinations(composition)) if is_small else ()
        return cls(composition=composition, combinations=combinations)

    @property
    def is_too_large(self) -> bool:
        return self.composition.number > MOST_COMBINATIONS

    @property
    def number(self) -> int:
        """The number of videos that the plan makes."""
        number = self.composition.number if self.is_too_large else len(self.possible)
        return number * self.composition.takes_of_each

    # Checked against the rules

    @cached_property
    def _shared_reasons(self) -> frozenset[tuple[str, str]]:
        reasons = [each.reasons for each in self.combinations]
        return frozenset.intersection(*reasons) if reasons else frozenset()

    @property
    def violations_of_all(self) -> list[RuleViolation]:
        """The violations that all combinations share, which are errors of the form itself."""
        first = self.combinations[0].against if self.combinations else ()
        return [each for each in first if (each.field, each.rule) in self._shared_reasons]

    @cached_property
    def possible(self) -> list[Combination]:
        """The combinations without violations of their own."""
        return [each for each in self.combinations if each.reasons <= self._shared_reasons]

    @property
    def left_out(self) -> int:
        return len(self.combinations) - len(self.possible)

    @property
    def omissions(self) -> list[Omission]:
        """The combinations that are left out, counted by model and first violation."""
        counted: Counter[tuple[str, str, str]] = Counter()
        examples: dict[tuple[str, str, str], tuple[Model, RuleViolation]] = {}
        for each in self.combinations:
            if each.reasons <= self._shared_reasons:
                continue
            own = next(o for o in each.against if (o.field, o.rule) not in self._shared_reasons)
            key = (each.model.name, own.field, own.rule)
            counted[key] += 1
            examples[key] = (each.model, own)
        return [
            Omission(model=model, violation=violation, number=counted[key])
            for key, (model, violation) in examples.items()
        ]

    def models_without(self, ability: str) -> list[str]:
        """The labels of used models that lack an ability, such as "has_audio"."""
        used = {each.model.name: each.model for each in self.possible}
        return [model.label for model in used.values() if not getattr(model, ability)]

    @property
    def cautions(self) -> list[Caution]:
        """Settings that may fail some tasks after their creates were accepted; each once."""
        found = (each for one in self.possible for each in cautions(one.request, one.model))
        return list(dict.fromkeys(found))

    # Requests

    @property
    def common_request(self) -> GenerationRequest:
        """The settings that all requests share; of a single combination all but the seed."""
        possible = self.possible
        return possible[0].request if len(possible) == 1 else self.composition.shared

    def requests(self, random: Random) -> list[GenerationRequest]:
        """One request for each video; none at all if there are more than MOST_COMBINATIONS.

        Where a model takes seeds, each request has one, so that its video can be reproduced.
        """
        if self.number > MOST_COMBINATIONS:
            return []
        seeding, seeds = self.composition.seeding, self.composition.seeds
        takes = range(self.composition.takes_of_each)
        each_take = [(each, take) for each in self.possible for take in takes]
        by_chance = random.sample(range(LARGEST_SEED), len(each_take))
        same = seeds[0] if seeds else random.randrange(LARGEST_SEED)
        requests = []
        for (each, take), seed in zip(each_take, by_chance, strict=True):
            if seeding is None or not each.model.has_seed:
                requests.append(each.request)
            elif seeding == Seeding.LIST and seeds:
                requests.append(replace(each.request, seed=seeds[take]))
            else:
                chosen = same if seeding == Seeding.SAME else seed
                requests.append(replace(each.request, seed=chosen))
        return requests


def _combinations(composition: Composition) -> Iterator[Combination]:
    settings = list(
        product(
            composition.ratios,
            composition.resolutions,
            composition.durations,
            composition.frames,
        )
    )
    models = composition.models.items()
    for prompt, (name, model), setting in product(composition.prompts, models, settings):
        ratio, resolution, duration, frames = setting
        request = replace(
            composition.shared,
            model=name,
            known_as=model.name if model.is_checked else "",
            prompt=prompt,
            ratio=ratio,
            resolution=resolution,
            duration=duration,
            frames=frames,
            generate_audio=composition.shared.generate_audio if model.has_audio else None,
        )
        against = violations(request, model, composition.dialect)
        if composition.day and (ended := end_of(model, composition.vendor, composition.day)):
            against = (ended, *against)
        yield Combination(request=request, model=model, against=against)
