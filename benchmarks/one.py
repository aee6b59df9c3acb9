"""One benchmark in the place its environment names: python -m benchmarks.one refresh FILE"""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

import django
from django.core.management import call_command
from django.db import connection

from benchmarks import figures
from benchmarks.cores import own_core


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("results", type=Path)
    parser.add_argument("--small", action="store_true")
    chosen = parser.parse_args()
    django.setup()
    for command in ("migrate", "collectstatic"):
        call_command(command, interactive=False, verbosity=0)
    benchmark = importlib.import_module(f"benchmarks.{chosen.name}")
    if hasattr(benchmark, "CORE"):
        own_core(benchmark.CORE)
    size = benchmark.SMALL if chosen.small else benchmark.Size()
    vendor = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[connection.vendor]
    figures.write(benchmark.measure(size), chosen.results, vendor)


if __name__ == "__main__":
    main()
