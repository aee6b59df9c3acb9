"""Settings of the site. Everything a team may want to change is an environment variable.

DAILIES_DATA              folder for the database, keys and static files (default: data/)
DAILIES_SECRET_KEY        instead of <data>/keys/secret.key
DAILIES_CREDENTIAL_KEYS   comma-separated, newest first, instead of <data>/keys/credentials.keys
DAILIES_STATUS_TOKEN      lets a monitor read /statusz: Authorization: Bearer <token>
DAILIES_DEBUG             1 shows tracebacks in the browser
DAILIES_HOSTS             comma-separated host names this site answers to
DAILIES_HTTPS             1 when a TLS proxy stands in front: secure cookies, HSTS
DAILIES_PRIVATE_HOSTS     comma-separated gateways inside a private network that may be asked:
                          gateway.lan, gateway.lan:8443, 10.1.2.3:3000, 10.0.0.0/8
DAILIES_PROXIES           proxies of ours in front (default: 1 with DAILIES_HTTPS, else 0)
DAILIES_PUBLIC_URL        https://dailies.example.com, for links in print and CSRF
DAILIES_SHARES_UPLOADS    1 when providers can reach DAILIES_PUBLIC_URL, an https address: pictures
                          go to them as signed links that end after a day, not whole
DAILIES_CALLBACKS         0: providers are not asked to call DAILIES_PUBLIC_URL when a task changes
DAILIES_TIME_ZONE         e.g. Asia/Shanghai (default: UTC)
DAILIES_ACCEL_REDIRECT    e.g. /protected/: a location of nginx, internal, alias <data>/videos/
DAILIES_WORKERS           django-q2 workers (default: 2)
DAILIES_TAKES_PER_MINUTE  takes that one person may ask for in a minute (default: 60; 0: any)
DAILIES_TAKES_PER_HOUR    … and in an hour (default: 600; 0: any)
DAILIES_DISK_RESERVE      bytes that the archive leaves free on the disk (default: 1 GiB)
DAILIES_LARGEST_VIDEO     bytes; a larger file is not fetched (default: 4 GiB)
DAILIES_S3_BUCKET         keeps videos in this bucket, not in <data>/videos (docs/operations.md)
DAILIES_S3_ENDPOINT       https://… of an S3-compatible store (default: Amazon's)
DAILIES_S3_REGION         e.g. eu-central-1
DAILIES_S3_ADDRESSING     path or virtual (default: path with an endpoint, else Amazon's own way)
DAILIES_S3_KEY_ID         with DAILIES_S3_SECRET; without the two, AWS's usual places are looked at
DATABASE_URL              postgres://… (default: SQLite in the data folder)
REDIS_URL                 redis://… for cache and sessions

signing_in.py tells of those for e-mail and single sign-on.
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from seedance_site import environment, keys
from seedance_site.environment import env, env_list
from seedance_site.signing_in import *  # noqa: F403
from seedance_site.signing_in import SIGN_IN_APPS

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env("DAILIES_DATA") or BASE_DIR / "data").resolve()
KEYS_DIR = DATA_DIR / "keys"

SECRET_KEY = env("DAILIES_SECRET_KEY") or keys.read_first(KEYS_DIR / "secret.key")
CREDENTIAL_KEYS = env_list("DAILIES_CREDENTIAL_KEYS") or keys.read_all(
    KEYS_DIR / "credentials.keys"
)
#: Read again whenever a secret is sealed or opened, so that running processes notice new keys.
CREDENTIAL_KEYS_FILE = (
    None if env_list("DAILIES_CREDENTIAL_KEYS") else KEYS_DIR / "credentials.keys"
)
STATUS_TOKEN = env("DAILIES_STATUS_TOKEN")
DEBUG = environment.flag("DAILIES_DEBUG")
HTTPS = environment.flag("DAILIES_HTTPS")
# Of X-Forwarded-For so many entries on the right are believed (address.py).
PROXIES = environment.number("DAILIES_PROXIES", int(HTTPS))
PUBLIC_URL = environment.origin("DAILIES_PUBLIC_URL")
SHARES_UPLOADS = environment.flag("DAILIES_SHARES_UPLOADS")
if SHARES_UPLOADS and not PUBLIC_URL.startswith("https://"):
    raise environment.Unusable(
        "DAILIES_SHARES_UPLOADS is not possible without https in DAILIES_PUBLIC_URL. "
        "Like https://dailies.example.com"
    )
CALLBACKS = environment.flag("DAILIES_CALLBACKS", default=True)
ALLOWED_HOSTS = [
    "localhost",
    "127.0.0.1",
    "[::1]",
    *env_list("DAILIES_HOSTS"),
    *filter(None, [urlsplit(PUBLIC_URL).hostname]),
]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []

# Providers and files are asked for in public only; these are allowed besides (providers/guard.py).
# A demonstration's folder also names its own simulator, in the file that marks it as one.
PRIVATE_HOSTS = [*env_list("DAILIES_PRIVATE_HOSTS"), *keys.read_all(DATA_DIR / "demo")]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_q",
    *SIGN_IN_APPS,
    "tasks",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "seedance_site.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tasks.preferences.PreferencesMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "seedance_site.busy.BusyDatabaseMiddleware",
]

ROOT_URLCONF = "seedance_site.urls"
WSGI_APPLICATION = "seedance_site.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tasks.context.site",
            ],
        },
    },
]

DATABASES = {
    "default": environment.database("DATABASE_URL", DATA_DIR / "db.sqlite3"),
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # IMMEDIATE, because a snapshot that was read and then tries to write fails at once, whatever
    # the time-out: 57 % of transactions with six writers in WAL, none this way.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;"
            "PRAGMA temp_store=MEMORY;PRAGMA journal_size_limit=67108864;"
        ),
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = environment.redis("REDIS_URL")
# What is counted at the door holds for all processes, so the default is a table of the database;
# its oldest tenth goes when it is full. django-q2 writes its statistics twice a second: not there.
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "seedance_site.counting.SharedCache",
        "LOCATION": "tasks_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000, "CULL_FREQUENCY": 10},
    },
    "queue": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}
SESSION_ENGINE = "seedance_site.lookups"
if REDIS_URL:
    CACHES["default"] = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "dailies",
    }
    SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"

# Our tables hold the truth and django-q2 only wakes us, so a lost or doubled job does no harm.
# `timeout` stays below `retry`, or a long job is started twice; successes are not kept, because
# with save_limit > 0 each one loads all kept rows (210 jobs a second became 1,100 without).
Q_CLUSTER = {
    "name": "dailies",
    "label": _("Queue"),
    "orm": "default",
    "cache": "queue",
    "workers": environment.number("DAILIES_WORKERS", 2, least=1),
    "timeout": 60,
    "retry": 90,
    "max_attempts": 3,
    "ack_failures": True,
    "catch_up": False,
    "save_limit": -1,
    "bulk": 10,
    "poll": 0.2,
}

AUTHENTICATION_BACKENDS = ["seedance_site.lookups.PersonBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "tasks"
LOGOUT_REDIRECT_URL = "sign_in"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = environment.time_zone("DAILIES_TIME_ZONE", "UTC")

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    "videos": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "videos", "base_url": None},
    },
}
S3_BUCKET = env("DAILIES_S3_BUCKET")
S3_ENDPOINT = env("DAILIES_S3_ENDPOINT")
S3_ADDRESSING = env("DAILIES_S3_ADDRESSING") or ("path" if S3_ENDPOINT else "auto")
S3_KEY_ID, S3_SECRET_KEY = env("DAILIES_S3_KEY_ID"), env("DAILIES_S3_SECRET")
if S3_BUCKET:
    STORAGES["videos"] = {
        "BACKEND": "seedance_site.bucket.Bucket",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": S3_ENDPOINT or None,
            "region_name": env("DAILIES_S3_REGION") or None,
            "addressing_style": S3_ADDRESSING,
        }
        | ({"access_key": S3_KEY_ID, "secret_key": S3_SECRET_KEY} if S3_KEY_ID else {}),
    }

# Saved files: sent by nginx from this internal location, or by our own process if it is empty.
ACCEL_REDIRECT = environment.location("DAILIES_ACCEL_REDIRECT")

# Of one person, over all processes; a project can say less (tasks/money/gate.py).
TAKES_PER_MINUTE = environment.number("DAILIES_TAKES_PER_MINUTE", 60)
TAKES_PER_HOUR = environment.number("DAILIES_TAKES_PER_HOUR", 600)

DISK_RESERVE = environment.number("DAILIES_DISK_RESERVE", 2**30, unit="bytes")
LARGEST_VIDEO = environment.number("DAILIES_LARGEST_VIDEO", 4 * 2**30, least=1, unit="bytes")

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "dailies_session"
CSRF_COOKIE_HTTPONLY = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

DEFAULT_EXCEPTION_REPORTER = "seedance_site.discretion.Reporter"
DEFAULT_EXCEPTION_REPORTER_FILTER = "seedance_site.discretion.Filter"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "seedance_site.discretion.Formatter",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        },
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "tasks": {"level": "INFO"},
        "django": {"level": "INFO", "handlers": []},  # not Django's own, which censors nothing
        # httpx logs every URL at INFO, and a result URL is a bearer link.
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        # Whoever asks by another name gets a 400; the log needs no traceback of it each time.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}
