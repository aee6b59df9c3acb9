"""Measure everything on both databases and print one table: python -m benchmarks

python -m benchmarks refresh feed --database sqlite   some of them, on one database
python -m benchmarks smallest                         whether all of them run, for CI
python -m benchmarks against CHECKOUT refresh feed    beside the code of another checkout

benchmarks/README.md has the method.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from benchmarks import against, smallest
from benchmarks.figures import Figure, table
from benchmarks.installations import template
from benchmarks.runner import NAMES, run

DATABASES = {"sqlite": ("sqlite",), "postgres": ("postgres",), "both": ("sqlite", "postgres")}


def main() -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that every `finally` runs
    match sys.argv[1:]:
        case ["smallest", *names]:
            return smallest.main(names)
        case ["against", *words]:
            return against.main(words)
        case words:
            return _measure(words)


def _measure(words: list[str]) -> int:
    parser = argparse.ArgumentParser(
        "python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], metavar="|".join(NAMES))
    parser.add_argument("--database", choices=DATABASES, default="both")
    parser.add_argument("--save", type=Path, metavar="FILE", help="write the table there too")
    chosen = parser.parse_args(words)
    found: list[Figure] = []
    failed = False
    for database in DATABASES[chosen.database]:
        with template(database) as original:
            for name in chosen.names or NAMES:
                print(f"{name} on {database} …", file=sys.stderr, flush=True)
                ended, figures = run(name, original, stdout=sys.stderr)
                found += figures
                if ended.returncode:
                    failed = True
                    print(f"{name} on {database} ended with {ended.returncode}", file=sys.stderr)
    found.sort(key=lambda figure: figure.name)
    print(table(found))
    if chosen.save:
        chosen.save.write_text(table(found) + "\n")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
