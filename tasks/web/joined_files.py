"""The storage of static files: hashed, compressed, one sheet and one script for every page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage

SHEET, SCRIPT = "dailies.css", "page.js"
#: The lines of a file that stand for other files, which are put there in full.
IMPORTS = {
    SHEET: re.compile(r'^@import url\("([^"]+)"\);$', re.M),
    SCRIPT: re.compile(r'^import "\./([^"]+)";$', re.M),
}


class JoinedFilesStorage(CompressedManifestStaticFilesStorage):
    """Replaces each import of those two by the file it names, before names are hashed.

    On a slow phone each request more costs a round trip of 150 ms. Without this storage the
    browser follows the imports itself.
    """

    def post_process(
        self, paths: dict[str, Any], dry_run: bool = False, **options: Any
    ) -> Iterator[Any]:
        collected = dict(paths)
        for name in IMPORTS.keys() & paths.keys() if not dry_run else ():
            whole = joined(name, partial(_text, paths))
            Path(self.path(name)).write_text(whole, encoding="utf-8")
            collected[name] = (self, name)
        yield from super().post_process(collected, dry_run, **options)


def joined(name: str, read: Callable[[str], str]) -> str:
    """The text of this file with those that it imports in their places."""
    return IMPORTS[name].sub(lambda found: read(found[1]), read(name))


def _text(paths: dict[str, Any], name: str) -> str:
    storage, path = paths[name]
    with storage.open(path) as file:
        return str(file.read().decode())
