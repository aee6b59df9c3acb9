"""`manage.py rotate_keys`: a new key for credentials and second factors in place of the old one.

Nothing is lost when it is killed: the new key is in the file before anything is sealed with it, the
old ones stay there until `--drop-old` has seen that they are not needed, and the next run finishes
what this one began. Running processes read the file whenever they seal or open.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from seedance_site import keys
from tasks import encryption
from tasks.management.encrypted_secrets import all_secrets
from tasks.management.installation import RUN_DIR, prepare_folder
from tasks.management.supervision import only_one

SETTLE = 1.0  # seconds within which a form that has read the old keys saves what it sealed

IN_ENVIRONMENT = """\
The keys come from DAILIES_CREDENTIAL_KEYS, which only you can change:

  1. put this new key in front of the others, with a comma between, for every process:
     {key}
  2. restart all of them (up, web, work);
  3. run rotate_keys again: it seals everything with the new key."""


class Command(BaseCommand):
    help = "Make a new key for credentials and second factors, and seal all of them with it."

    def add_arguments(self, parser: CommandParser) -> None:
        either = parser.add_mutually_exclusive_group()
        either.add_argument(
            "--prepare",
            action="store_true",
            help="only add the new key, to copy the file to other machines before the next run",
        )
        either.add_argument(
            "--drop-old",
            action="store_true",
            help="remove all keys but the newest, once it opens everything",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        prepare_folder()
        with only_one(RUN_DIR / "rotate_keys.lock", "Another rotate_keys is at work."):
            if not encryption.keys_at_hand():
                raise CommandError("There are no keys to rotate; see manage.py check.")
            if options["drop_old"]:
                self._drop_old()
            else:
                self._rotate(only_prepare=options["prepare"])

    def _rotate(self, *, only_prepare: bool) -> None:
        if any(each.uses_older_key for each in all_secrets()):
            self.stdout.write("Some secrets are not sealed with the newest key: finishing that.")
        elif settings.CREDENTIAL_KEYS_FILE is None:
            self.stdout.write(IN_ENVIRONMENT.format(key=keys.new_credential_key()))
            return
        else:
            key = keys.new_credential_key()
            keys.write_all(_key_file(), [key, *encryption.keys_at_hand()])
            self.stdout.write(f"Added the key {keys.fingerprint(key)}.")
        if only_prepare:
            return
        number = _encrypt_with_the_newest()
        newest = keys.fingerprint(encryption.keys_at_hand()[0])
        self.stdout.write(f"Sealed {number} secrets with the key {newest}.")
        _require_all_open()
        if len(encryption.keys_at_hand()) > 1:
            self.stdout.write("The old keys are still there; rotate_keys --drop-old removes them.")

    def _drop_old(self) -> None:
        _encrypt_with_the_newest()
        _require_all_open()
        before = encryption.keys_at_hand()
        dropped = ", ".join(map(keys.fingerprint, before[1:]))
        if not dropped:
            self.stdout.write("There is no old key.")
        elif settings.CREDENTIAL_KEYS_FILE is None:
            self.stdout.write(
                "The newest key opens every secret: leave only the first key in "
                "DAILIES_CREDENTIAL_KEYS, and restart all processes."
            )
        else:
            _keep_only_the_newest(before)
            self.stdout.write(f"Removed: {dropped}. Backups sealed with them need them still.")


def _key_file() -> Path:
    assert settings.CREDENTIAL_KEYS_FILE, "the keys come from the environment"
    return settings.CREDENTIAL_KEYS_FILE


def _encrypt_with_the_newest() -> int:
    return sum(each.encrypt_again() for each in all_secrets() if each.uses_older_key)


def _keep_only_the_newest(before: tuple[str, ...]) -> None:
    """Drop the old keys, and put them back where something was sealed with them meanwhile.

    A form may have read them just before they went.
    """
    keys.write_all(_key_file(), before[:1])
    time.sleep(SETTLE)
    try:
        _require_all_open()
    except CommandError:
        keys.write_all(_key_file(), before)
        raise


def _require_all_open() -> None:
    closed = [each.name for each in all_secrets() if not each.uses_newest_key]
    if closed:
        raise CommandError(
            f"The newest key does not open: {', '.join(closed)}. Run rotate_keys again; where that "
            "does not help, type the keys of these credentials again, and set up the second "
            "factors anew. No key was removed."
        )
