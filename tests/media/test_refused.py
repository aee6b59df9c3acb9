"""Truncated, broken and other files are refused, with the reason."""

from __future__ import annotations

import struct

import pytest

from tests.media.files import (
    CLIPS,
    IN_FRAGMENTS,
    VIDEOS,
    box,
    patched,
    read_bytes,
    refusal,
    rewritten,
    sample,
    top_level,
    top_level_box,
)

# Incomplete files


@pytest.mark.parametrize("name", VIDEOS)
def test_every_truncated_video_is_refused(name: str) -> None:
    data = sample(name)
    for length in range(len(data)):
        refusal(data[:length])


def test_a_clip_without_its_last_byte_is_refused() -> None:
    data = (CLIPS / "sea.mp4").read_bytes()
    assert refusal(data[:-1]) == "It breaks off; bytes missing: 1."


@pytest.mark.parametrize("name", IN_FRAGMENTS)
def test_fragments_are_refused_wherever_one_of_them_is_cut(name: str) -> None:
    data = sample(name)
    ends = {region.stop for region in top_level(data)}
    for length in set(range(len(data))) - ends:
        refusal(data[:length])


def test_a_segment_table_shows_that_later_fragments_are_missing() -> None:
    data = sample("segments.mp4")
    last = [region for region in top_level(data) if region.kind == b"moof"][-1]
    assert refusal(data[: last.position]).startswith("It breaks off")


def test_a_declared_duration_shows_that_later_fragments_are_missing() -> None:
    promise = box(b"mehd", struct.pack(">II", 0, 500))  # thousandths, as its mvhd counts
    data = sample("fragments.mp4")
    movie = top_level_box(data, b"moov")
    promising = data.replace(movie, rewritten(movie, {"mvex": lambda x: box(b"mvex", promise, x)}))
    assert read_bytes(promising).duration == 0.5
    last = [region for region in top_level(promising) if region.kind == b"moof"][-1]
    assert refusal(promising[: last.position]) == "It breaks off after 0.3 of 0.5 seconds."


def test_a_sample_beyond_the_end_is_noticed_though_all_boxes_are_complete() -> None:
    data = sample("hevc.mp4")
    media = top_level_box(data, b"mdat")
    cut = data.replace(media, box(b"mdat", media[8:-100]))
    assert refusal(cut) == "It breaks off; bytes missing: 100."


def test_a_fragments_sample_beyond_the_end_is_noticed() -> None:
    data = sample("offsets.mp4")
    last = [region for region in top_level(data) if region.kind == b"mdat"][-1]
    inside = data[last.start : last.stop - 5]
    cut = data[: last.position] + box(b"mdat", inside)
    assert refusal(cut) == "It breaks off; bytes missing: 5."


# Other files


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "It is empty."),
        (b"<!doctype html><title>ftyp</title>", "It is a text or a web page."),
        (b"\xef\xbb\xbf\n <html>", "It is a text or a web page."),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>', "It is a text or a web page."),
        (b'{"error": {"code": "AccessDenied"}}', "It is a text or a web page."),
        (b"PK\x03\x04\x14\0\0\0\x08\0ftyp", "It is a ZIP archive."),
        (b"\x1aE\xdf\xa3\x01\0\0\0\0\0\0\x1f", "It does not begin like a video."),
        (b"#!/bin/sh\n", "It does not begin like a video."),
        (bytes(4096), "It does not begin like a video."),
    ],
)
def test_any_other_file_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    assert refusal(data) == reason


def test_a_file_that_only_begins_like_a_video_is_refused() -> None:
    head = box(b"ftyp", b"isom\0\0\2\0isom")
    empty = box(b"mvhd", bytes(100)), box(b"trak", box(b"tkhd", bytes(84)))
    assert refusal(head) == "It has no index (moov)."
    assert refusal(head + b"<html><script>alert(1)</script></html>").startswith("It breaks off")
    movie = top_level_box(sample("start.mp4"), b"moov")
    assert refusal(head + movie) == "It has no media data (mdat)."
    assert refusal(head + box(b"moov", *empty) + box(b"mdat")).startswith("Its index is not whole")


def test_a_file_with_only_sound_is_refused() -> None:
    silent = patched(sample("hevc.mp4"), b"hdlr", 8, b"soun")
    assert refusal(silent) == "There are no pictures in it."


def test_a_track_without_a_single_picture_is_refused() -> None:
    data = patched(sample("hevc.mp4"), b"stsz", 8, bytes(4))
    assert refusal(data) == "There are no pictures in it."
