"""From where a request comes, as far as that can be believed."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Whoever spoke to us, or to the outermost of our own proxies.

    Each of our proxies adds one entry on the right; what stands further left anyone can write.
    """
    forwarded = [part.strip() for part in request.headers.get("x-forwarded-for", "").split(",")]
    trusted = forwarded[-settings.PROXIES :] if settings.PROXIES else []
    said = trusted[0] if trusted else ""
    return said or str(request.META.get("REMOTE_ADDR", ""))
