"""The engine: Locust in a process of its own, driving one load and writing its journal once a second.

Started by `drive.driver` as `python -m perfgate.drive.engine`; the protocol stands in `drive.order`.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gevent
import gevent.event
import locust  # first: it makes sockets, threads and TLS cooperative, and must do so before anything uses them
from gevent.os import tp_read
from locust.runners import STATE_STOPPED

from perfgate import custom_metric
from perfgate.drive import order as protocol
from perfgate.drive import users
from perfgate.drive.extract import Extractor
from perfgate.drive.guard import HostGuard
from perfgate.drive.health import HealthMonitor
from perfgate.drive.journalist import Journalist
from perfgate.drive.order import Done, Order, Ready, Refused
from perfgate.drive.recorder import Recorder
from perfgate.drive.scenario import create_environment, load_scenario
from perfgate.errors import PerfgateError
from perfgate.measure.journal import JournalWriter
from perfgate.measure.recording import BEGIN, REQUESTS_JOURNAL, Begin, End

if TYPE_CHECKING:
    from collections.abc import Callable

    from locust.env import Environment
    from locust.runners import LocalRunner

    from perfgate.drive.scenario import Scenario

MAX_USER_ERRORS = 50
MAX_LOGGED_ERRORS = 100
_DRAIN_POLL_S = 0.05


def create_runner(environment: Environment, *, keep_statistics: bool) -> LocalRunner:
    """Locust's runner; its own per-request statistics are kept only where the scenario reads them.

    They cost more than our recording does, round to two digits, and nothing here reads them.
    """
    listeners = list(environment.events.request._handlers)  # noqa: SLF001
    runner = environment.create_local_runner()
    if not keep_statistics:
        environment.events.request._handlers[:] = listeners  # noqa: SLF001
    return runner


class EventPipe:
    """The way back to the parent: the process's original standard output, which nothing else can write to."""

    def __init__(self) -> None:
        self._file = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
        os.dup2(2, 1)  # what a scenario prints must not look like an event

    def send(self, event: protocol.Event) -> None:
        """Write one event; a parent that is gone is no error here, its end of file on stdin ends the load."""
        try:
            self._file.write(protocol.event_to_json(event) + "\n")
        except BrokenPipeError:
            sys.stderr.write("perfgate: the parent no longer listens\n")


