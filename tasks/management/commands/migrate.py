"""`manage.py migrate`: Django's own, one process at a time, on databases that we can take over."""

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate

from tasks.management import upgrade
from tasks.management.installation import keep_private


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with upgrade.alone():
                upgrade.require_takeover()
                super().handle(*args, **options)
                keep_private()  # the database may be new
        except upgrade.UpgradeError as error:
            raise CommandError(str(error)) from None
