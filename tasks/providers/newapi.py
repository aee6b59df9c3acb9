"""new-api (github.com/QuantumNous/new-api): DataEyes, TokenHot and many more.

With an API key there is no list, no cancel and no callback of the gateway's own.
"""

from __future__ import annotations

from dataclasses import dataclass

from tasks.providers import ids
from tasks.providers.dialect import AnyShape


@dataclass(frozen=True, slots=True)
class NewApi(AnyShape):
    """router/video-router.go: the {code, message, data} envelope, in all its generations."""

    prefixes: tuple[str, ...] = (ids.NATIVE, ids.GATEWAY)
    name: str = "newapi"
    probe_id: str = "task_00000000000000000000000000000000"

    def task_path(self, remote_id: str) -> str:
        """Path below the base URL that answers one task."""
        return f"/v1/video/generations/{ids.in_path(remote_id)}"

    def content_path(self, remote_id: str) -> str:
        """Where the gateway streams a video itself: the last hope of a success without a link."""
        return f"/v1/videos/{ids.in_path(remote_id)}/content"
