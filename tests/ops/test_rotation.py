"""New keys for old: nothing is lost, whenever it is interrupted, and running processes notice."""

from __future__ import annotations

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
from tasks import sealing
from tasks.management.commands import rotate_keys
from tasks.management.sealed import everything
from tasks.models import Credential
from tests.processes.conftest import Installation, eventually, kill

pytestmark = pytest.mark.django_db

SECRET = "sk-canary-of-the-rotation-{number}"


@pytest.fixture(autouse=True)
def own_lock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """All workers have one data folder, in which only one rotation may be at work."""
    monkeypatch.setattr(rotate_keys, "RUN_DIR", tmp_path)


@pytest.fixture
def key_file(settings: Settings, tmp_path: Path) -> Path:
    """As in an installation whose keys are in a file."""
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
    said = rotate()
    new, *others = keys.read_all(key_file)
    assert others == [old] and new not in said and old not in said
    assert keys.fingerprint(new) in said
    assert not before & set(Credential.objects.values_list("sealed_key", flat=True))
    assert revealed() == expected(3)
    assert key_file.stat().st_mode & 0o777 == 0o600


def test_the_old_keys_go_once_the_newest_opens_everything(key_file: Path) -> None:
    credentials(2)
    rotate()
    rotate("--drop-old")
    assert len(keys.read_all(key_file)) == 1
    assert revealed() == expected(2)


