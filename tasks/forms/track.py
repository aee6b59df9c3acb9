"""What to follow: what was pasted or uploaded, with which credential, in which project."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from tasks import imports
from tasks.forms import TablerForm
from tasks.imports import Reason
from tasks.models import Credential, Project
from tasks.pasted import Entry

MOST_IDS = 2_000
LONGEST_PASTE = 2_000_000  # characters …
MOST_CARRIED = 2_000_000  # … and bytes from one step to the next; Django takes bodies of 2.5 MB
LARGEST_FILE = 5 * 1024 * 1024  # bytes

REASONS = {
    Reason.SPREADSHEET: _(
        "This is a spreadsheet's own file. Save it as CSV there, and upload that."
    ),
    Reason.NOT_TEXT: _("This is not a text file, or in an encoding other than UTF-8 and GB 18030."),
    Reason.BROKEN_TABLE: _(
        "The table breaks off around line %(line)s: a quotation mark is not closed there, or a "
        "cell is too long."
    ),
    Reason.TOO_MANY_COLUMNS: _("The table has too many columns to be one of tasks."),
}


class TrackForm(TablerForm, forms.Form):
    """What to follow, with which credential, in which of this person's own projects."""

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
        help_text=_("One or many. Lists, links, tables and JSON are understood as well."),
    )
    upload = forms.FileField(
        label=_("Or a file of them"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.json,.jsonl,.ndjson,.log"}),
        help_text=_(
            "CSV, TSV, TXT, JSON or JSONL of up to 5 MB. Prompt, model, resolution, ratio, "
            "duration, seed and creation time come along where the file has them."
        ),
        error_messages={"empty": _("The file is empty.")},
    )
    credential = forms.ModelChoiceField(
        label=_("Credential"),
        queryset=Credential.objects.none(),
        empty_label=_("Choose a credential"),
        help_text=_("The account that made the tasks."),
        error_messages={
            "required": _("Choose the credential of the account that made the tasks."),
            "invalid_choice": _("This credential is not there any more, or not active."),
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
        self.entries: list[Entry] = []
        self.unused: tuple[str, ...] = ()
        self._offer("credential", list(Credential.objects.visible_to(user).filter(active=True)))
        self._offer("project", list(Project.objects.open_to_work_by(user)))

    def _offer(self, name: str, rows: list[Any]) -> None:
        """A choice of one needs no choosing; a project of one is not even shown."""
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
        """All of it, for the next step."""
        return imports.carried(self.entries)

    def clean(self) -> dict[str, Any]:
        if not self.errors.keys() & {"ids", "upload"}:
            self._take_entries()
        self._check_credential()
        return self.cleaned_data

    def _take_entries(self) -> None:
        typed, upload = self.cleaned_data.get("ids", ""), self.cleaned_data.get("upload")
        if not typed and upload is None:
            self.add_error("ids", _("Paste at least one task id, or choose a file."))
            return
        try:
            self._read("ids", typed)
            self._read("upload", _text_of(upload) if upload else "")
        except imports.Unreadable as error:
            field = "upload" if upload else "ids"
            words = REASONS[error.reason] % {"line": error.line}
            self.add_error(field, ValidationError(words, code=error.reason))
            return
        except ValidationError as error:
            self.add_error("upload", error)
            return
        self._check_size("upload" if upload else "ids")

    def _read(self, name: str, text: str) -> None:
        found = imports.read(text) if text else imports.Import([])
        self.entries += found.entries
        self.unused += found.unused

    def _check_size(self, name: str) -> None:
        count = len(self.entries)
        if not any(entry.text for entry in self.entries):
            self.add_error(name, ValidationError(_("There is no task id in this."), code="none"))
        elif count > MOST_IDS:
            self.add_error(name, ValidationError(_too_many(count), code="too_many"))
        elif len(self.carried.encode()) > MOST_CARRIED:
            words = _("With their prompts these are too much at once. Import them in parts.")
            self.add_error(name, ValidationError(words, code="too_much"))

    def _check_credential(self) -> None:
        credential = self.cleaned_data.get("credential")
        project = self.only_project or self.cleaned_data.get("project")
        if credential is None or project is None:
            return
        if not Credential.objects.usable_in(project).filter(pk=credential.pk).exists():
            self.add_error("credential", _("This project may not use this credential."))

    def choice_of(self, name: str, wanted: str) -> Any:
        """The row of that id or name; the only one where nothing is said; None for neither."""
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        rows = list(field.queryset or [])
        if not wanted:
            return rows[0] if len(rows) == 1 else None
        named = (row for row in rows if wanted in (str(row.pk), str(row)))
        return next(named, None)


def _text_of(upload: Any) -> str:
    if upload.size > LARGEST_FILE:
        raise ValidationError(_("The file is larger than 5 MB. Import it in parts."), code="large")
    return imports.decode(upload.read())


def fields_of(entry: Entry, now: datetime) -> dict[str, Any]:
    """What came beside the id, as a task has it; a time without a zone is the server's."""
    fields = dict(entry.given)
    if told := fields.pop("remote_created_at", None):
        at = datetime.fromisoformat(told)
        at = at if at.tzinfo else timezone.make_aware(at)
        if at <= now:
            fields["remote_created_at"] = at
    return fields


def _too_many(count: int) -> str:
    sentence = ngettext(
        "%(count)s id at once is too many; the most is %(most)s.",
        "%(count)s ids at once are too many; the most is %(most)s. Track them in parts.",
        count,
    )
    return sentence % {"count": count, "most": MOST_IDS}
