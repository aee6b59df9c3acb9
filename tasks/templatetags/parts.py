"""The tags of parts of a page that are the same on many pages, and of long drop-downs."""

from collections.abc import Hashable, Iterable
from html import escape

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from tasks.web.shared import Shared

register = template.Library()

#: The frame of a page is nearly all the same: making it anew was a tenth of a page of clips.
parts: Shared[SafeString] = Shared(600.0)


@register.simple_tag
def shared_part(name: str, **facts: object) -> SafeString:
    """Render this template of these facts alone, once for all pages with the same ones.

    It gets nothing of the request. A fact is a text, a number, or whether something is so.
    """
    plain = {fact: _plain(value) for fact, value in facts.items()}
    key = (name, get_language(), *plain.items())
    return parts.get(key, lambda: render_to_string(name, plain))


def _plain(value: object) -> Hashable:
    """The value itself: a lazy one would keep its request as long as the part is kept."""
    if isinstance(value, str):
        return str(value)
    return value if type(value) is int else bool(value)


@register.simple_tag
def options(pairs: Iterable[tuple[str, str]], chosen: str) -> SafeString:
    """The options of a drop-down out of (value, label); a loop in its template took 2 ms."""
    return mark_safe(
        "".join(
            f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>'
            f"{escape(label)}</option>"
            for value, label in pairs
        )
    )
