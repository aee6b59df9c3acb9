"""The redirect from plain HTTP to HTTPS, where a proxy says that a visitor came without."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect

#: Asked by machines inside, often past the proxy and by a number in place of a name.
ASKED_INSIDE = ("/healthz", "/readyz", "/statusz")


class HttpsMiddleware:
    """Redirects where DAILIES_HTTPS=1 and the proxy sends `X-Forwarded-Proto: http`.

    Without the header nothing is redirected: behind a proxy that does not send it, every address
    would lead back to itself.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        scheme = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip()
        if not settings.HTTPS or scheme.lower() != "http" or request.path in ASKED_INSIDE:
            return self.get_response(request)
        url = f"https://{_host(request)}{request.get_full_path()}"
        return HttpResponsePermanentRedirect(url, preserve_request=True)


def _host(request: HttpRequest) -> str:
    """The requested host without the port of plain HTTP; with that of the public address."""
    host, public = request.get_host(), urlsplit(settings.PUBLIC_URL)
    name = urlsplit(f"//{host}").hostname or host
    if public.hostname == name:
        return public.netloc
    return f"[{name}]" if ":" in name else name
