"""E-mails: each as text and as a page of its own, in the language in force."""

from __future__ import annotations

from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string


def compose(template: str, subject: str, to: str, **words: Any) -> EmailMultiAlternatives:
    """Write the e-mail of `templates/email/<template>.txt` and `.html`; `words` fill both."""
    text = render_to_string(f"email/{template}.txt", words).strip() + "\n"
    mail = EmailMultiAlternatives(" ".join(subject.split()), text, None, [to])
    mail.attach_alternative(render_to_string(f"email/{template}.html", words).strip(), "text/html")
    return mail