class Engine:
    """Drives one load.

    Args:
        order: what to do.
        scenario: the loaded locustfile.
        guard: knows which hosts were refused.
        send: where events go.
    """

    def __init__(
        self, order: Order, scenario: Scenario, guard: HostGuard, send: Callable[[protocol.Event], None]
    ) -> None:
        self._order = order
        self._scenario = scenario
        self._guard = guard
        self._send = send
        self._stop_reason: tuple[str, str] | None = None
        self._stopping = gevent.event.Event()
        self._user_errors: dict[str, int] = {}
        self._environment = create_environment(order, scenario)
        self._runner = create_runner(self._environment, keep_statistics=scenario.reads_statistics)
        self._is_open = order.model == "open" and order.profile is not None
        self._recorder, self._queue = self._build_recorder()
        self._listen(self._environment)

    def _build_recorder(self) -> tuple[Recorder, users.ArrivalQueue | None]:
        extractors = [Extractor(**fields) for fields in self._order.metrics]
        if not self._is_open:
            return Recorder(self._order.profile, extractors=extractors), None
        queue = users.ArrivalQueue(self._order.seed)
        recorder = Recorder(self._order.profile, queue.waited_s, extractors)
        queue.now_s = recorder.now_s
        return recorder, queue

    def _listen(self, environment: Environment) -> None:
        environment.events.request.add_listener(self._recorder.on_request)
        environment.events.user_error.add_listener(self._on_user_error)
        custom_metric.connect(self._recorder.on_metric)

    def _on_user_error(self, exception: BaseException, **_: Any) -> None:
        text = f"{type(exception).__name__}: {exception}"[:200]
        if text not in self._user_errors and len(self._user_errors) >= MAX_USER_ERRORS:
            text = "other exceptions"
        self._user_errors[text] = self._user_errors.get(text, 0) + 1

    def stop(self, reason: str, detail: str) -> None:
        """End the load now, gracefully; the first reason stands."""
        if self._stop_reason is None:
            self._stop_reason = (reason, detail)
            self._stopping.set()

    def run(self) -> End:
        """Drive the load from its first second to the end of its drain."""
        with JournalWriter(Path(self._order.folder) / REQUESTS_JOURNAL) as journal:
            self._environment.events.init.fire(environment=self._environment, runner=self._runner, web_ui=None)
            names = [cls.__name__ for cls in self._scenario.user_classes]
            self._recorder.warm()
            self._recorder.start()
            journal.append(BEGIN, asdict(Begin(time.time(), "user", names, self._order.model, locust.__version__)))
            self._send(Ready("user", names))
            health = HealthMonitor()
            journalist = Journalist(journal, self._recorder, health, self._runner, self._queue, self._order, self._send)
            background: list[Any] = [
                gevent.spawn(health.probe),
                gevent.spawn(self._write, journalist),
                gevent.spawn(self._watch_refusals),
            ]
            end = self._drive()
            gevent.killall(background)
            if self._stop_reason is None or self._stop_reason[0] != "error":
                journalist.write_rest(end)
        self._environment.events.quitting.fire(environment=self._environment, reverse=True)
        return end

    def _watch_refusals(self) -> None:
        # Polled, not called back: a look-up may be refused in a thread of the resolver, which cannot wake this loop.
        while not self._guard.refused:
            gevent.sleep(users.TICK_S)
        host = self._guard.refused[0]
        self.stop("refused", f"the scenario tried to reach {host}, which allowed_hosts does not name")

    def _write(self, journalist: Journalist) -> None:
        try:
            journalist.write_each_second(self.stop)
        except PerfgateError as error:  # a full disk: end the load, and say why
            self._send(_refusal(error))
            self.stop("error", str(error))

    def _drive(self) -> End:
        follower = gevent.spawn(self._follow)
        awaited: list[Any] = [follower, self._stopping]
        gevent.wait(awaited, count=1)
        driven_s = self._recorder.now_s()
        follower.kill()
        if follower.exception and self._stop_reason is None:
            self.stop("error", f"{type(follower.exception).__name__}: {follower.exception}")
        self._recorder.phases.end_at(driven_s)
        unserved = self._drain()
        cut_off = self._stop_users()
        reason, detail = self._stop_reason or ("shape" if self._order.profile is None else "completed", "")
        return End(reason, detail, driven_s, cut_off, unserved, self._user_errors, self._guard.refused)

    def _follow(self) -> None:
        order, now_s = self._order, self._recorder.now_s
        if order.profile is None:
            users.follow_shape(self._runner, order.max_duration_s, now_s)
        elif self._queue is None:
            users.follow_profile(self._runner, order.profile, now_s)
        else:
            users.pace_by_arrivals(self._queue)
            users.follow_arrivals(
                self._runner,
                self._queue,
                order.profile,
                now_s,
                arrivals=order.arrivals,
                seed=order.seed,
                max_users=order.max_users,
            )

    def _drain(self) -> int:
        """Open model: arrivals that fell due are still served, within the stop timeout; returns those that were not."""
        if self._queue is None:
            return 0
        deadline = time.monotonic() + self._order.stop_timeout_s
        while self._queue.waiting and time.monotonic() < deadline and self._stop_reason is None:
            gevent.sleep(_DRAIN_POLL_S)
        return self._queue.waiting

    def _stop_users(self) -> int:
        """Stop all users gracefully; returns how many had to be cut off in the middle of a task."""
        if self._runner.state == STATE_STOPPED:
            return 0
        stopping = gevent.spawn(self._runner.stop)
        # Locust waits for the same timeout and then kills: look at who is left just before it does.
        stopping.join(timeout=max(self._order.stop_timeout_s - _DRAIN_POLL_S, 0))
        left = 0 if stopping.ready() else self._runner.user_count
        stopping.join()
        return left


def watch_parent(engine: Engine) -> None:
    """Obey the parent's commands; when the parent is gone, end the load."""
    while data := tp_read(0, 4096):
        if protocol.STOP in data.decode(errors="replace").split():
            engine.stop("stopped", "stopped before its end")
    engine.stop("stopped", "the perfgate process ended")


def _refusal(error: PerfgateError) -> Refused:
    return Refused(type(error).__name__, error.slug, error.message, error.place, error.hint)


def main() -> int:
    """Read the order, drive the load; the exit code is 0 when the load was driven, else 1."""
    pipe = EventPipe()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    line = _read_line()
    if not line:
        return 0  # the parent changed its mind
    order = Order.from_json(line)
    log = os.open(Path(order.folder) / protocol.ENGINE_LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    try:
        engine = _prepare(order, pipe)
        gevent.signal_handler(signal.SIGTERM, engine.stop, "stopped", "the engine was asked to end")
        gevent.spawn(watch_parent, engine)
        end = engine.run()
    except PerfgateError as error:
        pipe.send(_refusal(error))
        return 1
    pipe.send(Done(end.reason, end.detail, end.cut_off))
    return 0


def _read_line() -> str:
    """One line of standard input, byte by byte: what follows it are commands, and must stay in the pipe."""
    line = bytearray()
    while (byte := os.read(0, 1)) not in {b"", b"\n"}:
        line += byte
    return line.decode()


def _prepare(order: Order, pipe: EventPipe) -> Engine:
    guard = HostGuard(order.allowed_hosts)
    guard.install()
    logging.getLogger("locust.user.task").addFilter(FirstMessages(MAX_LOGGED_ERRORS))
    return Engine(order, load_scenario(order), guard, pipe.send)


class FirstMessages(logging.Filter):
    """Lets the first messages through: a scenario that fails thousands of times a second must not fill the disk."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._left = most

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to log this one."""
        self._left -= record.levelno >= logging.ERROR
        return self._left >= 0


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    # Not sys.exit: greenlets and threads of the scenario must not keep the process, nor its exit handlers delay it.
    os._exit(code)
