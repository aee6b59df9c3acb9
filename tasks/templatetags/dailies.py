"""What templates ask of us, beyond Django's own tags."""

from datetime import datetime
from functools import lru_cache
from typing import Any

from django import template
from django.db.models import Exists
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from tasks.models import Credential, Membership
from tasks.sentences import trouble_sentence
from tasks.showing import facts

register = template.Library()


@register.simple_tag
@lru_cache(maxsize=256)  # a list draws 150 of them
def icon(name: str, extra: str = "") -> SafeString:
    """One icon of the sprite; words beside it say what it means, so it is hidden from readers."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        extra,
        static("icons.svg"),
        name,
    )


@register.filter
def grouped(number: int) -> str:
    """1234567 as 1,234,567."""
    return facts.grouped(number)


@register.simple_tag
def ago(at: datetime | None, now: datetime) -> SafeString | str:
    """A relative time; the absolute one opens on hover and on focus."""
    return _time(at, now, shows="relative") if at else ""


@register.simple_tag
def moment(at: datetime | None, now: datetime) -> SafeString | str:
    """An absolute time; the relative one opens on hover and on focus."""
    return _time(at, now, shows="absolute") if at else ""


def _time(at: datetime, now: datetime, *, shows: str) -> SafeString:
    """In the server's zone; dailies.js tells both again, in the reader's."""
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
    """Credentials that need a person, told to everyone who works here: one query."""
    user = context["user"]
    ill = Credential.objects.in_trouble().only("name", "trouble", "trouble_since")
    if not user.is_staff:
        ill = ill.filter(Exists(Membership.objects.filter(user_id=user.pk)))
    told = [(each, trouble_sentence(each.trouble)) for each in ill]
    return {"troubles": told, "user": user, "now": timezone.now()}
