"""The guard's judgement of addresses."""

from ipaddress import ip_address

import pytest

from tasks.providers import ProviderError, Trouble
from tasks.providers.transport.guard import (
    NOTHING,
    Allowed,
    check,
    foresee,
    is_public,
    is_usual,
    literal,
)

PRIVATE = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1
127.255.255.254 168.63.129.16 169.254.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1
192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1
224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255
:: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:0:127.0.0.1 64:ff9b::7f00:1
64:ff9b::808:808 64:ff9b:1::1 100::1 2001::1 2001:0:7f00:1::1 2001:2::1 2001:10::1 2001:20::1
2001:db8::1 2002:7f00:1::1 2002:808:808::1 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fec0::1
ff02::1 ff0e::1
""".split()
PUBLIC = """
1.1.1.1 8.8.8.8 93.184.216.34 100.63.255.255 100.128.0.1 169.253.0.1 172.15.0.1 172.32.0.1
192.169.0.1 223.255.255.255 2606:4700:4700::1111 2400:3200::1 2a00:1450:4001::1 2001:4860:4860::8888
""".split()


@pytest.mark.parametrize("text", PRIVATE)
def test_an_address_that_is_no_single_host_of_the_internet_is_private(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_their_neighbours_on_the_internet_are_public(text: str) -> None:
    assert is_public(ip_address(text))


NO_HOSTS = """
127.1 127.0.1 2130706433 0x7f000001 0x7f.0.0.1 0177.0.0.1 017700000001 127.0.0.1. 0 0x 1.2.3.4.5
256.1.1.1 evil.example.1 a%20b a\\b fe80::1%25eth0 ::1::2 host:80 [::1] ünicode a/b a@b
""".split()


@pytest.mark.parametrize("host", ["", *NO_HOSTS])
def test_a_host_is_a_plain_name_or_a_plain_address(host: str) -> None:
    with pytest.raises(ProviderError) as caught:
        literal(host)
    assert caught.value.trouble == Trouble.ODD_ADDRESS and caught.value.permanent


@pytest.mark.parametrize("host", ["a.example", "a.example.", "under_score.example", "xn--fiq228c"])
def test_a_name_is_no_address(host: str) -> None:
    assert literal(host) is None


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "::ffff:10.0.0.1"])
def test_an_address_is_read_as_what_it_is(host: str) -> None:
    assert literal(host) == ip_address(host)


@pytest.mark.parametrize("port", [80, 443, 1024, 3000, 8000, 8080, 8443, 8901, 65535])
def test_usual_ports_are_asked(port: int) -> None:
    assert is_usual(port)


@pytest.mark.parametrize("port", [0, 1, 21, 22, 25, 53, 110, 143, 389, 445, 993])
def test_ports_of_the_system_are_not_asked(port: int) -> None:
    assert not is_usual(port)


@pytest.mark.parametrize("port", [2049, 5060, 6000, 6379, 6667, 10080, 11211, 65536])
def test_ports_of_services_that_would_obey_a_request_are_not_asked(port: int) -> None:
    assert not is_usual(port)


def trouble(host: str, port: int, *addresses: str, allowed: Allowed = NOTHING) -> str:
    try:
        check(host, port, map(ip_address, addresses), allowed)
    except ProviderError as error:
        return error.trouble
    return ""


def test_one_private_address_among_several_is_refused() -> None:
    assert trouble("a.example", 443, "8.8.8.8", "1.1.1.1") == ""
    assert trouble("a.example", 443, "8.8.8.8", "10.0.0.1") == Trouble.PRIVATE_ADDRESS
    assert trouble("a.example", 443, "10.0.0.1", "8.8.8.8") == Trouble.PRIVATE_ADDRESS


@pytest.mark.parametrize(
    ("entry", "host", "port", "address", "verdict"),
    [
        ("gateway.lan", "gateway.lan", 3000, "10.0.0.1", ""),
        ("gateway.lan", "GATEWAY.lan.", 3000, "10.0.0.1", ""),
        ("Gateway.LAN", "gateway.lan", 443, "fd00::1", ""),
        ("gateway.lan", "gateway.lan", 22, "10.0.0.1", "odd_address"),
        ("gateway.lan", "evil.gateway.lan", 443, "10.0.0.1", "private_address"),
        ("gateway.lan", "gateway.lan.evil.example", 443, "10.0.0.1", "private_address"),
        ("gateway.lan:8443", "gateway.lan", 8443, "10.0.0.1", ""),
        ("gateway.lan:8443", "gateway.lan", 443, "10.0.0.1", "private_address"),
        ("gateway.lan:81", "gateway.lan", 81, "10.0.0.1", ""),
        ("gateway.example:81", "gateway.example", 81, "8.8.8.8", ""),
        ("gateway.example:81", "other.example", 81, "8.8.8.8", "odd_address"),
        ("127.0.0.1:8901", "127.0.0.1", 8901, "127.0.0.1", ""),
        ("127.0.0.1:8901", "localhost", 8901, "127.0.0.1", ""),
        ("127.0.0.1:8901", "127.0.0.1", 8902, "127.0.0.1", "private_address"),
        ("127.0.0.1:8901", "127.0.0.2", 8901, "127.0.0.2", "private_address"),
        ("127.0.0.1", "127.0.0.1", 8000, "::ffff:127.0.0.1", "private_address"),
        ("[::1]:8901", "::1", 8901, "::1", ""),
        ("::1", "::1", 8901, "::1", ""),
        ("10.0.0.0/8", "a.lan", 80, "10.200.0.1", ""),
        ("10.0.0.0/8", "a.lan", 80, "11.0.0.1", ""),
        ("10.0.0.0/8", "a.lan", 80, "172.16.0.1", "private_address"),
        ("10.0.0.0/8:81", "a.lan", 81, "10.200.0.1", ""),
        ("fd00::/8", "a.lan", 80, "fd12::1", ""),
    ],
)
def test_an_entry_opens_what_it_names_and_nothing_else(
    entry: str, host: str, port: int, address: str, verdict: str
) -> None:
    assert trouble(host, port, address, allowed=Allowed.parse([entry])) == verdict


def test_each_address_needs_an_entry_of_its_own() -> None:
    allowed = Allowed.parse(["10.0.0.0/8"])
    assert trouble("a.lan", 80, "10.0.0.1", "10.0.0.2", allowed=allowed) == ""
    assert trouble("a.lan", 80, "10.0.0.1", "127.0.0.1", allowed=allowed) == "private_address"


NONSENSE = """
* http://gateway.lan gateway.lan/path 10.0.0.1/8 10.1 0x7f.1 gateway.lan:0 gateway.lan:65536
gateway.lan:http a@b [gateway.lan]:80 []:1 [::1]80 1::2::3
"""


@pytest.mark.parametrize("entry", ["", " ", "gateway.lan ", *NONSENSE.split()])
def test_an_invalid_entry_of_the_list_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match="neither a host"):
        Allowed.parse([entry])


@pytest.mark.parametrize(
    ("url", "trouble"),
    [
        ("https://api.example.com/v3", None),
        ("https://api.example.com:8443", None),
        ("http://new-api:3000", None),  # only a name server knows
        ("http://gateway.lan:81", None),  # allowed below
        ("https://api.example.com:81", Trouble.ODD_ADDRESS),
        ("http://2130706433", Trouble.ODD_ADDRESS),
        ("http://10.0.0.7", Trouble.PRIVATE_ADDRESS),
        ("http://10.0.0.8", None),
        ("http://[::1]:3000", Trouble.PRIVATE_ADDRESS),
        ("http://localhost:3000", Trouble.PRIVATE_ADDRESS),
        ("http://LOCALHOST.:3000", Trouble.PRIVATE_ADDRESS),
    ],
)
def test_some_refusals_are_foreseen_without_a_look_up(url: str, trouble: Trouble | None) -> None:
    assert foresee(url, Allowed.parse(["gateway.lan:81", "10.0.0.8"])) == trouble
