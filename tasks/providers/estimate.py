"""What a wish will cost if it succeeds, as far as that can be told before. Pure."""

from __future__ import annotations

from tasks.providers.catalog import frame_size, tokens
from tasks.providers.wish import Part, Wish


def tokens_of(wish: Wish) -> int | None:
    """Tokens of one take; None where the size or the length is only known afterwards."""
    model = wish.catalogued
    size = frame_size(model, wish.resolution or "", wish.ratio or "") if model else None
    if size is None or not wish.duration or wish.duration < 0 or wish.count(Part.REFERENCE_VIDEO):
        return None
    audio = bool(wish.generate_audio)
    return tokens(*size, wish.duration, draft=bool(wish.draft), audio=audio)
