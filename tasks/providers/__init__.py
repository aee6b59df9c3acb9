"""Providers of Seedance: who they are and how their answers are read. Pure."""

from tasks.providers.base import (
    Answer,
    Complaint,
    Dialect,
    Page,
    Provider,
    ProviderError,
    RemoteTask,
    Trouble,
)
from tasks.providers.registry import PROVIDERS, provider

__all__ = [
    "PROVIDERS",
    "Answer",
    "Complaint",
    "Dialect",
    "Page",
    "Provider",
    "ProviderError",
    "RemoteTask",
    "Trouble",
    "provider",
]
