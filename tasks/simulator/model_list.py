"""The models that the simulator lists, one of which the catalog does not know yet.

`GET /api/v3/models` of Ark names models of all kinds, whether or not the account has activated
them, with a status and the kinds of task that they do.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tasks.providers.catalog.models import (
    MODELS,
    Model,
    find_model,
    unchecked_model,
    vendor_name,
)
from tasks.providers.dialects.model_list import entry, kinds_of

#: A model that only the simulator knows; it takes what its nearest relative takes.
NEXT_MODEL = "seedance-3-0-270115"
#: Models of other kinds, which are in every real list as well.
OTHERS = (("seed-2-0-lite-260228", "TextGeneration"), ("seedream-4-5-251128", "TextToImage"))


def model_of(name: str) -> Model | None:
    """Return the model that a request names; the catalog's, or the simulator's own next one."""
    found = find_model(name)
    return unchecked_model(name) if found is None and name.endswith(NEXT_MODEL) else found


def models_json(vendor: str, now: float) -> dict[str, Any]:
    """Write the body of Ark's list of models."""
    day = datetime.fromtimestamp(now, UTC).date()
    data = []
    for name in names_at(vendor):
        model = model_of(name)
        assert model
        has_ended = model.retirement(vendor, day) is not None
        data.append(entry(name, kinds_of(model), has_ended=has_ended))
    data += [entry(name, [kind]) for name, kind in OTHERS]
    return {"object": "list", "data": data}


def names_at(vendor: str) -> list[str]:
    """List the names of all video models at a vendor; "" is Volcengine, as behind gateways."""
    prefix = "dreamina" if vendor == "byteplus" else "doubao"
    sold = [model for model in MODELS if (vendor or "volcengine") in model.vendors]
    return [*(vendor_name(model, vendor) for model in sold), f"{prefix}-{NEXT_MODEL}"]
