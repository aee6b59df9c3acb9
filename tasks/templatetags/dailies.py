"""Tags and filters for all templates: icons, numbers, times, troubles of credentials."""

from datetime import datetime
from functools import lru_cache
from typing import Any

from django import template
from django.db.models import QuerySet
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from tasks.models import Credential
from tasks.web.messages.provider_errors import trouble_sentence
from tasks.web.presenters import facts
from tasks.web.presenters.personal_rows import personal_rows

register = template.Library()


@register.simple_tag
@lru_cache(maxsize=256)  # a list has 150 of them
def icon(name: str, extra: str = "") -> SafeString:
    """An icon of the sprite, hidden from screen readers: the words beside it say what it means."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        extra,
        static("icons.svg"),
        name,
    )


@register.filter
def grouped(number: int) -> str:
    """The number in groups of three digits: 1,234,567."""
    return facts.grouped(number)


@register.simple_tag
def ago(at: datetime | None, now: datetime) -> SafeString | str:
    """A relative time; the absolute one opens on hover and on focus."""
    return _time(at, now, shows="relative") if at else ""


@register.simple_tag
def when(at: datetime) -> SafeString:
    """A time that the browser makes relative. Until then, and without it, it is the absolute one.

    So it is right for as long as it is kept, and for whoever lives in the same time zone.
    """
    words = absolute(at)
    return format_html(
        '<time datetime="{}" data-shows="relative" data-tip="{}" tabindex="0">{}</time>',
        at.isoformat(timespec="seconds"),
        words,
        words[:16],  # 2026-11-30 14:03
    )


@register.simple_tag
def moment(at: datetime | None, now: datetime) -> SafeString | str:
    """An absolute time; the relative one opens on hover and on focus."""
    return _time(at, now, shows="absolute") if at else ""


def _time(at: datetime, now: datetime, *, shows: str) -> SafeString:
    """A time in the zone of the person or the site; dailies.js writes both texts anew."""
    words = {"relative": relative(at, now), "absolute": absolute(at)}
    return format_html(
        '<time datetime="{}" data-shows="{}" data-tip="{}" tabindex="0">{}</time>',
        at.isoformat(timespec="seconds"),
        shows,
        words["absolute" if shows == "relative" else "relative"],
        words[shows],
    )


def relative(at: datetime, now: datetime) -> str:
    if abs((now - at).total_seconds()) < 60:
        return _("just now")
    if at > now:
        return _("in %(time)s") % {"time": timesince(now, at, depth=1)}
    return _("%(time)s ago") % {"time": timesince(at, now, depth=1)}


def absolute(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S %Z}"


@register.inclusion_tag("_troubles.html", takes_context=True)
def troubles(context: dict[str, Any]) -> dict[str, Any]:
    """Credentials in trouble, for people whose projects may use them."""
    user = context["user"]
    rows = personal_rows("troubles", user, lambda: _in_trouble(user))
    return {
        "troubles": [
            ({"pk": pk, "name": name, "trouble_since": since}, trouble_sentence(trouble))
            for pk, name, trouble, since in rows
        ],
        "may_manage": context.get("may_manage", False),
        "now": timezone.now(),
    }


def _in_trouble(user: Any) -> QuerySet[Any, Any]:
    credentials = Credential.objects.visible_to(user).in_trouble()
    return credentials.values_list("pk", "name", "trouble", "trouble_since")
