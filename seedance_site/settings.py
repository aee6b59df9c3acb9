"""Settings of the site. Everything a team may want to change is an environment variable.

DAILIES_DATA              folder for the database, keys and static files (default: data/)
DAILIES_SECRET_KEY        instead of <data>/keys/secret.key
DAILIES_CREDENTIAL_KEYS   comma-separated, newest first, instead of <data>/keys/credentials.keys
DAILIES_STATUS_TOKEN      lets a monitor read /statusz: Authorization: Bearer <token>
DAILIES_DEBUG             1 shows tracebacks in the browser
DAILIES_HOSTS             comma-separated host names this site answers to
DAILIES_HTTPS             1 when a TLS proxy stands in front: secure cookies, HSTS; plain HTTP is
                          redirected where the proxy sends X-Forwarded-Proto: http
DAILIES_PRIVATE_HOSTS     comma-separated gateways inside a private network that may be asked:
                          gateway.lan, gateway.lan:8443, 10.1.2.3:3000, 10.0.0.0/8
DAILIES_PROXIES           proxies of ours in front (default: 1 with DAILIES_HTTPS, else 0)
DAILIES_PUBLIC_URL        https://dailies.example.com, for links in print and CSRF
DAILIES_SHARES_UPLOADS    1 when providers can reach DAILIES_PUBLIC_URL, an https address: given
                          files go to them as signed links with an end; videos only so
DAILIES_CALLBACKS         0: providers are not asked to call DAILIES_PUBLIC_URL when a task changes
DAILIES_TIME_ZONE         e.g. Asia/Shanghai (default: UTC)
DAILIES_ACCEL_REDIRECT    e.g. /protected/: an internal location of nginx, alias <data>/videos/
DAILIES_WORKERS           django-q2 workers (default: 2)
DAILIES_TAKES_PER_MINUTE  takes that one person may ask for in a minute (default: 60; 0: any)
DAILIES_TAKES_PER_HOUR    … and in an hour (default: 600; 0: any)
DAILIES_SEARCHES_PER_MINUTE  searches of one person (default: 120; 0: any); and in an hour:
DAILIES_EXPORTS_PER_HOUR     CSV and ZIP files (default: 120; 0: any)
DAILIES_INVITATIONS_PER_HOUR invitations by e-mail (default: 100; 0: any)
DAILIES_UPLOADS_PER_HOUR     given files (default: 1000; 0: any)
DAILIES_TRACKS_PER_HOUR      previews and trackings of ids (default: 300; 0: any)
DAILIES_IMPORTS_PER_HOUR     files of ids, and bills (default: 100; 0: any)
DAILIES_UPLOADS_PER_PROJECT  bytes of given files in a project (default: 50 GiB; 0: any)
DAILIES_UPLOADS_PER_PERSON   … and of one person in all projects (default: 10 GiB; 0: any)
DAILIES_HEAD_SECONDS      in which the head of a request must arrive, and after which an idle
                          connection is closed (default: 10)
DAILIES_UNFINISHED        bodies of one address that may be on their way to a web process
                          at one time (default: 64)
DAILIES_DISK_RESERVE      bytes that archive and uploads leave free on the disk (default: 1 GiB)
DAILIES_LARGEST_VIDEO     bytes; a larger file is not fetched (default: 4 GiB)
DAILIES_PREVIEWS          0: no posters, sprites to scrub by or proxies are made (default: 1)
DAILIES_SCRUB_DAYS        days after which a saved file is checked again (default: 30; 0: never)
DAILIES_SCRUB_HOURS       … at night, in DAILIES_TIME_ZONE (default: 1-6; 22-5 is over midnight)
DAILIES_SCRUB_RATE        … reading so many bytes a second (default: 10 MiB)
DAILIES_KEEP_FAILURES     days for which failed jobs are kept (default: 30; 0: for ever)
DAILIES_KEEP_ANSWERS      days for which raw answers of ended tasks are kept (default: 0: for ever)
DAILIES_S3_BUCKET         keeps videos in this bucket, not in <data>/videos (docs/operations.md)
DAILIES_S3_ENDPOINT       https://… of an S3-compatible store (default: Amazon's)
DAILIES_S3_REGION         e.g. eu-central-1
DAILIES_S3_ADDRESSING     path or virtual (default: path with an endpoint, else Amazon's own way)
DAILIES_S3_KEY_ID         with DAILIES_S3_SECRET; without the two, AWS's usual places are read
DATABASE_URL              postgres://… (default: SQLite in the data folder)
REDIS_URL                 redis://… for cache and sessions

auth_settings.py has those for e-mail and single sign-on.
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from seedance_site import environment, keys
from seedance_site.auth_settings import *  # noqa: F403
from seedance_site.auth_settings import SIGN_IN_APPS
from seedance_site.environment import env, env_list

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env("DAILIES_DATA") or BASE_DIR / "data").resolve()
KEYS_DIR = DATA_DIR / "keys"

SECRET_KEY = env("DAILIES_SECRET_KEY") or keys.read_first(KEYS_DIR / "secret.key")
CREDENTIAL_KEYS = env_list("DAILIES_CREDENTIAL_KEYS") or keys.read_all(
    KEYS_DIR / "credentials.keys"
)
#: Read anew whenever a secret is sealed or opened, so that running processes notice new keys.
CREDENTIAL_KEYS_FILE = (
    None if env_list("DAILIES_CREDENTIAL_KEYS") else KEYS_DIR / "credentials.keys"
)
STATUS_TOKEN = env("DAILIES_STATUS_TOKEN")
DEBUG = environment.flag("DAILIES_DEBUG")
HTTPS = environment.flag("DAILIES_HTTPS")
# Number of entries on the right of X-Forwarded-For that are believed (tasks/team/address.py).
PROXIES = environment.number("DAILIES_PROXIES", int(HTTPS))
PUBLIC_URL = environment.origin("DAILIES_PUBLIC_URL")
SHARES_UPLOADS = environment.flag("DAILIES_SHARES_UPLOADS")
if SHARES_UPLOADS and not PUBLIC_URL.startswith("https://"):
    raise environment.ConfigurationError(
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

# Requests go to public addresses only (providers/transport/guard.py), and to these. The folder of a
# demonstration names its own simulator, too, in the file that marks it as one.
IS_DEMO = (DATA_DIR / "demo").is_file()
PRIVATE_HOSTS = [*env_list("DAILIES_PRIVATE_HOSTS"), *keys.read_all(DATA_DIR / "demo")]

INSTALLED_APPS = [
    "tasks.apps.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
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
    "tasks.web.csp.ContentSecurityPolicyMiddleware",
    "tasks.web.https.HttpsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tasks.web.compression.PageCompressionMiddleware",
    "tasks.web.browser_caching.BrowserCachingMiddleware",
    "tasks.web.navigation.ApiMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tasks.team.preferences.PreferencesMiddleware",
    "tasks.web.navigation.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "tasks.web.database_errors.DatabaseErrorMiddleware",
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
                "tasks.web.context.site",
            ],
        },
    },
]

DATABASES = {
    "default": environment.database("DATABASE_URL", DATA_DIR / "db.sqlite3"),
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # IMMEDIATE, because a transaction that reads and then writes fails at once if another has
    # written, whatever the time-out: 57 % of transactions with six writers in WAL, none this way.
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
# Attempts to sign in are counted for all processes, so the default cache is a table of the
# database; its oldest tenth is deleted when it is full. django-q2 writes its statistics twice a
# second, so it has a cache in memory.
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "seedance_site.cache.SharedCache",
        "LOCATION": "tasks_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000, "CULL_FREQUENCY": 10},
    },
    "queue": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}
SESSION_ENGINE = "tasks.team.signin.auth"
if REDIS_URL:
    CACHES["default"] = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "dailies-2",  # 0.2.0: cached sessions of 0.1.0 name a class that moved
    }
    SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"

# Our tables hold the truth and django-q2 only wakes us, so a lost or doubled job does no harm.
# `timeout` must be below `retry`, or a long job is started twice, as only the sender of creates may
# be (tasks/queue.py). Successes are not kept, because with save_limit > 0 each one loads all kept
# rows (210 jobs a second became 1,100 without).
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

AUTHENTICATION_BACKENDS = ["tasks.team.signin.auth.PersonBackend"]
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
WHITENOISE_MIMETYPES = {".speculationrules": "application/speculationrules+json"}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "tasks.web.joined_files.JoinedFilesStorage"},
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
        "BACKEND": "tasks.archive.bucket.Bucket",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": S3_ENDPOINT or None,
            "region_name": env("DAILIES_S3_REGION") or None,
            "addressing_style": S3_ADDRESSING,
        }
        | ({"access_key": S3_KEY_ID, "secret_key": S3_SECRET_KEY} if S3_KEY_ID else {}),
    }

# Saved files are sent by nginx from this internal location, or by our own process if it is empty.
ACCEL_REDIRECT = environment.location("DAILIES_ACCEL_REDIRECT")

# Limits of one person, over all processes; a project may have lower ones (tasks/billing/gate.py).
TAKES_PER_MINUTE = environment.number("DAILIES_TAKES_PER_MINUTE", 60)
TAKES_PER_HOUR = environment.number("DAILIES_TAKES_PER_HOUR", 600)

# What one person may do, as (most, in so many seconds): tasks/team/limits.py. Nobody who works
# normally meets them.
LIMITS = {
    "search": (environment.number("DAILIES_SEARCHES_PER_MINUTE", 120), 60),
    "export": (environment.number("DAILIES_EXPORTS_PER_HOUR", 120), 3600),
    "invite": (environment.number("DAILIES_INVITATIONS_PER_HOUR", 100), 3600),
    "upload": (environment.number("DAILIES_UPLOADS_PER_HOUR", 1000), 3600),
    "track": (environment.number("DAILIES_TRACKS_PER_HOUR", 300), 3600),
    "import": (environment.number("DAILIES_IMPORTS_PER_HOUR", 100), 3600),
}

# Room for given files: tasks/models/upload.py.
UPLOADS_PER_PROJECT = environment.number("DAILIES_UPLOADS_PER_PROJECT", 50 * 2**30, unit="bytes")
UPLOADS_PER_PERSON = environment.number("DAILIES_UPLOADS_PER_PERSON", 10 * 2**30, unit="bytes")

# Limits of the web server (tasks/management/web_server/).
HEAD_SECONDS = environment.number("DAILIES_HEAD_SECONDS", 10, least=1)
UNFINISHED_PER_ADDRESS = environment.number("DAILIES_UNFINISHED", 64, least=1)

DISK_RESERVE = environment.number("DAILIES_DISK_RESERVE", 2**30, unit="bytes")
LARGEST_VIDEO = environment.number("DAILIES_LARGEST_VIDEO", 4 * 2**30, least=1, unit="bytes")

# Posters and sprites of saved videos (tasks/archive/previews.py).
PREVIEWS = environment.flag("DAILIES_PREVIEWS", default=True)

# The scrub (tasks/archive/scrub.py), and what goes once a day (tasks/monitoring/retention.py).
SCRUB_DAYS = environment.number("DAILIES_SCRUB_DAYS", 30)
SCRUB_HOURS = environment.hours("DAILIES_SCRUB_HOURS", "1-6")
SCRUB_RATE = environment.number("DAILIES_SCRUB_RATE", 10 * 2**20, least=1, unit="bytes")
KEEP_FAILURES = environment.number("DAILIES_KEEP_FAILURES", 30)
KEEP_ANSWERS = environment.number("DAILIES_KEEP_ANSWERS", 0)

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "dailies_session"
CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

DEFAULT_EXCEPTION_REPORTER = "tasks.encryption.redaction.Reporter"
DEFAULT_EXCEPTION_REPORTER_FILTER = "tasks.encryption.redaction.Filter"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "tasks.encryption.redaction.Formatter",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        },
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "tasks": {"level": "INFO"},
        "django": {
            "level": "INFO",
            "handlers": [],
        },  # Django's own censor nothing
        # httpx logs every URL at INFO, and a result URL is a bearer link.
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        # A request with another host name gets a 400; the log needs no traceback of each.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}
