"""`manage.py test`: pytest with its own options, or one of the two tiers, and how long it took."""

import os
import sys
import time

from django.conf import settings
from django.core.management.base import BaseCommand

CORES = os.cpu_count() or 2
#: Browsers, processes, time limits and other threads are waited for: more workers than cores.
WORKERS = max(3, CORES * 3 // 2)
#: Each worker takes the next test as soon as it is free, in the order of tests/scheduling.py.
IN_TURN = ["--dist", "loadgroup", "--no-loadscope-reorder"]


class Command(BaseCommand):
    help = (
        "Run the tests: all of them, or with --quick those that need neither a browser nor a "
        "process of ours, nor go through all there is; of many cases a few. "
        "Any other option is pytest's own."
    )

    def run_from_argv(self, argv: list[str]) -> None:
        options = argv[2:]
        if set(options) <= {"--quick"}:
            tier = "quick" if options else "whole"
            options += ["-n", str(WORKERS), *IN_TURN]
            os.environ["TEST_TIER"] = f"{tier} {time.time()}"
        os.environ.pop("DJANGO_SETTINGS_MODULE", None)  # pyproject.toml names the tests' own
        # Without bytecode each process that a test starts compiles the product anew: 0.5 s.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.chdir(settings.BASE_DIR)
        os.execv(sys.executable, [sys.executable, "-m", "pytest", *options])
