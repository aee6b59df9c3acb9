"""Filters for prices."""

from django import template

from tasks.billing.amounts import amount, for_unit
from tasks.models import Price
from tasks.providers.catalog.models import find_model

register = template.Library()


@register.filter
def priced(price: Price) -> str:
    """The price with its currency and its unit: ¥46 for a million tokens."""
    return for_unit(amount(price.amount, price.currency), price.unit)


@register.filter
def has_flex(price: Price) -> bool:
    """Whether the model's flex tier has another price."""
    model = find_model(price.model)
    return model is not None and model.has_flex and price.flex_percent != 100
