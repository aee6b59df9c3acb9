"""What the credentials' pages ask of us."""

from django import template

from tasks.showing import health

register = template.Library()


@register.filter
def duration(seconds: float | None) -> str:
    """120 ms, 1.4 s; a dash where nothing was answered."""
    return "–" if seconds is None else health.duration(seconds)
