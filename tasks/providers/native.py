"""Ark's own way: Volcengine Ark, BytePlus ModelArk and those who prefix it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from tasks.providers import ids
from tasks.providers.dialect import AnyShape

_TASKS = "/contents/generations/tasks"
_LARGEST_PAGE = 500


@dataclass(frozen=True, slots=True)
class Native(AnyShape):
    """volcengine.com/docs/82379/1521309 (one task) and /1521675 (many)."""

    prefixes: tuple[str, ...] = (ids.NATIVE,)
    has_list: bool = True
    name: str = "native"
    probe_id: str = "cgt-20200101000000-aaaaa"

    def task_path(self, remote_id: str) -> str:
        """Path below the base URL that answers one task."""
        return f"{_TASKS}/{ids.in_path(remote_id)}"

    def list_path(self, remote_ids: tuple[str, ...], *, service_tier: str = "") -> str | None:
        """Path that answers these tasks at once, or the latest ones if none are named.

        Ark lists flex tasks only when that tier is asked for, and then no others.
        """
        if not self.has_list:
            return None
        size = min(len(remote_ids) or _LARGEST_PAGE, _LARGEST_PAGE)
        wishes = ["page_num=1", f"page_size={size}"]
        wishes += (f"filter.task_ids={ids.in_path(remote_id)}" for remote_id in remote_ids)
        if service_tier:
            wishes.append(f"filter.service_tier={quote(service_tier, safe='')}")
        return f"{_TASKS}?{'&'.join(wishes)}"
