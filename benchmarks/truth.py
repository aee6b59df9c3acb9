"""What is true after a soak: the provider's own record beside our rows and files."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.conf import settings
from django.core.files.storage import storages

from tasks.models import Copy, StatusChange, Task
from tasks.models.copy import CopyState, Kind
from tasks.simulator import media
from tasks.simulator.records import Ledger, Record


class Truth:
    def __init__(self, state: Path) -> None:
        self._state = state

    def records(self) -> list[Record]:
        if not self._state.exists():
            return []
        copy = self._state.with_suffix(".read")  # a Ledger mends the file it reads
        copy.write_bytes(self._state.read_bytes())
        return list(Ledger(copy))

    def wrong(self) -> list[str]:
        """Tasks in another state than the provider's own record has them end in."""
        found = dict(Task.objects.values_list("remote_id", "status"))
        true = {record.public_id: record.story.ending for record in self.records()}
        return [name for name, ending in true.items() if found.get(name) != ending]

    def missing(self) -> list[str]:
        """Videos that are not saved as the provider has them, as far as the rows say."""
        kept = Copy.objects.filter(state=CopyState.SAVED)
        saved = dict(kept.filter(kind=Kind.VIDEO).values_list("task__remote_id", "sha256"))
        films = [record for record in self.records() if record.story.ending == "succeeded"]
        clips = {record.public_id: _hash_of(record, "mp4") for record in films}
        others = Copy.objects.exclude(kind=Kind.VIDEO).exclude(state=CopyState.SAVED)
        unsaved = list(others.values_list("task__remote_id", flat=True))
        return [name for name, digest in clips.items() if saved.get(name) != digest] + unsaved

    def different(self) -> list[str]:
        """Files in the storage that are not, byte for byte, the provider's."""
        records = {record.public_id: record for record in self.records()}
        found = []
        for copy in Copy.objects.filter(state=CopyState.SAVED).select_related("task"):
            suffix = "mp4" if copy.kind == Kind.VIDEO else "jpg"
            if _stored(copy.name) != _hash_of(records[copy.task.remote_id], suffix):
                found.append(copy.name)
        return found


def twice() -> list[str]:
    """Changes of a task that do not begin where the one before ended."""
    stands: dict[int, str] = {}
    found = []
    for change in StatusChange.objects.order_by("id"):
        if change.was != stands.get(change.task_id, change.was) or change.was == change.became:
            found.append(str(change))
        stands[change.task_id] = change.became
    return found


def left_over() -> list[str]:
    """In the folder of unfinished files, and hidden ones in the storage's own folder."""
    unfinished = Path(settings.DATA_DIR, "incoming").glob("*")
    hidden = Path(settings.DATA_DIR, "videos").rglob(".*")
    return [str(path) for path in (*unfinished, *hidden)]


def last_frames() -> int:
    return Copy.objects.exclude(kind=Kind.VIDEO).count()


def _hash_of(record: Record, suffix: str) -> str:
    whole = media.video(record) if suffix == "mp4" else media.clip(media.clip_name(record), suffix)
    return hashlib.sha256(whole).hexdigest()


def _stored(name: str) -> str:
    try:
        with storages["videos"].open(name) as file:
            return hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return ""
