"""Videos in an S3-compatible bucket: real requests to a real server, which the tests start."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from botocore.exceptions import ClientError
from django.conf import settings as site
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from django.views.debug import SafeExceptionReporterFilter

from tasks.archive.store import store
from tasks.checks import bucket_can_be_used
from tests.bucket.conftest import KEY_ID, SECRET, settings_of

CLIP = Path(site.BASE_DIR) / "tasks" / "simulator" / "clips" / "sea.mp4"


def test_a_video_comes_back_as_it_was_saved(videos: Storage) -> None:
    with CLIP.open("rb") as file:
        assert videos.save("7/video.mp4", File(file, name="7/video.mp4")) == "7/video.mp4"
    assert videos.exists("7/video.mp4")
    assert videos.size("7/video.mp4") == CLIP.stat().st_size
    with videos.open("7/video.mp4") as kept:
        assert kept.read() == CLIP.read_bytes()


def test_a_video_of_several_parts_comes_back_too(videos: Storage) -> None:
    """S3 takes what is larger than 8 MB in parts; reading spills to the disk."""
    block = bytes(range(256)) * 4096
    with videos.open(videos.save("8/long.mp4", ContentFile(block * 20))) as kept:
        assert all(kept.read(len(block)) == block for _ in range(20))
        assert kept.read() == b""
    assert videos.size("8/long.mp4") == 20 * len(block)


def test_a_file_of_the_same_name_is_replaced(videos: Storage) -> None:
    videos.save("9/video.mp4", ContentFile(b"half of it"))
    assert videos.save("9/video.mp4", ContentFile(b"all of it")) == "9/video.mp4"
    with videos.open("9/video.mp4") as kept:
        assert kept.read() == b"all of it"


def test_the_archive_keeps_a_file_there_under_the_very_name_however_often_it_tries(
    videos: Storage, tmp_path: Path
) -> None:
    (source := tmp_path / "7.whole").write_bytes(CLIP.read_bytes())
    for _ in range(2):
        store(source, "2026/7-video-0123456789ab.mp4")
    with videos.open("2026/7-video-0123456789ab.mp4") as kept:
        assert kept.read() == CLIP.read_bytes()
    assert source.exists()


def test_a_bucket_that_is_not_there_is_an_error_and_not_an_empty_one(
    in_the_bucket: dict[str, Any], settings: Any
) -> None:
    options = in_the_bucket["OPTIONS"] | {"bucket_name": "somebody-elses"}
    settings.STORAGES = settings.STORAGES | {"videos": in_the_bucket | {"OPTIONS": options}}
    with pytest.raises(ClientError, match="NoSuchBucket"):
        storages["videos"].save("7/video.mp4", ContentFile(b"a film"))


def test_a_deleted_video_is_not_there(videos: Storage) -> None:
    videos.save("10/video.mp4", ContentFile(b"once"))
    videos.delete("10/video.mp4")
    assert not videos.exists("10/video.mp4")
    with pytest.raises(FileNotFoundError):
        videos.open("10/video.mp4")


def test_a_signed_link_brings_the_video_and_ranges_of_it(videos: Storage) -> None:
    videos.save("11/video.mp4", ContentFile(CLIP.read_bytes()))
    link = videos.url("11/video.mp4")
    whole = httpx.get(link, trust_env=False)
    assert (whole.status_code, whole.content) == (200, CLIP.read_bytes())
    assert whole.headers["content-type"] == "video/mp4"
    with_head = videos.url("11/video.mp4", http_method="HEAD")  # type: ignore[call-arg]
    assert httpx.head(with_head, trust_env=False).headers["content-length"] == str(
        len(whole.content)
    )
    part = httpx.get(link, headers={"Range": "bytes=100-199"}, trust_env=False)
    assert (part.status_code, part.content) == (206, CLIP.read_bytes()[100:200])


def test_links_are_short_lived_signed_by_version_4_and_without_the_secret(
    videos: Storage, endpoint: str
) -> None:
    link = videos.url("12/video.mp4")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    assert link.startswith(f"{endpoint}/dailies-videos/12/video.mp4?")
    assert asked["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
    assert asked["X-Amz-Expires"] == "300"
    assert "/eu-central-1/s3/aws4_request" in asked["X-Amz-Credential"]
    assert SECRET not in link


def test_a_link_can_name_the_file_it_brings(videos: Any) -> None:
    videos.save("13/video.mp4", ContentFile(b"a film"))
    named = {"ResponseContentDisposition": 'attachment; filename="sea.mp4"'}
    answer = httpx.get(videos.url("13/video.mp4", parameters=named), trust_env=False)
    assert answer.headers["content-disposition"] == 'attachment; filename="sea.mp4"'


def test_no_checksum_is_sent_that_other_stores_do_not_know(videos: Any) -> None:
    """boto3 does by default, and some of Amazon's rivals answer 400 to it."""
    sent: list[dict[str, Any]] = []
    client = videos.connection.meta.client
    client.meta.events.register("before-send.s3", lambda request, **_: sent.append(request.headers))
    videos.save("14/video.mp4", ContentFile(b"a film"))
    assert sent
    names = {name.lower() for headers in sent for name in headers}
    assert not {name for name in names if "checksum" in name or "trailer" in name}


