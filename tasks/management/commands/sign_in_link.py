"""Print a link that lets one person in, once, within 15 minutes."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tasks.management import web_address
from tasks.models.access import without_services
from tasks.team import signin

NOTHING_RUNS = (
    "No web server runs from {folder}, so it is not known where the link would lead. Start Dailies "
    "and run this again, or name the site's address with --base."
)


class Command(BaseCommand):
    help = "Print a link that lets one person in, once, within 15 minutes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", default="", help="whom it lets in; without accounts: nobody")
        parser.add_argument(
            "--without-second-factor",
            action="store_true",
            help="for whoever has lost app, passkeys and recovery codes",
        )
        parser.add_argument(
            "--base", default="", help="the site's URL; default: where it is public, or runs now"
        )

    def handle(self, *args: Any, user: str, base: str, **options: Any) -> None:
        past_it: bool = options["without_second_factor"]
        base = base or settings.PUBLIC_URL or web_address.running()
        if not base:
            raise CommandError(NOTHING_RUNS.format(folder=settings.DATA_DIR))
        person = _person(user) if signin.has_accounts() else None
        whom = f"as {person}" if person else "to create the first account"
        self.stderr.write(f"Works once, for 15 minutes, {whom}:")
        self.stdout.write(signin.sign_in_url(base, person, without_second_factor=past_it))


def _person(name: str) -> User:
    """The person of that name; without a name, the only one who runs the site."""
    active = without_services(User.objects.filter(is_active=True))
    found = active.filter(username=name) if name else active.filter(is_superuser=True)
    if len(found) == 1:
        return found[0]
    reason = f"There is no active account {name!r}." if name else "Say for whom, with --user."
    names = active.order_by("username").values_list("username", flat=True)[:50]
    raise CommandError(f"{reason} Active accounts: {', '.join(names) or 'none'}")
