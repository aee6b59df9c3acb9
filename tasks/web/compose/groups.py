"""The places of the compose form's fields on its page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms

from tasks.providers.catalog.request import MediaRole
from tasks.web.compose.model_options import SWITCHES
from tasks.web.compose.prompt_fields import VARIABLE_PREFIX

#: Settings in the row below the prompt; whatever else can be chosen is in the drawer.
ROW = ("mode", "model", "ratio", "resolution", "duration", "frames", "takes", "generate_audio")
DRAWER = (
    "project credential measure seeding seeds service_tier priority expires output_format".split()
)


def groups_of(form: forms.BaseForm) -> dict[str, list[forms.BoundField]]:
    """The present fields of each place."""
    names: dict[str, Iterable[str]] = {
        "inputs": (*MediaRole, "draft_task_id"),
        "variables": [name for name in form.fields if name.startswith(VARIABLE_PREFIX)],
        "row": ROW,
        "drawer": DRAWER,
        "switches": [name for name in SWITCHES if name not in ROW],
    }
    return {
        place: [form[name] for name in group if name in form.fields]
        for place, group in names.items()
    }


@dataclass(frozen=True)
class Pick:
    """A setting in the row: a native control in the shape of a chip."""

    field: forms.BoundField

    @property
    def template(self) -> str:
        widget = self.field.field.widget
        if isinstance(widget, forms.RadioSelect):  # boxes to tick as well, where several are tried
            return "compose/_pick_menu.html"
        if isinstance(widget, forms.Select):
            return "compose/_pick_list.html"
        is_switch = isinstance(widget, forms.CheckboxInput)
        return "compose/_pick_switch.html" if is_switch else "compose/_pick_number.html"

    @property
    def _labels(self) -> dict[str, str]:
        """The labels of a menu's options by their values, as they are offered."""
        field: Any = self.field.field
        return {str(key): str(label) for key, label in field.choices}

    @property
    def chosen(self) -> list[str]:
        """The chosen options of a menu, in the order in which they are offered."""
        value = self.field.value()
        values = {str(each) for each in (value if isinstance(value, list) else [value])}
        return [key for key in self._labels if key in values]

    @property
    def words(self) -> str:
        """The chosen option in short; of several the first one, and how many more there are."""
        if not self.chosen:
            return "–"
        first, *more = self.chosen
        if self.field.name != "resolution":  # whose labels have the size in pixels
            first = self._labels[first]
        return f"{first} +{len(more)}" if more else first
