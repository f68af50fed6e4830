"""Who accepts the connections at the service's address: a process of the tree that perfgate started, or another one.

A command may do no more than ask a daemon to start the service (as `docker run` does). Then the service's process is
none of ours, and the CPU and memory of our tree say nothing about it. Whoever holds the listening socket is the
service; where that is no process of the tree, or cannot be told, its CPU and memory cannot be measured.

Linux tells the sockets of its network namespace in /proc/net, and the descriptors of those processes that we may look
into in /proc/PID/fd. Elsewhere each process is asked for its own connections.
"""

from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Where = Literal["inside", "outside", "unknown"]
MOST_PEERS = 5
_PROC = Path("/proc")
_LISTEN, _ESTABLISHED = "0A", "01"
_SOCKET = "socket:["

_Address = tuple[IPv4Address | IPv6Address, int]


@dataclass(frozen=True)
class Listener:
    """Who accepts connections at an address.

    Attributes:
        where: `inside` the tree, `outside` of it, or `unknown`: nobody who may be seen.
        process: who does from outside, as `dockerd (pid 12)`; empty where it cannot be told.
        holders: pids of the tree that hold the listening socket.
        peers: addresses that processes of the tree are connected to, and that none of them listens at, as
            `127.0.0.1:5432`; at most five.
    """

    where: Where
    process: str = ""
    holders: frozenset[int] = frozenset()
    peers: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Socket:
    """A line of /proc/net/tcp."""

    local: _Address
    remote: _Address
    state: str
    inode: int


def listener_at(host: str, port: int, pids: Iterable[int]) -> Listener:
    """Look who accepts connections there.

    Args:
        host: a name or an address.
        port: the port.
        pids: the tree.
    """
    addresses = _resolved(host)
    if not addresses or not all(map(_is_local, addresses)):
        return Listener("outside", f"another machine ({host})")
    if not (_PROC / "net/tcp").exists():
        return _asked_one_by_one(port, pids)
    table = [*_sockets("tcp"), *_sockets("tcp6")]
    listening = [one for one in table if one.state == _LISTEN]
    chosen = {one.inode for address in addresses for one in _accepting(address, port, listening)}
    own = {pid: sockets for pid in pids if (sockets := _sockets_of(pid)) is not None}
    held = set().union(*own.values())
    if not chosen:
        return Listener("unknown")
    if foreign := chosen - held:
        holder = _holder(foreign, own.keys())
        return Listener("outside", holder) if holder else Listener("unknown")
    holders = frozenset(pid for pid, sockets in own.items() if sockets & chosen)
    return Listener("inside", holders=holders, peers=_peers(table, held))


def _resolved(host: str) -> set[IPv4Address | IPv6Address]:
    with suppress(OSError, ValueError):
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        return {ip_address(str(info[4][0]).partition("%")[0]) for info in found}
    return set()


def _is_local(address: IPv4Address | IPv6Address) -> bool:
    """Only an address of this machine can be bound."""
    if address.is_loopback or address.is_link_local:
        return True
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(address), 0))
    except OSError:
        return False
    return True


def _accepting(address: IPv4Address | IPv6Address, port: int, listening: list[_Socket]) -> list[_Socket]:
    """The sockets that a connection to the address reaches: the kernel takes the one that is bound most narrowly."""
    found: dict[int, list[_Socket]] = {}
    for one in listening:
        bound, at = one.local
        if at == port and (bound == address or bound.is_unspecified) and bound.version in (address.version, 6):
            width = 0 if bound == address else 1 if bound.version == address.version else 2
            found.setdefault(width, []).append(one)
    return found[min(found)] if found else []


def _sockets(name: str) -> Iterator[_Socket]:
    try:
        lines = (_PROC / "net" / name).read_text(encoding="ascii", errors="replace").splitlines()[1:]
    except OSError:
        return
    for line in lines:
        fields = line.split()
        if len(fields) > 9 and fields[3] in {_LISTEN, _ESTABLISHED}:
            yield _Socket(_address(fields[1]), _address(fields[2]), fields[3], int(fields[9]))


def _address(text: str) -> _Address:
    """`0100007F:1F90`: words of four bytes in the machine's own order, and the port."""
    host, _, port = text.partition(":")
    words = [int(host[at : at + 8], 16).to_bytes(4, sys.byteorder) for at in range(0, len(host), 8)]
    found = ip_address(b"".join(words))
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found, int(port, 16)


def _sockets_of(pid: int) -> set[int] | None:
    """The inodes of a process's sockets; None where it may not be looked into, or has ended."""
    found = set()
    try:
        for entry in os.scandir(_PROC / str(pid) / "fd"):
            with suppress(OSError):
                target = os.readlink(entry.path)  # noqa: PTH115  (many of them)
                if target.startswith(_SOCKET):
                    found.add(int(target[len(_SOCKET) : -1]))
    except OSError:
        return None
    return found


def _holder(inodes: set[int], but: Iterable[int]) -> str:
    """The process outside of the tree that holds one of these sockets; empty when none that we may see does."""
    for pid in set(psutil.pids()) - set(but):
        if (_sockets_of(pid) or set()) & inodes:
            return described(pid)
    return ""


def described(pid: int) -> str:
    """`dockerd (pid 12)`."""
    try:
        return f"{psutil.Process(pid).name()} (pid {pid})"
    except psutil.Error:
        return f"pid {pid}"


def _peers(table: list[_Socket], held: set[int]) -> tuple[str, ...]:
    own = [one for one in table if one.inode in held]
    at = {one.local[1] for one in own if one.state == _LISTEN}
    out = {
        one.remote for one in own if one.state == _ESTABLISHED and one.local[1] not in at and one.remote[1] not in at
    }
    texts = sorted(f"[{host}]:{port}" if host.version == 6 else f"{host}:{port}" for host, port in out)
    return tuple(texts[:MOST_PEERS])


def _asked_one_by_one(port: int, pids: Iterable[int]) -> Listener:
    holders = set()
    for pid in pids:
        with suppress(psutil.Error, AttributeError):
            found = psutil.Process(pid).net_connections("tcp")
            if any(one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == port for one in found):
                holders.add(pid)
    return Listener("inside", holders=frozenset(holders)) if holders else Listener("unknown")
