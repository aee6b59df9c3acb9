"""Public links to one of our files each, signed and with an end: providers have no account."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse

#: A picture is read when a create arrives. A video or a sound may be read when its task begins, and
#: a provider lets a task wait for 72 hours (execution_expires_after), so such a link lives longer.
PICTURES_FOR = timedelta(hours=24)
OTHERS_FOR = timedelta(hours=76)


def _signer() -> signing.TimestampSigner:
    return signing.TimestampSigner(salt="dailies.shared-uploads")


def url_of(named: str) -> str:
    """Return a public link to the file of this name: `7`, a picture; `upload:7`, or `clip:7`."""
    return settings.PUBLIC_URL + reverse("shared", args=[_signer().sign(named)])


def named_by(token: str) -> str:
    """Return the name in a link; "" where it is not ours or has ended."""
    try:
        named = _signer().unsign(token, max_age=OTHERS_FOR)
        return _signer().unsign(token, max_age=PICTURES_FOR) if named.isdigit() else named
    except signing.BadSignature:  # or it has ended
        return ""
