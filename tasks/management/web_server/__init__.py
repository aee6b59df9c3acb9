"""The layers between the sockets and Django in `manage.py web`.

granian reads heads, and ends connections whose head takes too long. The front (`front.py`) then
reads the body on its event loop, where a slow sender costs a few bytes and no thread (`bodies.py`),
refuses what is too large, too slow or too much (`refusals.py`), and only then has the unchanged
WSGI application answer in one of its threads (`wsgi.py`). Long answers are sent from the loop too,
so a slow reader holds no thread either.

Django's own ASGI handler would need no front, but answers a quarter of the requests in a second and
keeps whole downloads in memory.
"""

from __future__ import annotations

from django.urls import reverse

from tasks.management.web_server.front import Front
from tasks.management.web_server.threads import Threads

#: The URL names for which open pages ask by themselves.
BACKGROUND = ("live", "header_status", "notifications")


def load(threads: Threads) -> Front:
    """The site behind its front; called in each process of the web server."""
    from seedance_site.wsgi import application  # imports all views: not in the process that watches

    background = frozenset(reverse(name) for name in BACKGROUND)
    return Front(application, threads=threads, background=background)
