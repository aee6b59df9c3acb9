"""The compose form: prompts, models and settings of new videos.

Every choice narrows the next: project, credential, model, mode, settings. Fields that the model has
not, or that the provider would drop, are left out. Choices that exclude each other are reported
beside their fields, in the preview and when the form is sent, by one list of rules
(providers/catalog/rules.py). Several models together offer whatever any of them can do; the
combinations that one of them cannot make are left out of the plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tasks.models import Copy, Credential, ModelName, Project, Upload
from tasks.providers import Provider
from tasks.providers.catalog.material_limits import Material
from tasks.providers.catalog.models import PROMPT_ADVICE, PromptAdvice
from tasks.providers.catalog.request import CLIP, PICTURES, MediaRole, upload_in
from tasks.web.compose import model_options, prompts
from tasks.web.compose.account_form import AccountForm
from tasks.web.compose.composition import Composition, axis, shared_request
from tasks.web.compose.dependent_choices import DependentChoices
from tasks.web.compose.drafts import inherited_settings
from tasks.web.compose.fields import SeveralField
from tasks.web.compose.form_errors import plan_errors, seed_errors
from tasks.web.compose.groups import Pick, groups_of
from tasks.web.compose.labels import PROMPTED, SEED_HINTS, no_sharing_sentence
from tasks.web.compose.model_options import SEVERAL, SWITCHES
from tasks.web.compose.plan import Plan
from tasks.web.compose.prompt_fields import (
    VARIABLE_PREFIX,
    PromptBox,
    prompt_errors,
    variable_fields,
)
from tasks.web.compose.prompt_library import text_of
from tasks.web.compose.reference_fields import clips_in, size_error, split_lines, uploads_in


class ComposeForm(AccountForm):
    """The fields as far as they can be used, and the plan that follows from what is in them.

    In a preview, a choice that is no longer offered is replaced by the usual one, and a field that
    is still empty is no error.
    """

    # 1. The fields, narrowed to the possible choices

    def __init__(self, *args: Any, user: Any, is_preview: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, user=user, is_preview=is_preview, **kwargs)
        self._day = timezone.localdate()
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
            if is_preview:
                self._move_pictures()
            self._find_files(self.project_chosen)
            self.fields.update(variable_fields(self._prompt_text))
        if not self.is_bound and "prompt" in self.fields:
            self.fields["prompt"].widget.attrs["autofocus"] = True

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
        if "prompt" in self.fields and choices.mode in PROMPTED:
            self.fields["prompt"].widget.attrs["placeholder"] = PROMPTED[choices.mode]
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
            field: Any = self.fields[part]
            hint = model_options.reference_hint(part, most, takes_files=field.takes_files)
            field.help_text, field.most = hint, most

    def _move_pictures(self) -> None:
        """Let uploads follow a change of the mode, into its first places that have room."""
        given = {name: self._lines(name) for name in PICTURES}
        moving = [
            line
            for name, lines in given.items()
            if name not in self.fields
            for line in lines
            if upload_in(line) is not None
        ]
        for name in PICTURES if moving else ():
            if name in self.fields:
                room = max(0, self.fields[name].most - len(given[name]))  # type: ignore[attr-defined]
                self._set_answers(name, [*moving[:room], *given[name]])
                moving = moving[room:]

    def _lines(self, name: str) -> list[str]:
        return split_lines("\n".join(self.data.getlist(name)))  # type: ignore[attr-defined]

    def _find_files(self, project: Project) -> None:
        """Look up the given uploads and clips, in one query each for all fields."""
        names = [name for name in MediaRole if name in self.fields]
        given = [str(self[name].value() or "") for name in names]
        ids = {pk for value in given for pk in uploads_in(value)}
        rows = Upload.objects.here().filter(project=project, pk__in=ids) if ids else ()
        self.uploads: Mapping[int, Upload] = {upload.pk: upload for upload in rows}
        tasks = {pk for value in given for pk in clips_in(value)}
        copies = Copy.objects.lent(tasks, project) if tasks else ()
        self.clips: Mapping[int, Copy] = {copy.task_id: copy for copy in copies}
        for name in names:
            self.fields[name].uploads = self.uploads  # type: ignore[attr-defined]
            self.fields[name].clips = self.clips  # type: ignore[attr-defined]

    @property
    def _lengths(self) -> dict[str, float | None]:
        """The seconds of the given videos and sounds that are here, by the values for them."""
        uploads = {upload.line: upload.duration for upload in self.uploads.values()}
        return uploads | {f"{CLIP}{pk}": copy.duration for pk, copy in self.clips.items()}

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
                lengths=self._lengths,
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
            message = _("Enter one number, or turn on “Try several”.")
            raise ValidationError(message, code="rule")
        return numbers

    def clean(self) -> dict[str, Any]:
        cleaned, plan = super().clean() or self.cleaned_data, self.plan
        if plan is None:
            return cleaned
        used = [self.uploads[number] for number in plan.composition.shared.uploads]
        sizes = [upload.size for upload in used if upload.material != Material.VIDEO]
        first_files = next((name for name in MediaRole if name in self.fields), None)
        too_large = size_error(sizes)
        for name, error in (
            *prompt_errors(self.prompt_box),
            *seed_errors(plan.composition, cleaned.get("seeds")),
            *plan_errors(plan, self.most_takes),
            *([(first_files, too_large)] if too_large else []),
        ):
            self.add_error(name if name in self.fields else None, error)
        return cleaned

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

    # 5. The page

    @cached_property
    def groups(self) -> dict[str, list[forms.BoundField]]:
        """The form's present fields, by their place on the page."""
        return groups_of(self)

    @property
    def picks(self) -> list[Pick]:
        return [Pick(field) for field in self.groups["row"]]

    @property
    def video_refusal(self) -> str:
        """The sentence that says why no video files are taken here; "" where they are."""
        return "" if settings.SHARES_UPLOADS else no_sharing_sentence()

    @property
    def is_drawer_wrong(self) -> bool:
        """Whether an error is in the drawer, which then has to be open."""
        return any(field.errors for field in self.groups["drawer"] + self.groups["switches"])
