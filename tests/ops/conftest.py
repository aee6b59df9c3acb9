"""Installations at rest, and a way to put rows into them from outside."""

from __future__ import annotations

from tests.processes.conftest import furnished, installation, nothing

__all__ = ["furnished", "installation", "nothing"]
