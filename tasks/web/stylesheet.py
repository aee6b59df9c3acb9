"""The storage of static files: hashed, compressed, and with one style sheet instead of twenty."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage

SHEET = "dailies.css"
IMPORT = re.compile(r'^@import url\("([^"]+)"\);$', re.M)


class OneSheetStorage(CompressedManifestStaticFilesStorage):
    """Replaces each @import of dailies.css by the file it names, before names are hashed.

    Without it (in tests) the browser follows the imports itself.
    """

    def post_process(
        self, paths: dict[str, Any], dry_run: bool = False, **options: Any
    ) -> Iterator[Any]:
        if SHEET in paths and not dry_run:
            joined = IMPORT.sub(lambda found: _text(paths, found[1]), _text(paths, SHEET))
            Path(self.path(SHEET)).write_text(joined, encoding="utf-8")
            paths = paths | {SHEET: (self, SHEET)}
        yield from super().post_process(paths, dry_run, **options)


def _text(paths: dict[str, Any], name: str) -> str:
    storage, path = paths[name]
    with storage.open(path) as file:
        return str(file.read().decode())
