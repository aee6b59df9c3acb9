"""The site's settings for drills: SQLite waits only briefly for a lock instead of 20 s."""

from seedance_site.settings import *  # noqa: F403
from seedance_site.settings import DATABASES as USUAL
from seedance_site.settings import STORAGES

BUSY_SECONDS = 0.3

# A copy, because the tests import this file too, and must keep the usual settings.
OPTIONS = USUAL["default"].get("OPTIONS", {}) | {"timeout": BUSY_SECONDS}
DATABASES = {"default": USUAL["default"] | {"OPTIONS": OPTIONS}}
PRIVATE_HOSTS = ["127.0.0.0/8"]
DISK_RESERVE = 2**20
STORAGES = STORAGES | {  # no static files are collected
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
}
