"""The archive's format: its manifest, its members, and the hashes that they are checked by."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

FORMAT = 1
MANIFEST, MEDIA_LIST = "manifest.json", "media.jsonl"
KEYS, MEDIA = "keys/", "media/"
CHUNK = 1024 * 1024  # bytes


class BackupError(Exception):
    """A backup cannot be made or restored; the text tells a person why, and the way out."""


class BadArchiveError(BackupError):
    """The archive is not one of ours, is damaged, or comes from a newer release."""


@dataclass(frozen=True, kw_only=True)
class FileRecord:
    """A file's name, size and SHA-256; a preview has its name only, for it can be made again."""

    name: str
    size: int | None = None
    sha256: str = ""

    @property
    def is_preview(self) -> bool:
        return not self.sha256

    @classmethod
    def of(cls, path: Path) -> FileRecord:
        with path.open("rb") as file:
            return cls(name=path.name, size=path.stat().st_size, sha256=hash_of(file))


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A backup's contents: rows of each table, fingerprints of the keys in use, its files."""

    release: str
    made_at: str
    engine: str
    database: FileRecord
    media: FileRecord
    migrations: list[list[str]]
    rows: dict[str, int]
    keys: list[str]
    has_keys: bool
    has_media: bool
    format: int = FORMAT

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), indent=1).encode()

    @classmethod
    def of(cls, archive: tarfile.TarFile) -> Manifest:
        """Read an archive's manifest. Raises BadArchiveError."""
        try:
            fields: dict[str, Any] = json.load(open_member(archive, MANIFEST))
            if fields["format"] > FORMAT:
                raise BadArchiveError(
                    "This backup was made by a newer release; restore it with that one."
                )
            for name in ("database", "media"):
                fields[name] = FileRecord(**fields[name])
            return cls(**fields)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise BadArchiveError("This is no backup of Dailies, or it is damaged.") from None


def open_member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    """A member's content. Raises BadArchiveError when there is none of that name."""
    try:
        found = archive.extractfile(name)
    except (KeyError, tarfile.TarError, EOFError, OSError):
        found = None
    if found is None:
        raise BadArchiveError(
            f"The archive holds no {name}: this is no backup of Dailies, or only a part of one."
        )
    return found


def extract(archive: tarfile.TarFile, member: FileRecord, folder: Path) -> Path:
    """Copy a member into the folder, mode 0600. Raises BadArchiveError if it is damaged."""
    path = folder / Path(member.name).name
    path.touch(mode=0o600)
    with open_member(archive, member.name) as source, path.open("wb") as target:
        if hash_of(source, copy_to=target) != member.sha256:
            raise BadArchiveError(f"{member.name} in the archive is damaged.")
    return path


def read_media_list(path: Path) -> Iterator[FileRecord]:
    with path.open() as lines:
        for line in lines:
            yield FileRecord(**json.loads(line))


def hash_of(file: Any, *, copy_to: IO[bytes] | None = None) -> str:
    """SHA-256 in hex of what is left to read, which is copied on the way if asked for."""
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK):
        digest.update(chunk)
        if copy_to:
            copy_to.write(chunk)
    return digest.hexdigest()
