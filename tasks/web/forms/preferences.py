"""The form of a person's own settings."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import lru_cache
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tasks.models import Density, Theme
from tasks.models.profile import AS_THE_BROWSER_SAYS
from tasks.team import preferences


def _time_zones() -> list[Any]:
    """Choices of time zones: "automatic", UTC, then all zones by continent."""
    return [("", _("Automatic")), ("UTC", "UTC"), *_zones_by_area(timezone.now().date())]


@lru_cache(maxsize=1)  # 500 offsets take 0.05 s, and change twice a year
def _zones_by_area(day: date) -> list[Any]:
    """Zones with labels like "Shanghai (UTC+08:00)", because people type a city to find theirs."""
    noon = datetime.combine(day, time(12), UTC)

    def label(name: str) -> str:
        city = name.partition("/")[2].replace("_", " ").replace("/", ", ")
        return f"{city} (UTC{noon.astimezone(ZoneInfo(name)).isoformat()[-6:]})"

    by_area = groupby(
        sorted(preferences.zones() - {"UTC"}), key=lambda name: name.partition("/")[0]
    )
    return [(area, [(name, label(name)) for name in zones]) for area, zones in by_area]


def _switch(label: Any) -> forms.BooleanField:
    box = forms.CheckboxInput(attrs={"class": "form-check-input"})
    return forms.BooleanField(label=label, required=False, widget=box)


class PreferencesForm(forms.Form):
    """The preferences of a person, or of a browser that nobody is signed in to."""

    language = forms.ChoiceField(
        label=_("Language"),
        choices=[(AS_THE_BROWSER_SAYS, _("Browser default")), *settings.LANGUAGES],
        widget=forms.RadioSelect,
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=_time_zones,
        required=False,
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    theme = forms.ChoiceField(label=_("Theme"), choices=Theme.choices, widget=forms.RadioSelect)
    density = forms.ChoiceField(
        label=_("Density"), choices=Density.choices, widget=forms.RadioSelect
    )
    shortcuts = _switch(_("Keyboard shortcuts"))
    notifies = _switch(_("Notify me when my tasks end"))
    sounds = _switch(_("Play a short sound"))

    @classmethod
    def of(cls, request: HttpRequest) -> PreferencesForm:
        """The form with what was posted, or else with the current preferences."""
        profile = preferences.of(request.user)
        current = {name: getattr(profile, name) for name in cls.base_fields}
        current["language"] = preferences.language_of(request)
        current["theme"] = preferences.theme_of(request)
        return cls(request.POST if request.method == "POST" else None, initial=current)
