"""Comparisons of the provider's own record with our rows and files, after a soak."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.conf import settings
from django.core.files.storage import storages

from tasks.models import Copy, StatusChange, Task
from tasks.models.copy import CopyKind, CopyState
from tasks.simulator import media
from tasks.simulator.records import Record, RecordStore


class ProviderRecords:
    """The simulator's own file of what it created."""

    def __init__(self, state: Path) -> None:
        self._state = state

    def read(self) -> list[Record]:
        if not self._state.exists():
            return []
        copy = self._state.with_suffix(".read")  # a RecordStore mends the file it reads
        copy.write_bytes(self._state.read_bytes())
        return list(RecordStore(copy))

    def in_another_state(self) -> list[str]:
        """Ids of tasks in another state than the one the provider's record has them end in."""
        found = dict(Task.objects.values_list("remote_id", "status"))
        true = {record.public_id: record.timeline.final_status for record in self.read()}
        return [name for name, ending in true.items() if found.get(name) != ending]

    def unsaved(self) -> list[str]:
        """Ids of tasks whose files are, by our rows, not saved as the provider has them."""
        kept = Copy.objects.filter(state=CopyState.SAVED)
        saved = dict(kept.filter(kind=CopyKind.VIDEO).values_list("task__remote_id", "sha256"))
        films = [record for record in self.read() if record.timeline.final_status == "succeeded"]
        clips = {record.public_id: _hash_of(record, "mp4") for record in films}
        others = Copy.objects.exclude(kind=CopyKind.VIDEO).exclude(state=CopyState.SAVED)
        unsaved = list(others.values_list("task__remote_id", flat=True))
        return [name for name, digest in clips.items() if saved.get(name) != digest] + unsaved

    def corrupted(self) -> list[str]:
        """Names of files in the storage that are not, byte for byte, the provider's."""
        records = {record.public_id: record for record in self.read()}
        found = []
        for copy in Copy.objects.filter(state=CopyState.SAVED).select_related("task"):
            suffix = "mp4" if copy.kind == CopyKind.VIDEO else "jpg"
            if _stored(copy.name) != _hash_of(records[copy.task.remote_id], suffix):
                found.append(copy.name)
        return found


def repeated_changes() -> list[str]:
    """Status changes that do not begin where the one before ended."""
    status_of: dict[int, str] = {}
    found = []
    for change in StatusChange.objects.order_by("id"):
        if change.was != status_of.get(change.task_id, change.was) or change.was == change.became:
            found.append(str(change))
        status_of[change.task_id] = change.became
    return found


def unfinished_files() -> list[str]:
    """Paths in the folder of unfinished files, and of hidden ones in the storage's own folder."""
    incoming = Path(settings.DATA_DIR, "incoming").glob("*")
    hidden = Path(settings.DATA_DIR, "videos").rglob(".*")
    return [str(path) for path in (*incoming, *hidden)]


def last_frames() -> int:
    return Copy.objects.exclude(kind=CopyKind.VIDEO).count()


def _hash_of(record: Record, suffix: str) -> str:
    whole = media.video(record) if suffix == "mp4" else media.clip(media.clip_name(record), suffix)
    return hashlib.sha256(whole).hexdigest()


def _stored(name: str) -> str:
    try:
        with storages["videos"].open(name) as file:
            return hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return ""
