"""Old addresses redirect to the new ones, with method and query."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from tests.web.conftest import ClientOf


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/found/", "/untracked/"),
        ("/found/7/compare/", "/untracked/7/compare/"),
        ("/pulse/?shown=1", "/header-status/?shown=1"),
        ("/endings/?after=9", "/notifications/?after=9"),
        ("/tasks/new/look/", "/tasks/new/preview/"),
        ("/tasks/7/look/", "/tasks/7/lookup/"),
        ("/tasks/7/once-more/", "/tasks/7/run-again/"),
        ("/tasks/7/go-on/", "/tasks/7/continue/"),
    ],
)
def test_an_old_address_leads_to_the_new_one(
    client_of: ClientOf, member: User, old: str, new: str
) -> None:
    for answer in (client_of(member).get(old), client_of(member).post(old)):
        assert (answer.status_code, answer.headers["Location"]) == (308, new)


def test_an_old_address_leads_to_no_other_site(client_of: ClientOf, member: User) -> None:
    answer = client_of(member).get("/found///example.com/")
    assert answer.headers["Location"].startswith("/untracked/")
