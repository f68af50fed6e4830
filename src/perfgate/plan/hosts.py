"""Which hosts may be reached: anything that `allowed_hosts` does not name is refused before a byte is sent.

An entry allows exactly itself, and nothing else, with two additions:

- `*.example.com` allows every name below `example.com`, at any depth, and not `example.com` itself;
- `localhost` and `127.0.0.1` each allow every loopback *address* (127.0.0.0/8 and ::1). No address allows a name,
  not even `localhost`, because what a name resolves to is not decided here.

Names are compared without regard to case and a final dot; addresses by value, so `0:0:0:0:0:0:0:1` is `::1`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING

from perfgate.errors import HostNotAllowedError

if TYPE_CHECKING:
    from collections.abc import Sequence

_LOOPBACK_ENTRIES = frozenset({"localhost", "127.0.0.1"})
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
# Stricter than RFC 3986, and not `urlsplit`: two parsers must never disagree about which host a URL names, so
# backslashes, white space, control characters and a second @ in front of the path are refused.
_URL = re.compile(
    r"[a-z][a-z0-9+.-]*://"
    r"(?:[^\\\s\x00-\x20\x7f@/?#]*@)?"
    r"(?:\[(?P<bracketed>[0-9a-f:.%_a-z-]+)\]|(?P<plain>[a-z0-9._-]+))"
    r"(?::[0-9]*)?"
    r"(?:[/?#][^\t\r\n]*)?",
    re.IGNORECASE | re.ASCII,
)


def host_of(url: str) -> str:
    """The host of an absolute URL, in lower case, without brackets, port or final dot.

    Raises:
        ValueError: when there is none, or when it is written so that two parsers could disagree about which it is.
    """
    match = _URL.fullmatch(url)
    if match is None:
        raise ValueError(f"{url!r} is not an absolute URL with a host in plain ASCII")
    host = (match["bracketed"] or match["plain"]).lower().removesuffix(".")
    if _address(host) is None and (match["bracketed"] or not _NAME.fullmatch(host)):
        raise ValueError(f"{url!r} names no host")
    return host


def is_allowed(host: str, allowed: Sequence[str]) -> bool:
    """Whether an entry of `allowed` names `host`, a name or an address without port."""
    return _is_allowed(_plain(host), tuple(allowed))


@lru_cache(maxsize=1024)
def _is_allowed(host: str, allowed: tuple[str, ...]) -> bool:
    return any(_matches(host, entry) for entry in allowed)


def _matches(host: str, entry: str) -> bool:
    entry = _plain(entry)
    address = _address(host)
    if address is None:
        return host.endswith(entry[1:]) if entry.startswith("*.") else host == entry
    return address == _address(entry) or (address.is_loopback and entry in _LOOPBACK_ENTRIES)


def _plain(entry: str) -> str:
    return entry.lower().removesuffix(".").removeprefix("[").removesuffix("]")


def _address(host: str) -> IPv4Address | IPv6Address | None:
    """The address that a host is, or None for a name; an IPv4 address in IPv6 clothes is the IPv4 address."""
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def check_entry(entry: str) -> None:
    """Refuse an entry of `allowed_hosts` that could never match, or that would match everything.

    Raises:
        ValueError: says why.
    """
    if entry.strip("*.") == "":
        raise ValueError("an entry that allows every host would switch the protection off")
    name = _plain(entry).removeprefix("*.")
    if _address(name) is None and not _NAME.fullmatch(name):
        raise ValueError("an entry is a host name, an address or `*.` and a name, without scheme, port and path")


def check_host(url: str, allowed: Sequence[str], place: str = "") -> None:
    """Refuse a URL whose host `allowed` does not name.

    Args:
        url: an absolute URL.
        allowed: the entries of `allowed_hosts`.
        place: where the URL stands, for the message.

    Raises:
        HostNotAllowedError: also when the URL has no host, since what cannot be checked is refused.
    """
    try:
        host = host_of(url)
    except ValueError as error:
        raise HostNotAllowedError(str(error), place=place, hint="write a URL such as http://127.0.0.1:8000") from error
    if not is_allowed(host, allowed):
        raise HostNotAllowedError(
            f"host {host!r} is not in allowed_hosts ({', '.join(allowed) or 'which is empty'})",
            place=place,
            hint=f'if it may be put under load, add "{host}" to allowed_hosts in the [gate] table',
        )
