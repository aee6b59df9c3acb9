"""The drop-downs above the list of tasks, and chips for the filters that are in use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from tasks.models import Credential, Project
from tasks.models.access import people_visible_to
from tasks.providers.catalog.models import MODELS
from tasks.web.forms.long_choices import MORE, used_last
from tasks.web.lists.filters import RESOLUTIONS, WITH_VIDEO, WITHOUT_VIDEO, Filters
from tasks.web.presenters.facts import provider_label
from tasks.web.presenters.personal_rows import personal_rows

#: The drop-downs that stand in the line, with their icons; the others are one press away.
IN_LINE = {"person": "user", "model": "movie", "project": "folder"}


@dataclass(frozen=True)
class DropDown:
    """A drop-down: the filter's name, its label, and the options as (value, label)."""

    name: str
    label: str
    any: str  # the label of "no filter"
    options: list[tuple[str, str]]
    value: str

    @property
    def picked(self) -> str:
        return dict(self.options).get(self.value, self.value)

    @property
    def is_offered(self) -> bool:
        """Whether there is a choice, or one in use."""
        return len(self.options) > 1 or bool(self.value)

    @property
    def is_in_line(self) -> bool:
        return self.name in IN_LINE

    @property
    def icon(self) -> str:
        """The icon that stands for it where the line has no room for its words."""
        return IN_LINE[self.name]


@dataclass(frozen=True)
class Chip:
    """A filter that is in use; `url` leads to the list without it."""

    label: str
    value: str
    url: str


def drop_downs(user: Any, filters: Filters) -> list[DropDown]:
    """All drop-downs, those without a choice among them. Three queries for every person.

    Of many credentials and providers those used last are offered, and the rest after one click.
    """
    credentials: list[Any] = personal_rows("credentials", user, lambda: _credentials(user))
    every_label = {slug: provider_label(slug) for _pk, _name, slug, _latest in credentials}
    number = len(credentials)
    if not filters.more:
        credentials = _used_last(credentials, filters)
    labels = {slug: every_label[slug] for _pk, _name, slug, _latest in credentials}
    named = personal_rows("projects", user, lambda: _projects(user))
    projects = [(str(pk), name) for pk, name in named]
    people = [
        (str(pk), f"{first} {last}".strip() or username)
        for pk, username, first, last in personal_rows("people", user, lambda: _people(user))
    ]
    keys = [(str(pk), name) for pk, name, _slug, _latest in credentials]
    providers = sorted(labels.items(), key=lambda item: item[1])
    if len(credentials) < number:
        keys.append((MORE, _("All %(number)s credentials …") % {"number": number}))
    if len(labels) < len(every_label):
        providers.append((MORE, _("All %(number)s providers …") % {"number": len(every_label)}))
    models = [(model.label, model.label) for model in reversed(MODELS)]
    return [
        DropDown("person", _("Person"), _("Anyone"), people, _text(filters.person)),
        DropDown("model", _("Model"), _("Any model"), models, filters.model),
        DropDown("project", _("Project"), _("All projects"), projects, _text(filters.project)),
        DropDown(
            "resolution",
            _("Resolution"),
            _("Any resolution"),
            [(each, each) for each in RESOLUTIONS],
            filters.resolution,
        ),
        DropDown(
            "video",
            _("Video"),
            _("With or without video"),
            [(WITH_VIDEO, _("Has a video")), (WITHOUT_VIDEO, _("No video"))],
            filters.video,
        ),
        DropDown("provider", _("Provider"), _("All providers"), providers, filters.provider),
        DropDown(
            "credential", _("Credential"), _("All credentials"), keys, _text(filters.credential)
        ),
    ]


def heading(choices: list[DropDown]) -> str:
    """The name of the project whose tasks are shown, or what else the list is of."""
    projects = next(choice for choice in choices if choice.name == "project")
    if projects.value:
        return projects.picked
    if len(projects.options) == 1:
        return projects.options[0][1]
    return projects.any if projects.options else _("Tasks")


#: A credential as (id, name, provider, id of its newest task).
CredentialRow = tuple[int, str, str, int | None]


def _credentials(user: Any) -> QuerySet[Any, Any]:
    visible: Any = Credential.objects.visible_to(user).with_latest_task().order_by("name")
    return visible.values_list("pk", "name", "provider", "latest_task")


def _projects(user: Any) -> QuerySet[Any, Any]:
    return Project.objects.visible_to(user).order_by("name").values_list("pk", "name")


def _people(user: Any) -> QuerySet[Any, Any]:
    named = people_visible_to(user).order_by("username")
    return named.values_list("pk", "username", "first_name", "last_name")


def _used_last(credentials: list[CredentialRow], filters: Filters) -> list[CredentialRow]:
    """Leave the credentials with the newest tasks and those in use, in their order."""
    kept = used_last({pk: latest for pk, _name, _slug, latest in credentials})
    return [
        each
        for each in credentials
        if each[0] in kept or each[0] == filters.credential or each[2] == filters.provider
    ]


@dataclass(frozen=True)
class DayChoice:
    """A day or a span of days that the list can be narrowed to."""

    word: str
    url: str
    chosen: bool


def days(filters: Filters) -> list[DayChoice]:
    """Each of the last seven days, then all of them together, then any day."""
    today = timezone.localdate()
    last = [today - timedelta(days=ago) for ago in range(7)]
    spans: list[tuple[str, date | None, date | None]]
    names = {today: _("Today"), today - timedelta(days=1): _("Yesterday")}
    spans = [(names.get(day) or date_format(day, "l"), day, day) for day in last]
    spans += [(_("Last 7 days"), last[-1], today), (_("Any day"), None, None)]
    current = (filters.since, filters.until)
    return [
        DayChoice(word, filters.of_days(since, until).query(), (since, until) == current)
        for word, since, until in spans
    ]


def day_word(choices: list[DayChoice]) -> str:
    """The word of what is chosen out of these; of other days, that it is about days."""
    return next((choice.word for choice in choices if choice.chosen), _("Day"))


def days_picked(filters: Filters) -> str:
    """The chosen days in words; "" for any day."""
    since, until = filters.since, filters.until
    if since and since == until:
        return f"{date_format(since, 'l')}, {date_format(since)}"
    if since and until:
        return f"{date_format(since)} – {date_format(until)}"
    if since:
        return _("since %(day)s") % {"day": date_format(since)}
    return _("until %(day)s") % {"day": date_format(until)} if until else ""


def chips(filters: Filters, choices: list[DropDown]) -> list[Chip]:
    chips = [
        Chip(choice.label, choice.picked, filters.without(choice.name).query())
        for choice in choices
        if choice.value
    ]
    if picked := days_picked(filters):
        chips.append(Chip(_("Day"), picked, filters.of_days(None, None).query()))
    if filters.batch:
        chips.append(Chip(_("Batch"), str(filters.batch), filters.without("batch").query()))
    if filters.starred:
        chips.append(Chip(_("Show only"), _("Starred"), filters.without("starred").query()))
    if filters.q:
        chips.insert(0, Chip(_("Text"), filters.q, filters.without("q").query()))
    return chips


def _text(number: int | None) -> str:
    return str(number or "")
