"""The one form of personal settings."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tasks import preferences
from tasks.models import Density, Theme
from tasks.models.profile import AS_THE_BROWSER_SAYS


def _places() -> list[Any]:
    """All zones by continent; UTC and "automatic" stand before them."""
    names, now = sorted(preferences.zones() - {"UTC"}), timezone.now()
    by_area = groupby(names, key=lambda name: name.partition("/")[0])
    areas = [(area, [(name, _label(name, now)) for name in there]) for area, there in by_area]
    return [("", _("Automatic")), ("UTC", "UTC"), *areas]


def _label(name: str, now: datetime) -> str:
    """Shanghai (UTC+08:00); a list of these is searched by typing the city's name."""
    city = name.partition("/")[2].replace("_", " ").replace("/", ", ")
    return f"{city} (UTC{now.astimezone(ZoneInfo(name)).isoformat()[-6:]})"


def _switch(label: Any) -> forms.BooleanField:
    box = forms.CheckboxInput(attrs={"class": "form-check-input"})
    return forms.BooleanField(label=label, required=False, widget=box)


class PreferencesForm(forms.Form):
    language = forms.ChoiceField(
        label=_("Language"),
        choices=[(AS_THE_BROWSER_SAYS, _("As the browser says")), *settings.LANGUAGES],
        widget=forms.RadioSelect,
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=_places,
        required=False,
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    theme = forms.ChoiceField(label=_("Theme"), choices=Theme.choices, widget=forms.RadioSelect)
    density = forms.ChoiceField(
        label=_("Density"), choices=Density.choices, widget=forms.RadioSelect
    )
    shortcuts = _switch(_("Keyboard shortcuts"))
    notifies = _switch(_("Tell me when my tasks end"))
    sounds = _switch(_("With a short sound"))

    @classmethod
    def of(cls, request: HttpRequest) -> PreferencesForm:
        """What holds now, or what was sent."""
        profile = preferences.of(request.user)
        holds = {name: getattr(profile, name) for name in cls.base_fields}
        holds["language"] = preferences.language_of(request)
        holds["theme"] = preferences.theme_of(request)
        return cls(request.POST if request.method == "POST" else None, initial=holds)
