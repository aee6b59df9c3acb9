"""Secrets at rest: sealed with the site's own rotating keys, and each bound to its row."""

from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from seedance_site import keys
from tasks.providers.redact import without_callbacks

SHORTEST_SECRET = 8  # letters; anything shorter is in innocent words too

_seen: set[str] = set()  # what this process has sealed or opened: one for each credential


class Unreadable(Exception):
    """A sealed text that none of our keys opens, or that was moved here from another row."""


def seal(text: str, *, bound_to: str) -> str:
    """Encrypt with the newest key; `bound_to` names the one row that may read it."""
    _seen.add(text)
    return _box_of(keys_at_hand()).encrypt(f"{bound_to}\n{text}".encode()).decode()


def unseal(token: str, *, bound_to: str) -> str:
    """The text again. Raises Unreadable, which never holds the text."""
    return _open(token, bound_to, keys_at_hand())


def censor(text: str) -> str:
    """Without anything that this process ever sealed or opened: the last line of defence.

    Logs, error pages and django-q2's tables take in exceptions, and a library may put into the
    words of one whatever it was given.
    """
    for secret in [each for each in _seen if len(each) >= SHORTEST_SECRET and each in text]:
        text = text.replace(secret, "(key)")
    return without_callbacks(text)


def is_under_the_newest(token: str, *, bound_to: str) -> bool:
    """The newest key alone opens it, for its own row."""
    try:
        _open(token, bound_to, keys_at_hand()[:1])
    except Unreadable:
        return False
    return True


def opener_of(token: str) -> str | None:
    """The one of our keys that opens it, whosever it is; None when it is none of them."""
    for key in keys_at_hand():
        try:
            _box_of((key,)).decrypt(token.encode())
        except InvalidToken:
            continue
        return key
    return None


def keys_at_hand() -> tuple[str, ...]:
    """Newest first. The file's as they are now, so that a running process notices a new key.

    Reading it costs 20 µs; where it cannot be read, those that were there at the start go on.
    """
    file = settings.CREDENTIAL_KEYS_FILE
    return tuple((file and keys.read_all(file)) or settings.CREDENTIAL_KEYS)


def _open(token: str, bound_to: str, with_keys: tuple[str, ...]) -> str:
    try:
        owner, _, text = _box_of(with_keys).decrypt(token.encode()).decode().partition("\n")
    except InvalidToken:
        raise Unreadable("No key in credentials.keys opens this.") from None
    if owner != bound_to:
        raise Unreadable("This was sealed for another row.")
    _seen.add(text)
    return text


@cache
def _box_of(some_keys: tuple[str, ...]) -> MultiFernet:
    if not some_keys:
        raise Unreadable("There is no key file; see the check tasks.E001.")
    try:
        return MultiFernet([Fernet(key) for key in some_keys])
    except ValueError:
        raise Unreadable(
            "A line of credentials.keys is no key; see the check tasks.E002."
        ) from None
