"""The address of a request's client, as far as it can be trusted."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_ipv46_address
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The address that connected to us, or to the outermost of our own proxies."""
    forwarded = forwarded_address(request.headers.get("x-forwarded-for", ""))
    return forwarded or str(request.META.get("REMOTE_ADDR", ""))


def valid_address(request: HttpRequest) -> str | None:
    """The client's address as a column takes it; None where a proxy says something else."""
    address = client_address(request)
    try:
        validate_ipv46_address(address)
    except ValidationError:
        return None
    return address


def forwarded_address(header: str) -> str:
    """The address that connected to our outermost proxy, out of X-Forwarded-For; else "".

    Each of our proxies adds one entry on the right of the header; anyone can write those further
    left.
    """
    forwarded = [part.strip() for part in header.split(",")]
    return forwarded[-settings.PROXIES :][0] if settings.PROXIES else ""
