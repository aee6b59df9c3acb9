"""All that can be asked for, before a model narrows it."""

from __future__ import annotations

import uuid

from django import forms
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from tasks.forms import TablerForm
from tasks.making.given import Links, Pictures
from tasks.making.numbers import Numbers
from tasks.making.words import PARTS
from tasks.models import Credential, Project
from tasks.models.prompt import LONGEST_PROMPT
from tasks.providers.wish import Part

HOURS = (1, 6, 12, 24, 48, 72)


class Measure(TextChoices):
    """In what the length of a video is said."""

    SECONDS = "seconds", _("seconds")
    FRAMES = "frames", _("frames")


class Seeding(TextChoices):
    CHANCE = "chance", _("by chance, a new one for each")
    SAME = "same", _("the same for all")
    LIST = "list", _("one take for each of these")


def _hours() -> list[tuple[int, str]]:
    """Anew for each reader: put together once, it would be in the language of the start."""
    return [(hours, _("%(hours)s h") % {"hours": hours}) for hours in HOURS]


class MakeFields(TablerForm, forms.Form):
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    origin = forms.CharField(widget=forms.HiddenInput, required=False)  # see making/lineage.py
    project = forms.ModelChoiceField(
        label=_("Project"), queryset=Project.objects.none(), empty_label=None
    )
    credential = forms.ModelChoiceField(
        label=_("Credential"), queryset=Credential.objects.none(), empty_label=None
    )
    model = forms.ChoiceField(label=_("Model"))
    mode = forms.ChoiceField(label=_("Way"), widget=forms.RadioSelect)
    prompt = forms.CharField(
        label=_("Prompt"),
        required=False,
        max_length=LONGEST_PROMPT,
        widget=forms.Textarea(attrs={"rows": 5, "aria-describedby": "id_prompt_helptext"}),
    )
    first_frame = Pictures(label=PARTS[Part.FIRST_FRAME], required=False)
    last_frame = Pictures(label=PARTS[Part.LAST_FRAME], required=False)
    reference_image = Pictures(label=PARTS[Part.REFERENCE_IMAGE], required=False)
    reference_video = Links(label=PARTS[Part.REFERENCE_VIDEO], required=False)
    reference_audio = Links(label=PARTS[Part.REFERENCE_AUDIO], required=False)
    draft_task_id = forms.CharField(label=_("Id of the draft"), required=False, max_length=120)
    several = forms.BooleanField(label=_("Try several"), required=False)
    resolution = forms.ChoiceField(label=_("Resolution"))
    ratio = forms.ChoiceField(label=_("Ratio"))
    measure = forms.ChoiceField(label=_("Length in"), choices=Measure, required=False)
    duration = forms.TypedChoiceField(label=_("Duration"), coerce=int)
    frames = Numbers(
        label=_("Frames"), wrong=_("Frames are whole numbers, such as 57, 121."), initial="121"
    )
    generate_audio = forms.BooleanField(label=_("With sound"), required=False, initial=True)
    watermark = forms.BooleanField(label=_("Watermark"), required=False)
    camera_fixed = forms.BooleanField(label=_("Keep the camera still"), required=False)
    return_last_frame = forms.BooleanField(label=_("Keep the last frame too"), required=False)
    web_search = forms.BooleanField(label=_("Let the model search the web"), required=False)
    draft = forms.BooleanField(
        label=_("Draft"), required=False, help_text=_("480p, for little; final from it later.")
    )
    service_tier = forms.ChoiceField(label=_("Service tier"))
    priority = forms.TypedChoiceField(
        label=_("Priority among the queued"), coerce=int, choices=[(n, n) for n in range(10)]
    )
    expires = forms.TypedChoiceField(
        label=_("Give up after"),
        coerce=int,
        choices=_hours,
        initial=48,
    )
    output_format = forms.ChoiceField(label=_("Format"))
    takes = forms.IntegerField(label=_("Takes"), min_value=1, initial=1)
    seeding = forms.ChoiceField(label=_("Seeds"), choices=Seeding, required=False)
    seeds = Numbers(
        label=_("Seed"), required=False, wrong=_("Seeds are whole numbers, such as 11, 12, 13.")
    )
