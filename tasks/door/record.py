"""What happens at the door goes into the record of who did what."""

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

from tasks.audit import note
from tasks.models import Verb


@receiver(pre_save, sender=User)
def spell_e_mails_alike(instance: User, **kwargs: Any) -> None:
    """Small letters: an e-mail is looked for as it is kept, and belongs to one account."""
    instance.email = instance.email.lower()


@receiver(account.user_logged_in)
def signed_in(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    ways = [way.get("type") or way["method"] for way in get_authentication_records(request, user)]
    note(request, Verb.SIGNED_IN, user, actor=user, by=", ".join(dict.fromkeys(ways)))


@receiver(auth.user_login_failed)
def failed(request: HttpRequest | None, credentials: dict[str, Any], **kwargs: Any) -> None:
    tried = credentials.get("email") or credentials.get("username") or ""
    if request is not None:
        note(request, Verb.SIGN_IN_FAILED, label=str(tried), by="password")


@receiver(factors.authentication_failed)
def factor_failed(request: HttpRequest, user: Any, authenticator: Any, **kwargs: Any) -> None:
    note(request, Verb.SIGN_IN_FAILED, user, actor=user, by=authenticator.type)


@receiver(auth.user_logged_out)
def signed_out(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    if user is not None and request.META.get("REMOTE_ADDR"):
        note(request, Verb.SIGNED_OUT, user, actor=user)


@receiver([account.password_changed, account.password_set])
def password_changed(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    note(request, Verb.PASSWORD_CHANGED, user, actor=user)


@receiver(account.password_reset)
def password_reset(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    note(request, Verb.PASSWORD_CHANGED, user, actor=user, by="e-mail")


@receiver([factors.authenticator_added, factors.authenticator_reset])
def factor_added(request: HttpRequest, user: Any, authenticator: Any, **kwargs: Any) -> None:
    note(request, Verb.FACTOR_ADDED, user, label=_known_as(authenticator), actor=user)


@receiver(factors.authenticator_removed)
def factor_removed(request: HttpRequest, user: Any, authenticator: Any, **kwargs: Any) -> None:
    note(request, Verb.FACTOR_REMOVED, user, label=_known_as(authenticator), actor=user)


def _known_as(authenticator: Any) -> str:
    """Its own name, or its kind; in English, for it is read in every language."""
    with translation.override("en"):
        return str(authenticator)
