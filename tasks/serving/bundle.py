"""The saved files of many tasks as one ZIP, made while it is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.core.files.storage import Storage
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from zipstream import ZIP_STORED, ZipStream

from tasks.models import Copy, CopyState, Task
from tasks.serving.files import SavedFile, guarded
from tasks.serving.names import Unique
from tasks.serving.storage import bytes_of, is_local, videos
from tasks.serving.streamed import NoPlace, Streamed, no_place

MOST = 500  # tasks in one ZIP
LEFT_OUT = "not-included.txt"


class Bundle:
    """Videos are compressed already, so they are stored as they are, and the length is known."""

    def __init__(self, tasks: Iterable[Task]) -> None:
        """`tasks` with their projects and copies."""
        self._storage, self._unique = videos(), Unique()
        self._zip = ZipStream(compress_type=ZIP_STORED, sized=True)
        missing = [line for task in tasks for line in self._add_all(task)]
        if missing:
            self._zip.add("\n".join([*missing, ""]), LEFT_OUT)

    def answer(self, name: str) -> HttpResponseBase:
        """The ZIP as a file to keep, under this name."""
        try:
            response = Streamed(iter(self._zip), len(self._zip))
        except NoPlace:
            return guarded(no_place())
        response["Content-Type"] = "application/zip"
        response["Content-Disposition"] = content_disposition_header(True, name) or ""
        return guarded(response)

    def _add_all(self, task: Task) -> Iterator[str]:
        """Add what is saved; a line for each file that is not."""
        copies = list(task.copies.all())
        if not copies:
            yield f"{task.remote_id}: {task.get_status_display()}"
        for copy in copies:
            if trouble := self._add(copy):
                yield f"{task.remote_id}: {copy.get_kind_display()}: {trouble}"

    def _add(self, copy: Copy) -> str:
        """Why it could not be added; "" if it was."""
        if copy.is_deleted:
            return str(CopyState.DELETED.label)
        if not copy.is_saved:
            return copy.get_state_display()
        size = _size(copy, self._storage)
        if size is None:
            return _("not in the storage any more")
        saved = SavedFile.of(copy)
        data = bytes_of(self._storage, saved.name)
        self._zip.add(data, self._unique(saved.download_name), size=size)
        return ""


def _size(copy: Copy, storage: Storage) -> int | None:
    """In bytes; None if the file is gone. S3 is not asked: that takes 20 ms for each file."""
    if not is_local(storage):
        return copy.size
    try:
        return storage.size(copy.name)
    except FileNotFoundError:
        return None
