"""The site's own secrets: files in the data folder that only their owner can read."""

import base64
import hashlib
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


def read_all(path: Path) -> list[str]:
    """The keys in a file, one a line, newest first; none where there is no file we may read."""
    try:
        text = path.read_text("ascii")
    except OSError:  # settings are being read: the commands and checks have better words for it
        return []
    return [line.strip() for line in text.splitlines() if line.strip()]


def read_first(path: Path) -> str:
    return next(iter(read_all(path)), "")


def make_missing(folder: Path) -> None:
    """Make the keys of a new installation; an existing file is never touched."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write_once(folder / "secret.key", new_secret_key())
    _write_once(folder / "credentials.keys", new_credential_key())


def new_secret_key() -> str:
    """What signs sessions and links."""
    return secrets.token_urlsafe(50)


def new_credential_key() -> str:
    """A Fernet key: 32 random bytes, URL-safe base64."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def fingerprint(key: str) -> str:
    """Names a key without telling anything of it, for it has 256 random bits."""
    return hashlib.sha256(key.encode()).hexdigest()[:12]


def write_all(path: Path, keys: Sequence[str]) -> None:
    """Put these into the place of what is there, all at once, for the same owner only."""
    fresh = path.with_name(f"{path.name}.new")
    with suppress(FileNotFoundError):
        fresh.unlink()  # of a run that was interrupted
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        if path.exists() and os.geteuid() == 0:  # root rotates for the account that serves
            os.fchown(descriptor, path.stat().st_uid, path.stat().st_gid)
        file.write("".join(f"{key}\n" for key in keys))
        file.flush()
        os.fsync(descriptor)
    fresh.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_once(path: Path, text: str) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
