"""What the environment says, each variable as what it should be, or refused in one sentence."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit
from zoneinfo import ZoneInfo

import dj_database_url

ENGINES = ("django.db.backends.sqlite3", "django.db.backends.postgresql")


class Unusable(Exception):
    """Which variable cannot be used, and the way out; a value that may be secret is not told."""


def env(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def env_list(name: str) -> list[str]:
    return [part.strip() for part in env(name).split(",") if part.strip()]


def flag(name: str, *, default: bool = False) -> bool:
    said = env(name)
    if said not in ("", "0", "1"):
        raise Unusable(f"{name} is neither 1 nor 0: {said}")
    return said == "1" if said else default


def number(name: str, default: int, *, least: int = 0, unit: str = "") -> int:
    said = env(name)
    if not said:
        return default
    if not (said.isascii() and said.isdigit() and int(said) >= least):
        wanted = f"a number{unit and ' of '}{unit} from {least} on"
        raise Unusable(f"{name} is not {wanted}, in digits alone: {said}. Usual: {default}.")
    return int(said)


def database(name: str, file: Path) -> dj_database_url.DBConfig:
    """Else SQLite in this file. Kept open: django-q2's brokers reconnect each time otherwise."""
    try:
        found = dj_database_url.parse(
            env(name) or f"sqlite:///{quote(str(file))}", conn_max_age=None
        )
    except ValueError:
        found = {}
    if found.get("ENGINE") not in ENGINES or not found.get("NAME"):
        raise Unusable(
            f"{name} is not the address of a database. Like postgres://dailies:password@"
            "db.example.com:5432/dailies, with %40 for @, %2F for / and %23 for # in the password; "
            "without it, SQLite in the data folder is used."
        )
    return found


def redis(name: str) -> str:
    said = env(name)
    if said and not _is_address(said, ("redis", "rediss", "unix")):
        example = "redis://:password@redis.example.com:6379/0"
        raise Unusable(f"{name} is not the address of a Redis. Like {example}.")
    return said


def origin(name: str) -> str:
    """Without the slash at its end."""
    said = env(name).rstrip("/")
    if said and not (_is_address(said, ("http", "https")) and urlsplit(said).hostname):
        raise Unusable(f"{name} is not an address: {said}. Like https://dailies.example.com")
    return said


@dataclass(frozen=True, kw_only=True)
class MailServer:
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    is_tls: bool  # from the first byte on
    starts_tls: bool


def mail_server(name: str) -> MailServer | None:
    """smtps:// is TLS, smtp:// with a password STARTTLS: no password goes in the clear."""
    said = env(name)
    if not said:
        return None
    if not (_is_address(said, ("smtp", "smtps")) and urlsplit(said).hostname):
        example = "smtp://dailies:password@mail.example.com:587 or smtps://…:465"
        escapes = "with %40 for @, %2F for / and %23 for # in the password"
        raise Unusable(f"{name} is not the address of a mail server. Like {example}, {escapes}.")
    parts = urlsplit(said)
    is_tls, user = parts.scheme == "smtps", unquote(parts.username or "")
    return MailServer(
        host=parts.hostname or "",
        port=parts.port or (465 if is_tls else 587 if user else 25),
        user=user,
        password=unquote(parts.password or ""),
        is_tls=is_tls,
        starts_tls=bool(user) and not is_tls,
    )


def _is_address(said: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(said)
        return parts.scheme in schemes and (parts.port or 1) > 0
    except ValueError:  # a bracket too few, a port that is no number
        return False


def location(name: str) -> str:
    """A path of the web server in front, with slashes at both ends."""
    said = env(name).rstrip("/")
    if said and not said.startswith("/"):
        raise Unusable(f"{name} is not a path: {said}. Like /protected/")
    return f"{said}/" if said else ""


def time_zone(name: str, default: str) -> str:
    said = env(name) or default
    try:
        ZoneInfo(said)
    except (ValueError, OSError, LookupError):
        example = "Like Asia/Shanghai, Europe/Berlin or UTC."
        raise Unusable(f"{name} is not a time zone: {said}. {example}") from None
    return said
