"""Connections to other hosts that Python's audit hook does not see: of child processes, and of C libraries.

Where the kernel tells (Linux, `/proc`), the TCP connections of the engine's process tree are looked at once a second. A
connection that begins and ends between two looks, UDP, and other network namespaces are not seen.
"""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from time import thread_time
from typing import TYPE_CHECKING

import gevent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_EVERY_S, _LATEST_S = 1.0, 5.0
_SHARE = 0.005  # of a CPU at most, unless that were rarer than every 5 s: a table may have ten thousands of rows
_LISTENING = b"0A"  # 01 is established, 02 connecting
_DNS = b"0035"  # port 53: a resolver that falls back to TCP
_MOST_KNOWN = 100_000
# proc(5): number, local address and port, remote address and port, state, five fields, the socket's inode.
_ROW = re.compile(
    rb"^ *\d+: [0-9A-F]+:([0-9A-F]{4}) ([0-9A-F]+):([0-9A-F]{4}) (01|02|0A)(?: +\S+){5} +(\d+)", re.MULTILINE
)


class Outlook:
    """Looks at the connections of this process and its descendants.

    Args:
        is_foreign: whether an address may not be reached.
    """

    def __init__(self, is_foreign: Callable[[str], bool]) -> None:
        self._is_foreign = is_foreign
        self._others: set[bytes] = set()  # sockets that the tree does not hold
        # Of now or earlier: the kernel's table may miss a row while it changes, and then who came in would look like
        # who was reached.
        self._listening: set[bytes] = set()

    def watch(self, refuse: Callable[[str], object]) -> None:
        """Look once a second for as long as the calling greenlet lives; `refuse` is told of each address."""
        while True:
            began = thread_time()
            for address in self.look():
                refuse(address)
            gevent.sleep(min(max(_EVERY_S, (thread_time() - began) / _SHARE), _LATEST_S))

    def look(self) -> list[str]:
        """The addresses that the process tree is connected to and may not be."""
        if len(self._others) > _MOST_KNOWN:
            self._others.clear()
        far = {inode: address for inode, address in self.connections() if self._is_foreign(address)}
        if not far:
            return []
        own = set(sockets_of_tree())
        self._others.update(far.keys() - own)
        return sorted({far[inode] for inode in far.keys() & own})

    def connections(self) -> Iterator[tuple[bytes, str]]:
        """Inode and remote address of each connection that was opened from this machine."""
        for table in ("tcp", "tcp6"):
            with suppress(OSError):
                rows = _ROW.findall(Path("/proc/self/net", table).read_bytes())
                self._listening.update(local for local, _, _, state, _ in rows if state == _LISTENING)
                addresses: dict[bytes, str] = {}
                for local, remote, port, state, inode in rows:
                    if state == _LISTENING or local in self._listening or inode in self._others or port == _DNS:
                        continue
                    if remote not in addresses:
                        addresses[remote] = _address(remote)
                    yield inode, addresses[remote]


def _address(text: bytes) -> str:
    """An address as /proc writes it: 32-bit words in the machine's own order."""
    raw = bytes.fromhex(text.decode("ascii"))
    words = [int.from_bytes(raw[at : at + 4], "big") for at in range(0, len(raw), 4)]
    packed = b"".join(word.to_bytes(4, sys.byteorder) for word in words)
    if len(packed) == 4:
        return str(IPv4Address(packed))
    address = IPv6Address(packed)
    return str(address.ipv4_mapped or address)


def sockets_of_tree() -> Iterator[bytes]:
    """The inodes of all sockets that this process and its descendants hold."""
    waiting = [os.getpid()]
    while waiting:
        pid = waiting.pop()
        waiting += _children(pid)
        with suppress(OSError):  # it has ended
            for entry in os.scandir(f"/proc/{pid}/fd"):
                with suppress(OSError):
                    target = os.readlink(entry.path)  # noqa: PTH115  (thousands of them, once a second)
                    if target.startswith("socket:["):
                        yield target[8:-1].encode("ascii")


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for task in os.scandir(f"/proc/{pid}/task"):
            with suppress(OSError):
                found += map(int, Path(task.path, "children").read_text(encoding="ascii").split())
    return found
