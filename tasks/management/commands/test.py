"""`manage.py test`: pytest, with whatever options it is given; by default, all tests at once."""

import os
import sys

from django.conf import settings
from django.core.management.base import BaseCommand

#: Browsers and processes are waited for: three workers keep two cores busy, for 8 minutes, and four
#: take as long. In the order of collection, for browsers come last; see tests/conftest.py.
WORKERS = max(2, (os.cpu_count() or 2) * 3 // 2)
WHOLE = ["-n", str(WORKERS), "--dist", "loadfile", "--no-loadscope-reorder"]


class Command(BaseCommand):
    help = "Run the tests; every option is pytest's own."

    def run_from_argv(self, argv: list[str]) -> None:
        os.environ.pop("DJANGO_SETTINGS_MODULE", None)  # pyproject.toml names the tests' own
        os.chdir(settings.BASE_DIR)
        os.execv(sys.executable, [sys.executable, "-m", "pytest", *(argv[2:] or WHOLE)])
