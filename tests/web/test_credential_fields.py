"""Keys and base URLs as people really type them."""

import pytest
from django.core.exceptions import ValidationError

from tasks.providers import PROVIDERS, Provider, provider
from tasks.web.forms import credential_fields


@pytest.mark.parametrize(
    ("slug", "text", "url"),
    [
        ("dataeyes", "", "https://api.dataeyes.ai"),
        ("dataeyes", "https://api.dataeyes.ai/", "https://api.dataeyes.ai"),
        ("dataeyes", "https://api.dataeyes.ai/v1", "https://api.dataeyes.ai"),
        ("dataeyes", "https://api.dataeyes.ai/v1/", "https://api.dataeyes.ai"),
        ("dataeyes", "https://api.dataeyes.ai/v1/v1", "https://api.dataeyes.ai"),
        ("newapi", "gw.example/v1/chat/completions", "https://gw.example"),
        ("newapi", "HTTPS://GW.example:3000/v1/video/generations", "https://gw.example:3000"),
        ("newapi", "https://gw.example/team/v1/video/generations/task_1?a=b#c", "https://gw.example/team"),
        ("newapi", " http://127.0.0.1:3000 ", "http://127.0.0.1:3000"),
        ("volcengine", "", "https://ark.cn-beijing.volces.com/api/v3"),
        ("volcengine", "https://ark.cn-beijing.volces.com", "https://ark.cn-beijing.volces.com/api/v3"),
        ("volcengine", "https://ark.cn-beijing.volces.com/api/plan/v3", "https://ark.cn-beijing.volces.com/api/plan/v3"),
        ("volcengine", "https://ark.cn-beijing.volces.com/api/v3/contents/generations/tasks", "https://ark.cn-beijing.volces.com/api/v3"),
        ("yescale", "https://y.example/seedance/generations", "https://y.example"),
    ],
)  # fmt: skip
def test_a_base_url_is_put_right(slug: str, text: str, url: str) -> None:
    assert credential_fields.base_url(text, provider(slug)) == url


@pytest.mark.parametrize("known", [p for p in PROVIDERS if p.base_url], ids=lambda p: p.slug)
def test_every_providers_own_base_url_is_left_as_it_is(known: Provider) -> None:
    assert credential_fields.base_url(known.base_url, known) == known.base_url


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "required"),
        ("ftp://gw.example", "invalid"),
        ("https://", "invalid"),
        ("https://gw.example:99999", "invalid"),
        ("http://[", "invalid"),
        ("javascript:alert(1)", "invalid"),
        ("https://me:secret@gw.example", "user_info"),
    ],
)
def test_a_base_url_that_cannot_be_put_right_is_refused(text: str, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        credential_fields.base_url(text, provider("newapi"))
    assert refused.value.code == code


@pytest.mark.parametrize(
    "text",
    ["sk-1234", "  sk-1234\n", "Bearer sk-1234", "authorization: bearer sk-1234", '"sk-1234"'],
)
def test_a_key_is_freed_of_what_was_pasted_around_it(text: str) -> None:
    assert credential_fields.key(text) == "sk-1234"


@pytest.mark.parametrize(
    "text", ["sk-12 34", "sk-12\n34", "sk-１２３４", "sk-12\u200b34", "sk-\x0712"]
)
def test_a_key_that_no_header_can_carry_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        credential_fields.key(text)
    assert "sk-" not in str(refused.value)
