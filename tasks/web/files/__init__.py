"""Saved files, for those who may see their tasks: whole, in ranges, or many in one ZIP."""

from tasks.web.files.files import (
    SavedFile,
    answer,
    answer_for_ever,
    answer_preview,
    guarded,
    image_type,
)
from tasks.web.files.storage import origins, videos
from tasks.web.files.zip_bundle import MOST, Bundle

__all__ = [
    "MOST",
    "Bundle",
    "SavedFile",
    "answer",
    "answer_for_ever",
    "answer_preview",
    "guarded",
    "image_type",
    "origins",
    "videos",
]
