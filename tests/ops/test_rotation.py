"""New keys for old: nothing is lost, whenever it is interrupted, and running processes notice."""

from __future__ import annotations

import signal
import time
from io import StringIO
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.utils import decrypt
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from pytest_django import Settings

from seedance_site import keys
from tasks import encryption
from tasks.management.commands import rotate_keys
from tasks.management.encrypted_secrets import all_secrets
from tasks.models import Credential
from tests.processes.conftest import Installation

pytestmark = pytest.mark.django_db

SECRET = "sk-canary-of-the-rotation-{number}"


@pytest.fixture(autouse=True)
def own_lock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """All workers have one data folder, in which only one rotation may be at work."""
    monkeypatch.setattr(rotate_keys, "RUN_DIR", tmp_path)


@pytest.fixture(autouse=True)
def nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process beside this one has read the old keys, so none is given time to seal with them."""
    monkeypatch.setattr(rotate_keys, "SETTLE", 0)


@pytest.fixture
def key_file(settings: Settings, tmp_path: Path) -> Path:
    """The key file of an installation that keeps its keys in one."""
    settings.CREDENTIAL_KEYS_FILE = tmp_path / "credentials.keys"
    keys.write_all(settings.CREDENTIAL_KEYS_FILE, [keys.new_credential_key()])
    return tmp_path / "credentials.keys"


def credentials(number: int) -> list[Credential]:
    rows = [
        Credential(name=f"Account {n}", provider="volcengine", base_url="https://a.example")
        for n in range(number)
    ]
    for n, row in enumerate(rows):
        row.replace_key(SECRET.format(number=n))
    return Credential.objects.bulk_create(rows)


def rotate(*options: str) -> str:
    out = StringIO()
    call_command("rotate_keys", *options, stdout=out)
    assert "sk-" not in out.getvalue()
    return out.getvalue()


def revealed() -> list[str]:
    return [row.reveal_key() for row in Credential.objects.order_by("pk")]


def expected(number: int) -> list[str]:
    return [SECRET.format(number=n) for n in range(number)]


def test_a_rotation_seals_everything_with_a_new_key_and_keeps_the_old(key_file: Path) -> None:
    [old] = keys.read_all(key_file)
    before = {row.sealed_key for row in credentials(3)}
    output = rotate()
    new, *others = keys.read_all(key_file)
    assert others == [old] and new not in output and old not in output
    assert keys.fingerprint(new) in output
    assert not before & set(Credential.objects.values_list("sealed_key", flat=True))
    assert revealed() == expected(3)
    assert key_file.stat().st_mode & 0o777 == 0o600


def test_the_old_keys_go_once_the_newest_opens_everything(key_file: Path) -> None:
    credentials(2)
    rotate()
    rotate("--drop-old")
    assert len(keys.read_all(key_file)) == 1
    assert revealed() == expected(2)


def test_a_secret_sealed_with_an_old_key_meanwhile_is_sealed_again_before_the_key_goes(
    key_file: Path,
) -> None:
    [row] = credentials(1)
    rotate()
    Credential.objects.update(sealed_key=row.sealed_key)  # a form that had been open for long
    rotate("--drop-old")
    assert revealed() == expected(1)


def test_no_key_goes_while_a_credential_does_not_open(key_file: Path) -> None:
    first, second = credentials(2)
    rotate()
    Credential.objects.filter(pk=second.pk).update(sealed_key=first.sealed_key)
    with pytest.raises(CommandError, match=r"does not open: Account 1\."):
        rotate("--drop-old")
    assert len(keys.read_all(key_file)) == 2


def test_a_key_that_was_needed_after_all_comes_back(
    key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [row] = credentials(1)
    rotate()
    monkeypatch.setattr(
        time, "sleep", lambda _: Credential.objects.update(sealed_key=row.sealed_key)
    )
    with pytest.raises(CommandError, match="does not open"):
        rotate("--drop-old")
    assert len(keys.read_all(key_file)) == 2
    assert revealed() == expected(1)


def test_an_interrupted_rotation_is_finished_with_the_key_it_began_with(key_file: Path) -> None:
    credentials(4)
    rotate("--prepare")
    for each in all_secrets()[:2]:
        each.encrypt_again()
    assert revealed() == expected(4)
    assert "finishing" in rotate()
    assert len(keys.read_all(key_file)) == 2
    assert revealed() == expected(4)
    rotate("--drop-old")
    assert revealed() == expected(4)


def test_a_key_that_somebody_types_meanwhile_is_kept(key_file: Path) -> None:
    credentials(1)
    rotate("--prepare")
    [before] = all_secrets()
    entered = Credential.objects.get()
    entered.replace_key("sk-entered-meanwhile")
    entered.save()
    assert before.encrypt_again() == 0
    assert revealed() == ["sk-entered-meanwhile"]


def test_secrets_of_second_factors_are_sealed_anew_with_the_others(
    key_file: Path, member: User
) -> None:
    credentials(1)
    app, codes = TOTP.activate(member, "JBSWY3DPEHPK3PXP"), RecoveryCodes.activate(member)
    presented = codes.generate_codes()
    before = [row.data for row in Authenticator.objects.order_by("pk")]
    assert "Sealed 3 secrets" in rotate()
    rotate("--drop-old")
    after = [row.data for row in Authenticator.objects.order_by("pk")]
    assert before[0]["secret"] != after[0]["secret"] and before[1]["seed"] != after[1]["seed"]
    app.instance.refresh_from_db()
    codes.instance.refresh_from_db()
    assert decrypt(app.instance.data["secret"]) == "JBSWY3DPEHPK3PXP"
    assert codes.generate_codes() == presented


def test_a_recovery_code_used_during_a_rotation_stays_used(key_file: Path, member: User) -> None:
    codes = RecoveryCodes.activate(member)
    rotate("--prepare")
    [before] = all_secrets()
    assert codes.validate_code(codes.generate_codes()[0])
    assert before.encrypt_again() == 1
    codes.instance.refresh_from_db()
    assert len(codes.get_unused_codes()) == 9


def test_no_key_goes_while_a_second_factor_does_not_open(key_file: Path, member: User) -> None:
    app = TOTP.activate(member, "JBSWY3DPEHPK3PXP").instance
    rotate()
    app.data = {"secret": "nothing that was sealed"}
    app.save()
    with pytest.raises(CommandError, match=r"does not open: TOTP Authenticator of member\."):
        rotate("--drop-old")


def test_a_new_key_for_the_environment_is_printed_and_used_once_it_is_set(
    settings: Settings,
) -> None:
    assert settings.CREDENTIAL_KEYS_FILE is None
    credentials(2)
    output = rotate()
    [new] = [word for word in output.split() if len(word) == 44]
    assert settings.CREDENTIAL_KEYS[0] not in output
    settings.CREDENTIAL_KEYS = [new, *settings.CREDENTIAL_KEYS]
    assert "Sealed 2 secrets" in rotate()
    assert "leave only the first key" in rotate("--drop-old")
    settings.CREDENTIAL_KEYS = [new]
    assert revealed() == expected(2)


def test_a_line_that_is_no_key_is_reported_without_a_traceback(key_file: Path) -> None:
    [row] = credentials(1)
    key_file.write_text("not a key\n")
    with pytest.raises(encryption.DecryptionError, match=r"tasks\.E002"):
        row.reveal_key()


def test_a_key_file_that_is_away_for_a_moment_stops_nobody(
    key_file: Path, settings: Settings
) -> None:
    settings.CREDENTIAL_KEYS = keys.read_all(key_file)
    [row] = credentials(1)
    key_file.unlink()
    assert row.reveal_key() == SECRET.format(number=0)


NUMBER = 60
MANY = f"""
from tasks.models import Credential
rows = [Credential(name=f"Account {{n}}", provider="volcengine", base_url="http://127.0.0.1:9")
        for n in range({NUMBER})]
