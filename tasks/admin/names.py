"""Names of columns and tables that have none in our languages.

They are set when the admin is loaded. Django keeps what stands in a model apart from what is shown
(`_verbose_name`, `original_attrs`), so a word that changes here is no migration.
"""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from tasks.models import (
    Cancellation,
    ChangeCounter,
    Copy,
    HealthMinute,
    Lease,
    Profile,
    Reconciliation,
    SignInLink,
    StatusChange,
    Submission,
)

FIELDS: dict[type[Model], dict[str, Any]] = {
    Authenticator: {
        "user": _("person"),
        "type": _("kind"),
        "created_at": _("created"),
        "last_used_at": _("last used"),
    },
    UserSession: {
        "user": _("person"),
        "created_at": _("created"),
        "ip": _("address"),
        "last_seen_at": _("last seen"),
        "user_agent": _("browser"),
    },
    Cancellation: {"task": _("task")},
    ChangeCounter: {"value": _("number")},
    Copy: {"etag": _("ETag at the provider"), "storage_etag": _("ETag in our storage")},
    HealthMinute: {"credential": _("credential")},
    Lease: {
        "name": _("name"),
        "holder": _("held by"),
        "until": _("held until"),
        "beat_at": _("last sign of life"),
    },
    Profile: {"user": _("person")},
    Reconciliation: {
        "asked_by": _("person"),
        "items": _("tasks read so far"),
        "page_digest": _("digest of the last page"),
    },
    SignInLink: {
        "user": _("person"),
        "without_second_factor": _("without a second factor"),
        "ends_at": _("ends"),
        "used_at": _("used"),
    },
    StatusChange: {"task": _("task")},
    Submission: {"task": _("task"), "batch": _("batch")},
}
#: The name of one row of a table, and of several.
TABLES: dict[type[Model], tuple[Any, Any]] = {
    Authenticator: (_("second factor"), _("second factors")),
    UserSession: (_("signed-in device"), _("signed-in devices")),
}


def give() -> None:
    """Set all these names."""
    for model, names in FIELDS.items():
        for name, label in names.items():
            model._meta.get_field(name).verbose_name = label  # type: ignore[union-attr]
    for model, (one, several) in TABLES.items():
        model._meta.verbose_name, model._meta.verbose_name_plural = one, several
