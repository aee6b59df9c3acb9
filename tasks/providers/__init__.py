"""Providers of Seedance: what each can do, how it is asked and how its answers are read.

Pure: no ORM, no settings. Only transport/ opens connections.
"""

from tasks.providers.answers import (
    Answer,
    ListPage,
    ProviderError,
    RemoteTask,
    TaskIdIssue,
    Trouble,
    VideoLink,
)
from tasks.providers.base import Dialect, Provider
from tasks.providers.registry import PROVIDERS, provider

__all__ = [
    "PROVIDERS",
    "Answer",
    "Dialect",
    "ListPage",
    "Provider",
    "ProviderError",
    "RemoteTask",
    "TaskIdIssue",
    "Trouble",
    "VideoLink",
    "provider",
]
