"""Task ids: their form, and their encoding in a path."""

from __future__ import annotations

import re
from urllib.parse import quote

from tasks.providers.answers import TaskIdIssue

NATIVE = "cgt-"
GATEWAY = "task_"

_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:~=+@-]{2,119}")


def id_issue(remote_id: str, *, prefixes: tuple[str, ...]) -> TaskIdIssue | None:
    """Find the fault in an id, given the prefixes that are known; None if there is none.

    The prefix "" accepts any sane id.
    """
    if not _SANE.fullmatch(remote_id):
        return TaskIdIssue.MALFORMED
    if remote_id.startswith(tuple(prefix for prefix in prefixes if prefix)):
        return None
    if remote_id.startswith(GATEWAY):
        return TaskIdIssue.GATEWAY
    if remote_id.startswith(NATIVE):
        return TaskIdIssue.NATIVE
    return None if "" in prefixes else TaskIdIssue.MALFORMED


def is_sane(remote_id: str) -> bool:
    """Whether a text has the form of a task id of any provider."""
    return _SANE.fullmatch(remote_id) is not None


def in_path(remote_id: str) -> str:
    """Quote an id as one path segment, dots included where `..` would change the path."""
    quoted = quote(remote_id, safe="", errors="replace")
    return quoted if quoted.strip(".") else quoted.replace(".", "%2E")
