"""Make a token of the API for a person or a service, and print it."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.http import HttpRequest
from django.utils import timezone

from tasks.models import Project, TokenScope
from tasks.models.access import token_scopes
from tasks.team import tokens


class Command(BaseCommand):
    help = "Make a token of the API and print it; it cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", required=True, help="the person or service that it asks as")
        parser.add_argument(
            "--scope", choices=TokenScope.values, default=TokenScope.READ.value, help="how far"
        )
        parser.add_argument("--project", default="", help="for one project; default: all of theirs")
        parser.add_argument("--days", type=int, default=0, help="until it expires; default: never")
        parser.add_argument("--name", default="command line", help="what it is called in lists")

    def handle(
        self, *args: Any, user: str, scope: str, project: str, days: int, name: str, **options: Any
    ) -> None:
        person = User.objects.filter(username=user, is_active=True).first()
        if person is None:
            raise CommandError(f"There is no active account {user!r}.")
        place = _project(person, project) if project else None
        if scope not in token_scopes(person, place):
            where = f"in {place}" if place else "in any project"
            raise CommandError(f"{person} may not {scope} {where}. Choose another --scope.")
        now = timezone.now()
        token, text = tokens.make_token(
            HttpRequest(),
            person,
            name=name[:60],
            scope=TokenScope(scope),
            now=now,
            project=place,
            expires_at=now + timedelta(days=days) if days > 0 else None,
        )
        until = f"until {token.expires_at:%Y-%m-%d}" if token.expires_at else "without an end"
        self.stderr.write(f"Asks as {person}, to {scope}, {until}. It is shown only now:")
        self.stdout.write(text)


def _project(person: User, name: str) -> Project:
    project = Project.objects.visible_to(person).filter(name=name).first()
    if project is None:
        raise CommandError(f"{person} is in no project {name!r}.")
    return project
