"""The WSGI application."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "seedance_site.settings")

application = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018  imports all views, as the first request would

# All objects that exist by now stay, so the collector need not visit them again and again: a quiet
# live answer took 0.56 ms instead of 0.62.
gc.collect()
gc.freeze()
