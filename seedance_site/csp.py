"""The content security policy, on every response: nothing runs or loads but what is ours."""

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
    """Let this one page play video from, and show frames of, the given origins."""
    response.media_sources = sorted(set(sources))  # type: ignore[attr-defined]


def sandbox(response: HttpResponseBase) -> None:
    """Let this one response do nothing at all, whatever a browser takes it for."""
    response.own_policy = "sandbox; default-src 'none'"  # type: ignore[attr-defined]


class ContentSecurityPolicyMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        policy = getattr(response, "own_policy", "")
        media = getattr(response, "media_sources", [])
        response["Content-Security-Policy"] = policy or _policy(media)
        return response


def _policy(media: list[str]) -> str:
    extra = {"media-src": media, "img-src": media}
    return "; ".join(
        " ".join([name, *sources, *extra.get(name, [])]) for name, sources in POLICY.items()
    )
