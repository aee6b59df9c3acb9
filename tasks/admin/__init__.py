"""The Django admin: where staff keep credentials, people and projects, and look things up."""

from django.utils.translation import gettext_noop

from tasks.admin import (
    accounts,
    billing,
    copy,
    credential,
    machinery,
    names,
    people,
    queue,
    records,
    submissions,
    task,
    tokens,
)

__all__ = [
    "accounts",
    "billing",
    "copy",
    "credential",
    "machinery",
    "names",
    "people",
    "queue",
    "records",
    "submissions",
    "task",
    "tokens",
]

names.give()

#: Texts of Django's admin for screen readers that its own Chinese lacks, marked for ours.
_UNTRANSLATED = (
    gettext_noop("Model name"),
    gettext_noop("object id"),
    gettext_noop("After you’ve created a user, you’ll be able to edit more user options."),
    gettext_noop(
        "Whether the user will be able to authenticate using a password or not. If disabled, they "
        "may still be able to authenticate using other backends, such as Single Sign-On or LDAP."
    ),
)
