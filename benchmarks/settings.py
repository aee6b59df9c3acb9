"""The site's own settings, and one more address: a view that does nothing."""

from seedance_site.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.urls"
