"""The base of all dialects: one way of reading, whatever the shape of the answer."""

from __future__ import annotations

from tasks.providers.answers import Answer, ListPage, RemoteTask, TaskIdIssue
from tasks.providers.catalog.models import Model
from tasks.providers.catalog.request import ALL_FIELDS
from tasks.providers.dialects import shapes, task_ids
from tasks.providers.dialects.creating import PageRequest


class BaseDialect:
    """Defaults for a dialect: no list, no cancel, every field forwarded.

    Dialects differ in their requests. An answer is read by its own shape in all of them.
    `providers.base.Dialect` describes the methods.
    """

    __slots__ = ()

    prefixes: tuple[str, ...]
    forwarded_fields = ALL_FIELDS
    needs_prompt = False

    def takes_only_assets(self, model: Model) -> bool:
        return False

    def cancel_path(self, remote_id: str) -> str | None:
        return None

    def list_path(self, remote_ids: tuple[str, ...], *, service_tier: str = "") -> str | None:
        return None

    def page_request(self, page: int, *, size: int, service_tier: str = "") -> PageRequest | None:
        return None

    def content_path(self, remote_id: str) -> str | None:
        return None

    def read_task(self, answer: Answer, *, remote_id: str, base_url: str) -> RemoteTask:
        return shapes.read_task(answer, remote_id=remote_id, base_url=base_url)

    def read_list(self, answer: Answer, *, base_url: str) -> tuple[RemoteTask, ...]:
        return self.read_page(answer, base_url=base_url).tasks

    def read_page(self, answer: Answer, *, base_url: str) -> ListPage:
        return shapes.read_page(answer, base_url=base_url)

    def id_issue(self, remote_id: str) -> TaskIdIssue | None:
        return task_ids.id_issue(remote_id, prefixes=self.prefixes)
