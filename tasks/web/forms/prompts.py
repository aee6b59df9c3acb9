"""The form of a saved prompt. Project and person come from the view, not from its fields."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tasks.models import SavedPrompt
from tasks.models.prompt import LONGEST_PROMPT, MOST_SAVED
from tasks.web.forms import StyledForm


class SavedPromptForm(StyledForm, forms.ModelForm):
    """Name and text of a saved prompt; `instance` holds its project."""

    text = forms.CharField(
        label=gettext_lazy("Prompt"),
        max_length=LONGEST_PROMPT,
        widget=forms.Textarea(attrs={"rows": 8}),
    )

    class Meta:
        model = SavedPrompt
        fields = ("name", "text")

    def clean_text(self) -> str:
        """Replace the line ends that browsers post (CR LF) by those that were typed (LF)."""
        return str(self.cleaned_data["text"]).replace("\r\n", "\n")

    def clean(self) -> None:
        super().clean()
        rows = SavedPrompt.objects.filter(project=self.instance.project_id)
        if self.instance.pk is None and rows.count() >= MOST_SAVED:
            message = _(
                "This project already has %(most)s saved prompts. Delete one you no longer need."
            )
            raise ValidationError(message % {"most": MOST_SAVED})

    def _get_validation_exclusions(self) -> set[str]:
        """Let the unique name within a project be validated although project is no field."""
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {"project"}

    def save_if_valid(self) -> SavedPrompt | None:
        """Save the row; on errors, also when the name has just been taken, return None."""
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
