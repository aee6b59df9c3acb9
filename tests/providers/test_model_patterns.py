"""Patterns of models' names: each fits what `find_model` finds, and nothing else."""

import re

import pytest

from tasks.providers.catalog.model_patterns import pattern_of
from tasks.providers.catalog.models import MODELS, Model, find_model, vendor_name
from tasks.providers.registry import PROVIDERS

SPELLINGS = """
doubao-seedance-2-0 doubao-seedance-2.0-fast-V2V bytedance/seedance-2.0/text-to-video
bytedance:seedance@2.5 fal-ai/bytedance/seedance/v1/pro/text-to-video seedance-2-fast seedance
bytedance/seedance-2.0-fast/image-to-video seedance-fast seedance-1-0-lite seedance-1-0-lite-i2v
seedance-1-0-lite-i2v-720p seedance-1-0-lite-r2v doubao-seedance-1-0-lite-t2v-260101
seedance-2-0-mini-1080p seedance-2-0-270101 seedance-2-5-flash-face seedance-2-5-premium-4k
seedance-3-0 seedance-2-50 seedance-2-0-turbo seedance2.0 ep-20261120-abcde seedream-4-0 kling-v2
Seedance_2_0_Pro seedance/2.0/reference-to-video/480p dreamina-seedance-2-5-filter-off
""".split()


def names() -> list[str]:
    listed = [name for provider in PROVIDERS for name in provider.models_by_name()]
    vendors = [vendor_name(model, at) for model in MODELS for at in ("volcengine", "byteplus")]
    return [*SPELLINGS, *listed, *vendors, *(model.label for model in MODELS), ""]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_pattern_fits_exactly_the_names_of_its_model(model: Model) -> None:
    fits = {name for name in names() if re.search(pattern_of(model), name, re.IGNORECASE)}
    found = {name for name in names() if (known := find_model(name)) and known.name == model.name}
    assert fits == found
    assert model.label in fits
