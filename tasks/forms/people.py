"""Forms of the people's page and of joining. No field of them names whom a row belongs to."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.functional import lazy
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from tasks.forms import TablerForm
from tasks.models import Invitation, Project, Role

ROLES = [(role.value, lazy(capfirst, str)(role.label)) for role in Role]


class InvitationForm(TablerForm, forms.ModelForm):
    """What somebody is invited as; the view says into which project."""

    role = forms.ChoiceField(label=_("Role"), choices=ROLES)

    class Meta:
        model = Invitation
        fields = ("role", "email")
        help_texts = {"email": _("May be left empty: the link works for whoever opens it first.")}


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=ROLES)


class ProjectForm(TablerForm, forms.ModelForm):
    class Meta:
        model = Project
        fields = ("name",)


class AccountForm(TablerForm, UserCreationForm):
    """An account for whoever holds an invitation; its address is fixed where it names one."""

    class Meta(UserCreationForm.Meta):
        model = User
        fields = ("username", "email")
        labels = {"username": _("Name"), "email": _("E-mail")}
        help_texts = {"username": _("You sign in with it. Letters, digits and @ . + - _ only.")}

    def __init__(self, *args: Any, invited: str, **kwargs: Any) -> None:
        super().__init__(*args, initial={"email": invited}, **kwargs)
        self.fields["email"].disabled = bool(invited)

    def clean_email(self) -> str:
        """Whoever signs in by e-mail must be one person."""
        email: str = self.cleaned_data["email"]
        if email and User.objects.filter(email__iexact=email).exists():
            raise ValidationError(
                _("There is an account with this e-mail already. Sign in with it."), code="taken"
            )
        return email
