"""The site's own keys: files in the data folder that only their owner can read."""

import base64
import hashlib
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


def read_all(path: Path) -> list[str]:
    """The keys in a file, one a line, newest first; none without a readable file."""
    try:
        text = path.read_text("ascii")
    except OSError:  # the settings are being read; commands and checks report it better
        return []
    return [line.strip() for line in text.splitlines() if line.strip()]


def read_first(path: Path) -> str:
    return next(iter(read_all(path)), "")


def make_missing(folder: Path) -> None:
    """Create the keys of a new installation; an existing file is never changed."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write_once(folder / "secret.key", new_secret_key())
    _write_once(folder / "credentials.keys", new_credential_key())


def new_secret_key() -> str:
    """A new key that signs sessions and links."""
    return secrets.token_urlsafe(50)


def new_credential_key() -> str:
    """A new Fernet key: 32 random bytes, URL-safe base64."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def fingerprint(key: str) -> str:
    """A name of a key, which reveals nothing of it, because that has 256 random bits."""
    return hashlib.sha256(key.encode()).hexdigest()[:12]


def write_all(path: Path, keys: Sequence[str]) -> None:
    """Replace a file by these keys, atomically, readable by the same owner only."""
    fresh = path.with_name(f"{path.name}.new")
    with suppress(FileNotFoundError):
        fresh.unlink()  # left by an interrupted run
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        if path.exists() and os.geteuid() == 0:  # root rotates for the account that serves
            os.fchown(descriptor, path.stat().st_uid, path.stat().st_gid)
        file.write("".join(f"{key}\n" for key in keys))
        file.flush()
        os.fsync(descriptor)
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _write_once(path: Path, text: str) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
