"""A port that a service is given is its own until it has ended."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from perfgate.errors import ServiceError
from perfgate.target.ports import PORTS, reserve_port
from perfgate.target.readiness import port_in_use
from perfgate.target.service import start
from tests.target.processes import LISTENS, python, service

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has abstract sockets")

RESERVES = """
import sys, time
from perfgate.errors import ServiceError
from perfgate.target.ports import reserve_port
try:
    reserve_port([int(sys.argv[1])])
except ServiceError as error:
    print(error.slug, flush=True)
else:
    print("reserved", flush=True)
    time.sleep(60)
"""


def another(number: int) -> subprocess.Popen[str]:
    """Another perfgate that wants this very port, and keeps it."""
    return subprocess.Popen(python(RESERVES, number), stdout=subprocess.PIPE, text=True)


def first_word(process: subprocess.Popen[str]) -> str:
    """What it said."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_nobody_listens_there_until_somebody_does() -> None:
    """And whoever has reserved it can."""
    with reserve_port() as port:
        before = port_in_use("127.0.0.1", port)
        with socket.create_server(("127.0.0.1", port)):
            after = port_in_use("127.0.0.1", port)
    assert (before, after) == (False, True)


@linux
def test_the_kernel_gives_it_to_nobody_by_itself() -> None:
    """Neither to an outgoing connection nor to a program that asks for any port: the services of others come so."""
    first, last = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    others = [number for number in PORTS if not first <= number <= last]
    with reserve_port() as port:
        assert port in (others or PORTS)


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "127.0.0.3"])
def test_where_somebody_listens_another_is_taken(address: str) -> None:
    """At any address of this machine."""
    with reserve_port() as taken, reserve_port() as free, socket.create_server((address, taken)):
        pass
    with socket.create_server((address, taken)), reserve_port([taken, free]) as chosen:
        assert chosen == free


def test_when_none_is_free_it_is_said() -> None:
    """With what to do."""
    with reserve_port() as port, socket.create_server(("127.0.0.1", port)), pytest.raises(ServiceError) as raised:
        reserve_port([port])
    assert raised.value.slug == "port-in-use"


@linux
def test_no_other_perfgate_takes_it() -> None:
    """Before anybody listens: two that start at the same moment would be answered by each other's service."""
    with reserve_port() as port:
        with another(port) as refused:
            assert first_word(refused) == "port-in-use"
        with pytest.raises(ServiceError):
            reserve_port([port])
    with another(port) as holder:
        assert first_word(holder) == "reserved"
        holder.kill()


@linux
def test_a_killed_perfgate_holds_nothing() -> None:
    """The kernel lets go of it, whatever happened."""
    with reserve_port() as port:
        pass
    with another(port) as holder:
        assert first_word(holder) == "reserved"
        holder.kill()
    with reserve_port([port]) as chosen:
        assert chosen == port


@linux
def test_a_service_holds_its_port_until_it_has_ended(tmp_path: Path) -> None:
    """Also while nothing listens there any more."""
    running = start(service(python(LISTENS, tmp_path / "pids", "{port}")), tmp_path)
    port = int(running.url.rpartition(":")[2])
    with another(port) as refused:
        assert first_word(refused) == "port-in-use"
    running.stop()
    running.stop()
    with reserve_port([port]) as chosen:
        assert chosen == port


@linux
def test_a_service_that_never_became_ready_holds_nothing(tmp_path: Path) -> None:
    """Whether its command could not be started or it ended."""
    noted = tmp_path / "port"
    for command in (["no-such-program", "{port}"], ["sh", "-c", 'echo "$0" > "$1"; exit 3', "{port}", str(noted)]):
        with pytest.raises(ServiceError):
            start(service(tuple(command)), tmp_path)
    port = int(noted.read_text())
    with reserve_port([port]) as again:
        assert again == port
