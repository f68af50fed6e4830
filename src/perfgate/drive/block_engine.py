"""The engine of a comparison: one process that drives both sides in turn.

So no difference between two generators can look like a difference between two services.

Started as `drive.engine` is, with a `BlocksOrder`; says `Ready` when the users of both sides have come to their first
task, then drives a block for each `block` command and says `BlockDone` once it is drained and in the journal.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gevent
import gevent.event
import gevent.queue
import locust  # first: it makes sockets, threads and TLS cooperative, and must do so before anything uses them
from locust.runners import STATE_STOPPED

from perfgate.drive.abandoned import wait_for_answers
from perfgate.drive.block import BlockDriver
from perfgate.drive.block_order import BLOCK, BlockCommand, BlocksOrder
from perfgate.drive.descendants import adopt_orphans, below, end_all
from perfgate.drive.engine import create_runner
from perfgate.drive.faults import LONGEST, watch_faults, watch_greenlets
from perfgate.drive.guard import HostGuard
from perfgate.drive.hosts import told
from perfgate.drive.listening import hear_first
from perfgate.drive.order import BlockDone, Done, Progress, Ready
from perfgate.drive.outside import Outlook
from perfgate.drive.pacing import pace_by_blocks
from perfgate.drive.pipe import EventPipe, obey, read_line, refusal, start_logging
from perfgate.drive.scenario import load_scenario, runs_pytest
from perfgate.drive.side import SharedRequests, Side
from perfgate.drive.spawning import quit_code
from perfgate.drive.time_slice import ask_for_short_slices
from perfgate.drive.unrecorded import LOST, watch_locusts_own
from perfgate.drive.user_errors import UserErrors
from perfgate.drive.users import TICK_S
from perfgate.drive.values import sentence_of, text_of
from perfgate.errors import PerfgateError, ScenarioError
from perfgate.measure.block_entries import BLOCK as BLOCK_ENTRY
from perfgate.measure.block_entries import BLOCKS_JOURNAL, block_to_body
from perfgate.measure.journal import JournalWriter
from perfgate.measure.recording import BEGIN, END, Begin, End

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfgate.drive.order import Event
    from perfgate.measure.blocks import SideName

_SIDES: tuple[SideName, ...] = ("base", "head")
_SETTLE_S = 60.0  # users that are not at their first task by then may follow later
_SIGN_OF_LIFE_S = 10.0


class BlockEngine:
    """Drives blocks until told to end.

    Args:
        order: what is driven.
        sides: both, their users not yet there.
        guard: knows which hosts were refused.
        journal: where blocks are written.
        send: where events go.
    """

    def __init__(
        self,
        order: BlocksOrder,
        sides: dict[SideName, Side],
        guard: HostGuard,
        journal: JournalWriter,
        send: Callable[[Event], None],
    ) -> None:
        self._order = order
        self._sides = sides
        self._guard = guard
        self._journal = journal
        self._send = send
        self._commands: gevent.queue.Queue[BlockCommand] = gevent.queue.Queue()
        self._stopping = gevent.event.Event()
        self._stop_reason: tuple[str, str] | None = None
        self._user_errors = UserErrors()
        self._faults = watch_faults()
        watch_locusts_own()
        hear_first(locust.events.user_error, self._user_errors)
        watch_greenlets(
            lambda code: self.stop("error", f"the scenario called sys.exit({text_of(code, LONGEST)})"),
            self._user_errors.end,
        )

    def go(self, at_s: float) -> None:
        """Nothing to do: blocks are ordered one by one."""

    def block(self, argument: str) -> None:
        """Drive a block when those before it are done."""
        self._commands.put(BlockCommand.from_argument(argument))

    def stop(self, reason: str, detail: str) -> None:
        """End the comparison now; a block that is being driven is no more written."""
        if self._stop_reason is None:
            self._stop_reason = (reason, detail)
            self._stopping.set()

    def run(self) -> End:
        """Bring the users to their first tasks, then drive what is ordered."""
        background: list[Any] = [
            gevent.spawn(self._watch),
            gevent.spawn(self._show_life),
            gevent.spawn(Outlook(self._guard.is_foreign).watch, self._guard.note),
        ]
        started_at, began = time.time(), time.monotonic()
        classes = [cls.__name__ for cls in self._sides["base"].runner.user_classes]
        self._journal.append(BEGIN, asdict(Begin(started_at, classes, self._order.model, locust.__version__)))
        self._drive(classes)
        driven_s = time.monotonic() - began
        gevent.killall(background)
        for side in self._sides.values():
            side.gate.close()
        end = self._finish(driven_s)
        self._journal.append(END, asdict(end))
        return end

    def _drive(self, classes: list[str]) -> None:
        follower = gevent.spawn(self._follow, classes)
        awaited: list[Any] = [follower, self._stopping]
        gevent.wait(awaited, count=1)
        follower.kill()
        if follower.exception and self._stop_reason is None:
            error = follower.exception
            if isinstance(error, PerfgateError):
                self._send(refusal(error))
            self.stop("error", sentence_of(error, LONGEST))

    def _follow(self, classes: list[str]) -> None:
        driver = BlockDriver(self._order, self._sides)
        driver.prepare()
        self._settle(driver)
        if empty := [side for side in self._sides.values() if side.is_empty]:
            self.stop("error", self._why_empty(empty))
            return
        driver.spare_collections()
        self._send(Ready("user", classes, told(self._sides["head"].hosts, self._sides["head"].bases)))
        while True:
            command = self._commands.get()
            requests = failures = unfinished = 0
            for entry, failed in driver.drive(command):
                self._journal.append(BLOCK_ENTRY, block_to_body(entry))
                requests, failures = requests + entry.requests, failures + failed
                unfinished += entry.unfinished
            self._send(BlockDone(command.number, requests, failures, unfinished))

    def _settle(self, driver: BlockDriver) -> None:
        """Wait until the users have logged in, or whatever they do before their first task."""
        deadline = time.monotonic() + _SETTLE_S
        while not driver.settled and time.monotonic() < deadline:
            gevent.sleep(0.01)

    def _why_empty(self, sides: list[Side]) -> str:
        """That nothing could be driven there, and what the users met: the login that failed, or what was raised."""
        where = " and ".join(side.name for side in sides)
        told = [*(side.refusal for side in sides if side.refusal), *self._user_errors.counts]
        return f"every user of the {where} ended before its first task{f': {told[0]}' if told else ''}"

    def _watch(self) -> None:
        """End when the scenario does what it must not: reach other hosts, or end the load by itself."""
        while True:
            if self._guard.refused:
                host = self._guard.refused[0]
                self.stop("refused", f"the scenario tried to reach {host}, which allowed_hosts does not name")
            for side in self._sides.values():
                if side.runner.state == STATE_STOPPED:
                    self.stop("error", f"the scenario ended the load at {side.name}; see {self._order.log}")
            gevent.sleep(TICK_S)

    def _show_life(self) -> None:
        """Between two blocks, or in a long one, the parent must not think that this is stuck."""
        number = 0
        while True:
            gevent.sleep(_SIGN_OF_LIFE_S)
            users = sum(side.runner.user_count for side in self._sides.values())
            self._send(Progress(number, "", users, 0, 0, None))
            number += 1

    def _finish(self, driven_s: float) -> End:
        LOST.close()
        cut_off = sum(self._stop_users(side) for side in self._sides.values())
        if self._stop_reason is None:
            LOST.unanswered = wait_for_answers(self._order.stop_timeout_s)
        for side in self._sides.values():
            side.environment.events.quitting.fire(environment=side.environment, reverse=True)
        codes = [quit_code(side.environment, failed=bool(self._user_errors.counts)) for side in self._sides.values()]
        locust.events.quit.fire(exit_code=max(codes))
        reason, detail = self._stop_reason or ("completed", "")
        end = End(reason, detail, driven_s, cut_off, 0, self._user_errors.counts, self._guard.refused)
        if words := "; ".join(self._faults.seen) or LOST.words():
            return replace(end, reason="error", detail=words)
        for side in self._sides.values():
            if code := side.environment.process_exit_code:
                return replace(end, reason="error", detail=f"the scenario set environment.process_exit_code to {code}")
        return end

    def _stop_users(self, side: Side) -> int:
        """Stop all users gracefully; returns how many were in the middle of a task when the stop timeout was over."""
        if side.runner.state == STATE_STOPPED:
            return 0
        stopping = gevent.spawn(side.runner.stop)
        stopping.join(timeout=max(self._order.stop_timeout_s - TICK_S, 0))
        left = 0 if stopping.ready() else side.runner.user_count
        stopping.join()
        return int(left)


def main() -> int:
    """Read the order, drive what is asked for; the exit code is 0 when that went well, else 1."""
    pipe = EventPipe()
    line = read_line()
    if not line:
        return 0  # the parent changed its mind
    order = BlocksOrder.from_json(line)
    assert isinstance(order, BlocksOrder)
    log = os.open(Path(order.folder) / order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    ask_for_short_slices()
    try:
        end = _drive(order, pipe)
    except PerfgateError as error:
        pipe.send(refusal(error))
        return 1
    pipe.send(Done(end.reason, end.detail, end.cut_off))
    return 0


def _drive(order: BlocksOrder, pipe: EventPipe) -> End:
    guard = HostGuard(order.allowed_hosts)
    guard.install()
    start_logging()
    scenario = load_scenario(order)
    if runs_pytest(scenario.user_classes):
        raise ScenarioError(
            "test functions as users cannot be driven in blocks: Locust runs them in a loop that cannot be held",
            place=order.scenario,
            hint="write a User class with tasks for what is to be compared",
            slug="scenario-not-comparable",
        )
    pace_by_blocks()
    sides: dict[SideName, Side] = {name: Side(name, order, scenario, create_runner) for name in _SIDES}
    locust.events.request = SharedRequests(locust.events.request, list(sides.values()))
    with JournalWriter(Path(order.folder) / BLOCKS_JOURNAL) as journal:
        engine = BlockEngine(order, sides, guard, journal, pipe.send)
        gevent.signal_handler(signal.SIGTERM, engine.stop, "stopped", "the engine was asked to end")
        commands: dict[str, Any] = {BLOCK: engine.block}
        gevent.spawn(obey, engine, **commands)
        return engine.run()


if __name__ == "__main__":
    adopt_orphans()
    code = main()
    end_all(lambda: below(os.getpid()))
    sys.exit(code)
