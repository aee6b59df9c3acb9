"""What wishes will take, as far as it can be known before. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from tasks.providers.catalog import frame_size, tokens
from tasks.providers.wish import Part, Wish


def tokens_of_all(wishes: Iterable[Wish]) -> int | None:
    """Their sum; None where there is none, or one of them is only known afterwards."""
    each = [tokens_of(wish) for wish in wishes]
    known = [number for number in each if number is not None]
    return sum(known) if known and len(known) == len(each) else None


def tokens_of(wish: Wish) -> int | None:
    """None where the size or the length is only known afterwards."""
    model = wish.catalogued
    size = model and frame_size(model, wish.resolution or "", wish.ratio or "")
    seconds = wish.duration or 0
    if not size or wish.count(Part.REFERENCE_VIDEO) or (seconds <= 0 and not wish.frames):
        return None
    audio, draft = bool(wish.generate_audio), bool(wish.draft)
    return tokens(*size, seconds, frames=wish.frames, draft=draft, audio=audio)
