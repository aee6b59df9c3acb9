"""The private hosts that the settings allow requests to."""

from django.conf import settings

from tasks.providers.transport.guard import Allowed


def allowed_private_hosts() -> Allowed:
    """The parsed setting. It is parsed at each use, which is cheap, because tests change it."""
    return Allowed.parse(settings.PRIVATE_HOSTS)
