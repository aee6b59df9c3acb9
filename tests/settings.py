"""The site's own settings, with keys and a data folder that live as long as the tests."""

import mimetypes
import os
import tempfile

os.environ.setdefault("DAILIES_DATA", tempfile.mkdtemp(prefix="dailies-tests-"))
os.environ.setdefault("DAILIES_SECRET_KEY", "a key for tests, and for nothing else")
os.environ.setdefault("DAILIES_CREDENTIAL_KEYS", "qZ0fSTzIh9mxNN4nCJl6Y2cXGJLuXzb2YvS2g6n8mHE=")

from seedance_site.settings import *  # noqa: F403
from seedance_site.settings import (
    CACHES,
    DATA_DIR,
    DATABASES,
    REDIS_URL,
    STATIC_ROOT,
    WHITENOISE_MIMETYPES,
)

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, as in life: a sweep in a thread of its own and the browser's requests share it.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}

for ending, kind in WHITENOISE_MIMETYPES.items():  # Django sends the static files of tests
    mimetypes.add_type(kind, ending)

# The simulator and the tests' own servers live there.
PRIVATE_HOSTS = ["localhost", "127.0.0.0/8", "::1"]

if REDIS_URL:  # which all workers of a run share
    CACHES["default"]["KEY_PREFIX"] = f"dailies-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"

# Query counts are asserted, and are to be the same with Redis and without.
SESSION_ENGINE = "tasks.team.signin.auth"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick, for tests only
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "videos": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "videos", "base_url": None},
    },
}
