"""Generator and services on CPUs of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from perfgate.compare.placing import Placing
from perfgate.target.cpus import usable
from perfgate.target.resources import ProcessTree

if TYPE_CHECKING:
    from collections.abc import Iterator

EVERYWHERE = sorted(os.sched_getaffinity(0))
ROOM = len(usable()) > 1  # a machine with one CPU has nothing to divide
SLEEP = "import threading, time; threading.Thread(target=time.sleep, args=(600,)).start(); print(flush=True)"


def threads_of(pid: int) -> list[int]:
    """All threads of a process."""
    return [int(path.name) for path in Path(f"/proc/{pid}/task").iterdir()]


class Three:
    """A generator and two services that do nothing, each with two threads."""

    def __init__(self) -> None:
        self.processes = [
            subprocess.Popen([sys.executable, "-c", SLEEP], stdout=subprocess.PIPE, text=True) for _ in range(3)
        ]
        for process in self.processes:
            assert process.stdout is not None  # a pipe
            process.stdout.readline()

    def placing(self, *, wanted: bool = True) -> Placing:
        """Of all three."""
        generator, base, head = (process.pid for process in self.processes)
        return Placing({"base": ProcessTree(base), "head": ProcessTree(head)}, generator, wanted=wanted)

    def where(self) -> list[list[int]]:
        """The CPUs on which every thread of each may run."""
        found = []
        for process in self.processes:
            (cpus,) = {tuple(sorted(os.sched_getaffinity(thread))) for thread in threads_of(process.pid)}
            found.append(list(cpus))
        return found

    def end(self) -> None:
        """All of them."""
        for process in self.processes:
            process.kill()
            process.wait()
            assert process.stdout is not None  # a pipe
            process.stdout.close()


@pytest.fixture
def three() -> Iterator[Three]:
    """Running processes."""
    found = Three()
    yield found
    found.end()


def test_the_generator_has_one_cpu_and_both_services_share_the_others(three: Three) -> None:
    """All threads that they have."""
    placing = three.placing()
    placing.settle({"base": 0.1, "head": 0.2})
    apart = [usable()[:1], usable()[1:], usable()[1:]]
    assert placing.own == ROOM
    assert three.where() == (apart if ROOM else [EVERYWHERE] * 3)


def test_afterwards_everybody_may_run_anywhere_again(three: Three) -> None:
    """Whole loads follow, which need all there is."""
    placing = three.placing()
    placing.settle({"base": 0.1, "head": 0.2})
    placing.release()
    assert three.where() == [EVERYWHERE] * 3


@pytest.mark.parametrize(
    ("wanted", "used"),
    [
        (False, {"base": 0.1, "head": 0.1}),  # the budgets file says no
        (True, {"base": 0.1, "head": 0.6 * (len(usable()) - 1)}),  # there is no room
        (True, {"base": None, "head": None}),  # nobody knows
    ],
)
def test_without_room_or_wish_nothing_is_bound(three: Three, wanted: bool, used: dict[str, float | None]) -> None:
    """A service that is short of CPU would be measured at another load than it has in truth."""
    placing = three.placing(wanted=wanted)
    placing.settle(used)  # type: ignore[arg-type]
    assert not placing.own
    assert three.where() == [EVERYWHERE] * 3


def test_a_service_that_has_chosen_its_cpus_keeps_them(three: Three) -> None:
    """As with `command = "taskset -c 0 ..."`."""
    for thread in threads_of(three.processes[1].pid):
        os.sched_setaffinity(thread, EVERYWHERE[:1])
    placing = three.placing()
    placing.settle({"base": 0.1, "head": 0.1})
    placing.release()
    assert not placing.own
    assert three.where() == [EVERYWHERE, EVERYWHERE[:1], EVERYWHERE]


def test_a_side_that_runs_elsewhere_has_no_processes_to_bind(three: Three) -> None:
    """A deployment; then the other side is left alone as well."""
    generator, base, _ = (process.pid for process in three.processes)
    placing = Placing({"base": ProcessTree(base), "head": None}, generator, wanted=True)
    placing.settle({"base": 0.1, "head": None})
    assert not placing.own
    assert three.where() == [EVERYWHERE] * 3
