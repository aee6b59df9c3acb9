"""Forms of the people's page and of joining. None has a field for the project or the person."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.functional import lazy
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from tasks.models import Invitation, Project, Role
from tasks.web.forms import AccountBaseForm, StyledForm

ROLES = [(role.value, lazy(capfirst, str)(role.label)) for role in Role]


class InvitationForm(StyledForm, forms.ModelForm):
    """An invitation; the view sets its project."""

    role = forms.ChoiceField(label=_("Role"), choices=ROLES)

    class Meta:
        model = Invitation
        fields = ("role", "email")
        help_texts = {"email": _("Optional. The link works for the first person who opens it.")}


class RoleForm(forms.Form):
    """A new role for a member."""

    role = forms.ChoiceField(choices=ROLES)


class ProjectForm(StyledForm, forms.ModelForm):
    """A project's name."""

    class Meta:
        model = Project
        fields = ("name",)


class ViewerDetailsForm(forms.ModelForm):
    """Whether the viewers of a project see its details."""

    class Meta:
        model = Project
        fields = ("viewers_see_details",)


class AccountForm(AccountBaseForm, UserCreationForm):
    """An account for whoever holds an invitation; its address is fixed where it names one."""

    class Meta(UserCreationForm.Meta):
        model = User
        fields = ("username", "email")
        labels = {"username": _("Name"), "email": _("E-mail")}
        help_texts = {
            "username": _("You sign in with this name. Use letters, digits and @ . + - _ only.")
        }

    def __init__(self, *args: Any, invited: str, **kwargs: Any) -> None:
        super().__init__(*args, initial={"email": invited}, **kwargs)
        self.fields["email"].disabled = bool(invited)

    def clean_email(self) -> str:
        """Refuse an address that another account has: it must name one person at sign-in."""
        email: str = self.cleaned_data["email"]
        if email and User.objects.filter(email__iexact=email).exists():
            raise ValidationError(
                _("An account with this e-mail already exists. Sign in with it."), code="taken"
            )
        return email
