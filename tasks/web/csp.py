"""The content security policy of every response: only our own files run and load."""

from collections.abc import Callable, Iterable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

POLICY = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "media-src": ["'self'"],
    "connect-src": ["'self'"],
    "font-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
}


def allow_media(response: HttpResponse, sources: Iterable[str]) -> None:
    """Let this page play videos and show images from the given origins."""
    response.media_sources = sorted(set(sources))  # type: ignore[attr-defined]


def sandbox(response: HttpResponseBase) -> None:
    """Let this response do nothing at all, whatever type a browser takes it for."""
    response.own_policy = "sandbox; default-src 'none'"  # type: ignore[attr-defined]


class ContentSecurityPolicyMiddleware:
    """Sets the policy: that of `sandbox`, or POLICY with the media of `allow_media`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        media = getattr(response, "media_sources", [])
        extra = {"media-src": media, "img-src": media}
        policy = "; ".join(
            " ".join([name, *sources, *extra.get(name, [])]) for name, sources in POLICY.items()
        )
        response["Content-Security-Policy"] = getattr(response, "own_policy", "") or policy
        return response
