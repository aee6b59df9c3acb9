"""Ark's own API: Volcengine Ark, BytePlus ModelArk and services that put a prefix before it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from tasks.providers.catalog.models import Model
from tasks.providers.catalog.request import GenerationRequest
from tasks.providers.dialects import task_ids
from tasks.providers.dialects.creating import (
    CreateRequest,
    PageRequest,
    native_content,
    native_fields,
)
from tasks.providers.dialects.dialect import BaseDialect

_TASKS = "/contents/generations/tasks"
_LARGEST_PAGE = 500


@dataclass(frozen=True, slots=True)
class Native(BaseDialect):
    """The dialect of volcengine.com/docs/82379/1521309 (one task) and /1521675 (many)."""

    prefixes: tuple[str, ...] = (task_ids.NATIVE,)
    has_list: bool = True
    has_library: bool = False  # PowerTokens: media for models since 2.0 are uploaded to it first
    name: str = "native"
    probe_id: str = "cgt-20200101000000-aaaaa"

    def task_path(self, remote_id: str) -> str:
        return f"{_TASKS}/{task_ids.in_path(remote_id)}"

    def create_request(self, request: GenerationRequest, model: Model) -> CreateRequest:
        """Build the POST of volcengine.com/docs/82379/1520757."""
        fields = native_fields(request, has_task_type=model.has_task_type)
        body = {"model": request.model, "content": native_content(request), **fields}
        return CreateRequest(path=_TASKS, body=body)

    def takes_only_assets(self, model: Model) -> bool:
        return self.has_library and not model.name.startswith("seedance-1-")

    def cancel_path(self, remote_id: str) -> str | None:
        """Return the path to DELETE (volcengine.com/docs/82379/1521720).

        For a task that has ended it would delete the provider's record.
        """
        return self.task_path(remote_id)

    def list_path(self, remote_ids: tuple[str, ...], *, service_tier: str = "") -> str | None:
        """Return the path that lists these tasks, or the latest ones if none are named.

        Ark lists flex tasks only when that tier is asked for, and then no others.
        """
        if not self.has_list:
            return None
        size = min(len(remote_ids) or _LARGEST_PAGE, _LARGEST_PAGE)
        return _list_path(1, size, service_tier, remote_ids)

    def page_request(self, page: int, *, size: int, service_tier: str = "") -> PageRequest | None:
        """Return the request for one page of all tasks; pages and sizes go from 1 to 500."""
        if not self.has_list:
            return None
        return PageRequest(path=_list_path(page, size, service_tier))


def _list_path(page: int, size: int, service_tier: str, remote_ids: tuple[str, ...] = ()) -> str:
    parameters = [f"page_num={page}", f"page_size={size}"]
    parameters += (f"filter.task_ids={task_ids.in_path(remote_id)}" for remote_id in remote_ids)
    if service_tier:
        parameters.append(f"filter.service_tier={quote(service_tier, safe='')}")
    return f"{_TASKS}?{'&'.join(parameters)}"
