"""The place to which a create with a token goes: project, credential, the model's name there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q

from tasks.models import Credential, ModelName, Project
from tasks.providers.catalog.models import Model, find_model, is_catalogued
from tasks.providers.dialects.ark_errors import RefusalError, no_such_model
from tasks.providers.numbers import whole_number

#: Headers that choose among several, by number or name.
PROJECT, CREDENTIAL = "X-Dailies-Project", "X-Dailies-Credential"


@dataclass(frozen=True, kw_only=True)
class Destination:
    """A project and a credential that it may use, with a model by the provider's name."""

    project: Project
    credential: Credential
    name: str
    model: Model

    @property
    def known_as(self) -> str:
        return self.model.name if self.model.is_checked else ""

    def has_ended(self, day: date) -> bool:
        """Whether the vendor has shut the model down."""
        return self.model.retirement(self.credential.service.vendor, day) is not None


def find_destination(person: Any, asked: str, headers: Mapping[str, str]) -> Destination:
    """Choose the project and the credential of a create. Raises RefusalError.

    Of several credentials that have the model the one used last is taken; `name/model` names one.
    """
    project = _project(person, headers.get(PROJECT, ""))
    credentials = Credential.objects.usable_in(project).with_latest_task()
    if wanted := headers.get(CREDENTIAL, ""):
        credentials = credentials.filter(_named(wanted))
    rows: list[Any] = sorted(credentials, key=lambda each: -(each.latest_task or 0))
    for credential, name, model in _matches(asked, rows):
        return Destination(project=project, credential=credential, name=name, model=model)
    raise no_such_model(asked)


def _project(person: Any, wanted: str) -> Project:
    projects = Project.objects.spendable_by(person)
    if wanted:
        projects = projects.filter(_named(wanted))
    found = list(projects.order_by("pk")[:2])
    if not found:
        text = "This API token may not create tasks in such a project."
        raise RefusalError(403, "AccessDenied", text)
    if len(found) > 1:
        text = f"This API token is for several projects. Name one in the {PROJECT} header."
        raise RefusalError(400, "MissingParameter", text, param=PROJECT)
    return found[0]


def _named(wanted: str) -> Q:
    number = whole_number(wanted)
    return Q(name=wanted) if number is None else Q(name=wanted) | Q(pk=number)


def _matches(asked: str, credentials: list[Credential]) -> Iterator[tuple[Credential, str, Model]]:
    """Yield what fits: the very name, then one behind a credential's, then the same model."""
    owner, _slash, rest = asked.partition("/")
    offered = ModelName.objects.offered_among(credentials, [asked, rest])
    for credential in credentials:
        if model := offered[credential.pk].get(asked):
            yield credential, asked, model
    for credential in credentials:
        if owner == credential.name and (model := offered[credential.pk].get(rest)):
            yield credential, rest, model
    if not is_catalogued(asked):
        return
    same, offered = find_model(asked), ModelName.objects.offered_among(credentials)
    for credential in credentials:
        for name, model in offered[credential.pk].items():
            if model == same:
                yield credential, name, model