def test_without_a_bucket_videos_are_kept_in_a_folder(tmp_path: Path) -> None:
    found = settings_of(DAILIES_DATA=str(tmp_path), DAILIES_S3_ENDPOINT="https://s3.example.com")
    assert found["OPTIONS"]["location"] == str(tmp_path / "videos")


def test_without_keys_boto3_looks_in_the_usual_places() -> None:
    options = settings_of(DAILIES_S3_BUCKET="b")["OPTIONS"]
    assert not {"access_key", "secret_key"} & set(options)
    assert options["addressing_style"] == "auto"


@pytest.mark.parametrize(("addressing", "style"), [("", "path"), ("virtual", "virtual")])
def test_other_stores_are_addressed_by_path_unless_told_otherwise(
    addressing: str, style: str
) -> None:
    found = settings_of(
        DAILIES_S3_BUCKET="b",
        DAILIES_S3_ENDPOINT="https://tos.example",
        DAILIES_S3_ADDRESSING=addressing,
    )
    assert found["OPTIONS"]["addressing_style"] == style


def test_the_buckets_host_comes_first_where_addressing_is_virtual(
    in_the_bucket: dict[str, Any], settings: Any
) -> None:
    options = in_the_bucket["OPTIONS"] | {
        "addressing_style": "virtual",
        "endpoint_url": "https://tos-s3-cn-beijing.example",
    }
    settings.STORAGES = settings.STORAGES | {"videos": in_the_bucket | {"OPTIONS": options}}
    link = storages["videos"].url("15/video.mp4")
    assert link.startswith("https://dailies-videos.tos-s3-cn-beijing.example/15/video.mp4?")


def test_a_page_with_a_traceback_does_not_show_the_secret(videos: Storage, settings: Any) -> None:
    settings.S3_KEY_ID, settings.S3_SECRET_KEY = KEY_ID, SECRET
    presented = repr(SafeExceptionReporterFilter().get_safe_settings())
    assert "dailies-videos" in presented
    assert SECRET not in presented


# Checks


@pytest.fixture
def set_up(settings: Any) -> Any:
    settings.S3_BUCKET, settings.S3_ENDPOINT = "b", "https://s3.example.com"
    settings.S3_ADDRESSING, settings.S3_KEY_ID, settings.S3_SECRET_KEY = "path", "id", "secret"
    return settings


def test_a_bucket_that_is_set_up_well_passes_the_checks(set_up: Any) -> None:
    assert bucket_can_be_used() == []


@pytest.mark.parametrize(
    ("name", "value", "id"),
    [
        ("S3_SECRET_KEY", "", "tasks.E005"),
        ("S3_KEY_ID", "", "tasks.E005"),
        ("S3_ENDPOINT", "s3.example.com", "tasks.E006"),
        ("S3_ENDPOINT", "https://s3.example.com/bucket", "tasks.E006"),
        ("S3_ENDPOINT", "http://[::1", "tasks.E006"),
        ("S3_ADDRESSING", "host", "tasks.E007"),
    ],
)
def test_wrong_settings_are_named_with_a_way_out(
    set_up: Any, name: str, value: str, id: str
) -> None:
    setattr(set_up, name, value)
    (found,) = bucket_can_be_used()
    assert found.id == id
    assert found.hint
    assert "secret" not in f"{found.msg} {found.hint}"


@pytest.mark.parametrize("package", ["storages", "boto3"])
def test_a_bucket_without_its_package_says_what_to_install(
    set_up: Any, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)  # Python's own way to say: not installed
    (found,) = bucket_can_be_used()
    assert found.id == "tasks.E004"
    assert "pip install 'django-storages[s3]'" in str(found.hint)


def test_without_a_bucket_nothing_of_it_is_checked(set_up: Any) -> None:
    set_up.S3_BUCKET = set_up.S3_SECRET_KEY = ""
    assert bucket_can_be_used() == []
