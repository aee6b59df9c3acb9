"""python -m benchmarks: measure everything on both databases, print one table.

Names choose among them, --database among the databases; see benchmarks/README.md for the method.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.figures import Figure, read, table
from benchmarks.places import place

NAMES = ("refresh", "lateness", "badge", "list", "feed", "serving", "archive", "soak")
MODULES = {"list": "list_page"}
DATABASES = {"sqlite": ("sqlite",), "postgres": ("postgres",), "both": ("sqlite", "postgres")}


def main() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # by way of every `finally`
    chosen = _arguments()
    found: list[Figure] = []
    for name in chosen.names or NAMES:
        for database in DATABASES[chosen.database]:
            print(f"{name} on {database} …", file=sys.stderr, flush=True)
            found += run(name, database, small=chosen.small)
    print(table(found))
    if chosen.save:
        chosen.save.write_text(table(found) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], metavar="|".join(NAMES))
    parser.add_argument("--database", choices=DATABASES, default="both")
    parser.add_argument("--small", action="store_true", help="only see whether all of it runs")
    parser.add_argument("--save", type=Path, metavar="FILE", help="write the table there too")
    return parser.parse_args()


def run(name: str, database: str, *, small: bool = False) -> list[Figure]:
    """In a process and an installation of its own; what it found before it failed counts."""
    with tempfile.TemporaryDirectory() as folder, place(database) as environment:
        results = Path(folder, "figures.jsonl")
        command = [sys.executable, "-m", "benchmarks.one", MODULES.get(name, name), str(results)]
        ended = subprocess.run(
            [*command, *(["--small"] if small else [])],
            env=environment,
            stdout=sys.stderr,
            check=False,
        )
        if ended.returncode:
            print(f"{name} on {database} ended with {ended.returncode}", file=sys.stderr)
        return read(results)


if __name__ == "__main__":
    main()
