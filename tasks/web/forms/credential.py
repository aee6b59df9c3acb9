"""Forms of credentials. A key is typed into them and never shown again."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from tasks.models import Credential, Project
from tasks.models.access import administers, manages_every_project
from tasks.providers import PROVIDERS, provider
from tasks.team.credentials import looks_like
from tasks.web.forms import StyledForm, credential_fields

OPEN, CHOSEN = "1", "0"


def _labels() -> list[tuple[str, Any]]:
    return [(known.slug, _(known.label)) for known in PROVIDERS]


class KeyField(forms.CharField):
    """A field for a key, which is never sent back to the browser, not even with an error."""

    widget = forms.PasswordInput(attrs={"autocomplete": "new-password", "spellcheck": "false"})
    longest = 4_000

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=self.longest, **options)

    def clean(self, value: Any) -> str:
        return credential_fields.key(super().clean(value))


class CheckedCredentialForm(forms.ModelForm):
    """The checks of every form of a credential, of this site and of the Django admin."""

    def clean_base_url(self) -> str:
        url, slug = self.cleaned_data["base_url"], self.cleaned_data.get("provider")
        return credential_fields.base_url(url, provider(slug)) if slug else url

    def clean(self) -> dict[str, Any]:
        """Refuse a new host without a new key: a stored key goes to the host it was typed for."""
        cleaned = super().clean() or self.cleaned_data
        new, old = cleaned.get("base_url", ""), self.initial.get("base_url", "")
        if old and new and not cleaned.get("key") and _origin(new) != _origin(old):
            self.add_error(
                "key",
                ValidationError(
                    _("The base URL now points to another host. Enter the key for that host."),
                    code="other_host",
                ),
            )
        return cleaned


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


class ProviderSelect(forms.Select):
    """A select whose options carry what the script needs to fill in and to recognize."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        if value:
            known = provider(str(value))
            option["attrs"] |= {
                "data-base-url": known.base_url,
                "data-dialect": known.dialect.name,
                "data-key": known.key_pattern,
                "data-looks-like": looks_like(known.slug),
            }
        return option


class CredentialForm(StyledForm, CheckedCredentialForm):
    """A credential; it can be opened to the projects that `user` manages."""

    provider = forms.ChoiceField(label=_("Provider"), choices=_labels, widget=ProviderSelect)
    key = KeyField(label=_("API key"), required=False)
    openness = forms.ChoiceField(
        label=_("Who may use it"),
        choices=[
            (OPEN, _("All projects, including future ones")),
            (CHOSEN, _("Selected projects")),
        ],
        widget=forms.RadioSelect,
        initial=OPEN,
    )
    projects = forms.ModelMultipleChoiceField(
        label=_("Projects"),
        queryset=Project.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Credential
        fields = (
            "provider",
            "name",
            "base_url",
            "requests_per_second",
            "check_seconds",
            "projects",
        )
        error_messages = {"name": {"unique": _("Another credential already has this name.")}}

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["base_url"].required = False
        self.fields["base_url"].help_text = _(
            "Leave empty for a known provider's own address. Don't include /v1 or anything after "
            "it."
        )
        self.fields["key"].required = self.is_new
        if self.is_new:
            self.fields["key"].help_text = _(
                "Paste it once. It's stored encrypted and never shown again."
            )
        self._open_to(user)
        for name in {"openness", "projects"} & set(self.fields):
            self.fields[name].widget.attrs["class"] = "form-check-input"

    @property
    def is_new(self) -> bool:
        return self.instance.pk is None

    @property
    def asks_for_key(self) -> bool:
        """Whether the form asks for the key: at first and for another host; else KeyForm does."""
        return self.is_new or "key" in self.errors

    def _open_to(self, user: Any) -> None:
        """Offer the projects this person may decide on; a manager of a single one is not asked."""
        managed = Project.objects.managed_by(user).order_by("name")
        own, self._is_staff = list(managed), administers(user)
        self.fields["projects"].queryset = managed  # type: ignore[attr-defined]
        self._only = own[0] if len(own) == 1 else None
        if self._only:
            del self.fields["projects"]
        if self._only or not manages_every_project(user):
            del self.fields["openness"]
        if self.is_new:
            self.initial["projects"] = own
        else:
            self.initial["openness"] = OPEN if self.instance.open_to_all else CHOSEN
            self.initial["open_to_all"] = self.instance.open_to_all

    @cached_property
    def changed_data(self) -> list[str]:
        names = super().changed_data
        return ["open_to_all" if name == "openness" else name for name in names]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        is_open = cleaned.get("openness") == OPEN
        if "projects" in self.fields and not is_open and not cleaned.get("projects"):
            nobody = ValidationError(_("Choose at least one project."), code="no_project")
            self.add_error("projects", nobody)
        return cleaned

    def _post_clean(self) -> None:
        """Set the row's `open_to_all` from `openness`, the question as a person is asked it."""
        super()._post_clean()  # type: ignore[misc]
        if "openness" in self.fields:
            self.instance.open_to_all = self.cleaned_data.get("openness") == OPEN
        elif self.is_new:
            self.instance.open_to_all = bool(self._only and self._is_staff)
        if self.is_new and self._only and not self._is_staff:
            self.cleaned_data["projects"] = [self._only]


class KeyForm(StyledForm, forms.Form):
    """A new key for a credential that has one."""

    key = KeyField(label=_("New API key"))
