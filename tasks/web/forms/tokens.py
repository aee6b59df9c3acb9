"""Forms of tokens and services. None has a field for the person as whom a token asks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db.models import QuerySet
from django.utils.functional import lazy
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from tasks.models import ApiToken, Project, Role, Service, TokenScope
from tasks.models.access import token_scopes
from tasks.models.budget import TOKENS, UNITS
from tasks.web.forms import StyledForm
from tasks.web.forms.people import ROLES

LIVES = [("30", _("30 days")), ("90", _("90 days")), ("365", _("1 year")), ("", _("no end"))]
SCOPES = {scope: lazy(capfirst, str)(scope.label) for scope in TokenScope}


class TokenForm(StyledForm, forms.ModelForm):
    """A new token of this person; the scopes are those that they can make use of."""

    scope = forms.ChoiceField(
        label=_("It may"),
        help_text=_(
            "Read: tasks, videos, costs. Create videos: also cancel and delete them. Manage: also "
            "what managers do."
        ),
    )
    life = forms.ChoiceField(label=_("Valid for"), choices=LIVES, required=False, initial="90")
    day_limit = forms.DecimalField(
        label=_("Limit a day"),
        required=False,
        min_value=0,
        max_digits=15,
        decimal_places=2,
        help_text=_("Optional. Budgets count as well."),
    )
    unit = forms.ChoiceField(label=_("Counted in"), choices=UNITS, initial=TOKENS, required=False)

    class Meta:
        model = ApiToken
        fields = ("name", "scope", "life", "day_limit", "unit")
        labels = {"name": _("Name")}
        help_texts = {"name": _("What you will use it for. Costs and the audit show it.")}

    def __init__(self, *args: Any, asker: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asker = asker
        offered = self.offered()
        self.fields["scope"].choices = [(each.value, SCOPES[each]) for each in offered]  # type: ignore[attr-defined]
        self.fields["scope"].initial = TokenScope.MAKE if TokenScope.MAKE in offered else None

    def offered(self) -> list[TokenScope]:
        return token_scopes(self.asker)

    def clean_unit(self) -> str:
        return self.cleaned_data["unit"] or TOKENS

    def values(self, now: datetime) -> dict[str, Any]:
        """The values for `make_token`."""
        data = self.cleaned_data
        life = data["life"]
        return {
            "name": data["name"],
            "scope": TokenScope(data["scope"]),
            "day_limit": data["day_limit"],
            "unit": data["unit"],
            "expires_at": now + timedelta(days=int(life)) if life else None,
        }


class OwnTokenForm(TokenForm):
    """A token for oneself, for one project or for all of them."""

    project = forms.ModelChoiceField(
        label=_("Project"), queryset=Project.objects.none(), required=False
    )
    field_order = ("name", "project", "scope", "life", "day_limit", "unit")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["project"]
        field.queryset = Project.objects.visible_to(self.asker).distinct()
        field.empty_label = _("All my projects")

    def values(self, now: datetime) -> dict[str, Any]:
        return super().values(now) | {"project": self.cleaned_data["project"]}


class ConnectForm(StyledForm, forms.Form):
    """A token for a program that creates videos in one project: no more than its name is asked."""

    LIFE = timedelta(days=90)

    name = forms.CharField(label=_("Name"), max_length=60, initial=_("My program"))
    project = forms.ModelChoiceField(
        label=_("Project"), queryset=Project.objects.none(), empty_label=None
    )

    def __init__(self, *args: Any, asker: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["project"]
        field.queryset = Project.objects.spendable_by(asker).distinct().order_by("pk")

    def values(self, now: datetime) -> dict[str, Any]:
        """The values for `make_token`."""
        return {
            "name": self.cleaned_data["name"],
            "project": self.cleaned_data["project"],
            "scope": TokenScope.MAKE,
            "expires_at": now + self.LIFE,
        }


class ServiceTokenForm(TokenForm):
    """A token for one of a project's services."""

    service = forms.ModelChoiceField(
        label=_("Service"), queryset=Service.objects.none(), empty_label=None
    )
    field_order = ("service", "name", "scope", "life", "day_limit", "unit")

    def __init__(self, *args: Any, services: QuerySet[Service], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["service"]
        field.queryset = services

    def offered(self) -> list[TokenScope]:
        return list(TokenScope)


class ServiceForm(StyledForm, forms.Form):
    """A new service; the view sets its project."""

    name = forms.CharField(
        label=_("Name"),
        max_length=60,
        validators=[UnicodeUsernameValidator()],
        help_text=_("Like render-farm. Use letters, digits and @ . + - _ only."),
    )
    role = forms.ChoiceField(label=_("Role"), choices=ROLES, initial=Role.MEMBER)

    prefix = "service"
