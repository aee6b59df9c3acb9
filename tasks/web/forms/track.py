"""The form for tracking tasks: pasted or uploaded ids, their credential and their project."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from tasks.models import Credential, Project
from tasks.tracking.imports import task_import
from tasks.tracking.imports.pasted_ids import ImportEntry
from tasks.tracking.imports.task_import import ImportFileIssue
from tasks.web.forms import StyledForm

MOST_IDS = 2_000
LONGEST_PASTE = 2_000_000  # characters
MOST_CARRIED = 2_000_000  # bytes from one step to the next; Django takes bodies of 2.5 MB
LARGEST_FILE = 5 * 1024 * 1024  # bytes

REASONS = {
    ImportFileIssue.SPREADSHEET: _("This is a spreadsheet file. Save it as CSV, and upload that."),
    ImportFileIssue.NOT_TEXT: _(
        "This isn't a text file, or its encoding is neither UTF-8 nor GB 18030."
    ),
    ImportFileIssue.BROKEN_TABLE: _(
        "The table breaks off near line %(line)s: a quotation mark isn't closed, or a cell is "
        "too long."
    ),
    ImportFileIssue.TOO_MANY_COLUMNS: _("The table has too many columns for a task list."),
}


class TrackForm(StyledForm, forms.Form):
    """Ids to track, with a credential and a project out of those that the person may use."""

    ids = forms.CharField(
        label=_("Task ids"),
        max_length=LONGEST_PASTE,
        required=False,
        widget=forms.Textarea(
            attrs={
                "rows": 7,
                "spellcheck": "false",
                "autocapitalize": "off",
                "placeholder": "cgt-20261120120000-abcde",
            }
        ),
        help_text=_("One or more. Lists, links, tables and JSON work too."),
    )
    upload = forms.FileField(
        label=_("Or upload a file"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.json,.jsonl,.ndjson,.log"}),
        help_text=_(
            "CSV, TSV, TXT, JSON or JSONL, up to 5 MB. If the file has them, prompt, model, "
            "resolution, ratio, duration, seed and creation time are imported too."
        ),
        error_messages={"empty": _("The file is empty.")},
    )
    credential = forms.ModelChoiceField(
        label=_("Credential"),
        queryset=Credential.objects.none(),
        empty_label=_("Choose a credential"),
        help_text=_("The account that created the tasks."),
        error_messages={
            "required": _("Choose the credential of the account that created the tasks."),
            "invalid_choice": _("This credential no longer exists or isn't active."),
        },
    )
    project = forms.ModelChoiceField(
        label=_("Project"),
        queryset=Project.objects.none(),
        empty_label=_("Choose a project"),
        error_messages={"required": _("Choose the project the tasks belong to.")},
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.only_project: Project | None = None
        self.entries: list[ImportEntry] = []
        self.unused: tuple[str, ...] = ()
        self._offer("credential", list(Credential.objects.visible_to(user).filter(active=True)))
        self._offer("project", list(Project.objects.usable_by(user)))

    def _offer(self, name: str, rows: list[Any]) -> None:
        """Offer the rows as choices; a single row is preselected, a single project not shown."""
        if name == "project" and len(rows) == 1:
            del self.fields[name]
            self.only_project = rows[0]
            return
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        model = field.queryset.model  # type: ignore[union-attr]
        field.queryset = model._default_manager.filter(pk__in=[row.pk for row in rows])
        if len(rows) == 1:
            field.empty_label, field.initial = None, rows[0]

    @property
    def project_chosen(self) -> Project:
        return self.only_project or self.cleaned_data["project"]

    @property
    def carried(self) -> str:
        """All entries as text, for the hidden field of the next step."""
        return task_import.to_text(self.entries)

    def clean(self) -> dict[str, Any]:
        if not self.errors.keys() & {"ids", "upload"}:
            self._read_entries()
        credential = self.cleaned_data.get("credential")
        project = self.only_project or self.cleaned_data.get("project")
        if credential is not None and project is not None:
            usable = Credential.objects.usable_in(project)
            if not usable.filter(pk=credential.pk).exists():
                self.add_error("credential", _("This project can't use this credential."))
        return self.cleaned_data

    def _read_entries(self) -> None:
        pasted, upload = self.cleaned_data.get("ids", ""), self.cleaned_data.get("upload")
        if not pasted and upload is None:
            self.add_error("ids", _("Paste at least one task id, or choose a file."))
            return
        field = "upload" if upload else "ids"
        try:
            self._add_text(pasted)
            if upload and upload.size > LARGEST_FILE:
                words = _("The file is larger than 5 MB. Import it in parts.")
                self.add_error("upload", ValidationError(words, code="large"))
                return
            self._add_text(task_import.decode(upload.read()) if upload else "")
        except task_import.ImportFileError as error:
            reason = REASONS[error.issue] % {"line": error.line}
            self.add_error(field, ValidationError(reason, code=error.issue))
            return
        self._check_size(field)

    def _add_text(self, text: str) -> None:
        if text:
            found = task_import.parse(text)
            self.entries += found.entries
            self.unused += found.unused

    def _check_size(self, name: str) -> None:
        count = len(self.entries)
        if not any(entry.text for entry in self.entries):
            self.add_error(name, ValidationError(_("No task id found."), code="none"))
        elif count > MOST_IDS:
            sentence = ngettext(
                "%(count)s id is too many at once; the limit is %(most)s.",
                "%(count)s ids are too many at once; the limit is %(most)s. Track them in parts.",
                count,
            ) % {"count": count, "most": MOST_IDS}
            self.add_error(name, ValidationError(sentence, code="too_many"))
        elif len(self.carried.encode()) > MOST_CARRIED:
            words = _("With their prompts, these are too many at once. Import them in parts.")
            self.add_error(name, ValidationError(words, code="too_much"))

    def choice_of(self, name: str, wanted: str) -> Any:
        """The row with the id or name `wanted`; the only row where that is ""; else None."""
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        rows = list(field.queryset or [])
        if not wanted:
            return rows[0] if len(rows) == 1 else None
        named = (row for row in rows if wanted in (str(row.pk), str(row)))
        return next(named, None)


def fields_of(entry: ImportEntry, now: datetime) -> dict[str, Any]:
    """The fields that came with an id, as a task has them; times without a zone are local."""
    fields = dict(entry.details)
    if text := fields.pop("remote_created_at", None):
        at = datetime.fromisoformat(text)
        at = at if at.tzinfo else timezone.make_aware(at)
        if at <= now:
            fields["remote_created_at"] = at
    return fields
