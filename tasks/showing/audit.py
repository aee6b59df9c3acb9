"""An entry of the audit in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.admin.utils import label_for_field
from django.contrib.auth.models import User
from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tasks.models import (
    AuditEntry,
    Budget,
    Credential,
    Invitation,
    Membership,
    Price,
    Project,
    Role,
    SavedPrompt,
    Verb,
)

#: What is said where the entry has all of it: who, what, project, before, after.
SENTENCES: dict[str, Any] = {
    Verb.SIGNED_IN: gettext_lazy("%(who)s signed in"),
    Verb.SIGN_IN_FAILED: gettext_lazy("Somebody could not sign in as %(what)s"),
    Verb.SIGNED_OUT: gettext_lazy("%(who)s signed out"),
    Verb.SESSIONS_ENDED: gettext_lazy("%(who)s ended sessions of %(what)s"),
    Verb.PASSWORD_CHANGED: gettext_lazy("%(who)s changed the password of %(what)s"),
    Verb.FACTOR_ADDED: gettext_lazy("%(who)s added a second factor: %(what)s"),
    Verb.FACTOR_REMOVED: gettext_lazy("%(who)s removed a second factor: %(what)s"),
    Verb.INVITED: gettext_lazy("%(who)s invited somebody: %(what)s"),
    Verb.INVITATION_WITHDRAWN: gettext_lazy("%(who)s withdrew an invitation: %(what)s"),
    Verb.JOINED: gettext_lazy("%(what)s joined %(project)s as %(after)s"),
    Verb.ROLE_CHANGED: gettext_lazy(
        "%(who)s changed the role of %(what)s from %(before)s to %(after)s"
    ),
    Verb.PERSON_REMOVED: gettext_lazy("%(who)s removed %(what)s from %(project)s"),
    Verb.PERSON_ADDED: gettext_lazy("%(who)s made the account %(what)s"),
    Verb.PERSON_CHANGED: gettext_lazy("%(who)s changed the account of %(what)s"),
    Verb.PROJECT_MADE: gettext_lazy("%(who)s made the project %(what)s"),
    Verb.PROJECT_CHANGED: gettext_lazy("%(who)s changed the project %(what)s"),
    Verb.PROJECT_REMOVED: gettext_lazy("%(who)s removed the project %(what)s"),
    Verb.CREDENTIAL_ADDED: gettext_lazy("%(who)s added the credential %(what)s"),
    Verb.CREDENTIAL_CHANGED: gettext_lazy("%(who)s changed the credential %(what)s"),
    Verb.CREDENTIAL_REMOVED: gettext_lazy("%(who)s removed the credential %(what)s"),
    Verb.KEY_REPLACED: gettext_lazy("%(who)s replaced the key of %(what)s"),
    Verb.PRICE_SET: gettext_lazy("%(who)s set a price: %(what)s"),
    Verb.PRICE_ENDED: gettext_lazy("%(who)s ended a price: %(what)s"),
    Verb.PRICE_REMOVED: gettext_lazy("%(who)s removed a price: %(what)s"),
    Verb.BUDGET_CHANGED: gettext_lazy("%(who)s changed the budget of %(what)s"),
    Verb.PROMPT_SAVED: gettext_lazy("%(who)s saved the prompt %(what)s"),
    Verb.PROMPT_CHANGED: gettext_lazy("%(who)s changed the saved prompt %(what)s"),
    Verb.TRACKED: gettext_lazy("%(who)s tracked %(what)s"),
    Verb.ADOPTED: gettext_lazy("%(who)s adopted %(what)s"),
    Verb.EXPORTED: gettext_lazy("%(who)s exported %(what)s"),
    Verb.DELETED: gettext_lazy("%(who)s moved %(what)s to the trash"),
    Verb.RESTORED: gettext_lazy("%(who)s restored %(what)s"),
    Verb.PURGED: gettext_lazy("%(who)s deleted %(what)s for good"),
    Verb.CANCELLED: gettext_lazy("%(who)s cancelled %(what)s"),
}
#: What is said where the project is none, or is there no more.
WITHOUT_PROJECT: dict[str, Any] = {
    Verb.JOINED: gettext_lazy("%(what)s joined as %(after)s"),
    Verb.PERSON_REMOVED: gettext_lazy("%(who)s removed %(what)s"),
}
#: What goes at once, and never lies in the trash.
OF_KIND: dict[tuple[str, str], Any] = {
    (Verb.DELETED, "savedprompt"): gettext_lazy("%(who)s deleted the saved prompt %(what)s"),
}
#: What has no name is told by its kind and its number.
NAMELESS = {
    "task": gettext_lazy("tasks"),
    "copy": gettext_lazy("saved files"),
    "": gettext_lazy("something"),
}
#: Whose fields the names of changes are, by the kind of thing that was changed.
MODELS: dict[str, type[Model]] = {
    str(model._meta.model_name): model
    for model in (Credential, Invitation, Membership, Price, Project, SavedPrompt, User)
}
#: What is told and is no field.
ASIDES: dict[str, Any] = {
    "address": gettext_lazy("address"),
    "by": gettext_lazy("by means of"),
    "characters": gettext_lazy("characters"),
    "kind": gettext_lazy("kind of thing"),
    "number": gettext_lazy("how many"),
    "person": gettext_lazy("person"),
    "project": gettext_lazy("project"),
    "role": gettext_lazy("role"),
    "since": gettext_lazy("since"),
    "tasks": gettext_lazy("tasks"),
    "until": gettext_lazy("until"),
    "what": gettext_lazy("did what"),
}
LOOKS: dict[str, str] = {
    Verb.SIGNED_IN: "login",
    Verb.SIGN_IN_FAILED: "alert-triangle",
    Verb.SIGNED_OUT: "logout",
    Verb.SESSIONS_ENDED: "door-exit",
    Verb.PASSWORD_CHANGED: "lock",
    Verb.FACTOR_ADDED: "fingerprint",
    Verb.FACTOR_REMOVED: "fingerprint",
    Verb.INVITED: "mail",
    Verb.INVITATION_WITHDRAWN: "mail",
    Verb.JOINED: "user-plus",
    Verb.ROLE_CHANGED: "users",
    Verb.PERSON_REMOVED: "user-minus",
    Verb.PERSON_ADDED: "user-plus",
    Verb.PERSON_CHANGED: "user",
    Verb.PROJECT_MADE: "folder-plus",
    Verb.PROJECT_CHANGED: "folder",
    Verb.PROJECT_REMOVED: "folder",
    Verb.CREDENTIAL_ADDED: "plug-connected",
    Verb.CREDENTIAL_CHANGED: "adjustments",
    Verb.CREDENTIAL_REMOVED: "plug-connected-x",
    Verb.KEY_REPLACED: "key",
    Verb.PRICE_SET: "coin",
    Verb.PRICE_ENDED: "coin",
    Verb.PRICE_REMOVED: "coin-off",
    Verb.BUDGET_CHANGED: "wallet",
    Verb.PROMPT_SAVED: "bookmark",
    Verb.PROMPT_CHANGED: "bookmark",
    Verb.TRACKED: "plus",
    Verb.ADOPTED: "file-import",
    Verb.EXPORTED: "download",
    Verb.DELETED: "trash",
    Verb.RESTORED: "arrow-back-up",
    Verb.PURGED: "trash",
    Verb.CANCELLED: "ban",
}


class Line:
    """What templates and exports read of one entry."""

    def __init__(self, entry: AuditEntry, projects: Mapping[int, str]) -> None:
        """`projects` are names by id."""
        self.entry = entry
        self.project = projects.get(entry.project_id or 0, "")

    @property
    def icon(self) -> str:
        return LOOKS.get(self.entry.verb, "history")

    @property
    def is_alarming(self) -> bool:
        return self.entry.verb == Verb.SIGN_IN_FAILED

    @property
    def sentence(self) -> str:
        before, after = self._roles
        told = {"who": self.who, "what": self.what, "project": self.project}
        return str(self._template) % {**told, "before": before, "after": after}

    @property
    def _template(self) -> Any:
        verb = self.entry.verb
        words = SENTENCES.get(verb, "%(who)s: %(what)s")
        words = OF_KIND.get((verb, self.entry.kind), words)
        return words if self.project else WITHOUT_PROJECT.get(verb, words)

    @property
    def who(self) -> str:
        """Without a person it was done by itself, or by somebody unknown."""
        return self.entry.actor or "Dailies"

    @property
    def what(self) -> str:
        if self.entry.label:
            return self.entry.label
        named = NAMELESS.get(self.entry.kind, NAMELESS[""])
        number = self.entry.changes.get("number")
        return f"{number} {named}" if number else str(named)

    @property
    def changes(self) -> list[tuple[str, str]]:
        """What the sentence does not say: (name, "before → after")."""
        said = {"number"} if not self.entry.label else set()
        if self.entry.verb in (Verb.ROLE_CHANGED, Verb.JOINED):
            said.add("role")
        told = self.entry.changes.items()
        return [(self._name(name), _words(value)) for name, value in told if name not in said]

    def _name(self, name: str) -> str:
        """As its form calls it; of a field that is no more, its bare name."""
        is_budget = self.entry.verb == Verb.BUDGET_CHANGED  # of a project, which is what it names
        model = Budget if is_budget else MODELS.get(self.entry.kind, AuditEntry)
        try:
            return str(ASIDES.get(name) or label_for_field(name, model))
        except AttributeError:
            return name.replace("_", " ")

    @property
    def _roles(self) -> tuple[str, str]:
        found = self.entry.changes.get("role", "")
        before, after = found if isinstance(found, list) and len(found) == 2 else ("", found)
        return _word(before), _word(after)


def _words(value: Any) -> str:
    """A pair is before and after; a longer list is a list."""
    if isinstance(value, list) and len(value) == 2:
        return f"{_word(value[0])} → {_word(value[1])}"
    return ", ".join(map(_word, value)) if isinstance(value, list) else _word(value)


def _word(value: Any) -> str:
    if value in ("", None):
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(dict(Role.choices).get(value, value)) if isinstance(value, str) else str(value)
