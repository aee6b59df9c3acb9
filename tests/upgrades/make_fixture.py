"""Make the fixture of a release: an installation that its own code wrote, on both databases.

    python tests/upgrades/make_fixture.py <checkout of the release> <release>

It needs a PostgreSQL at 127.0.0.1 where the user `root` may create databases, and its client tools.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
DATABASE = "dailies_fixture"
ADDRESS = f"postgres://root@127.0.0.1:5432/{DATABASE}"
OURS = ("DAILIES_", "DJANGO_", "DATABASE_URL", "REDIS_URL")
CREATE_KEYS = """
import sys; from pathlib import Path
sys.path.insert(0, sys.argv[1])
from seedance_site import keys
keys.make_missing(Path(sys.argv[2]))
"""


def make(code: Path, release: str, engine: str) -> None:
    """Write `<release>/<engine>.tar.gz`: a backup with keys and media."""
    target = HERE / release / f"{engine}.tar.gz"
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        data.mkdir(mode=0o700)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        where = kept | {"DAILIES_DATA": str(data)}
        if engine == "postgresql":
            where["DATABASE_URL"] = ADDRESS

        def run(*command: object, script: str | None = None) -> None:
            line = [sys.executable, *map(str, command)]
            subprocess.run(line, cwd=code, env=where, input=script, text=True, check=True)

        run("-c", CREATE_KEYS, code, data / "keys")
        run("manage.py", "migrate", "-v0")
        fill = HERE / f"fill_{release.replace('.', '_')}.py"
        run("manage.py", "shell", "-v0", script=fill.read_text())
        run("manage.py", "backup", target, "--with-keys", "--with-media")


def main() -> None:
    code, release = Path(sys.argv[1]).resolve(), sys.argv[2]
    make(code, release, "sqlite")
    subprocess.run(["createdb", "-h", "127.0.0.1", "-U", "root", DATABASE], check=True)
    try:
        make(code, release, "postgresql")
    finally:
        subprocess.run(["dropdb", "-h", "127.0.0.1", "-U", "root", DATABASE], check=True)


if __name__ == "__main__":
    main()
