"""Letters to reset a password, sent by a worker: a page's time must not tell who has an account."""

from __future__ import annotations

import logging
from smtplib import SMTPException

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

from tasks.models.access import without_services
from tasks.team import mail

log = logging.getLogger(__name__)


def send_reset_letters(email: str, language: str) -> None:
    """Send a link to each open account with this e-mail, in the language of whoever asked.

    An error of the mail server is only logged, without the address.
    """
    for user in without_services(User.objects.filter(email=email, is_active=True)):
        words = {"name": user.get_username(), "link": _link(user)}
        with translation.override(language):
            subject = f"[Dailies] {gettext('Reset your password')}"
            letter = mail.compose("reset_password", subject, user.email, **words)
        try:
            letter.send()
        except (OSError, SMTPException) as error:
            log.error("A letter could not be sent: %s", type(error).__name__)


def _link(user: User) -> str:
    """A link with the host name of the settings; a request's can be forged."""
    where = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    return settings.PUBLIC_URL + reverse("account_reset_password_from_key", kwargs=where)
