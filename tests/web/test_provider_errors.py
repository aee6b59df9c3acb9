"""Messages about troubles: a sentence in the reader's language, not repeated in English."""

from __future__ import annotations

import ssl
from collections.abc import Callable

import httpx
import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from tasks.models import Copy, CopyTrouble, Credential
from tasks.providers import ProviderError, Trouble, provider
from tasks.providers.transport.net import told
from tasks.web.messages.provider_errors import trouble_detail
from tests.conftest import MakeTask
from tests.providers.samples import sample_answer
from tests.web.conftest import ClientOf, client_of

__all__ = ["client_of"]

UNREACHABLE = (
    httpx.ConnectTimeout("slow"),
    httpx.ConnectError("refused"),
    httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED]"),
    httpx.ReadError("reset"),
    ssl.SSLError("broken"),
)


def raised(step: Callable[[], object]) -> ProviderError:
    with pytest.raises(ProviderError) as found:
        step()
    return found.value


def fail(error: Exception) -> None:
    with told():
        raise error


@pytest.mark.parametrize("error", UNREACHABLE, ids=repr)
def test_where_nobody_answered_the_sentence_says_all(error: Exception) -> None:
    found = raised(lambda: fail(error))
    assert str(found) and trouble_detail(found.trouble, str(found)) == ""


def test_a_hosts_answer_is_shown_without_our_words_before_it() -> None:
    answer = sample_answer("native/error-404-resource-not-found")
    dialect = provider("volcengine").dialect
    found = raised(
        lambda: dialect.read_task(answer, remote_id="cgt-1", base_url="https://ark.example/api/v3")
    )
    text = trouble_detail(found.trouble, str(found))
    assert text.startswith("HTTP 404 ResourceNotFound: The specified resource is not found.")


@pytest.mark.parametrize(
    ("kind", "message", "text"),
    [
        (Trouble.LINK_DEAD, "The link is dead, or not alive yet. (HTTP 403)", "HTTP 403"),
        (CopyTrouble.NOT_A_VIDEO, "It breaks off; bytes missing: 7.", None),
        (CopyTrouble.CUT_OFF, "3 of 7 bytes came.", None),
        (CopyTrouble.STORAGE, "The disk: Input/output error.", None),
        (Trouble.PRIVATE_ADDRESS, "gateway.lan is inside a private network.", None),
        (CopyTrouble.DISK_FULL, "There is no room on the disk beside its reserve.", ""),
        (Trouble.RATE_LIMITED, "", ""),
    ],
)
def test_findings_are_shown_as_they_are(kind: str, message: str, text: str | None) -> None:
    assert trouble_detail(kind, message) == (message if text is None else text)


def test_no_page_in_chinese_repeats_in_english_what_it_says(
    client_of: ClientOf, make_task: MakeTask, staff: User, credential: Credential
) -> None:
    trouble = {"trouble": "timeout", "trouble_message": "No answer in time."}
    done, live = make_task(status="succeeded"), make_task(**trouble)
    Copy.objects.create(task=done, kind="video", created_at=timezone.now(), tries=1, **trouble)
    Credential.objects.update(trouble_since=timezone.now(), **trouble)
    browser = client_of(staff)
    admin = f"/admin/tasks/credential/{credential.pk}/change/"
    for page in ("/", "/archive/", f"/tasks/{done.pk}/", f"/tasks/{live.pk}/", admin):
        text = browser.get(page, headers={"accept-language": "zh-hans"}).content.decode()
        assert 'lang="zh-hans"' in text
        assert "No answer in time" not in text, page
