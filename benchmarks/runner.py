"""One benchmark, run in a process and an installation of its own."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, read
from benchmarks.installations import ROOT, Template, copy_of

#: The name of each benchmark, and its module.
MODULES = {
    "refresh": "refresh",
    "lateness": "lateness",
    "badge": "badge",
    "list": "list_page",
    "admin": "admin_lists",
    "costs": "costs",
    "exports": "exports",
    "feed": "feed",
    "team": "live_team",
    "way_in": "way_in",
    "serving": "serving",
    "senders": "slow_senders",
    "archive": "archive",
    "pages": "pages",
    "soak": "soak",
    "api_soak": "api_soak",
}
NAMES = tuple(MODULES)


def run(
    name: str, original: Template, *, small: bool = False, **options: Any
) -> tuple[subprocess.CompletedProcess[str], list[Figure]]:
    """The ended process, and the figures it found, also those from before it failed.

    `options` are those of subprocess.run.
    """
    with tempfile.TemporaryDirectory() as folder, copy_of(original) as environment:
        results = Path(folder, "figures.jsonl")
        command = [sys.executable, "-m", "benchmarks.run_one", MODULES[name], str(results)]
        command += ["--small"] if small else []
        options |= {"cwd": ROOT, "env": environment, "text": True, "check": False}
        ended = subprocess.run(command, **options)
        return ended, read(results)
