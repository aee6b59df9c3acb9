"""What pages of the door ask."""

from urllib.parse import urlsplit

from django import template
from django.conf import settings

register = template.Library()


@register.simple_tag
def passkey_host() -> str:
    """The name that passkeys belong to, where one was set; else the one the site is called by."""
    return urlsplit(settings.PUBLIC_URL).hostname or ""
