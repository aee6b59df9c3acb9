"""Letters to reset a password, sent by a worker: a page's time must not tell who has an account."""

from __future__ import annotations

import logging
from smtplib import SMTPException

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

log = logging.getLogger(__name__)


def send_reset_letters(email: str, language: str) -> None:
    """Send a link to each open account with this e-mail, in the language of whoever asked.

    An error of the mail server is only logged, without the address.
    """
    for user in User.objects.filter(email=email, is_active=True):
        context = {"user": user, "password_reset_url": _link(user)}
        with translation.override(language):
            subject, body = (
                render_to_string(f"account/email/password_reset_key_{part}.txt", context).strip()
                for part in ("subject", "message")
            )
        try:
            send_mail(f"{settings.ACCOUNT_EMAIL_SUBJECT_PREFIX}{subject}", body, None, [user.email])
        except (OSError, SMTPException) as error:
            log.error("A letter could not be sent: %s", type(error).__name__)


def _link(user: User) -> str:
    """A link with the host name of the settings; a request's can be forged."""
    where = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    return settings.PUBLIC_URL + reverse("account_reset_password_from_key", kwargs=where)
