"""Cells and fields of the admin that are more than a column's text: badges, links, pictures."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.admin.utils import display_for_value, quote
from django.db.models import Model
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tasks.web.presenters.thumbnail import Thumbnail

NONE = "-"  # as Django's admin writes it


def row_link(row: Model, text: object = None) -> SafeString:
    """A link to a row's own page in the admin."""
    options = row._meta
    name = f"admin:{options.app_label}_{options.model_name}_change"
    return format_html('<a href="{}">{}</a>', reverse(name, args=[quote(row.pk)]), text or row)


def list_link(model: type[Model], text: object, **parameters: object) -> SafeString:
    """A link to a list of the admin, narrowed by these parameters."""
    options = model._meta
    url = reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
    query = "&".join(f"{name}={value}" for name, value in parameters.items())
    return format_html('<a href="{}?{}">{}</a>', url, query, text)


def page_link(url: str, text: object) -> SafeString:
    """A link to a page of the product."""
    return format_html('<a href="{}">{}</a>', url, text)


def badge(template: str, presented: object) -> SafeString:
    """The badge of a status or a condition, as the product's pages show it."""
    return render_to_string(template, {"presented": presented})


def picture(thumbnail: Thumbnail) -> SafeString:
    """The poster, loaded when it comes into sight; else the icon of why there is none."""
    return render_to_string("_thumbnail.html", {"picture": thumbnail, "look": "clip-picture"})


def moment(at: datetime | None) -> Any:
    """A time as the lists write it."""
    return display_for_value(at, NONE) if at else NONE


def stamp(at: datetime | None) -> str:
    """A time that takes little room in a column."""
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at else NONE


def numbers(value: object) -> SafeString:
    """A number that stands under the others of its column."""
    return format_html('<span class="number">{}</span>', value or NONE)
