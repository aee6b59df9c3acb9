"""What all dialects share: one way of reading, whatever shape the answer has."""

from __future__ import annotations

from tasks.providers import ids, shapes
from tasks.providers.base import Answer, Complaint, Page, RemoteTask
from tasks.providers.catalog import Model
from tasks.providers.wish import EVERYTHING


class AnyShape:
    """Dialects differ in what they ask for; an answer is read by its own shape."""

    __slots__ = ()

    prefixes: tuple[str, ...]
    hands_on = EVERYTHING
    needs_prompt = False

    def takes_only_assets(self, model: Model) -> bool:
        """Whether media are taken from the provider's own library only: `asset://…`."""
        return False

    def cancel_path(self, remote_id: str) -> str | None:
        """Path to DELETE for cancelling a queued task; None where there is no such thing."""
        return None

    def list_path(self, remote_ids: tuple[str, ...], *, service_tier: str = "") -> str | None:
        """Path that answers many tasks at once; None where there is no such thing."""
        return None

    def page_path(self, page: int, *, size: int, service_tier: str = "") -> str | None:
        """Path of one page of all the account's tasks; None where there is no such thing."""
        return None

    def content_path(self, remote_id: str) -> str | None:
        """Path that streams a finished video with the key; None where there is no such thing."""
        return None

    def read_task(self, answer: Answer, *, remote_id: str, base_url: str) -> RemoteTask:
        """The task asked for; an answer about any other task is refused."""
        return shapes.read_task(answer, remote_id=remote_id, base_url=base_url)

    def read_list(self, answer: Answer, *, base_url: str) -> tuple[RemoteTask, ...]:
        """Every readable task of a list answer; one broken item never spoils the others."""
        return shapes.read_page(answer, base_url=base_url).tasks

    def read_page(self, answer: Answer, *, base_url: str) -> Page:
        """The same, with how long the page and the whole list are."""
        return shapes.read_page(answer, base_url=base_url)

    def complaint(self, remote_id: str) -> Complaint | None:
        """Why this id cannot be one of this provider's, as far as its form tells."""
        return ids.complaint(remote_id, prefixes=self.prefixes)
