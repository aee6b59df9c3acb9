"""Task ids: how they look, and how they are put into a path."""

from __future__ import annotations

import re
from urllib.parse import quote

from tasks.providers.base import Complaint

NATIVE = "cgt-"
GATEWAY = "task_"

_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:~=+@-]{2,119}")


def complaint(remote_id: str, *, prefixes: tuple[str, ...]) -> Complaint | None:
    """What is wrong with an id where only these prefixes are known; "" lets any sane id pass."""
    if not _SANE.fullmatch(remote_id):
        return Complaint.MALFORMED
    if remote_id.startswith(tuple(prefix for prefix in prefixes if prefix)):
        return None
    if remote_id.startswith(GATEWAY):
        return Complaint.GATEWAY
    if remote_id.startswith(NATIVE):
        return Complaint.NATIVE
    return None if "" in prefixes else Complaint.MALFORMED


def is_sane(remote_id: str) -> bool:
    """Whether it could be anybody's task id."""
    return _SANE.fullmatch(remote_id) is not None


def in_path(remote_id: str) -> str:
    """The id as one path segment, whatever it is: `..` would climb."""
    quoted = quote(remote_id, safe="", errors="replace")
    return quoted if quoted.strip(".") else quoted.replace(".", "%2E")
