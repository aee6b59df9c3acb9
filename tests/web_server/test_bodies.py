"""Bodies that are too slow, too large or too many never reach the site, nor hold a thread of it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest
from django.conf import LazySettings, settings
from django.contrib.auth.models import User
from django.core.handlers.wsgi import WSGIHandler
from django.db import connections
from django.test import Client
from django.urls import reverse

from tasks.management.web_server import bodies
from tasks.management.web_server.bodies import FIRST_SECONDS, FORM, LONGEST_PAUSE, MB
from tasks.models import Project, TokenScope
from tests.tokens import bearer, token_of
from tests.web_server.conftest import Site, Visitor

CHUNKED = [("transfer-encoding", "chunked")]


def drip(seconds: int, each: bytes = b"x", every: float = 1.0) -> list[tuple[float, bytes]]:
    return [(every, each)] * seconds


# Time


def test_a_byte_a_second_is_given_up(site: Site) -> None:
    slow = site.visit(Visitor("/sign-in/", pieces=drip(60)))
    assert slow.status == HTTPStatus.REQUEST_TIMEOUT and not site.requests
    assert slow.answered_at - site.began == pytest.approx(FIRST_SECONDS, abs=0.1)
    assert slow.headers["connection"] == "close"


def test_slow_senders_delay_nobody(site: Site) -> None:
    slow = [Visitor(pieces=drip(60), address=f"192.0.2.{n}") for n in range(200)]
    quick = Visitor("/healthz")
    site.visit(quick, *slow)
    assert quick.status == HTTPStatus.OK and quick.answered_at - site.began < 0.1
    assert {each.status for each in slow} == {HTTPStatus.REQUEST_TIMEOUT}


@pytest.mark.django_db(transaction=True)
def test_a_large_upload_over_a_slow_line_arrives(site: Site, signed_in: Client) -> None:
    pieces = drip(120, b"x" * 25_000)  # 200 kbit/s for two minutes, and then …
    pieces += [(LONGEST_PAUSE - 1, b"x" * 25_000)]  # … a hole in the ground
    upload = Visitor(reverse("compose_upload"), headers=cookies_of(signed_in), pieces=pieces)
    site.visit(upload)
    assert upload.status == HTTPStatus.OK and site.requests[0]["CONTENT_LENGTH"] == "3025000"


def test_who_is_ahead_may_pause_but_not_for_ever(site: Site) -> None:
    pieces = [(0.0, b"x" * 2 * MB), (LONGEST_PAUSE + 1, b"x")]
    paused = site.visit(Visitor(pieces=pieces))
    assert paused.status == HTTPStatus.REQUEST_TIMEOUT
    assert paused.answered_at - site.began == pytest.approx(LONGEST_PAUSE, abs=0.1)


def test_a_body_cut_off_never_reaches_the_site(site: Site) -> None:
    async def leave() -> Visitor:
        visitor = Visitor(pieces=[(0, b"name=a")], length=1000)
        asyncio.get_running_loop().call_later(1, visitor.left.set)
        await site.come(visitor)
        return visitor

    assert site.run(leave()).status == HTTPStatus.BAD_REQUEST
    assert not site.requests


# Size


def test_a_form_has_a_limit_that_is_told_at_once(site: Site) -> None:
    large = site.visit(Visitor("/sign-in/", length=FORM + 1))
    assert large.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert large.answered_at - site.began < 0.1 and not site.requests
    assert large.body == b"This is too large. The limit is 3 MB.\n"


def test_chunks_are_counted_while_they_come(site: Site) -> None:
    large = site.visit(Visitor(headers=CHUNKED, pieces=drip(9, b"x" * MB, every=0.1)))
    assert large.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and not site.requests
    assert large.answered_at - site.began == pytest.approx(0.4, abs=0.05)


@pytest.fixture
def signed_in(client: Client, member: User) -> Iterator[Client]:
    client.force_login(member)
    yield client
    connections.close_all()


def cookies_of(client: Client) -> list[tuple[str, str]]:
    name = settings.SESSION_COOKIE_NAME
    return [("cookie", f"{name}={client.cookies[name].value}")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", sorted(bodies.FILES.keys() - {*bodies.API_CREATES}))
def test_people_who_are_signed_in_may_send_files_where_files_are_taken(
    site: Site, signed_in: Client, name: str
) -> None:
    pieces = drip(5, b"x" * MB, every=0)
    cookies = cookies_of(signed_in)
    for headers in (cookies, cookies + CHUNKED):
        assert site.visit(Visitor(reverse(name), headers=headers, pieces=pieces)).status == 200
    too_much = Visitor(reverse(name), headers=cookies, length=bodies.FILES[name] + 1)
    assert site.visit(too_much).status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("cookies", [[], [("cookie", f"{settings.SESSION_COOKIE_NAME}=forged")]])
def test_strangers_may_not(site: Site, cookies: list[tuple[str, str]]) -> None:
    pieces = drip(5, b"x" * MB, every=0)
    large = Visitor(reverse("compose"), headers=cookies, pieces=pieces)
    assert site.visit(large).status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert large.body == b"This is too large. Sign in to send more than 3 MB.\n"
    in_chunks = Visitor(reverse("compose"), headers=cookies + CHUNKED, pieces=pieces)
    assert site.visit(in_chunks).status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert not site.requests


@pytest.mark.django_db(transaction=True)
def test_a_token_that_may_create_sends_pictures_and_others_do_not(
    site: Site, project: Project, member: User
) -> None:
    pieces, address = drip(5, b"x" * MB, every=0), reverse("ark_tasks")
    statuses = {}
    for scope in TokenScope:
        headers = list(bearer(token_of(member, scope)[1]).items())
        statuses[scope] = site.visit(Visitor(address, headers=headers, pieces=pieces)).status
    assert statuses == {"read": 413, "make": 200, "manage": 200}
    stranger = Visitor(address, pieces=pieces)
    assert site.visit(stranger).status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert json.loads(stranger.body)["error"]["type"] == "BadRequest"


def test_every_form_with_files_is_sent_to_an_address_that_takes_them() -> None:
    forms = [
        form
        for path in (Path(settings.BASE_DIR) / "templates").rglob("*.html")
        for form in re.findall(r"<form[^>]+multipart/form-data[^>]+>", path.read_text())
    ]
    names = {re.search(r"action=\"{% url '(\w+)' %}", form)[1] for form in forms}  # type: ignore[index]
    assert names and names <= set(bodies.FILES)


# Number


def statuses(visitors: list[Visitor]) -> list[int]:
    return [visitor.status for visitor in visitors]


def test_one_address_has_so_many_unfinished_bodies_and_no_more(
    site: Site, settings: LazySettings
) -> None:
    most = settings.UNFINISHED_PER_ADDRESS
    slow = [Visitor(pieces=drip(60)) for _ in range(most)]
    one_more = Visitor(pieces=[(0, b"a")])
    elsewhere = Visitor(pieces=[(0, b"a")], address="192.0.2.2")
    only_looks = [Visitor() for _ in range(most * 2)]
    site.visit(*slow, one_more, elsewhere, *only_looks)
    assert statuses(slow) == [408] * most
    assert (one_more.status, one_more.headers["retry-after"]) == (503, "10")
    assert elsewhere.status == 200 and statuses(only_looks) == [200] * most * 2


def test_an_ended_body_leaves_its_place(site: Site, settings: LazySettings) -> None:
    for _ in range(3):
        many = [Visitor(pieces=[(1, b"a")]) for _ in range(settings.UNFINISHED_PER_ADDRESS)]
        site.visit(*many)
        assert set(statuses(many)) == {200}


def test_all_together_have_a_limit_too(site: Site) -> None:
    slow = [
        Visitor(pieces=drip(60), address=f"192.0.2.{n % 100}")
        for n in range(bodies.MOST_UNFINISHED)
    ]
    one_more = Visitor(pieces=[(0, b"a")], address="192.0.2.200")
    site.visit(*slow, one_more)
    assert set(statuses(slow)) == {408} and one_more.status == 503


def behind(address: str, proxies: int) -> list[tuple[str, str]]:
    forged = ", ".join(["198.51.100.1", address, *["192.0.2.90"] * (proxies - 1)])
    return [("x-forwarded-for", forged)]


@pytest.mark.parametrize("proxies", [1, 2])
def test_behind_our_proxies_it_is_the_visitors_addresses_that_count(
    site: Site, settings: LazySettings, proxies: int
) -> None:
    settings.PROXIES = proxies
    slow = [Visitor(pieces=drip(60), headers=behind("203.0.113.7", proxies)) for _ in range(64)]
    same = Visitor(pieces=[(0, b"a")], headers=behind("203.0.113.7", proxies))
    other = Visitor(pieces=[(0, b"a")], headers=behind("203.0.113.8", proxies))
    site.visit(*slow, same, other)
    assert (same.status, other.status) == (503, 200)


def test_our_proxy_itself_has_no_limit(site: Site, settings: LazySettings) -> None:
    settings.PROXIES = 1
    many = [Visitor(pieces=[(1, b"a")], address="192.0.2.90") for _ in range(200)]
    site.visit(*many)
    assert set(statuses(many)) == {200}


def test_a_header_that_nobody_of_ours_wrote_changes_nothing(
    site: Site, settings: LazySettings
) -> None:
    settings.PROXIES = 0
    most = settings.UNFINISHED_PER_ADDRESS
    forged = [Visitor(pieces=drip(60), headers=behind(f"10.0.0.{n}", 1)) for n in range(most + 1)]
    site.visit(*forged)
    assert sorted(statuses(forged)) == [408] * most + [503]


def test_addresses_of_one_ipv6_network_count_as_one(site: Site, settings: LazySettings) -> None:
    most = settings.UNFINISHED_PER_ADDRESS
    slow = [Visitor(pieces=drip(60), address=f"2001:db8:0:1::{n:x}") for n in range(most)]
    same = Visitor(pieces=[(0, b"a")], address="2001:db8:0:1:ffff::1")
    other = Visitor(pieces=[(0, b"a")], address="2001:db8:0:2::1")
    site.visit(*slow, same, other)
    assert (same.status, other.status) == (503, 200)


# What is answered


def test_a_refusal_has_the_security_headers_of_every_page(site: Site, client: Client) -> None:
    page = client.get("/healthz")
    refused = site.visit(Visitor("/sign-in/", length=FORM + 1)).headers
    for name in ("Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options"):
        assert refused[name.lower()] == page[name]
    assert refused["referrer-policy"] == page["Referrer-Policy"]
    assert refused["content-type"] == "text/plain; charset=utf-8"


def test_a_refusal_over_https_is_as_strict_as_a_page(site: Site, settings: LazySettings) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_HSTS_SECONDS = 3600
    https = [("x-forwarded-proto", "https")]
    refused = site.visit(Visitor("/sign-in/", length=FORM + 1, headers=https)).headers
    assert "max-age=3600" in refused["strict-transport-security"]


def test_django_reads_a_form_that_came_in_pieces(site: Site) -> None:
    site.application = WSGIHandler()
    token = "a" * 32  # only who reads both cookie and form gets beyond the check for forgeries
    headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("cookie", "csrftoken=" + token),
    ]
    pieces = [(0, b"csrfmiddlewaretoken="), (1, token.encode())]
    answer = site.visit(Visitor("/healthz", headers=headers, pieces=pieces))
    assert answer.status == HTTPStatus.METHOD_NOT_ALLOWED
