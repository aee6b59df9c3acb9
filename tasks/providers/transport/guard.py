"""The addresses that may be asked: nothing inside a private network unless it is allowed.

People type base URLs, and answers name the links of videos. Without this guard either could make
the server ask its own network, or the cloud's metadata service, on somebody else's behalf.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from ipaddress import IPv4Network as V4
from ipaddress import IPv6Network as V6
from typing import Self
from urllib.parse import urlsplit

from tasks.providers.answers import ProviderError, Trouble

Address = IPv4Address | IPv6Address
Network = V4 | V6

#: IANA's special-purpose registry (iana.org/assignments/iana-ipv4-special-registry), multicast and
#: reserved. Named here because `is_global` of Python 3.11 lets 6to4, NAT64 and multicast through.
_CLOSED_V4 = tuple(
    V4(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; Alibaba's metadata service is in it
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's own agent, on an address that looks public
        "169.254.0.0/16",  # link-local: the metadata service of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",  # for measurements; proxies like Clash make up addresses in it
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",
    )
)
#: All that is handed out to hosts. Outside are ::1, v4-mapped ::ffff:0:0/96, NAT64 64:ff9b::/96,
#: fc00::/7, fe80::/10 and ff00::/8.
_OPEN_V6 = V6("2000::/3")
_CLOSED_V6 = tuple(
    V6(text)
    for text in (
        "2001::/23",  # Teredo, benchmarking, ORCHID
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address inside
        "3fff::/20",
    )
)

#: Gateways live on ports like 3000 or 8443, so what is above the system ports is open, but for the
#: ports on which another protocol would read a request as its own (fetch.spec.whatwg.org,
#: "bad port"), and two stores that obey whatever line looks like a command: Redis and memcached.
_USUAL_PORTS = frozenset({80, 443})
_FIRST_FREE_PORT = 1024
_LAST_PORT = 65_535
_BAD_PORTS = frozenset(
    {1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6379, 6566, 6665, 6666, 6667}
    | {6668, 6669, 6679, 6697, 10080, 11211}
)

_NAME = re.compile(r"[0-9a-z_.-]{1,253}", re.IGNORECASE)
_HOST = re.compile(rf"{_NAME.pattern}|[0-9a-f:.]{{2,45}}", re.IGNORECASE)
_ENTRY = re.compile(
    r"(?:\[(?P<six>[0-9a-f.]*:[0-9a-f:.]*)\]|(?P<host>[^:\s]+))(?::(?P<port>\d{1,5}))?",
    re.IGNORECASE,
)
#: What the C library takes for an address: 127.1, 0x7f.1, 2130706433 (url.spec.whatwg.org,
#: "ends in a number").
_ENDS_IN_A_NUMBER = re.compile(r"(?:^|\.)(?:\d+|0x[0-9a-f]*)\.?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Allowed:
    """Private addresses that may be asked; empty unless the engineer names some."""

    names: frozenset[tuple[str, int | None]] = frozenset()
    networks: tuple[tuple[Network, int | None], ...] = ()

    @classmethod
    def parse(cls, entries: Iterable[str]) -> Self:
        """Parse "gateway.lan", "gateway.lan:8443", "127.0.0.1:8901", "[::1]:8901", "10.0.0.0/8".

        A name is trusted wherever it resolves to, an address or network whatever name leads there.
        Without a port all usual ports are meant, with a port only that one. Raises ValueError.
        """
        names: set[tuple[str, int | None]] = set()
        networks: list[tuple[Network, int | None]] = []
        for entry in entries:
            host, port = _split(entry)
            if network := _network(host):
                networks.append((network, port))
            else:
                names.add((_folded(host), port))
        return cls(frozenset(names), tuple(networks))

    def has(self, host: str, address: Address, port: int | None) -> bool:
        """Whether there is an entry for this very port, or with None for all usual ones."""
        if (_folded(host), port) in self.names:
            return True
        return any(address in network for network, its in self.networks if its == port)


NOTHING = Allowed()


def literal(host: str) -> Address | None:
    """The address that a host is; None for a name. ProviderError for what is neither.

    Of an IPv4 address only the four decimal numbers are taken, for of the other ways to write
    one every parser has an opinion of its own.
    """
    if not _HOST.fullmatch(host):
        raise refused("This is not a host's name.", Trouble.ODD_ADDRESS)
    try:
        return ip_address(host)
    except ValueError:
        if ":" in host or _ENDS_IN_A_NUMBER.search(host):
            raise refused("This is not a host's name.", Trouble.ODD_ADDRESS) from None
        return None


def check(host: str, port: int, addresses: Iterable[Address], allowed: Allowed) -> None:
    """ProviderError unless each of a host's addresses may be connected to at this port."""
    for address in addresses:
        if allowed.has(host, address, port):
            continue
        if not is_usual(port):
            raise refused(f"Port {port} is not asked.", Trouble.ODD_ADDRESS)
        if not (is_public(address) or allowed.has(host, address, None)):
            raise refused(f"{host} is inside a private network.", Trouble.PRIVATE_ADDRESS)


def foresee(url: str, allowed: Allowed) -> Trouble | None:
    """Return the trouble for which a request to this URL would be refused, before any look-up.

    None where only the name server's answer can tell.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or {"http": 80}.get(parts.scheme, 443)
    try:
        known = _LOOPBACK if _folded(host) == "localhost" else literal(host)
        check(host, port, [known or _SOMEWHERE], allowed)
    except ProviderError as error:
        return error.trouble
    return None


_LOOPBACK, _SOMEWHERE = IPv4Address("127.0.0.1"), IPv4Address("1.1.1.1")


def is_usual(port: int) -> bool:
    if port in _USUAL_PORTS:
        return True
    return _FIRST_FREE_PORT <= port <= _LAST_PORT and port not in _BAD_PORTS


def is_public(address: Address) -> bool:
    """Whether the address is a single host on the Internet."""
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in network for network in _CLOSED_V4)
    if address not in _OPEN_V6 or not address.is_global:
        return False
    return not any(address in network for network in _CLOSED_V6)


def refused(sentence: str, trouble: Trouble) -> ProviderError:
    return ProviderError(sentence, trouble=trouble, permanent=True)


def _split(entry: str) -> tuple[str, int | None]:
    """Host and port of an allow-list's entry; an IPv6 address needs brackets before a port."""
    if _network(entry):
        return entry, None
    found = _ENTRY.fullmatch(entry)
    host = (found["six"] or found["host"]) if found else ""
    port = int(found["port"]) if found and found["port"] else None
    if not (_network(host) or _is_name(host)) or not _is_port(port):
        raise ValueError(f"{entry!r} is neither a host, nor host:port, nor a network")
    return host, port


def _is_port(port: int | None) -> bool:
    return port is None or 0 < port <= _LAST_PORT


def _network(text: str) -> Network | None:
    try:
        return ip_network(text)
    except ValueError:
        return None


def _is_name(host: str) -> bool:
    return bool(_NAME.fullmatch(host)) and not _ENDS_IN_A_NUMBER.search(host)


def _folded(host: str) -> str:
    return host.lower().rstrip(".")
