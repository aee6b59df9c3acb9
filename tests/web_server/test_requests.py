"""The site sees of a request what a WSGI server would show it, but for names with underscores."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from django.conf import LazySettings
from django.core.handlers.wsgi import WSGIRequest
from hypothesis import given
from hypothesis import strategies as st

from tasks.management.web_server.wsgi import environ_of
from tasks.team.address import client_address
from tests.web_server.conftest import Site, Visitor


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20))
def test_a_path_arrives_as_it_was_written(name: str) -> None:
    environ = environ_of(Visitor(f"/tasks/{quote(name, safe='')}").scope)
    assert environ["PATH_INFO"].encode("latin-1").decode() == f"/tasks/{name}"


@given(st.binary(max_size=20))
def test_bytes_of_a_path_that_are_no_utf_8_arrive_too(name: bytes) -> None:
    environ = environ_of(Visitor(f"/tasks/{quote(name, safe='')}").scope)
    assert environ["PATH_INFO"].encode("latin-1") == b"/tasks/" + name


def test_an_address_is_known_to_django(site: Site) -> None:
    site.visit(Visitor("/%E6%B5%B7/a%2Fb?q=%E6%B5%B7&q=a+b"))
    request = WSGIRequest(site.requests[0])
    assert request.path == "/海/a/b" and request.GET.getlist("q") == ["海", "a b"]
    assert request.get_host() == "localhost" and not request.is_secure()


def test_cookies_of_several_headers_are_one(site: Site) -> None:
    seen = site.visit(Visitor(headers=[("cookie", "a=1"), ("cookie", "b=2,3")])).seen
    assert seen["HTTP_COOKIE"] == "a=1; b=2,3"


def test_other_headers_that_come_repeatedly_are_a_list(site: Site) -> None:
    entries = [("x-forwarded-for", "192.0.2.7"), ("x-forwarded-for", "192.0.2.8, 192.0.2.9")]
    seen = site.visit(Visitor(headers=entries)).seen
    assert seen["HTTP_X_FORWARDED_FOR"] == "192.0.2.7,192.0.2.8, 192.0.2.9"


def test_type_and_length_have_names_of_their_own(site: Site) -> None:
    visitor = Visitor(headers=[("content-type", "text/plain")], pieces=[(0, b"abc")])
    seen = site.visit(visitor).seen
    assert (seen["CONTENT_TYPE"], seen["CONTENT_LENGTH"], seen["body"]) == (
        "text/plain",
        "3",
        "abc",
    )
    assert "HTTP_CONTENT_TYPE" not in seen and "HTTP_CONTENT_LENGTH" not in seen


def test_a_body_in_chunks_arrives_whole_and_with_its_length(site: Site) -> None:
    chunks = [("transfer-encoding", "chunked")]
    seen = site.visit(Visitor(headers=chunks, pieces=[(0, b"ab"), (1, b"c")])).seen
    assert (seen["CONTENT_LENGTH"], seen["body"]) == ("3", "abc")


def test_where_the_request_came_from_and_to(site: Site) -> None:
    seen = site.visit(Visitor(address="192.0.2.44")).seen
    assert (seen["REMOTE_ADDR"], seen["SERVER_NAME"], seen["SERVER_PORT"]) == (
        "192.0.2.44",
        "127.0.0.1",
        "8000",
    )
    assert seen["SERVER_PROTOCOL"] == "HTTP/1.1" and seen["wsgi.url_scheme"] == "http"


FORGED = [("x_forwarded_for", "198.51.100.9"), ("x_forwarded_proto", "https"), ("x-real_ip", "x")]


@pytest.mark.parametrize("before", [True, False])
def test_names_with_underscores_never_stand_for_those_of_our_proxy(
    site: Site, settings: LazySettings, before: bool
) -> None:
    settings.PROXIES, settings.SECURE_PROXY_SSL_HEADER = 1, ("HTTP_X_FORWARDED_PROTO", "https")
    real = [("x-forwarded-for", "192.0.2.7"), ("x-forwarded-proto", "http")]
    site.visit(Visitor(headers=FORGED + real if before else real + FORGED))
    request = WSGIRequest(site.requests[0])
    assert client_address(request) == "192.0.2.7" and not request.is_secure()
    assert not [name for name in site.requests[0] if "REAL" in name]


def test_names_with_underscores_do_not_stand_alone_either(
    site: Site, settings: LazySettings
) -> None:
    settings.PROXIES, settings.SECURE_PROXY_SSL_HEADER = 1, ("HTTP_X_FORWARDED_PROTO", "https")
    site.visit(Visitor(headers=FORGED))
    request = WSGIRequest(site.requests[0])
    assert client_address(request) == "192.0.2.1" and not request.is_secure()
