"""`manage.py test`: pytest, with whatever options it is given; by default, on all cores."""

import os
import sys

from django.conf import settings
from django.core.management.base import BaseCommand

#: In the order of collection, for browsers come last; see tests/conftest.py.
WHOLE = ["-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder"]


class Command(BaseCommand):
    help = "Run the tests; every option is pytest's own."

    def run_from_argv(self, argv: list[str]) -> None:
        os.environ.pop("DJANGO_SETTINGS_MODULE", None)  # pyproject.toml names the tests' own
        os.chdir(settings.BASE_DIR)
        os.execv(sys.executable, [sys.executable, "-m", "pytest", *(argv[2:] or WHOLE)])
