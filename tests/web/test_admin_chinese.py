"""The Django admin in Chinese: every list, form and row, down to the last label."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.test_translations import LATIN, OWN, Visible
from tests.web.test_admin_lists import base, furnish, models

__all__ = ["furnish"]

#: Values of the rows, and what stands for them: ids, addresses, names of models and functions.
VALUES = re.compile(
    r"[\w.+-]*(?:cgt-|person-|ep-|Project |Account |seedance|@example|example\.com|a-secret)\S*"
    r"|\w+\.[\w.]+|\b[0-9a-f]{8,}(?:-[0-9a-f]+)*\b|\b(?:staff|dailies|newapi|totp|xx?|member)\b"
    r"|Gateway of the tests|\ba model\b|\w+ object\b|session for"
    r"|\b(?:queued|running|open|png|gif|jpeg|webp|bmp|wav|mp3|mp4|mov)\b",
    re.IGNORECASE,
)
#: What providers and Django write in Latin letters, too; and the other texts of Django's pictures.
TERMS = {"SHA", "IP", "TOTP", "CNY", "Django", "API", "ETag", "WebAuthn", "Flex", "flex", "tokens"}
TERMS |= {"False", "None", "UTC"}


@pytest.fixture
def reader(staff: User) -> Client:
    client = Client(headers={"accept-language": "zh-CN,zh;q=0.9"})
    client.force_login(staff)
    return client


@pytest.mark.looks
@pytest.mark.exhaustive
def test_the_admin_in_chinese_has_no_english_left(
    reader: Client, furnish: Callable[[], None]
) -> None:
    furnish()
    left = {}
    for model in models():
        row = model._default_manager.order_by("-pk").first()
        assert row is not None
        for tail in ("", "add/", f"{row.pk}/change/", f"{row.pk}/history/", f"{row.pk}/delete/"):
            page = reader.get(base(model) + tail)
            if page.status_code == 200 and (found := english_in(page.content.decode())):
                left[f"{model._meta.label} {tail}"] = found
    assert not left, "\n".join(f"{where}: {words}" for where, words in left.items())


def english_in(html: str) -> set[str]:
    text = VALUES.sub(" ", OWN.sub(" ", " ".join(Visible(html).texts)))
    return set(re.findall(r"[A-Za-z]{2,}", text)) - LATIN - TERMS
