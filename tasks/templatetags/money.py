"""Prices in templates."""

from django import template

from tasks.models import Price
from tasks.money.words import amount
from tasks.providers.catalog import find_model

register = template.Library()


@register.filter
def priced(price: Price) -> str:
    """¥46"""
    return amount(price.amount, price.currency)


@register.filter
def has_flex(price: Price) -> bool:
    model = find_model(price.model)
    return model is not None and model.has_flex
