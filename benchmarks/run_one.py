"""One benchmark in an installation of its own: python -m benchmarks.run_one refresh FILE"""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

import django
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
    benchmark = importlib.import_module(f"benchmarks.{chosen.name}")
    if hasattr(benchmark, "CORE"):
        own_core(benchmark.CORE)
    size = benchmark.SMALL if chosen.small else benchmark.Size()
    vendor = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[connection.vendor]
    figures.write(benchmark.measure(size), chosen.results, vendor)


if __name__ == "__main__":
    main()