for n, row in enumerate(rows):
    row.replace_key(f"sk-canary-{{n}}")
Credential.objects.bulk_create(rows)
"""
READ_ALL = """
from tasks.models import Credential
print(sum(r.reveal_key() == f"sk-canary-{r.name.split()[1]}" for r in Credential.objects.all()))
"""
KILLED = """
import os, signal
from django.core.management import call_command
from tasks.management.encrypted_secrets import EncryptedSecret
encrypt_again, done = EncryptedSecret.encrypt_again, []
def encrypt_or_die(secret):
    if len(done) == 20:
        os.kill(os.getpid(), signal.SIGKILL)
    done.append(encrypt_again(secret))
    return 1
EncryptedSecret.encrypt_again = encrypt_or_die
call_command("rotate_keys")
"""


def test_a_rotation_killed_half_way_loses_nothing_and_is_finished(
    installation: Installation,
) -> None:
    assert installation.run("shell", "-c", MANY)[0] == 0
    sealed = set(installation.ask("SELECT id, sealed_key FROM tasks_credential"))
    assert installation.run("shell", "-c", KILLED)[0] == -signal.SIGKILL
    left = sealed.intersection(installation.ask("SELECT id, sealed_key FROM tasks_credential"))
    assert len(left) == NUMBER - 20
    assert installation.run("shell", "-v0", "-c", READ_ALL) == (0, f"{NUMBER}\n")

    code, output = installation.run("rotate_keys")
    assert (code, "finishing" in output) == (0, True)
    code, output = installation.run("rotate_keys", "--drop-old")
    assert (code, "Removed" in output) == (0, True)
    key_file = installation.folder / "keys" / "credentials.keys"
    assert len(keys.read_all(key_file)) == 1
    assert installation.run("shell", "-v0", "-c", READ_ALL) == (0, f"{NUMBER}\n")
