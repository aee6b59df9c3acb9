"""The entries of the audit in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.admin.utils import label_for_field
from django.contrib.auth.models import User
from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tasks.models import (
    AuditAction,
    AuditEntry,
    Budget,
    Credential,
    Invitation,
    Membership,
    Price,
    Project,
    Role,
    SavedPrompt,
    TakeLimits,
    Task,
    TokenScope,
)

#: Sentences for entries that have everything in them: who, what, project, before, after.
SENTENCES: dict[str, Any] = {
    AuditAction.SIGNED_IN: gettext_lazy("%(who)s signed in"),
    AuditAction.SIGN_IN_FAILED: gettext_lazy("Someone tried to sign in as %(what)s and failed"),
    AuditAction.SIGNED_OUT: gettext_lazy("%(who)s signed out"),
    AuditAction.SESSIONS_ENDED: gettext_lazy("%(who)s signed out devices of %(what)s"),
    AuditAction.PASSWORD_CHANGED: gettext_lazy("%(who)s changed the password of %(what)s"),
    AuditAction.FACTOR_ADDED: gettext_lazy("%(who)s added a second factor: %(what)s"),
    AuditAction.FACTOR_REMOVED: gettext_lazy("%(who)s removed a second factor: %(what)s"),
    AuditAction.INVITED: gettext_lazy("%(who)s invited someone: %(what)s"),
    AuditAction.INVITATION_WITHDRAWN: gettext_lazy("%(who)s withdrew an invitation: %(what)s"),
    AuditAction.JOINED: gettext_lazy("%(what)s joined %(project)s as %(after)s"),
    AuditAction.ROLE_CHANGED: gettext_lazy(
        "%(who)s changed the role of %(what)s from %(before)s to %(after)s"
    ),
    AuditAction.PERSON_REMOVED: gettext_lazy("%(who)s removed %(what)s from %(project)s"),
    AuditAction.PERSON_ADDED: gettext_lazy("%(who)s created the account %(what)s"),
    AuditAction.PERSON_CHANGED: gettext_lazy("%(who)s changed the account of %(what)s"),
    AuditAction.PROJECT_MADE: gettext_lazy("%(who)s created the project %(what)s"),
    AuditAction.PROJECT_CHANGED: gettext_lazy("%(who)s changed the project %(what)s"),
    AuditAction.PROJECT_REMOVED: gettext_lazy("%(who)s removed the project %(what)s"),
    AuditAction.CREDENTIAL_ADDED: gettext_lazy("%(who)s added the credential %(what)s"),
    AuditAction.CREDENTIAL_CHANGED: gettext_lazy("%(who)s changed the credential %(what)s"),
    AuditAction.CREDENTIAL_REMOVED: gettext_lazy("%(who)s removed the credential %(what)s"),
    AuditAction.KEY_REPLACED: gettext_lazy("%(who)s replaced the key of %(what)s"),
    AuditAction.PRICE_SET: gettext_lazy("%(who)s set a price: %(what)s"),
    AuditAction.PRICE_ENDED: gettext_lazy("%(who)s ended a price: %(what)s"),
    AuditAction.PRICE_REMOVED: gettext_lazy("%(who)s removed a price: %(what)s"),
    AuditAction.BUDGET_CHANGED: gettext_lazy("%(who)s changed the budget of %(what)s"),
    AuditAction.PROMPT_SAVED: gettext_lazy("%(who)s saved the prompt %(what)s"),
    AuditAction.PROMPT_CHANGED: gettext_lazy("%(who)s changed the saved prompt %(what)s"),
    AuditAction.TRACKED: gettext_lazy("%(who)s tracked %(what)s"),
    AuditAction.ADOPTED: gettext_lazy("%(who)s adopted %(what)s"),
    AuditAction.MOVED: gettext_lazy("%(who)s moved %(what)s to the project that created it"),
    AuditAction.EXPORTED: gettext_lazy("%(who)s exported %(what)s"),
    AuditAction.DELETED: gettext_lazy("%(who)s moved %(what)s to the trash"),
    AuditAction.RESTORED: gettext_lazy("%(who)s restored %(what)s"),
    AuditAction.PURGED: gettext_lazy("%(who)s permanently deleted %(what)s"),
    AuditAction.CANCELLED: gettext_lazy("%(who)s cancelled %(what)s"),
    AuditAction.TOKEN_MADE: gettext_lazy("%(who)s created the API token %(what)s"),
    AuditAction.TOKEN_REVOKED: gettext_lazy("%(who)s revoked the API token %(what)s"),
    AuditAction.SERVICE_MADE: gettext_lazy("%(who)s created the service %(what)s"),
}
#: Sentences for entries without a project, or whose project exists no more.
WITHOUT_PROJECT: dict[str, Any] = {
    AuditAction.JOINED: gettext_lazy("%(what)s joined as %(after)s"),
    AuditAction.PERSON_REMOVED: gettext_lazy("%(who)s removed %(what)s"),
}
#: Sentences for things that are deleted at once and never lie in the trash.
SENTENCES_OF_KIND: dict[tuple[str, str], Any] = {
    (AuditAction.DELETED, "savedprompt"): gettext_lazy("%(who)s deleted the saved prompt %(what)s"),
}
#: Words for things without a name: their kind, after their number.
NAMELESS = {
    "task": gettext_lazy("tasks"),
    "copy": gettext_lazy("saved files"),
    "": gettext_lazy("something"),
}
#: Models whose fields the changes name, by the kind of thing that was changed.
MODELS: dict[str, type[Model]] = {
    str(model._meta.model_name): model
    for model in (Credential, Invitation, Membership, Price, Project, SavedPrompt, User)
}
#: Limits of takes, whose changes are recorded as those of budgets.
TAKE_LIMITS = {"most_takes", "takes_per_hour"}
#: Labels of changes that are not fields of a model.
OTHER_LABELS: dict[str, Any] = {
    "address": gettext_lazy("address"),
    "by": gettext_lazy("via"),
    "characters": gettext_lazy("characters"),
    "kind": gettext_lazy("kind of thing"),
    "number": gettext_lazy("count"),
    "person": gettext_lazy("person"),
    "project": gettext_lazy("project"),
    "role": gettext_lazy("role"),
    "scope": gettext_lazy("scope"),
    "since": gettext_lazy("since"),
    "tasks": gettext_lazy("tasks"),
    "until": gettext_lazy("until"),
    "what": gettext_lazy("did what"),
}
#: How somebody signed in, or set a password.
WAYS: dict[str, Any] = {
    "password": gettext_lazy("password"),
    "link": gettext_lazy("one-time link"),
    "first link": gettext_lazy("one-time link"),
    "invitation": gettext_lazy("invitation"),
    "e-mail": gettext_lazy("e-mail"),
}
ICONS: dict[str, str] = {
    AuditAction.SIGNED_IN: "login",
    AuditAction.SIGN_IN_FAILED: "alert-triangle",
    AuditAction.SIGNED_OUT: "logout",
    AuditAction.SESSIONS_ENDED: "door-exit",
    AuditAction.PASSWORD_CHANGED: "lock",
    AuditAction.FACTOR_ADDED: "fingerprint",
    AuditAction.FACTOR_REMOVED: "fingerprint",
    AuditAction.INVITED: "mail",
    AuditAction.INVITATION_WITHDRAWN: "mail",
    AuditAction.JOINED: "user-plus",
    AuditAction.ROLE_CHANGED: "users",
    AuditAction.PERSON_REMOVED: "user-minus",
    AuditAction.PERSON_ADDED: "user-plus",
    AuditAction.PERSON_CHANGED: "user",
    AuditAction.PROJECT_MADE: "folder-plus",
    AuditAction.PROJECT_CHANGED: "folder",
    AuditAction.PROJECT_REMOVED: "folder",
    AuditAction.CREDENTIAL_ADDED: "plug-connected",
    AuditAction.CREDENTIAL_CHANGED: "adjustments",
    AuditAction.CREDENTIAL_REMOVED: "plug-connected-x",
    AuditAction.KEY_REPLACED: "key",
    AuditAction.PRICE_SET: "coin",
    AuditAction.PRICE_ENDED: "coin",
    AuditAction.PRICE_REMOVED: "coin-off",
    AuditAction.BUDGET_CHANGED: "wallet",
    AuditAction.PROMPT_SAVED: "bookmark",
    AuditAction.PROMPT_CHANGED: "bookmark",
    AuditAction.TRACKED: "plus",
    AuditAction.ADOPTED: "file-import",
    AuditAction.MOVED: "arrow-back-up",
    AuditAction.EXPORTED: "download",
    AuditAction.DELETED: "trash",
    AuditAction.RESTORED: "arrow-back-up",
    AuditAction.PURGED: "trash",
    AuditAction.CANCELLED: "ban",
    AuditAction.TOKEN_MADE: "key",
    AuditAction.TOKEN_REVOKED: "key-off",
    AuditAction.SERVICE_MADE: "user-plus",
}


class AuditEntryPresenter:
    """An entry for templates and exports."""

    task: Task | None = None  # the task that it names, set by the page, which shows its picture

    def __init__(self, entry: AuditEntry, projects: Mapping[int, str]) -> None:
        """`projects` maps ids to names."""
        self.entry = entry
        self.project = projects.get(entry.project_id or 0, "")

    @property
    def icon(self) -> str:
        return ICONS.get(self.entry.verb, "history")

    @property
    def is_alarming(self) -> bool:
        return self.entry.verb == AuditAction.SIGN_IN_FAILED

    @property
    def sentence(self) -> str:
        verb = self.entry.verb
        words = SENTENCES.get(verb, "%(who)s: %(what)s")
        words = SENTENCES_OF_KIND.get((verb, self.entry.kind), words)
        if not self.project:
            words = WITHOUT_PROJECT.get(verb, words)
        role = self.entry.changes.get("role", "")
        before, after = role if isinstance(role, list) and len(role) == 2 else ("", role)
        return str(words) % {
            "who": self.who,
            "what": self.what,
            "project": self.project,
            "before": _word(before),
            "after": _word(after),
        }

    @property
    def who(self) -> str:
        """The person; the product itself where nobody did it, or nobody known."""
        return self.entry.actor or "Dailies"

    @property
    def what(self) -> str:
        if self.entry.label:
            return self.entry.label
        kind = NAMELESS.get(self.entry.kind, NAMELESS[""])
        number = self.entry.changes.get("number")
        return f"{number} {kind}" if number else str(kind)

    @property
    def changes(self) -> list[tuple[str, str]]:
        """The changes that the sentence leaves out, as (label, "before → after")."""
        in_sentence = {"number"} if not self.entry.label else set()
        if self.entry.verb in (AuditAction.ROLE_CHANGED, AuditAction.JOINED):
            in_sentence.add("role")
        return [
            (self._label(name), str(WAYS.get(value, value)) if name == "by" else _words(value))
            for name, value in self.entry.changes.items()
            if name not in in_sentence
        ]

    def _label(self, name: str) -> str:
        """The label of the field in its form; the bare name of a field that exists no more."""
        # The entry of a budget names what it is for as the thing that was changed.
        is_budget = self.entry.verb == AuditAction.BUDGET_CHANGED
        model = Budget if is_budget else MODELS.get(self.entry.kind, AuditEntry)
        if is_budget and name in TAKE_LIMITS:
            model = TakeLimits
        try:
            return str(OTHER_LABELS.get(name) or label_for_field(name, model))
        except AttributeError:
            return name.replace("_", " ")


def _words(value: Any) -> str:
    """The value in words: a list of two is "before → after", any other list an enumeration."""
    if isinstance(value, list) and len(value) == 2:
        return f"{_word(value[0])} → {_word(value[1])}"
    return ", ".join(map(_word, value)) if isinstance(value, list) else _word(value)


def _word(value: Any) -> str:
    if value in ("", None):
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(_CHOICES.get(value, value)) if isinstance(value, str) else str(value)


_CHOICES = dict((*Role.choices, *TokenScope.choices))
