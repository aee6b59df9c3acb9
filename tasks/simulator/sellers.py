"""Names of models and ids of tasks, for sellers that have their own."""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

from tasks.providers import provider
from tasks.providers.catalog.models import Model, vendor_name
from tasks.simulator.model_list import NEXT_MODEL, model_of
from tasks.simulator.orders import Order, read_order
from tasks.simulator.presets import Preset
from tasks.simulator.world import World

_USUAL = "seedance-2-0-260128"


def sold_model(slug: str, name: str) -> Model | None:
    """Return the model that a seller has under a name, its own or any vendor's; None if none."""
    return provider(slug).models_by_name().get(name) or model_of(name)


def names_of(slug: str) -> list[str]:
    """List a seller's names of video models, and one that the catalog does not know yet."""
    return [*provider(slug).models_by_name(), f"bytedance/{NEXT_MODEL}"]


def usual_model(slug: str) -> str:
    """Return the seller's name of Seedance 2.0."""
    names = provider(slug).models_by_name()
    return next(name for name, model in names.items() if model.name == _USUAL)


def ordered(body: Mapping[str, Any], preset: Preset, task_id: str, *, steer: str = "") -> Order:
    """Read a create body in Ark's form, whose model has the seller's name.

    Raises RefusalError where Ark would refuse it.
    """
    asked = str(body.get("model"))
    model = sold_model(preset.slug, asked) if provider(preset.slug).models else None
    arks = body if model is None else {**body, "model": vendor_name(model, "volcengine")}
    order = read_order(arks, vendor=preset.vendor, dice=Random(task_id), steer=steer)
    return order if model is None else replace(order, asked_model=asked)


def new_own_id(world: World, preset: Preset, at: float) -> str:
    """Make an id in the seller's own form; "" where it hands on Ark's."""
    if preset.dialect == "openrouter":
        letters = string.ascii_letters + string.digits
        return f"gen-vid-{int(at)}-{''.join(secrets.choice(letters) for _ in range(20))}"
    if preset.dialect == "predictions":
        return secrets.token_hex(16)
    if preset.has_content:
        return f"asyntask_{secrets.token_hex(16)}"
    return world.new_task_id() if preset.dialect == "newapi" and preset.generation > 1 else ""
