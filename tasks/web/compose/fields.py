"""The fields of the compose form, before a project, a credential and a model narrow them."""

from __future__ import annotations

import uuid

from django import forms
from django.utils.translation import gettext_lazy as _

from tasks.models import Credential, Project
from tasks.models.prompt import LONGEST_PROMPT
from tasks.providers.catalog.material_limits import Material
from tasks.providers.catalog.request import MediaRole
from tasks.web.compose.labels import PARTS
from tasks.web.compose.model_options import HOURS, Measure, Seeding
from tasks.web.compose.number_list import NumberList
from tasks.web.compose.reference_fields import Files
from tasks.web.forms import StyledForm


def _hours() -> list[tuple[int, str]]:
    """List the hours anew for each form, as a list built once would stay in its first language."""
    return [(hours, _("%(hours)s h") % {"hours": hours}) for hours in HOURS]


class SeveralField(forms.TypedMultipleChoiceField):
    """A setting of which several values are tried."""

    widget = forms.CheckboxSelectMultiple


class ComposeFields(StyledForm, forms.Form):
    """The fields of new videos."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    origin = forms.CharField(widget=forms.HiddenInput, required=False)  # see lineage.py
    project = forms.ModelChoiceField(
        label=_("Project"), queryset=Project.objects.none(), empty_label=None
    )
    credential = forms.ModelChoiceField(
        label=_("Credential"), queryset=Credential.objects.none(), empty_label=None
    )
    model = forms.ChoiceField(label=_("Model"))
    mode = forms.ChoiceField(label=_("Mode"))
    prompt = forms.CharField(
        label=_("Prompt"),
        required=False,
        max_length=LONGEST_PROMPT,
        widget=forms.Textarea(
            attrs={
                "rows": 4,
                "aria-describedby": "id_prompt_helptext",
                "placeholder": _("Describe the video"),
            }
        ),
    )
    first_frame = Files(label=PARTS[MediaRole.FIRST_FRAME], required=False)
    last_frame = Files(label=PARTS[MediaRole.LAST_FRAME], required=False)
    reference_image = Files(label=PARTS[MediaRole.REFERENCE_IMAGE], required=False)
    reference_video = Files(
        label=PARTS[MediaRole.REFERENCE_VIDEO], required=False, material=Material.VIDEO
    )
    reference_audio = Files(
        label=PARTS[MediaRole.REFERENCE_AUDIO], required=False, material=Material.SOUND
    )
    draft_task_id = forms.CharField(label=_("Draft task ID"), required=False, max_length=120)
    several = forms.BooleanField(label=_("Try several"), required=False)
    resolution = forms.ChoiceField(label=_("Resolution"), widget=forms.RadioSelect)
    ratio = forms.ChoiceField(label=_("Ratio"), widget=forms.RadioSelect)
    measure = forms.ChoiceField(label=_("Length in"), choices=Measure, required=False)
    duration = forms.TypedChoiceField(label=_("Duration"), coerce=int)
    frames = NumberList(
        label=_("Frames"),
        wrong=_("Frames must be whole numbers, such as 57, 121."),
        initial="121",
    )
    generate_audio = forms.BooleanField(label=_("Sound"), required=False, initial=True)
    watermark = forms.BooleanField(label=_("Watermark"), required=False)
    camera_fixed = forms.BooleanField(label=_("Fixed camera"), required=False)
    return_last_frame = forms.BooleanField(label=_("Keep the last frame"), required=False)
    web_search = forms.BooleanField(label=_("Allow web search"), required=False)
    draft = forms.BooleanField(
        label=_("Draft"),
        required=False,
        help_text=_("480p at a lower price. Generate the final video from it later."),
    )
    service_tier = forms.ChoiceField(label=_("Service tier"))
    priority = forms.TypedChoiceField(
        label=_("Queue priority"),
        coerce=int,
        choices=[(n, n) for n in range(10)],
    )
    expires = forms.TypedChoiceField(
        label=_("Expires after"), coerce=int, choices=_hours, initial=48
    )
    output_format = forms.ChoiceField(label=_("Format"))
    takes = forms.IntegerField(label=_("Takes"), min_value=1, initial=1)
    seeding = forms.ChoiceField(label=_("Seeds"), choices=Seeding, required=False)
    seeds = NumberList(
        label=_("Seed"),
        required=False,
        wrong=_("Seeds must be whole numbers, such as 11, 12, 13."),
    )
