"""Whether two URLs are one deployment, however they are spelled."""

from __future__ import annotations

import posixpath
import socket
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import unquote, urlsplit

from perfgate.plan.hosts import host_of

Address = IPv4Address | IPv6Address
_PORTS = {"http": 80, "https": 443}
_LOOPBACK = frozenset({ip_address("127.0.0.1"), ip_address("::1")})


def same_deployment(first: str, second: str) -> bool:
    """Whether two absolute URLs name the same place.

    The case, a final dot or slash, a default port, credentials and the spelling of an address make no difference;
    `localhost`, and a name beside an address that it resolves to, are that address. Two different names may be two
    virtual hosts of one address: they are two places.

    Raises:
        ValueError: one of them has no host, or a port that is none.
    """
    if _rest(first) != _rest(second):
        return False
    one, other = host_of(first), host_of(second)
    if one == other:
        return True
    if _literal(one) is None and _literal(other) is None:
        return False
    return bool(_addresses(one) & _addresses(other))


def _rest(url: str) -> tuple[int | None, str]:
    """Port and path."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    path = posixpath.normpath("/" + unquote(parts.path).lstrip("/"))
    return parts.port or _PORTS.get(scheme), path


def _literal(host: str) -> frozenset[Address] | None:
    """The addresses that a host is by its spelling alone, `localhost` included; None for other names."""
    if host == "localhost" or host.endswith(".localhost"):
        return _LOOPBACK
    with suppress(ValueError):
        return frozenset({_plain(ip_address(host))})
    with suppress(OSError):
        return frozenset({_plain(IPv4Address(socket.inet_aton(host)))})  # 127.1, 0x7f000001, 2130706433
    return None


def _plain(address: Address) -> Address:
    """An IPv4 address in IPv6 clothes is the IPv4 address; what is unspecified is reached at the loopback."""
    plain = getattr(address, "ipv4_mapped", None) or address
    if plain.is_unspecified:
        return ip_address("127.0.0.1" if plain.version == 4 else "::1")
    return plain


def _addresses(host: str) -> frozenset[Address]:
    known = _literal(host)
    if known is not None:
        return known
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:  # it cannot be reached, which is told when it is driven
        return frozenset()
    return frozenset(_plain(ip_address(str(entry[4][0]).partition("%")[0])) for entry in found)
