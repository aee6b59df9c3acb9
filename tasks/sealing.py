"""Secrets at rest: sealed with the site's own rotating keys, and each bound to its row."""

from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class Unreadable(Exception):
    """A sealed text that none of our keys opens, or that was moved here from another row."""


def seal(text: str, *, bound_to: str) -> str:
    """Encrypt with the newest key; `bound_to` names the one row that may read it."""
    return _box().encrypt(f"{bound_to}\n{text}".encode()).decode()


def unseal(token: str, *, bound_to: str) -> str:
    """The text again. Raises Unreadable, which never holds the text."""
    try:
        owner, _, text = _box().decrypt(token.encode()).decode().partition("\n")
    except InvalidToken:
        raise Unreadable("No key in credentials.keys opens this.") from None
    if owner != bound_to:
        raise Unreadable("This was sealed for another row.")
    return text


def _box() -> MultiFernet:
    return _box_of(tuple(settings.CREDENTIAL_KEYS))


@cache
def _box_of(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        raise Unreadable("There is no key file; see the check tasks.E001.")
    return MultiFernet([Fernet(key) for key in keys])
