"""Saved files, for those who may see their tasks: whole, in ranges, or many in one ZIP."""

from tasks.serving.bundle import MOST, Bundle
from tasks.serving.files import SavedFile, answer, guarded
from tasks.serving.storage import origins, videos

__all__ = ["MOST", "Bundle", "SavedFile", "answer", "guarded", "origins", "videos"]
