"""The saved files of many tasks as one ZIP, made while it is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.http import Http404
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from zipstream import ZIP_STORED, ZipStream

from tasks.models import Copy, CopyState, Task
from tasks.web.files.file_names import UniqueNames
from tasks.web.files.files import SavedFile, StoredFile, guarded
from tasks.web.files.storage import bytes_of, is_local, videos
from tasks.web.files.streaming import StreamedResponse, TooManyStreamsError, too_many_streams

MOST = 500  # tasks in one ZIP
LEFT_OUT = "not-included.txt"


class Bundle:
    """The ZIP of many tasks; videos are stored uncompressed, so that its length is known."""

    def __init__(self, tasks: Iterable[Task]) -> None:
        """`tasks` come with their projects and copies."""
        self._storage, self._unique = videos(), UniqueNames()
        self._zip = ZipStream(compress_type=ZIP_STORED, sized=True)
        missing = [line for task in tasks for line in self._add_all(task)]
        if missing:
            self._zip.add("\n".join([*missing, ""]), LEFT_OUT)

    def answer(self, name: str) -> HttpResponseBase:
        """The ZIP as a download of this name."""
        try:
            response = StreamedResponse(iter(self._zip), len(self._zip))
        except TooManyStreamsError:
            return guarded(too_many_streams())
        response["Content-Type"] = "application/zip"
        response["Content-Disposition"] = content_disposition_header(True, name) or ""
        return guarded(response)

    def _add_all(self, task: Task) -> Iterator[str]:
        """Add the saved files of a task; yield a line for each file that is not saved."""
        copies = list(task.copies.all())
        if not copies:
            yield f"{task.remote_id}: {task.get_status_display()}"
        for copy in copies:
            if reason := self._add(copy):
                yield f"{task.remote_id}: {copy.get_kind_display()}: {reason}"

    def _add(self, copy: Copy) -> str:
        """Add a copy; return the reason if that is not possible, else ""."""
        if copy.is_deleted:
            return str(CopyState.DELETED.label)
        if not copy.is_saved:
            return copy.get_damage_display() or copy.get_state_display()
        saved, size = SavedFile.of(copy), copy.size
        if is_local(self._storage):  # S3 is not asked: that takes 20 ms for each file
            try:
                size = StoredFile.of(saved, self._storage).size
            except Http404:
                size = None
        if size is None:
            return _("no longer in storage")
        data = bytes_of(self._storage, saved.name)
        self._zip.add(data, self._unique(saved.download_name), size=size)
        return ""
