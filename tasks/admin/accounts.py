"""django-allauth's rows of accounts. Its own admin pages would show secrets."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tasks.admin.read_only import ReadOnlyAdmin
from tasks.models import AuditAction
from tasks.team.audit import note


class EmailAddressAdmin(ReadOnlyAdmin):
    name_plural = _("e-mail addresses")
    about = _("E-mail addresses people sign in with. Change one on the person's page.")
    list_display = ("email", "user", "primary", "verified")
    list_filter = ("primary", "verified")
    list_select_related = ("user",)
    search_fields = ("email", "user__username")


class AuthenticatorAdmin(ReadOnlyAdmin):
    """Second factors. Staff delete one that was lost; its secret is shown to nobody."""

    name_plural = _("second factors")
    about = _(
        "Authenticator apps, passkeys and recovery codes. Remove one here if somebody has lost it."
    )
    hidden = ("data",)
    actions = ("delete_selected",)
    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("mfa.delete_authenticator")

    def delete_model(self, request: HttpRequest, obj: Authenticator) -> None:
        with transaction.atomic():
            label = f"{obj.get_type_display()} · {obj.user}"
            note(request, AuditAction.FACTOR_REMOVED, obj.user, label=label)
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Authenticator]) -> None:
        for factor in queryset.select_related("user"):
            self.delete_model(request, factor)


class UserSessionAdmin(ReadOnlyAdmin):
    """Sessions, without their keys: with the key of a session one is that person."""

    name_plural = _("signed-in devices")
    about = _("Browsers people are signed in on. They sign them out on their own account page.")
    hidden = ("session_key", "data")
    list_display = ("user", "created_at", "last_seen_at", "ip", "user_agent")
    list_filter = ("last_seen_at",)
    list_select_related = ("user",)
    search_fields = ("user__username", "ip")


for _model, _admin in (
    (EmailAddress, EmailAddressAdmin),
    (Authenticator, AuthenticatorAdmin),
    (UserSession, UserSessionAdmin),
):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)
    admin.site.register(_model, _admin)
