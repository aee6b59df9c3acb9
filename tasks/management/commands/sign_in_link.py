"""Print a link that lets one person in, once, within 15 minutes."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tasks import door

LOCAL = "http://127.0.0.1:8000"


class Command(BaseCommand):
    help = "Print a link that lets one person in, once, within 15 minutes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", default="", help="whom it lets in; without accounts: nobody")
        parser.add_argument(
            "--without-second-factor",
            action="store_true",
            help="for whoever has lost app, passkeys and recovery codes",
        )
        parser.add_argument("--base", default=settings.PUBLIC_URL or LOCAL, help="the site's URL")

    def handle(self, *args: Any, user: str, base: str, **options: Any) -> None:
        past_it: bool = options["without_second_factor"]
        person = _person(user) if door.has_accounts() else None
        whom = f"as {person}" if person else "to create the first account"
        self.stderr.write(f"Works once, for 15 minutes, {whom}:")
        self.stdout.write(door.sign_in_url(base, person, without_second_factor=past_it))


def _person(name: str) -> User:
    """The one named; without a name, the only one who runs the site."""
    active = User.objects.filter(is_active=True)
    found = active.filter(username=name) if name else active.filter(is_superuser=True)
    if len(found) == 1:
        return found[0]
    said = f"There is no active account {name!r}." if name else "Say for whom, with --user."
    raise CommandError(f"{said} Active accounts: {', '.join(_names(active)) or 'none'}")


def _names(active: Any) -> list[str]:
    return list(active.order_by("username").values_list("username", flat=True)[:50])
