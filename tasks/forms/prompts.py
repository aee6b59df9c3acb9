"""A prompt that a project keeps. No field of it names the project or the person."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tasks.forms import TablerForm
from tasks.models import SavedPrompt
from tasks.models.prompt import LONGEST_PROMPT, MOST_SAVED


class SavedPromptForm(TablerForm, forms.ModelForm):
    text = forms.CharField(
        label=SavedPrompt._meta.get_field("text").verbose_name,
        max_length=LONGEST_PROMPT,
        widget=forms.Textarea(attrs={"rows": 8}),
    )

    class Meta:
        model = SavedPrompt
        fields = ("name", "text")

    def clean_text(self) -> str:
        """As it was typed, not as forms are sent."""
        return str(self.cleaned_data["text"]).replace("\r\n", "\n")

    def clean(self) -> None:
        super().clean()
        kept = SavedPrompt.objects.filter(project=self.instance.project_id)
        if self.instance.pk is None and kept.count() >= MOST_SAVED:
            said = _("This project keeps %(most)s prompts already: delete one that nobody needs.")
            raise ValidationError(said % {"most": MOST_SAVED})

    def _get_validation_exclusions(self) -> set[str]:
        """The name is looked for in the project, which is no field."""
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {"project"}

    def kept(self) -> SavedPrompt | None:
        """The row, if nothing is wrong; of two that save one name at once the second is told."""
        if not self.is_valid():
            return None
        self.instance.changed_at = timezone.now()
        try:
            with transaction.atomic():
                row: SavedPrompt = self.save()
        except IntegrityError:
            self.add_error("name", _("This project has a saved prompt of this name."))
            return None
        return row
