"""The compose form: prompts, models and settings of new videos.

Every choice narrows the next: project, credential, model, mode, settings. Fields that the model has
not, or that the provider would drop, are left out. Choices that exclude each other are reported
beside their fields, in the preview and when the form is sent, by one list of rules
(providers/catalog/rules.py). Several models together offer whatever any of them can do; the
combinations that one of them cannot make are left out of the plan.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tasks.billing.errors import TooManyTakesError
from tasks.models import Budget, Credential, ModelName, Project, Upload
from tasks.models.prompt import LONGEST_PROMPT
from tasks.providers import Provider
from tasks.providers.catalog.models import PROMPT_ADVICE, PromptAdvice
from tasks.providers.catalog.request import PICTURES, MediaRole
from tasks.providers.catalog.rules import LARGEST_SEED
from tasks.web.compose import model_options, prompts
from tasks.web.compose.composition import MOST_COMBINATIONS, Composition, axis, shared_request
from tasks.web.compose.dependent_choices import DependentChoices
from tasks.web.compose.drafts import inherited_settings
from tasks.web.compose.labels import PARTS, SEED_HINTS, is_shown_early, violation_sentence
from tasks.web.compose.model_options import FORM_NAMES, HOURS, SEVERAL, SWITCHES, Measure, Seeding
from tasks.web.compose.number_list import NumberList
from tasks.web.compose.plan import Plan
from tasks.web.compose.prompt_fields import (
    VARIABLE_PREFIX,
    PromptBox,
    prompt_errors,
    variable_fields,
)
from tasks.web.compose.prompt_library import text_of
from tasks.web.compose.reference_fields import Links, Pictures, size_error, split_lines, uploads_in
from tasks.web.forms import StyledForm
from tasks.web.forms.long_choices import MORE, used_last


def _hours() -> list[tuple[int, str]]:
    """List the hours anew for each form, as a list built once would stay in its first language."""
    return [(hours, _("%(hours)s h") % {"hours": hours}) for hours in HOURS]


class SeveralField(forms.TypedMultipleChoiceField):
    """A setting of which several values are tried."""

    widget = forms.CheckboxSelectMultiple


class ComposeForm(StyledForm, forms.Form):
    """The fields of new videos, and the plan that follows from them.

    In a preview, a choice that is no longer offered is replaced by the usual one, and a field that
    is still empty is no error.
    """

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    origin = forms.CharField(widget=forms.HiddenInput, required=False)  # see lineage.py
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
    first_frame = Pictures(label=PARTS[MediaRole.FIRST_FRAME], required=False)
    last_frame = Pictures(label=PARTS[MediaRole.LAST_FRAME], required=False)
    reference_image = Pictures(label=PARTS[MediaRole.REFERENCE_IMAGE], required=False)
    reference_video = Links(label=PARTS[MediaRole.REFERENCE_VIDEO], required=False)
    reference_audio = Links(label=PARTS[MediaRole.REFERENCE_AUDIO], required=False)
    draft_task_id = forms.CharField(label=_("Id of the draft"), required=False, max_length=120)
    several = forms.BooleanField(label=_("Try several"), required=False)
    resolution = forms.ChoiceField(label=_("Resolution"))
    ratio = forms.ChoiceField(label=_("Ratio"))
    measure = forms.ChoiceField(label=_("Length in"), choices=Measure, required=False)
    duration = forms.TypedChoiceField(label=_("Duration"), coerce=int)
    frames = NumberList(
        label=_("Frames"),
        wrong=_("Frames are whole numbers, such as 57, 121."),
        initial="121",
    )
    generate_audio = forms.BooleanField(label=_("With sound"), required=False, initial=True)
    watermark = forms.BooleanField(label=_("Watermark"), required=False)
    camera_fixed = forms.BooleanField(label=_("Keep the camera still"), required=False)
    return_last_frame = forms.BooleanField(label=_("Keep the last frame too"), required=False)
    web_search = forms.BooleanField(label=_("Let the model search the web"), required=False)
    draft = forms.BooleanField(
        label=_("Draft"),
        required=False,
        help_text=_("480p, for little; final from it later."),
    )
    service_tier = forms.ChoiceField(label=_("Service tier"))
    priority = forms.TypedChoiceField(
        label=_("Priority among the queued"),
        coerce=int,
        choices=[(n, n) for n in range(10)],
    )
    expires = forms.TypedChoiceField(
        label=_("Give up after"), coerce=int, choices=_hours, initial=48
    )
    output_format = forms.ChoiceField(label=_("Format"))
    takes = forms.IntegerField(label=_("Takes"), min_value=1, initial=1)
    seeding = forms.ChoiceField(label=_("Seeds"), choices=Seeding, required=False)
    seeds = NumberList(
        label=_("Seed"),
        required=False,
        wrong=_("Seeds are whole numbers, such as 11, 12, 13."),
    )

    # 1. The fields, narrowed to the possible choices

    def __init__(self, *args: Any, user: Any, is_preview: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user, self.is_preview, self._day = user, is_preview, timezone.localdate()
        if is_preview:  # a copy, because choices are changed in it
            self.data = QueryDict.copy(self.data)  # type: ignore[arg-type]
        self.is_several = bool(self._answer("several"))
        for name in SEVERAL if self.is_several else ():
            single = self.fields[name]
            coerce = getattr(single, "coerce", str)
            self.fields[name] = SeveralField(label=single.label, coerce=coerce)
        for field in self.fields.values():
            if isinstance(field.widget, forms.CheckboxInput | forms.RadioSelect):
                field.widget.attrs["class"] = "form-check-input"
        self._choose_account()
        self.choices: DependentChoices | None = None
        if self.credential_chosen and self.project_chosen:
            self._take_library_prompt(self.project_chosen)
            self.choices = self._narrow(self.credential_chosen)
            self._find_uploads(self.project_chosen)
            self.fields.update(variable_fields(self._prompt_text))

    def _answers(self, name: str) -> list[str]:
        """The answers given to a field so far; in a fresh form its initial value."""
        if not self.is_bound:
            value = self.get_initial_for_field(self.fields[name], name)
            values = value if isinstance(value, list | tuple) else [value]
        elif hasattr(self.data, "getlist"):
            values = self.data.getlist(name)
        else:
            values = [self.data.get(name)]
        return [str(getattr(value, "pk", value)) for value in values if value]

    def _answer(self, name: str) -> str:
        return next(iter(self._answers(name)), "")

    def _set_answers(self, name: str, values: list[str]) -> None:
        """Replace answers that are no longer offered, but never in a form that is to be sent."""
        if not self.is_bound:
            if self._answers(name) != values:
                is_several = isinstance(self.fields[name], SeveralField)
                self.initial[name] = values if is_several else values[0]
        elif self.is_preview:
            self.data.setlist(name, values)  # type: ignore[attr-defined]

    def _choose_account(self) -> None:
        projects = list(Project.objects.spendable_by(self._user))
        self.project_chosen: Project | None = self._choose_row("project", projects)
        credentials: Iterable[Credential] = ()
        if self.project_chosen:
            credentials = Credential.objects.usable_in(self.project_chosen).with_latest_task()
            self.most_takes = Budget.objects.of(self.project_chosen).most_takes
            takes = self.fields["takes"]
            message = str(TooManyTakesError(self.most_takes))
            takes.validators.append(MaxValueValidator(self.most_takes, message))
            takes.widget.attrs["max"] = self.most_takes
        self.credential_chosen: Credential | None = self._choose_row(
            "credential", list(credentials)
        )

    def _choose_row(self, name: str, rows: list[Any]) -> Any:
        """The chosen row, or the first one. The field is left out where there is no choice."""
        if len(rows) < 2:
            del self.fields[name]
            return rows[0] if rows else None
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField) and field.queryset is not None
        field.queryset = field.queryset.model._default_manager.filter(
            pk__in=[row.pk for row in rows]
        )
        by_key = {str(row.pk): row for row in rows}
        key, wants_all = self._answer(name), self._answer(name) == MORE
        if key not in by_key:
            key = str(rows[0].pk)
        self._set_answers(name, [key])
        if name == "credential" and not wants_all:
            kept = used_last({row.pk: row.latest_task for row in rows})
            offered = [row for row in rows if row.pk in kept or str(row.pk) == key]
            if len(offered) < len(rows):
                rest = _("All %(number)s credentials …") % {"number": len(rows)}
                field.choices = [*((row.pk, str(row)) for row in offered), (MORE, rest)]
        return by_key[key]

    def _narrow(self, credential: Credential) -> DependentChoices:
        choices = DependentChoices(
            self._answers,
            ModelName.objects.offered_at(credential),
            credential.service.dialect,
            is_several=self.is_several,
        )
        for name, options in choices.options.items():
            self.fields[name].choices = options  # type: ignore[attr-defined]
            self._set_answers(name, choices.chosen[name])
        for name in choices.absent:
            del self.fields[name]
        self._add_hints(choices, credential.service)
        if self.is_preview:  # a switch that was absent before begins with its initial value
            known = self.data.getlist("known_switch")  # type: ignore[attr-defined]
            for name in SWITCHES:
                if name in self.fields and name not in known and self.fields[name].initial:
                    self.data[name] = "on"  # type: ignore[index]
        return choices

    def _add_hints(self, choices: DependentChoices, service: Provider) -> None:
        if not self.is_several:
            name, model = next(iter(choices.models_by_name.items()))
            self.fields["model"].help_text = model_options.model_hints(
                name, model, service, self._day
            )
        if "frames" in self.fields:
            hint = model_options.frames_hint(several=self.is_several)
            self.fields["frames"].help_text = hint
        if "seeds" in self.fields and choices.seeding:
            self.fields["seeds"].help_text = SEED_HINTS[choices.seeding]
        for part, most in choices.references.items():
            self.fields[part].help_text = model_options.reference_hint(part, most)
            self.fields[part].most = most  # type: ignore[attr-defined]

    def _find_uploads(self, project: Project) -> None:
        """Look up the given uploads, in one query for all fields."""
        names = [name for name in PICTURES if name in self.fields]
        ids = {pk for name in names for pk in uploads_in(str(self[name].value() or ""))}
        rows = Upload.objects.here().filter(project=project, pk__in=ids) if ids else ()
        self.uploads: Mapping[int, Upload] = {upload.pk: upload for upload in rows}
        for name in names:
            self.fields[name].uploads = self.uploads  # type: ignore[attr-defined]

    # 2. The prompt box

    def posted(self, name: str) -> str:
        """A value that was posted with a preview besides the form's fields."""
        return str(self.data.get(name) or "") if self.is_preview else ""

    def _take_library_prompt(self, project: Project) -> None:
        """Put the chosen library prompt into the box; with "+" before its key, append it."""
        key = self.posted("use")
        text = text_of(key.removeprefix("+"), self._user, project)
        if text is not None:
            before = self._answer("prompt") if key.startswith("+") and self.is_several else ""
            self.data["prompt"] = prompts.joined(before, text)  # type: ignore[index]
            self.fields["prompt"].widget.attrs["autofocus"] = True

    @property
    def _prompt_text(self) -> str:
        """The text of the box; "" for a final, which has no box, but the prompt of its draft."""
        text = self._answer("prompt") if "prompt" in self.fields else ""
        return text.replace("\r\n", "\n").strip()

    @cached_property
    def prompt_box(self) -> PromptBox:
        names = [name for name in self.fields if name.startswith(VARIABLE_PREFIX)]
        return PromptBox(
            text=self._prompt_text,
            is_several=self.is_several,
            values={
                name.removeprefix(VARIABLE_PREFIX): list(
                    dict.fromkeys(split_lines(self._answer(name)))
                )
                for name in names
            },
        )

    @property
    def advice(self) -> PromptAdvice:
        """The advised length of a prompt: the strictest among the chosen models."""
        advices = [model.prompt for model in self.choices.models] if self.choices else []
        return min(advices, key=lambda each: (each.characters, each.words), default=PROMPT_ADVICE)

    # 3. The composition and its plan

    @cached_property
    def composition(self) -> Composition | None:
        """The valid part of the cleaned data; None where there is no credential."""
        if self.choices is None:
            return None
        cleaned = self.cleaned_data if self.is_bound else self._clean_initial_values()
        choices = self.choices
        assert self.credential_chosen and self.project_chosen
        return Composition(
            dialect=choices.dialect,
            vendor=self.credential_chosen.service.vendor,
            day=self._day,
            shared=shared_request(
                cleaned,
                model=choices.chosen["model"][0],
                mode=choices.mode,
                inherited=inherited_settings(
                    self.project_chosen, self.credential_chosen, cleaned.get("draft_task_id", "")
                ),
            ),
            prompts=self.prompt_box.filled,
            number_of_prompts=self.prompt_box.number,
            models=choices.models_by_name,
            ratios=axis(cleaned, "ratio"),
            resolutions=axis(cleaned, "resolution"),
            durations=axis(cleaned, "duration"),
            frames=axis(cleaned, "frames"),
            takes=cleaned.get("takes") or 1,
            seeding=choices.seeding,
            seeds=tuple(cleaned.get("seeds") or ()),
        )

    @cached_property
    def plan(self) -> Plan | None:
        return Plan.of(self.composition) if self.composition else None

    def _clean_initial_values(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = {}
        for name, field in self.fields.items():
            with suppress(ValidationError):
                cleaned[name] = field.clean(self[name].value())
        return cleaned

    # 4. Errors. Those with the code "rule" are shown in a preview too.

    def clean_frames(self) -> list[int]:
        numbers: list[int] = self.cleaned_data["frames"]
        if len(numbers) > 1 and not self.is_several:
            message = _("Give one number, or switch “Try several” on.")
            raise ValidationError(message, code="rule")
        return numbers

    def clean(self) -> dict[str, Any]:
        cleaned, plan = super().clean() or self.cleaned_data, self.plan
        if plan is None:
            return cleaned

        for name, error in prompt_errors(self.prompt_box):
            self.add_error(name, error)
        self._check_seeds(plan.composition)

        for violation in plan.violations_of_all:
            name = FORM_NAMES.get(violation.field, violation.field)
            code = "rule" if is_shown_early(violation) else "later"
            error = ValidationError(violation_sentence(violation), code=code)
            self.add_error(name if name in self.fields else None, error)

        # Some combinations may be left out, which the page reports; but not all of them.
        most = min(self.most_takes, MOST_COMBINATIONS)
        if plan.number > most:
            message = _("That makes %(is)s videos; at most %(most)s can be made at once.")
            numbers = {"is": plan.number, "most": most}
            self.add_error(None, ValidationError(message % numbers, code="rule"))
        elif not plan.possible:
            message = _("None of these combinations can be made.")
            self.add_error(None, ValidationError(message, code="rule"))

        sizes = [self.uploads[number].size for number in plan.composition.shared.uploads]
        if too_large := size_error(sizes):
            first = next((name for name in PICTURES if name in self.fields), None)
            self.add_error(first, too_large)
        return cleaned

    def _check_seeds(self, composition: Composition) -> None:
        if composition.seeding == Seeding.LIST and self.cleaned_data.get("seeds") == []:
            message = _("Give at least one seed.")
            self.add_error("seeds", ValidationError(message, code="later"))
        elif composition.seeding == Seeding.SAME and len(composition.seeds) > 1:
            self.add_error("seeds", ValidationError(_("One seed for all."), code="rule"))
        if any(seed > LARGEST_SEED for seed in composition.seeds):
            largest = _("The largest seed is %(most)s.") % {"most": LARGEST_SEED}
            self.add_error("seeds", ValidationError(largest, code="rule"))

    def _post_clean(self) -> None:
        """Drop all errors of a preview but those with the code "rule"."""
        if not self.is_preview:
            return
        for name in list(self.errors):
            rules = [e for e in self.errors[name].as_data() if e.code == "rule"]
            del self.errors[name]
            if rules:
                self.add_error(None if name == "__all__" else name, rules)

    def _focus(self, widget: forms.Widget) -> None:
        if not self.is_preview:
            super()._focus(widget)

    # 5. The groups of fields on the page

    @cached_property
    def groups(self) -> dict[str, list[forms.BoundField]]:
        """The form's present fields, by their place on the page."""
        tried = SEVERAL if self.is_several else ()
        names: dict[str, Iterable[str]] = {
            "account": ("project", "credential", "model"),
            "references": (*MediaRole, "draft_task_id"),
            "variables": [name for name in self.fields if name.startswith(VARIABLE_PREFIX)],
            "shape": "ratio resolution measure duration frames takes seeding seeds".split(),
            "switches": SWITCHES,
            "more": ("service_tier", "priority", "expires", "output_format"),
        }
        groups = {
            place: [self[name] for name in group if name in self.fields and name not in tried]
            for place, group in names.items()
        }
        return groups | {"tried": [self[name] for name in tried if name in self.fields]}
