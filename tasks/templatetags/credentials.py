"""Filters for the pages of credentials."""

from django import template

from tasks.web.presenters.health import duration as in_words

register = template.Library()


@register.filter
def duration(seconds: float | None) -> str:
    """The time in words, like 120 ms or 1.4 s; a dash where nothing was answered."""
    return "–" if seconds is None else in_words(seconds)