def test_what_was_sealed_with_an_old_key_meanwhile_is_sealed_again_before_it_goes(
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
    for each in everything()[:2]:
        each.seal_again()
    assert revealed() == expected(4)
    assert "finishing" in rotate()
    assert len(keys.read_all(key_file)) == 2
    assert revealed() == expected(4)
    rotate("--drop-old")
    assert revealed() == expected(4)


def test_a_key_that_somebody_types_meanwhile_is_kept(key_file: Path) -> None:
    credentials(1)
    rotate("--prepare")
    [before] = everything()
    typed = Credential.objects.get()
    typed.replace_key("sk-typed-meanwhile")
    typed.save()
    assert before.seal_again() == 0
    assert revealed() == ["sk-typed-meanwhile"]


def test_secrets_of_second_factors_are_sealed_anew_with_the_others(
    key_file: Path, member: User
) -> None:
    credentials(1)
    app, codes = TOTP.activate(member, "JBSWY3DPEHPK3PXP"), RecoveryCodes.activate(member)
    shown = codes.generate_codes()
    before = [row.data for row in Authenticator.objects.order_by("pk")]
    assert "Sealed 3 secrets" in rotate()
    rotate("--drop-old")
    after = [row.data for row in Authenticator.objects.order_by("pk")]
    assert before[0]["secret"] != after[0]["secret"] and before[1]["seed"] != after[1]["seed"]
    app.instance.refresh_from_db()
    codes.instance.refresh_from_db()
    assert decrypt(app.instance.data["secret"]) == "JBSWY3DPEHPK3PXP"
    assert codes.generate_codes() == shown


def test_a_recovery_code_used_during_a_rotation_stays_used(key_file: Path, member: User) -> None:
    codes = RecoveryCodes.activate(member)
    rotate("--prepare")
    [before] = everything()
    assert codes.validate_code(codes.generate_codes()[0])
    assert before.seal_again() == 1
    codes.instance.refresh_from_db()
    assert len(codes.get_unused_codes()) == 9


def test_no_key_goes_while_a_second_factor_does_not_open(key_file: Path, member: User) -> None:
    app = TOTP.activate(member, "JBSWY3DPEHPK3PXP").instance
    rotate()
    app.data = {"secret": "nothing that was sealed"}
    app.save()
    with pytest.raises(CommandError, match=r"does not open: TOTP Authenticator of member\."):
        rotate("--drop-old")


def test_keys_of_the_environment_are_told_what_to_do_and_then_sealed_with(
    settings: Settings,
) -> None:
    assert settings.CREDENTIAL_KEYS_FILE is None
    credentials(2)
    said = rotate()
    [new] = [word for word in said.split() if len(word) == 44]
    assert settings.CREDENTIAL_KEYS[0] not in said
    settings.CREDENTIAL_KEYS = [new, *settings.CREDENTIAL_KEYS]
    assert "Sealed 2 secrets" in rotate()
    assert "leave only the first key" in rotate("--drop-old")
    settings.CREDENTIAL_KEYS = [new]
    assert revealed() == expected(2)


def test_a_line_that_is_no_key_is_a_sentence_and_no_crash(key_file: Path) -> None:
    [row] = credentials(1)
    key_file.write_text("not a key\n")
    with pytest.raises(sealing.Unreadable, match=r"tasks\.E002"):
        row.reveal_key()


def test_a_key_file_that_is_away_for_a_moment_stops_nobody(
    key_file: Path, settings: Settings
) -> None:
    settings.CREDENTIAL_KEYS = keys.read_all(key_file)
    [row] = credentials(1)
    key_file.unlink()
    assert row.reveal_key() == SECRET.format(number=0)


MANY = """
from tasks.models import Credential
rows = [Credential(name=f"Account {n}", provider="volcengine", base_url="http://127.0.0.1:9")
        for n in range(1500)]
for n, row in enumerate(rows):
    row.replace_key(f"sk-canary-{n}")
Credential.objects.bulk_create(rows)
"""
READ_ALL = """
from tasks.models import Credential
print(sum(r.reveal_key() == f"sk-canary-{r.name.split()[1]}" for r in Credential.objects.all()))
"""


def test_a_rotation_killed_half_way_loses_nothing_and_is_finished(
    installation: Installation,
) -> None:
    assert installation.run("shell", "-c", MANY)[0] == 0
    sealed = dict(installation.ask("SELECT id, sealed_key FROM tasks_credential"))

    def moved() -> int:
        now = dict(installation.ask("SELECT id, sealed_key FROM tasks_credential"))
        return sum(now[pk] != sealed[pk] for pk in now)

    process = installation.start("rotate_keys")
    eventually(lambda: moved() > 20, within=20)
    kill(process.pid)
    process.wait()
    assert 20 < moved() < 1500, "killed too late to show anything"
    assert installation.run("shell", "-v0", "-c", READ_ALL) == (0, "1500\n")

    code, said = installation.run("rotate_keys")
    assert (code, "finishing" in said) == (0, True)
    code, said = installation.run("rotate_keys", "--drop-old")
    assert (code, "Removed" in said) == (0, True)
    key_file = installation.folder / "keys" / "credentials.keys"
    assert len(keys.read_all(key_file)) == 1
    assert installation.run("shell", "-v0", "-c", READ_ALL) == (0, "1500\n")


def test_a_running_demo_goes_on_through_a_rotation(installation: Installation) -> None:
    (installation.folder / "demo").touch()  # with tables and static files already
    installation.up("--demo", "--speed", "3")
    beside = Installation(installation.folder)
    beside.log = installation.folder.with_name("beside.log")
    heard = "SELECT count(*) FROM tasks_credential WHERE heard_at > '{}'"
    eventually(lambda: installation.ask(heard.format("2000")) != [(0,)], within=20)

    assert beside.run("rotate_keys")[0] == 0
    assert beside.run("rotate_keys", "--drop-old")[0] == 0
    [(last,)] = installation.ask("SELECT max(heard_at) FROM tasks_credential")

    def is_heard_again() -> bool:
        installation.ask("UPDATE tasks_task SET check_after = '2000-01-01 00:00:00'")  # all are due
        return installation.ask(heard.format(last)) != [(0,)]

    eventually(is_heard_again, within=30)
    assert (
        installation.ask("SELECT name FROM tasks_credential WHERE trouble = 'unauthorized'") == []
    )
