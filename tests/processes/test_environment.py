"""A variable that cannot be used is one sentence with the way out, whichever command is run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from seedance_site import environment
from seedance_site.environment import ConfigurationError
from tests.processes.conftest import Installation

PASSWORD = "canary-of-the-environment"
DATABASES = [
    "nonsense",
    f"postgres://dailies:{PASSWORD}@db.example.com:port/dailies",
    f"postgres://dailies:{PASSWORD}[@db.example.com/dailies",
    f"postgres://dailies:{PASSWORD}/x@db.example.com/dailies",
    f"postgres://dailies:{PASSWORD}@db.example.com",
    f"mysql://dailies:{PASSWORD}@db.example.com/dailies",
    f"cassandra://dailies:{PASSWORD}@db.example.com/dailies",
]
REDISES = ["nonsense", f"http://:{PASSWORD}@redis.example.com", f"redis://:{PASSWORD}@[::1/0"]
LIMITS = (
    "SEARCHES_PER_MINUTE",
    *("EXPORTS_PER_HOUR", "INVITATIONS_PER_HOUR", "UPLOADS_PER_HOUR"),
    *("TRACKS_PER_HOUR", "IMPORTS_PER_HOUR"),
)
ROOMS = ("UPLOADS_PER_PROJECT", "UPLOADS_PER_PERSON")
MALFORMED: list[tuple[str, str]] = [
    *(("DATABASE_URL", value) for value in DATABASES),
    *(("REDIS_URL", value) for value in REDISES),
    *(("DAILIES_WORKERS", value) for value in ("abc", "0", "-2", "1.5", "²")),
    *(("DAILIES_DISK_RESERVE", value) for value in ("1G", "-1", "1_000", "1e9")),
    *(("DAILIES_LARGEST_VIDEO", value) for value in ("4 GiB", "0")),
    ("DAILIES_PROXIES", "nginx"),
    ("DAILIES_HTTPS", "true"),
    ("DAILIES_DEBUG", "yes"),
    ("DAILIES_SHARES_UPLOADS", "always"),
    ("DAILIES_CALLBACKS", "never"),
    ("DAILIES_TAKES_PER_MINUTE", "many"),
    ("DAILIES_TAKES_PER_HOUR", "-1"),
    *((f"DAILIES_{name}", value) for name in ROOMS for value in ("9G", "-1")),
    *((f"DAILIES_{name}", value) for name in LIMITS for value in ("many", "-1")),
    *(("DAILIES_TIME_ZONE", value) for value in ("Mars/Olympus", "../etc", "Asia", "UTC\\0")),
    *(("DAILIES_PUBLIC_URL", value) for value in ("dailies.example.com", "http://[::1", "https:")),
    ("DAILIES_ACCEL_REDIRECT", "protected"),
    ("DAILIES_PREVIEWS", "never"),
    *(("DAILIES_SCRUB_HOURS", value) for value in ("night", "1", "3-3", "24-2", "1-25", "-1-5")),
    *(("DAILIES_SCRUB_RATE", value) for value in ("0", "10M")),
    ("DAILIES_SCRUB_DAYS", "monthly"),
    *(("DAILIES_HEAD_SECONDS", value) for value in ("0", "ten")),
    ("DAILIES_UNFINISHED", "0"),
    ("DAILIES_KEEP_FAILURES", "-1"),
    ("DAILIES_KEEP_ANSWERS", "a year"),
]
FILE = Path("/srv/a folder #7, 100%25/db.sqlite3")
READ: dict[str, Callable[[str], object]] = {
    "DATABASE_URL": lambda name: environment.database(name, FILE),
    "REDIS_URL": environment.redis,
    "DAILIES_WORKERS": lambda name: environment.number(name, 2, least=1),
    "DAILIES_DISK_RESERVE": lambda name: environment.number(name, 2**30, unit="bytes"),
    "DAILIES_LARGEST_VIDEO": lambda name: environment.number(name, 2**32, least=1, unit="bytes"),
    "DAILIES_PROXIES": lambda name: environment.number(name, 0),
    "DAILIES_HTTPS": environment.flag,
    "DAILIES_DEBUG": environment.flag,
    "DAILIES_SHARES_UPLOADS": environment.flag,
    "DAILIES_CALLBACKS": environment.flag,
    "DAILIES_TAKES_PER_MINUTE": lambda name: environment.number(name, 60),
    "DAILIES_TAKES_PER_HOUR": lambda name: environment.number(name, 600),
    **{
        f"DAILIES_{name}": lambda name: environment.number(name, 2**30, unit="bytes")
        for name in ROOMS
    },
    **{f"DAILIES_{name}": lambda name: environment.number(name, 100) for name in LIMITS},
    "DAILIES_TIME_ZONE": lambda name: environment.time_zone(name, "UTC"),
    "DAILIES_PUBLIC_URL": environment.origin,
    "DAILIES_ACCEL_REDIRECT": environment.location,
    "DAILIES_PREVIEWS": lambda name: environment.flag(name, default=True),
    "DAILIES_SCRUB_HOURS": lambda name: environment.hours(name, "1-6"),
    "DAILIES_SCRUB_RATE": lambda name: environment.number(name, 2**20, least=1, unit="bytes"),
    "DAILIES_SCRUB_DAYS": lambda name: environment.number(name, 30),
    "DAILIES_KEEP_FAILURES": lambda name: environment.number(name, 30),
    "DAILIES_HEAD_SECONDS": lambda name: environment.number(name, 10, least=1),
    "DAILIES_UNFINISHED": lambda name: environment.number(name, 64, least=1),
    "DAILIES_KEEP_ANSWERS": lambda name: environment.number(name, 0),
}
USABLE = {
    "DATABASE_URL": "postgres://dailies:p%40%2F%23@db.example.com:5432/dailies",
    "REDIS_URL": "redis://:password@redis.example.com:6379/0",
    "DAILIES_WORKERS": "1",
    "DAILIES_DISK_RESERVE": "0",
    "DAILIES_LARGEST_VIDEO": "1000",
    "DAILIES_PROXIES": "2",
    "DAILIES_HTTPS": "1",
    "DAILIES_DEBUG": "0",
    "DAILIES_SHARES_UPLOADS": "1",
    "DAILIES_CALLBACKS": "0",
    "DAILIES_TAKES_PER_MINUTE": "0",
    "DAILIES_TAKES_PER_HOUR": "100",
    **{f"DAILIES_{name}": "1000" for name in (*ROOMS, *LIMITS)},
    "DAILIES_TIME_ZONE": "Asia/Shanghai",
    "DAILIES_PUBLIC_URL": "https://dailies.example.com:8443/",
    "DAILIES_ACCEL_REDIRECT": "/protected",
    "DAILIES_PREVIEWS": "0",
    "DAILIES_SCRUB_HOURS": "22-5",
    "DAILIES_SCRUB_RATE": "1000000",
    "DAILIES_SCRUB_DAYS": "0",
    "DAILIES_KEEP_FAILURES": "0",
    "DAILIES_HEAD_SECONDS": "60",
    "DAILIES_UNFINISHED": "1",
    "DAILIES_KEEP_ANSWERS": "365",
}


@pytest.mark.parametrize(("name", "value"), MALFORMED)
def test_what_cannot_be_used_is_named_with_the_way_out(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as refused:
        READ[name](name)
    output = str(refused.value)
    assert output.startswith(f"{name} is n")
    assert PASSWORD not in output and "\n" not in output


@pytest.mark.parametrize("name", READ)
def test_what_can_be_used_is_taken_and_nothing_at_all_too(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, USABLE[name])
    READ[name](name)
    monkeypatch.setenv(name, " ")
    READ[name](name)


def test_a_password_with_signs_in_it_arrives_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", USABLE["DATABASE_URL"])
    assert environment.database("DATABASE_URL", FILE)["PASSWORD"] == "p@/#"


def test_a_data_folder_may_have_any_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert environment.database("DATABASE_URL", FILE)["NAME"] == str(FILE)


class Misled(Installation):
    def __init__(self, folder: Path, **variables: str) -> None:
        super().__init__(folder)
        self.variables = variables

    def environment(self) -> dict[str, str]:
        return super().environment() | self.variables


@pytest.mark.parametrize("command", ["up", "doctor", "migrate"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", DATABASES[1]),
        ("DAILIES_WORKERS", "abc"),
        ("DAILIES_SHARES_UPLOADS", "1"),  # and no public URL
    ],
)
def test_every_command_says_it_in_one_line(
    tmp_path: Path, name: str, value: str, command: str
) -> None:
    code, output = Misled(tmp_path / "data", **{name: value}).run(command)
    assert output.startswith(f"{name} is not ") and PASSWORD not in output
    assert output.count("\n") == code == 1


def test_every_variable_that_is_read_as_something_is_tried_here() -> None:
    source = Path(environment.__file__).with_name("settings.py").read_text()
    read = {part.split('"')[1] for part in source.split("environment.")[1:] if '("' in part[:20]}
    assert read == set(READ)
