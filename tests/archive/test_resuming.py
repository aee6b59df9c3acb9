"""A file that broke off goes on where it was, if that is surely the same file."""

from __future__ import annotations

import pytest

from tasks.archive.job import incoming
from tests.archive.conftest import CLIP, Save, Wait, content, sha256
from tests.archive.host import Host

pytestmark = pytest.mark.django_db
CUT = 100_000


def test_a_download_goes_on_behind_the_bytes_it_has(host: Host, wait: Wait, save: Save) -> None:
    copy = save(wait(host.put("/v.mp4", CLIP, cut=CUT)))
    assert (copy.trouble, copy.bytes_done, copy.bytes_total) == ("connection", CUT, len(CLIP))
    host.put("/v.mp4", CLIP)
    copy = save(copy, after=60)
    assert host.asked[1].headers["range"] == f"bytes={CUT}-"
    assert host.asked[1].headers["if-range"] == '"the first"'
    assert content(copy) == CLIP and copy.sha256 == sha256(CLIP)


def test_a_download_begins_again_at_a_host_without_ranges(
    host: Host, wait: Wait, save: Save
) -> None:
    copy = save(wait(host.put("/v.mp4", CLIP, cut=CUT)))
    host.put("/v.mp4", CLIP, ranges=False)
    assert content(save(copy, after=60)) == CLIP


def test_a_download_begins_again_when_the_file_has_changed(
    host: Host, wait: Wait, save: Save
) -> None:
    other = CLIP[:CUT] + CLIP[CUT:][::-1]
    copy = save(wait(host.put("/v.mp4", other, cut=CUT, etag='"another"')))
    host.put("/v.mp4", CLIP)
    assert content(save(copy, after=60)) == CLIP


@pytest.mark.parametrize("tag", ["", 'W/"weak"'], ids=["no tag", "a weak tag"])
def test_a_download_begins_again_when_the_file_may_have_changed(
    tag: str, host: Host, wait: Wait, save: Save
) -> None:
    copy = save(wait(host.put("/v.mp4", CLIP, cut=CUT, etag=tag)))
    host.put("/v.mp4", CLIP)
    copy = save(copy, after=60)
    assert "range" not in host.asked[1].headers
    assert content(copy) == CLIP


def test_a_download_goes_on_behind_the_bytes_that_were_recorded(
    host: Host, wait: Wait, save: Save
) -> None:
    """Bytes beyond those may be rubbish, after the machine has failed."""
    copy = wait(host.put("/v.mp4", CLIP), bytes_done=CUT, bytes_total=len(CLIP), etag='"the first"')
    incoming().mkdir()
    (incoming() / f"{copy.pk}.part").write_bytes(CLIP[:CUT] + bytes(5000))
    copy = save(copy)
    assert host.asked[0].headers["range"] == f"bytes={CUT}-"
    assert content(copy) == CLIP


def test_a_partial_file_that_is_gone_is_fetched_from_the_beginning(
    host: Host, wait: Wait, save: Save
) -> None:
    copy = wait(host.put("/v.mp4", CLIP), bytes_done=CUT, bytes_total=len(CLIP), etag='"the first"')
    copy = save(copy)
    assert "range" not in host.asked[0].headers
    assert content(copy) == CLIP


def test_a_whole_file_no_longer_needs_its_host(host: Host, wait: Wait, save: Save) -> None:
    copy = wait(f"{host.origin}/gone.mp4")
    incoming().mkdir()
    (incoming() / f"{copy.pk}.whole").write_bytes(CLIP)
    copy = save(copy)
    assert copy.is_saved and content(copy) == CLIP and copy.sha256 == sha256(CLIP)
    assert host.asked == []
