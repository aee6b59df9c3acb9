"""The screen: the place on a page where a task's video is, or will be."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from hashlib import blake2b
from math import log

from tasks.models import Task
from tasks.providers.status import Status
from tasks.web.presenters.files import FilePresenter
from tasks.web.presenters.links import LinkLife
from tasks.web.presenters.media_sources import covers, origin
from tasks.web.presenters.task_files import TaskFiles

RATIOS = ("16:9", "9:16", "4:3", "3:4", "1:1", "21:9", "9:21")
_SHARES = {ratio: int(ratio.split(":")[0]) / int(ratio.split(":")[1]) for ratio in RATIOS}


class Screen:
    """The screen of one task on a page whose policy allows media from `sources`."""

    def __init__(
        self, task: Task, files: TaskFiles, link_life: LinkLife, sources: Iterable[str]
    ) -> None:
        self._task, self._files, self._link_life = task, files, link_life
        self._sources = sources

    @cached_property
    def name(self) -> str:
        """The name of the template in tasks/screens that is shown."""
        task = self._task
        if self._files.is_saved:
            return "film"
        if self._files.is_deleted:
            return "deleted"
        if task.status == Status.UNCONFIRMED:
            return "unsure"
        if task.is_foreign:
            return "foreign"
        if task.is_live:
            return "making"
        if task.status != Status.SUCCEEDED:
            return "nothing"
        if task.video_needs_key and task.shows_details:
            return "locked"
        if not origin(task.video_url):
            return "missing"
        if not task.shows_details:  # the provider's own link is not for this reader
            return "ended" if self._files.mark == "g" else "unsaved"
        if self._link_life.has_ended:
            return "ended"
        return "film" if covers(self._sources, origin(task.video_url)) else "elsewhere"

    @property
    def template(self) -> str:
        return f"tasks/screens/_{self.name}.html"

    @cached_property
    def mark(self) -> str:
        """A digest that changes exactly when a page must show another screen."""
        content = self.name
        if content == "film":
            content += f" {self.video_url} {self.poster} {self.sprite_url}{self.proxy_url}"
        return blake2b(f"{content} {self.shape}".encode(), digest_size=4).hexdigest()

    @property
    def video_url(self) -> str:
        """The address of our own file once it is saved; of the provider's until then."""
        video = self._files.video
        return video.url if video and self._files.is_saved else self._task.video_url

    @cached_property
    def _saved(self) -> FilePresenter | None:
        return self._files.video if self._files.is_saved else None

    @cached_property
    def poster(self) -> str:
        return self._saved.poster if self._saved else ""

    @cached_property
    def sprite_url(self) -> str:
        """The address of evenly spread frames in one image, to scrub by; "" where there is none."""
        return self._saved.sprite_url if self._saved else ""

    @cached_property
    def proxy_url(self) -> str:
        """The address of a small H.264 version, for browsers that cannot play the video; or ""."""
        return self._saved.proxy_url if self._saved else ""

    @property
    def sprite_frames(self) -> int:
        return self._saved.sprite_frames if self._saved else 0

    @property
    def sprite_columns(self) -> int:
        return self._saved.sprite_columns if self._saved else 0

    @property
    def is_hevc(self) -> bool:
        video = self._files.video
        return bool(video and video.copy.video_codec == "hevc")

    @cached_property
    def shape(self) -> str:
        """The CSS class for the screen's ratio: the one ordered, else the saved file's nearest."""
        ratio = self._task.ratio if self._task.ratio in RATIOS else self._ratio_of_file
        return f"shape-{ratio.replace(':', 'x')}" if ratio else "shape-unknown"

    @property
    def _ratio_of_file(self) -> str:
        copy = self._files.video.copy if self._files.video else None
        if copy is None or not copy.width or not copy.height:
            return ""
        share = log(copy.width / copy.height)
        return min(RATIOS, key=lambda ratio: abs(log(_SHARES[ratio]) - share))
