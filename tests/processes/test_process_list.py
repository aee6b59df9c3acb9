"""The process list, which everybody on the machine reads, shows no secret of the installation."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from seedance_site import keys
from tests.processes.conftest import Installation, below, eventually, processes

KEY = "sk-canary-of-the-process-list-7a1c"
SEALED = f"""
from tasks.models import Credential
row = Credential(name="Canary", provider="dataeyes", base_url="https://gateway.example")
row.replace_key({KEY!r})
row.save()
"""


class Secretive(Installation):
    """An installation whose environment holds every secret that it can."""

    secrets = {
        "DAILIES_SECRET_KEY": "canary-of-the-secret-key-0123456789",
        "DAILIES_CREDENTIAL_KEYS": keys.new_credential_key(),
        "DAILIES_STATUS_TOKEN": "canary-of-the-status-token-012345",
        "DAILIES_EMAIL": "smtp://dailies:canary-of-the-mail-server@mail.example.com:587",
    }

    def environment(self) -> dict[str, str]:
        return super().environment() | self.secrets


@pytest.fixture
def home(furnished: Path, tmp_path: Path) -> Iterator[Secretive]:
    home = Secretive(shutil.copytree(furnished, tmp_path / "data"))
    yield home
    home.end()
    print(home.output())


def test_no_secret_is_in_the_process_list_or_in_what_is_said(home: Secretive) -> None:
    code, output = home.run("shell", "--no-imports", "-v0", "-c", SEALED)
    assert code == 0, output
    up = home.up()
    seen: set[str] = set()

    def all_are_seen() -> bool:
        running = processes()
        seen.update(running[pid][1] for pid in (up.pid, *below(up.pid, running)))
        return all(any(f" {name}" in line for line in seen) for name in ("web", "work", "qcluster"))

    eventually(all_are_seen, within=30)
    said = "\n".join([*seen, *(line for _, line in processes().values()), home.output()])
    assert "manage.py work" in said
    for secret in (KEY, "canary-of-the-", *home.secrets.values()):
        assert secret not in said
