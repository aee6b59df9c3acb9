"""The previews of a saved video: its poster, its sprite to scrub by, and its proxy to play."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from tasks.models.access import CopyAccess

Row = TypeVar("Row", bound=models.Model, covariant=True)


class PreviewQuerySet(CopyAccess[Row]):
    """Questions about the previews of saved videos."""

    if TYPE_CHECKING:  # CopyQuerySet has it

        def saved(self) -> Self: ...

    def saved_videos(self) -> Self:
        """Saved videos that nobody has deleted; the kind is in the statement, as the state is."""
        video = models.Func(template="'video'", output_field=models.CharField())
        return self.saved().kept().filter(kind=video)

    def without_previews(self) -> Self:
        """Saved videos of which no previews were tried, the newest first."""
        return self.saved_videos().filter(previewed_at=None).order_by("-id")

    def without_proxies(self) -> Self:
        """Saved videos that browsers may not play and no proxy was tried of, the newest first."""
        codec = models.Func(template=f"'{UNPLAYABLE}'", output_field=models.CharField())
        return self.saved_videos().filter(video_codec=codec, proxied_at=None).order_by("-id")


#: The codec that many browsers cannot play: that of 4K of 2.0, and of 1080p and 4K of 2.5.
UNPLAYABLE = "hevc"


class Previewed(models.Model):
    """A row whose video has previews. Most columns may be empty, so that SQLite just adds them.

    A hash is of the picture itself and stands in its address, which browsers may keep for ever.
    """

    poster = models.CharField(_("poster"), max_length=200, default="", blank=True)
    poster_size = models.BigIntegerField(_("poster's size"), null=True, help_text=_("bytes"))
    #: None on posters of earlier releases, until they are made again.
    poster_hash = models.CharField(max_length=16, null=True, blank=True, editable=False)
    sprite = models.CharField(_("sprite"), max_length=200, null=True, blank=True, editable=False)
    sprite_size = models.BigIntegerField(
        _("sprite's size"), null=True, editable=False, help_text=_("bytes")
    )
    sprite_hash = models.CharField(max_length=16, null=True, blank=True, editable=False)
    sprite_frames = models.PositiveSmallIntegerField(null=True, editable=False)
    sprite_columns = models.PositiveSmallIntegerField(null=True, editable=False)
    #: The size of one frame of the sprite, in pixels.
    sprite_width = models.PositiveSmallIntegerField(null=True, editable=False)
    sprite_height = models.PositiveSmallIntegerField(null=True, editable=False)
    #: A small H.264 version for browsers that cannot play the video itself, and when it was tried.
    proxy = models.CharField(_("proxy"), max_length=200, null=True, blank=True, editable=False)
    proxy_size = models.BigIntegerField(
        _("proxy's size"), null=True, editable=False, help_text=_("bytes")
    )
    proxy_hash = models.CharField(max_length=16, null=True, blank=True, editable=False)
    proxied_at = models.DateTimeField(_("proxy made"), null=True, editable=False)
    #: When they were made, or could not be: that is tried once. None: it is still to be tried.
    previewed_at = models.DateTimeField(_("previews made"), null=True, editable=False)
    #: The SHA-256 of the last frame, once somebody had it read out of the video.
    frame_sha256 = models.CharField(max_length=64, null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    if TYPE_CHECKING:
        name: str  # of the video itself, which Copy has

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its files in the storage: the video, the poster, the sprite, the proxy."""
        return tuple(filter(None, (self.name, self.poster, self.sprite, self.proxy)))


#: The fields of a video without previews, still to be tried.
NO_PREVIEWS: dict[str, Any] = {
    "poster": "",
    **dict.fromkeys(("poster_size", "poster_hash", "sprite", "sprite_size", "sprite_hash")),
    **dict.fromkeys(("sprite_frames", "sprite_columns", "sprite_width", "sprite_height")),
    **dict.fromkeys(("previewed_at", "proxy", "proxy_size", "proxy_hash", "proxied_at")),
}
