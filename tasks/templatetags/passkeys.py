"""Tags for the pages of passkeys."""

from urllib.parse import urlsplit

from django import template
from django.conf import settings

register = template.Library()


@register.simple_tag
def passkey_host() -> str:
    """The host that passkeys belong to, where one was set; "" for the host of the address."""
    return urlsplit(settings.PUBLIC_URL).hostname or ""
