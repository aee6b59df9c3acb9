"""Guessing is slowed down however many processes answer, and through every door."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.processes.conftest import Installation, eventually, free_port

PERSON = """
from django.contrib.auth.models import User
for name in ("member", "colleague"):
    User.objects.create_user(name, password="a password of the tests")
"""


class Guarded(Installation):
    """An installation that hashes passwords quickly: usually a hash takes 0.2 s of a core."""

    def environment(self) -> dict[str, str]:
        own = {"DJANGO_SETTINGS_MODULE": "tests.processes.settings"}
        return super().environment() | own | {"DAILIES_SEARCHES_PER_MINUTE": "6"}


@pytest.fixture(scope="module")
def home(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    home = Guarded(shutil.copytree(furnished, tmp_path_factory.mktemp("guarded") / "data"))
    assert home.run("shell", "-v0", "-c", PERSON)[0] == 0
    yield home
    home.end()


@pytest.fixture(scope="module")
def both(home: Guarded) -> list[str]:
    """Two servers, each a process of its own, on one database."""
    ports = [free_port(), free_port()]
    for port in ports:
        home.start("web", "--port", str(port))
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    eventually(lambda: all(map(answers, urls)), within=30)
    return urls


@pytest.fixture
def doors(home: Guarded, both: list[str]) -> list[str]:
    """Both, when they have forgotten who has guessed before."""
    home.ask("DELETE FROM tasks_cache")
    return both


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").status_code == 200
    except httpx.TransportError:
        return False


def signed_in(url: str, name: str) -> httpx.Client:
    """A browser in which this person has signed in; its cookies are good for both servers."""
    browser = httpx.Client(base_url=url, follow_redirects=True)
    form = browser.get("/sign-in/")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form.text)
    assert token, form.text
    typed = {"csrfmiddlewaretoken": token[1], "login": name, "password": RIGHT}
    assert browser.post("/sign-in/", data=typed).status_code == 200
    return browser


def try_password(
    url: str, name: str, password: str, door: str = "/sign-in/", **headers: str
) -> str:
    """ "in", "refused" or "slowed": as a browser would be answered."""
    with httpx.Client(base_url=url, headers=headers, follow_redirects=True) as browser:
        form = browser.get(door)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form.text)
        assert token, form.text
        typed = {"csrfmiddlewaretoken": token[1], "login": name, "password": password}
        answer = browser.post(form.url, data=typed)
        if "dailies_session" in browser.cookies and "/sign-in/" not in str(answer.url):
            return "in"
    return "slowed" if "Too many wrong passwords" in answer.text else "refused"


RIGHT = "a password of the tests"


def test_an_account_is_guarded_by_all_processes_together(doors: list[str]) -> None:
    one, other = doors
    output = [
        try_password(
            doors[n % 2], "member", f"wrong {n}", ("/sign-in/", "/admin/login/")[n // 2 % 2]
        )
        for n in range(10)
    ]
    assert output == ["refused"] * 10
    for url in doors:
        for door in ("/sign-in/", "/admin/login/"):
            assert try_password(url, "member", RIGHT, door) == "slowed"
    assert try_password(one, "colleague", RIGHT) == try_password(other, "colleague", RIGHT) == "in"


def test_an_address_is_slowed_down_by_all_processes_whatever_it_forges(doors: list[str]) -> None:
    output = [
        try_password(doors[n % 2], f"name {n}", "wrong", **{"X-Forwarded-For": f"10.9.8.{n}"})
        for n in range(50)
    ]
    assert output == ["refused"] * 50
    for url in doors:
        forged = {"X-Forwarded-For": "10.7.7.7"}
        assert try_password(url, "colleague", RIGHT, **forged) == "slowed"


def test_searches_are_counted_by_all_processes_together(doors: list[str]) -> None:
    with closing(signed_in(doors[0], "member")) as browser:
        answers = [browser.get(f"{doors[n % 2]}/?q=boat") for n in range(10)]
        told = [each for each in answers if each.status_code == 429]
        assert [each.status_code for each in answers[:6]] == [200] * 6
        assert told and all(1 <= int(each.headers["Retry-After"]) <= 10 for each in told)
        assert "One person can search at most 6 times a minute." in told[0].text
        assert browser.get(doors[1]).status_code == 200


def test_wrong_tokens_are_counted_by_all_processes_together(doors: list[str]) -> None:
    """Each of the two sees 28 of them, and 30 are allowed."""
    answers = [
        httpx.get(f"{doors[n % 2]}/api/v3/models", headers={"Authorization": f"Bearer dl_{n}"})
        for n in range(56)
    ]
    assert [each.status_code for each in answers[:30]] == [401] * 30
    told = [n for n, each in enumerate(answers) if each.status_code == 429]
    assert {n % 2 for n in told} == {0, 1}
    assert all(int(answers[n].headers["Retry-After"]) >= 1 for n in told)
    assert httpx.get(f"{doors[1]}/healthz").status_code == 200
