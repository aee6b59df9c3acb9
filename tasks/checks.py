"""System checks: wrong configuration is reported at the start, with its remedy."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from tasks.providers.transport.guard import Allowed

SHORTEST_TOKEN = 20  # letters


@register()
def keys_are_there(**kwargs: Any) -> list[CheckMessage]:
    if not settings.CREDENTIAL_KEYS:
        return [
            Error(
                f"There are no keys for the providers' credentials in {settings.KEYS_DIR}.",
                hint=(
                    "A new installation makes them with 'python3 manage.py up'. For an existing "
                    "one, put its credentials.keys back; without it every key must be typed again."
                ),
                id="tasks.E001",
            )
        ]
    return [
        Error(
            f"Key {number} for the providers' credentials is not a Fernet key.",
            hint="Each is 32 random bytes in URL-safe base64, one a line, the newest first.",
            id="tasks.E002",
        )
        for number, key in enumerate(settings.CREDENTIAL_KEYS, start=1)
        if not _is_fernet_key(key)
    ]


def _is_fernet_key(key: str) -> bool:
    try:
        Fernet(key)
    except ValueError:
        return False
    return True


@register()
def key_files_are_private(**kwargs: Any) -> list[CheckMessage]:
    return [
        Warning(
            f"Others on this machine can read {path}.",
            hint=f"chmod 600 {path}",
            id="tasks.W001",
        )
        for path in sorted(settings.KEYS_DIR.glob("*.key*"))
        if path.stat().st_mode & 0o077
    ]


@register()
def the_database_is_private(**kwargs: Any) -> list[CheckMessage]:
    """Warn of a database that others on this machine can read: it holds sessions and prompts."""
    database = settings.DATABASES["default"]
    path, folder = Path(str(database["NAME"])), settings.DATA_DIR
    is_here = database["ENGINE"].endswith("sqlite3") and path.exists()
    if not (is_here and path.stat().st_mode & path.parent.stat().st_mode & 0o077):
        return []
    hint = f"chmod 700 {folder} && chmod 600 {path}"
    return [Warning(f"Others on this machine can read {path}.", hint=hint, id="tasks.W004")]


@register()
def private_hosts_are_hosts(**kwargs: Any) -> list[CheckMessage]:
    try:
        Allowed.parse(settings.PRIVATE_HOSTS)
    except ValueError as error:
        hint = "Like gateway.lan, gateway.lan:8443, 10.1.2.3:3000, [::1]:3000 or 10.0.0.0/8."
        return [Error(f"DAILIES_PRIVATE_HOSTS: {error}.", hint=hint, id="tasks.E003")]
    return []


@register()
def status_token_is_long(**kwargs: Any) -> list[CheckMessage]:
    if not settings.STATUS_TOKEN or len(settings.STATUS_TOKEN) >= SHORTEST_TOKEN:
        return []
    return [
        Warning(
            "DAILIES_STATUS_TOKEN can be guessed.",
            hint='Make one: python3 -c "import secrets; print(secrets.token_urlsafe(32))"',
            id="tasks.W002",
        )
    ]


@register()
def bucket_can_be_used(**kwargs: Any) -> list[CheckMessage]:
    if not settings.S3_BUCKET:
        return []
    return [
        Error(message, hint=hint, id=id)
        for is_wrong, message, hint, id in (
            (
                not (find_spec("storages") and find_spec("boto3")),
                "DAILIES_S3_BUCKET is set, and the packages for it are not installed.",
                "Install them: .venv/bin/pip install 'django-storages[s3]'",
                "tasks.E004",
            ),
            (
                bool(settings.S3_KEY_ID) != bool(settings.S3_SECRET_KEY),
                "Of DAILIES_S3_KEY_ID and DAILIES_S3_SECRET only one is set.",
                "Set both; or neither, where AWS's own variables, files or roles hold the key.",
                "tasks.E005",
            ),
            (
                bool(settings.S3_ENDPOINT) and not _is_origin(settings.S3_ENDPOINT),
                f"DAILIES_S3_ENDPOINT is not an address: {settings.S3_ENDPOINT}",
                "Like https://s3.example.com or http://10.1.2.3:9000, without the bucket.",
                "tasks.E006",
            ),
            (
                settings.S3_ADDRESSING not in ("path", "virtual", "auto"),
                f"DAILIES_S3_ADDRESSING is neither path nor virtual: {settings.S3_ADDRESSING}",
                "The bucket is in the path of an address, or before its host name.",
                "tasks.E007",
            ),
        )
        if is_wrong
    ]


@register()
def single_sign_on_can_be_used(**kwargs: Any) -> list[CheckMessage]:
    wanted = settings.SSO_WANTED
    missing = [name for name in wanted if not settings.SSO_SECRETS[name]]
    if wanted and not settings.SSO_INSTALLED:
        message = f"DAILIES_{wanted[0]}_ID is set, and the packages for it are not installed."
        hint = "Install them: .venv/bin/pip install 'django-allauth[socialaccount]'"
        return [Error(message, hint=hint, id="tasks.E008")]
    if "OIDC" in wanted and not settings.OIDC_URL:
        hint = "Like https://id.example.com/realms/team, without /.well-known/…"
        return [Error("DAILIES_OIDC_URL is not set.", hint=hint, id="tasks.E009")]
    return [
        Error(
            f"DAILIES_{name}_SECRET is not set.",
            hint="The service that knows this site by the id gave a secret with it.",
            id="tasks.E010",
        )
        for name in missing
    ]


@register()
def e_mail_can_name_the_site(**kwargs: Any) -> list[CheckMessage]:
    if not settings.EMAIL_SET or settings.PUBLIC_URL:
        return []
    return [
        Warning(
            "DAILIES_EMAIL is set, and no e-mail will be sent: DAILIES_PUBLIC_URL is missing.",
            hint="Links in letters name the site by it. Like https://dailies.example.com",
            id="tasks.W003",
        )
    ]


def _is_origin(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.path in ("", "/")
