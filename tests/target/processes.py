"""Small real programs for the tests to start, and ways to see what became of them."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from perfgate.plan.plan import Service

if TYPE_CHECKING:
    from collections.abc import Callable

LONG_S = 60.0  # a bound against hanging; nothing here takes as long

# Each program writes the pids of its processes to the file named by its first argument, then lives until it is ended.
PIDS = """
import os, pathlib, signal, sys, time
def note():
    with open(sys.argv[1], "a") as file:
        file.write(f"{os.getpid()}\\n")
def live():
    note()
    while True:
        time.sleep(3600)
"""
PLAIN = PIDS + "live()"
STUBBORN = PIDS + "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nlive()"
PARENT = PIDS + "os.fork() or live()\nlive()"
DOUBLE_FORK = (
    PIDS
    + """
if not os.fork():
    os.setsid()
    if os.fork():
        os._exit(0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    live()
os.wait()
live()
"""
)
LEAVES_A_DAEMON = (
    PIDS
    + """
if not os.fork():
    os.setsid()
    if os.fork():
        os._exit(0)
    live()
os.wait()
while not pathlib.Path(sys.argv[1]).exists():
    time.sleep(0.01)
sys.exit(5)
"""
)
# As PLAIN, and listens at the port of its second argument.
LISTENS = (
    PIDS
    + """
import socket
listener = socket.create_server(("127.0.0.1", int(sys.argv[2])))
live()
"""
)


def processes_below() -> set[int]:
    """The processes that this one has started, all the way down; other tests' servers may be among them."""
    return {child.pid for child in psutil.Process().children(recursive=True)}


def python(program: str, *arguments: object) -> tuple[str, ...]:
    """The command that runs a program."""
    return (sys.executable, "-c", program, *map(str, arguments))


def service(command: tuple[str, ...] | None, **changes: object) -> Service:
    """A service with that command and whatever else a test wants of it."""
    fields: dict[str, object] = {
        "name": "shop",
        "url": "http://127.0.0.1:{port}",
        "scenario": Path("shop.py"),
        "scenario_text": "shop.py",
        "loads": (),
        "command": command,
        "ready_timeout_s": LONG_S,
        "stop_timeout_s": 0.3,
        "source": "budgets.toml:7",
    }
    return Service(**{**fields, **changes})  # type: ignore[arg-type]


def until(condition: Callable[[], bool]) -> bool:
    """Wait for a condition; False when it never came true."""
    deadline = time.monotonic() + LONG_S
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def noted_pids(file: Path, count: int) -> list[int]:
    """The pids that a program has noted, once there are `count` of them."""

    def pids() -> list[int]:
        return [int(line) for line in file.read_text().splitlines()] if file.exists() else []

    assert until(lambda: len(pids()) == count), f"expected {count} processes, got {pids()}"
    return pids()


def is_gone(pid: int) -> bool:
    """Whether a process has ended; a zombie has."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
