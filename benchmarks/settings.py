"""The site's own settings, a view that does nothing, and leave to ask the local providers."""

from seedance_site.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.urls"
PRIVATE_HOSTS = ["127.0.0.0/8"]
