"""The archive's own parts: its manifest, its list of media, hashes."""

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


class BadArchive(Exception):
    """Not one of ours, damaged, or of a release that this one does not know."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One member whose content is checked before it is used."""

    name: str
    size: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> Part:
        with path.open("rb") as file:
            return cls(name=path.name, size=path.stat().st_size, sha256=digest(file))


@dataclass(frozen=True, kw_only=True)
class Medium:
    """A saved file; a poster's hash is not known, for it can be made again."""

    name: str
    size: int | None = None
    sha256: str = ""

    @property
    def is_poster(self) -> bool:
        return not self.sha256


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """`rows` counts each table's rows; `keys` are fingerprints of those in use."""

    release: str
    made_at: str
    engine: str
    database: Part
    media: Part
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
        """Raises BadArchive."""
        try:
            fields: dict[str, Any] = json.load(member(archive, MANIFEST))
            if fields["format"] > FORMAT:
                raise BadArchive("This backup was made by a newer release; restore it with that.")
            for name in ("database", "media"):
                fields[name] = Part(**fields[name])
            return cls(**fields)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise BadArchive("This is no backup of Dailies, or it is damaged.") from None


def member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    """A member's content. Raises BadArchive when there is none of that name."""
    try:
        found = archive.extractfile(name)
    except (KeyError, tarfile.TarError, EOFError, OSError):
        found = None
    if found is None:
        raise BadArchive(f"The archive holds no {name}: this is no backup of Dailies, or a part.")
    return found


def extract(archive: tarfile.TarFile, part: Part, folder: Path) -> Path:
    """The part as a file of its own, mode 0600. Raises BadArchive if it is damaged."""
    path = folder / Path(part.name).name
    path.touch(mode=0o600)
    found = hashlib.sha256()
    with member(archive, part.name) as source, path.open("wb") as target:
        for chunk in chunks(source):
            found.update(chunk)
            target.write(chunk)
    if found.hexdigest() != part.sha256:
        raise BadArchive(f"{part.name} in the archive is damaged.")
    return path


def read_media(path: Path) -> Iterator[Medium]:
    with path.open() as lines:
        for line in lines:
            yield Medium(**json.loads(line))


def write_media(path: Path, media: Iterator[Medium]) -> None:
    with path.open("w") as file:
        for each in media:
            file.write(json.dumps(asdict(each)) + "\n")


def digest(file: IO[bytes]) -> str:
    """SHA-256 of what is left to read, in hex."""
    found = hashlib.sha256()
    for chunk in chunks(file):
        found.update(chunk)
    return found.hexdigest()


def chunks(file: Any) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk
