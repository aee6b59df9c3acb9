"""Environment variables, each parsed to its type, or refused in one sentence."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit
from zoneinfo import ZoneInfo

import dj_database_url

SQLITE, POSTGRESQL = "django.db.backends.sqlite3", "django.db.backends.postgresql"

#: How long PostgreSQL may be away before a question fails: seconds to connect, milliseconds for
#: what was sent to arrive, seconds of silence before a waiting connection is tried. Without these
#: a thread waits for the kernel's quarter of an hour.
AWAY = {"connect_timeout": 5, "tcp_user_timeout": 10_000, "keepalives_idle": 10}


class ConfigurationError(Exception):
    """A variable cannot be used. The message has a remedy, and no value that may be secret."""


def env(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def env_list(name: str) -> list[str]:
    return [part.strip() for part in env(name).split(",") if part.strip()]


def flag(name: str, *, default: bool = False) -> bool:
    value = env(name)
    if value not in ("", "0", "1"):
        raise ConfigurationError(f"{name} is neither 1 nor 0: {value}")
    return value == "1" if value else default


def number(name: str, default: int, *, least: int = 0, unit: str = "") -> int:
    value = env(name)
    if not value:
        return default
    if not (value.isascii() and value.isdigit() and int(value) >= least):
        wanted = f"a number{unit and ' of '}{unit} from {least} on"
        raise ConfigurationError(
            f"{name} is not {wanted}, in digits alone: {value}. Usual: {default}."
        )
    return int(value)


def database(name: str, file: Path) -> dj_database_url.DBConfig:
    """The database of a variable's URL, else SQLite in this file.

    Connections are kept open: otherwise django-q2's brokers reconnect each time. One is tried
    before it is used again, as the server may have been restarted. What the address says stays.
    """
    try:
        config = dj_database_url.parse(
            env(name) or f"sqlite:///{quote(str(file))}", conn_max_age=None, conn_health_checks=True
        )
    except ValueError:
        config = {}
    if config.get("ENGINE") not in (SQLITE, POSTGRESQL) or not config.get("NAME"):
        raise ConfigurationError(
            f"{name} is not the address of a database. Like postgres://dailies:password@"
            "db.example.com:5432/dailies, with %40 for @, %2F for / and %23 for # in the password; "
            "without it, SQLite in the data folder is used."
        )
    if config["ENGINE"] == POSTGRESQL:
        config["ENGINE"] = "seedance_site.postgresql"
        config["OPTIONS"] = AWAY | config.get("OPTIONS", {})
    return config


def redis(name: str) -> str:
    value = env(name)
    if value and not _is_address(value, ("redis", "rediss", "unix")):
        example = "redis://:password@redis.example.com:6379/0"
        raise ConfigurationError(f"{name} is not the address of a Redis. Like {example}.")
    return value


def origin(name: str) -> str:
    """An http or https address, without a slash at its end; "" if the variable is not set."""
    value = env(name).rstrip("/")
    if value and not (_is_address(value, ("http", "https")) and urlsplit(value).hostname):
        raise ConfigurationError(
            f"{name} is not an address: {value}. Like https://dailies.example.com"
        )
    return value


@dataclass(frozen=True, kw_only=True)
class MailServer:
    """The server that sends our e-mail."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    is_tls: bool  # from the first byte on
    starts_tls: bool


def mail_server(name: str) -> MailServer | None:
    """The mail server of a URL: smtps:// is TLS, smtp:// with a user STARTTLS; None if not set.

    So no password is sent unencrypted.
    """
    value = env(name)
    if not value:
        return None
    if not (_is_address(value, ("smtp", "smtps")) and urlsplit(value).hostname):
        example = "smtp://dailies:password@mail.example.com:587 or smtps://…:465"
        escapes = "with %40 for @, %2F for / and %23 for # in the password"
        raise ConfigurationError(
            f"{name} is not the address of a mail server. Like {example}, {escapes}."
        )
    parts = urlsplit(value)
    is_tls, user = parts.scheme == "smtps", unquote(parts.username or "")
    return MailServer(
        host=parts.hostname or "",
        port=parts.port or (465 if is_tls else 587 if user else 25),
        user=user,
        password=unquote(parts.password or ""),
        is_tls=is_tls,
        starts_tls=bool(user) and not is_tls,
    )


def _is_address(value: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in schemes and (parts.port or 1) > 0
    except ValueError:  # a missing bracket, a port that is no number
        return False


def location(name: str) -> str:
    """A path of the web server in front, with slashes at both ends; "" if not set."""
    value = env(name).rstrip("/")
    if value and not value.startswith("/"):
        raise ConfigurationError(f"{name} is not a path: {value}. Like /protected/")
    return f"{value}/" if value else ""


def time_zone(name: str, default: str) -> str:
    value = env(name) or default
    try:
        ZoneInfo(value)
    except (ValueError, OSError, LookupError):
        example = "Like Asia/Shanghai, Europe/Berlin or UTC."
        raise ConfigurationError(f"{name} is not a time zone: {value}. {example}") from None
    return value


def hours(name: str, default: str) -> tuple[int, int]:
    """The first hour of a part of the day, and the hour after its last."""
    value = env(name) or default
    first, _, end = value.partition("-")
    are_hours = all(part.isascii() and part.isdigit() for part in (first, end))
    if not (are_hours and int(first) < 24 and int(end) <= 24 and int(first) != int(end)):
        raise ConfigurationError(f"{name} is not a part of the day: {value}. Like 1-6 or 22-5.")
    return int(first), int(end) % 24 or 24
