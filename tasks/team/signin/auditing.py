"""Receivers: of sign-ins, passwords and second factors for the audit, and of changed accounts."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa import signals as factors
from django.contrib.auth import signals as auth
from django.contrib.auth.models import User
from django.db.models.signals import pre_save
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import translation

from tasks.models import AuditAction
from tasks.team.audit import note
from tasks.team.signin.auth import end_sessions


@receiver(pre_save, sender=User)
def lower_email(instance: User, **kwargs: Any) -> None:
    """Store an e-mail in lower case: it is looked up as stored, and belongs to one account."""
    instance.email = instance.email.lower()


@receiver(pre_save, sender=User)
def end_sessions_of_closed(instance: User, update_fields: Any = None, **kwargs: Any) -> None:
    """End the sessions of an account that is being closed, or opened again.

    Whoever closes it without saving, by an update, ends them at the person's next request.
    """
    if not instance.pk or (update_fields is not None and "is_active" not in update_fields):
        return
    was_open = User.objects.filter(pk=instance.pk, is_active=True).exists()
    if not (was_open and instance.is_active):
        end_sessions(instance.pk)


@receiver(account.user_logged_in)
def signed_in(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    records = get_authentication_records(request, user)
    methods = dict.fromkeys(record.get("type") or record["method"] for record in records)
    note(request, AuditAction.SIGNED_IN, user, actor=user, by=", ".join(methods))


@receiver(auth.user_login_failed)
def failed(request: HttpRequest | None, credentials: dict[str, Any], **kwargs: Any) -> None:
    tried = credentials.get("email") or credentials.get("username") or ""
    if request is not None:
        note(request, AuditAction.SIGN_IN_FAILED, label=str(tried), by="password")


@receiver(factors.authentication_failed)
def factor_failed(request: HttpRequest, user: Any, authenticator: Any, **kwargs: Any) -> None:
    note(request, AuditAction.SIGN_IN_FAILED, user, actor=user, by=authenticator.type)


@receiver(auth.user_logged_out)
def signed_out(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    if user is not None and request.META.get("REMOTE_ADDR"):
        note(request, AuditAction.SIGNED_OUT, user, actor=user)


@receiver([account.password_changed, account.password_set])
def password_changed(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    note(request, AuditAction.PASSWORD_CHANGED, user, actor=user)


@receiver(account.password_reset)
def password_reset(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    note(request, AuditAction.PASSWORD_CHANGED, user, actor=user, by="e-mail")


@receiver([factors.authenticator_added, factors.authenticator_reset])
def factor_added(request: HttpRequest, user: Any, authenticator: Any, **kwargs: Any) -> None:
    note(request, AuditAction.FACTOR_ADDED, user, label=_name_of(authenticator), actor=user)


@receiver(factors.authenticator_removed)
def factor_removed(request: HttpRequest, user: Any, authenticator: Any, **kwargs: Any) -> None:
    note(request, AuditAction.FACTOR_REMOVED, user, label=_name_of(authenticator), actor=user)


def _name_of(authenticator: Any) -> str:
    """The name or kind of a second factor, in English, because the audit is in no language."""
    with translation.override("en"):
        return str(authenticator)
