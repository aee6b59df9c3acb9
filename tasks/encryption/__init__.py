"""Secrets at rest: sealed with the site's own rotating keys, each bound to its row."""

from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from seedance_site import keys
from tasks.providers.redact import without_tokens

SHORTEST_SECRET = 8  # letters; shorter ones occur in ordinary words

_seen: set[str] = set()  # secrets that this process has sealed or opened, one a credential


class DecryptionError(Exception):
    """A sealed text that none of our keys opens, or that belongs to another row."""


def seal(text: str, *, bound_to: str) -> str:
    """Encrypt with the newest key; `bound_to` names the one row that may read it."""
    _seen.add(text)
    return _box_of(keys_at_hand()).encrypt(f"{bound_to}\n{text}".encode()).decode()


def unseal(token: str, *, bound_to: str) -> str:
    """Decrypt a sealed text. Raises DecryptionError, which never contains the text."""
    return _open(token, bound_to, keys_at_hand())


def censor(text: str) -> str:
    """Replace every secret that this process ever sealed or opened: the last line of defence.

    Logs, error pages and django-q2's tables contain exceptions, and a library may put into the
    message of one whatever it was given.
    """
    for secret in [each for each in _seen if len(each) >= SHORTEST_SECRET and each in text]:
        text = text.replace(secret, "(key)")
    return without_tokens(text)


def is_under_the_newest(token: str, *, bound_to: str) -> bool:
    """Whether the newest key alone opens it, for its own row."""
    try:
        _open(token, bound_to, keys_at_hand()[:1])
    except DecryptionError:
        return False
    return True


def opener_of(token: str) -> str | None:
    """The one of our keys that opens it, for any row; None if none does."""
    for key in keys_at_hand():
        try:
            _box_of((key,)).decrypt(token.encode())
        except InvalidToken:
            continue
        return key
    return None


def keys_at_hand() -> tuple[str, ...]:
    """The keys, the newest first. The file is read anew, so that a new key is noticed at once.

    Reading it costs 20 µs; if it cannot be read, the keys that were read at the start are used.
    """
    file = settings.CREDENTIAL_KEYS_FILE
    return tuple((file and keys.read_all(file)) or settings.CREDENTIAL_KEYS)


def _open(token: str, bound_to: str, with_keys: tuple[str, ...]) -> str:
    try:
        owner, _, text = _box_of(with_keys).decrypt(token.encode()).decode().partition("\n")
    except InvalidToken:
        raise DecryptionError("No key in credentials.keys opens this.") from None
    if owner != bound_to:
        raise DecryptionError("This was sealed for another row.")
    _seen.add(text)
    return text


@cache
def _box_of(some_keys: tuple[str, ...]) -> MultiFernet:
    if not some_keys:
        raise DecryptionError("There is no key file; see the check tasks.E001.")
    try:
        return MultiFernet([Fernet(key) for key in some_keys])
    except ValueError:
        raise DecryptionError(
            "A line of credentials.keys is no key; see the check tasks.E002."
        ) from None
