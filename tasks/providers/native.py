"""Ark's own way: Volcengine Ark, BytePlus ModelArk and those who prefix it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from tasks.providers import ids
from tasks.providers.catalog import Model
from tasks.providers.creating import CreateRequest, native_content, native_fields
from tasks.providers.dialect import AnyShape
from tasks.providers.wish import Wish

_TASKS = "/contents/generations/tasks"
_LARGEST_PAGE = 500


@dataclass(frozen=True, slots=True)
class Native(AnyShape):
    """volcengine.com/docs/82379/1521309 (one task) and /1521675 (many)."""

    prefixes: tuple[str, ...] = (ids.NATIVE,)
    has_list: bool = True
    has_library: bool = False  # PowerTokens: since 2.0 media are uploaded to it first
    name: str = "native"
    probe_id: str = "cgt-20200101000000-aaaaa"

    def task_path(self, remote_id: str) -> str:
        """Path below the base URL that answers one task."""
        return f"{_TASKS}/{ids.in_path(remote_id)}"

    def create_request(self, wish: Wish, model: Model) -> CreateRequest:
        """volcengine.com/docs/82379/1520757."""
        fields = native_fields(wish, has_task_type=model.has_task_type)
        body = {"model": wish.model, "content": native_content(wish), **fields}
        return CreateRequest(path=_TASKS, body=body)

    def takes_only_assets(self, model: Model) -> bool:
        """Whether media are taken from the provider's own library only: `asset://…`."""
        return self.has_library and not model.name.startswith("seedance-1-")

    def cancel_path(self, remote_id: str) -> str | None:
        """volcengine.com/docs/82379/1521720; of an ended task it would delete the record."""
        return self.task_path(remote_id)

    def list_path(self, remote_ids: tuple[str, ...], *, service_tier: str = "") -> str | None:
        """Path that answers these tasks at once, or the latest ones if none are named.

        Ark lists flex tasks only when that tier is asked for, and then no others.
        """
        if not self.has_list:
            return None
        size = min(len(remote_ids) or _LARGEST_PAGE, _LARGEST_PAGE)
        return _listing(1, size, service_tier, remote_ids)

    def page_path(self, page: int, *, size: int, service_tier: str = "") -> str | None:
        """Path of one page of all the account's tasks; pages and sizes go from 1 to 500."""
        return _listing(page, size, service_tier) if self.has_list else None


def _listing(page: int, size: int, service_tier: str, remote_ids: tuple[str, ...] = ()) -> str:
    wishes = [f"page_num={page}", f"page_size={size}"]
    wishes += (f"filter.task_ids={ids.in_path(remote_id)}" for remote_id in remote_ids)
    if service_tier:
        wishes.append(f"filter.service_tier={quote(service_tier, safe='')}")
    return f"{_TASKS}?{'&'.join(wishes)}"
