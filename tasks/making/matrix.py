"""Every prompt with every setting that is to be tried, and what stands against each. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from math import prod
from random import Random
from typing import Any

from tasks.providers.base import Dialect
from tasks.providers.catalog import Model
from tasks.providers.rules import LARGEST_SEED, Objection, objections
from tasks.providers.wish import Wish

#: More are counted, and neither made nor judged.
MOST_COMBINED = 1_000


@dataclass(frozen=True, kw_only=True)
class Axes:
    """Each of one with each of all others; None leaves a setting to the provider."""

    prompts: Sequence[str]
    models: Sequence[tuple[str, Model]]  # by the names that they are sent by
    ratios: Sequence[str | None] = (None,)
    resolutions: Sequence[str | None] = (None,)
    durations: Sequence[int | None] = (None,)  # seconds
    frames: Sequence[int | None] = (None,)
    beyond: int = 0  # so many prompts there are, where they are too many to be made

    @property
    def number_of_prompts(self) -> int:
        return self.beyond or len(self.prompts)

    @property
    def number(self) -> int:
        others = (self.models, self.ratios, self.resolutions, self.durations, self.frames)
        return self.number_of_prompts * prod(map(len, others))


@dataclass(frozen=True, kw_only=True, slots=True)
class Combination:
    wish: Wish
    model: Model
    against: tuple[Objection, ...]

    @property
    def reasons(self) -> frozenset[tuple[str, str]]:
        return frozenset((each.field, each.why) for each in self.against)


@dataclass(frozen=True, kw_only=True, slots=True)
class Omission:
    """So many combinations of a model that are left out for the same reason."""

    model: Model
    objection: Objection
    number: int


class Plan:
    """What is to be made of a form: the combinations, judged by the rules."""

    def __init__(self, base: Wish, axes: Axes, dialect: Dialect) -> None:
        self.number = axes.number
        self.axes = axes
        is_small = self.number <= MOST_COMBINED
        self._all = [_judged(*each, dialect) for each in _combined(base, axes)] if is_small else []

    @property
    def is_too_large(self) -> bool:
        return self.number > MOST_COMBINED

    @cached_property
    def _shared(self) -> frozenset[tuple[str, str]]:
        reasons = [each.reasons for each in self._all]
        return frozenset.intersection(*reasons) if reasons else frozenset()

    @cached_property
    def possible(self) -> list[Combination]:
        """Those against which nothing stands of their own."""
        return [each for each in self._all if each.reasons <= self._shared]

    @property
    def wishes(self) -> list[Wish]:
        return [each.wish for each in self.possible]

    @property
    def common(self) -> list[Objection]:
        """What stands against every one of them: a fault of the form, not of a combination."""
        first = self._all[0].against if self._all else ()
        return [each for each in first if (each.field, each.why) in self._shared]

    @property
    def left_out(self) -> int:
        return len(self._all) - len(self.possible)

    @property
    def omissions(self) -> list[Omission]:
        """Why: for each model and first reason."""
        refused = [each for each in self._all if not each.reasons <= self._shared]
        first = [(each.model, self._own(each)) for each in refused]
        numbers = Counter((model.name, why.field, why.why) for model, why in first)
        told = {(model.name, why.field, why.why): (model, why) for model, why in first}
        return [
            Omission(model=told[kind][0], objection=told[kind][1], number=number)
            for kind, number in numbers.items()
        ]

    def _own(self, each: Combination) -> Objection:
        return next(why for why in each.against if (why.field, why.why) not in self._shared)

    def lacking(self, has: str) -> list[str]:
        """Models that will be used and lack something that no fault is made of."""
        used = {each.model.name: each.model for each in self.possible}
        return [model.label for model in used.values() if not getattr(model, has)]


def _combined(base: Wish, axes: Axes) -> Iterable[tuple[Wish, Model]]:
    shapes = product(axes.ratios, axes.resolutions, axes.durations, axes.frames)
    for prompt, named, shape in product(axes.prompts, axes.models, list(shapes)):
        yield _wish(base, prompt, named, shape), named[1]


def _wish(base: Wish, prompt: str, named: tuple[str, Model], shape: tuple[Any, ...]) -> Wish:
    name, model = named
    ratio, resolution, duration, frames = shape
    return replace(
        base,
        model=name,
        known_as=model.name,
        prompt=prompt,
        ratio=ratio,
        resolution=resolution,
        duration=duration,
        frames=frames,
        generate_audio=base.generate_audio if model.has_audio else None,
    )


def _judged(wish: Wish, model: Model, dialect: Dialect) -> Combination:
    return Combination(wish=wish, model=model, against=objections(wish, model, dialect))


# Takes


@dataclass(frozen=True, kw_only=True, slots=True)
class Takes:
    """How often each is made. `seeds` are one a take, `same` one for all; else each has its own."""

    number: int = 1
    seeds: tuple[int, ...] = ()
    same: int | None = None
    with_seeds: bool = True  # whether the provider hands them on

    def __len__(self) -> int:
        return len(self.seeds) or self.number

    def of(self, wishes: Sequence[Wish], dice: Random) -> list[Wish]:
        """Where a model takes seeds each take has one, so that it can be made again."""
        each_take = [(wish, take) for wish in wishes for take in range(len(self))]
        by_chance = dice.sample(range(LARGEST_SEED), len(each_take))
        pairs = zip(each_take, by_chance, strict=True)
        return [self._seeded(wish, take, seed) for (wish, take), seed in pairs]

    def _seeded(self, wish: Wish, take: int, by_chance: int) -> Wish:
        model = wish.catalogued
        if not self.with_seeds or model is None or not model.has_seed:
            return wish
        if self.seeds:
            return replace(wish, seed=self.seeds[take])
        return replace(wish, seed=by_chance if self.same is None else self.same)
