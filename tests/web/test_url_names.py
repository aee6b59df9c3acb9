"""Every address that a template names exists; `{% url … as … %}` would stay silent otherwise."""

from __future__ import annotations

import re
from pathlib import Path

from tests.web.everyone import routes

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
NAMED = re.compile(r"""{%\s*url\s+["']([\w:]+)["']""")
#: Addresses that are there only with single sign-on, and the admin's own.
ELSEWHERE = re.compile(r"^(admin:|socialaccount_|openid_connect_|feishu_|dingtalk_)")


def test_every_address_that_a_template_names_exists() -> None:
    known = {name for _, name in routes()}
    named = {
        (path.relative_to(TEMPLATES).as_posix(), name)
        for path in sorted(TEMPLATES.rglob("*.html"))
        for name in NAMED.findall(path.read_text())
    }
    assert named
    assert [
        each for each in sorted(named) if each[1] not in known and not ELSEWHERE.match(each[1])
    ] == []
