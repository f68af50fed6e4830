"""The engine: Locust in a process of its own, driving its share of one load and recording it once a second.

Started by `drive.driver` as `python -m perfgate.drive.engine`; the protocol stands in `drive.order`. With an order for
workers it is the master of a load that other machines drive (`drive.master`).
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gevent
import gevent.event
import locust  # first: it makes sockets, threads and TLS cooperative, and must do so before anything uses them
from locust.runners import STATE_STOPPED, LocalRunner

from perfgate import custom_metric
from perfgate.drive import arrivals, users
from perfgate.drive.abandoned import wait_for_answers
from perfgate.drive.descendants import adopt_orphans, below, end_all
from perfgate.drive.dispatch import ShareOfUsers
from perfgate.drive.extract import Extractor
from perfgate.drive.faults import LONGEST, watch_faults, watch_greenlets
from perfgate.drive.guard import HostGuard
from perfgate.drive.health import HealthMonitor
from perfgate.drive.hosts import hold_hosts, settle_hosts, told
from perfgate.drive.iterations import number_iterations
from perfgate.drive.journalist import Entries, Journalist
from perfgate.drive.listening import hear_first
from perfgate.drive.order import Done, Order, Ready
from perfgate.drive.outside import Outlook
from perfgate.drive.pipe import EventPipe, obey, read_line, refusal, start_logging
from perfgate.drive.recorder import Recorder
from perfgate.drive.scenario import create_environment, load_scenario, runs_pytest
from perfgate.drive.spawning import EngineRunner, create_engine_runner, gate_spawning, planned_users, quit_code
from perfgate.drive.statistics import LateStatistics
from perfgate.drive.time_slice import ask_for_short_slices
from perfgate.drive.unrecorded import LOST, watch_locusts_own
from perfgate.drive.user_errors import UserErrors
from perfgate.drive.values import sentence_of, text_of
from perfgate.errors import PerfgateError
from perfgate.measure.journal import JournalWriter
from perfgate.measure.recording import BEGIN, Begin, End, requests_journal

if TYPE_CHECKING:
    from collections.abc import Callable

    from locust.env import Environment
    from locust.runners import Runner

    from perfgate.drive.order import Event
    from perfgate.drive.share import Share

_DRAIN_POLL_S = 0.05


def create_runner(environment: Environment) -> EngineRunner:
    """Locust's runner, without its logging of each request for its own statistics: see `statistics`."""
    listeners = list(environment.events.request._handlers)  # noqa: SLF001
    runner = create_engine_runner(environment)
    environment.events.request._handlers[:] = listeners  # noqa: SLF001
    return runner


def local_users(runner: LocalRunner, share: Share) -> users.UserCount:
    """Users of this process; one of several engines has only those that are its own."""
    if share.count > 1:
        dispatcher: Any = ShareOfUsers(share, runner.user_classes)  # called where Locust calls its class
        runner.environment.dispatcher_class = dispatcher
    return users.locally(runner, gate_spawning(runner.environment, runner))


class Engine:
    """Drives one engine's share of a load.

    Args:
        order: what to do.
        runner: Locust's runner, of whatever kind; its environment has the scenario's classes.
        users_of: gives what has this engine's users, once its share is known.
        guard: knows which hosts were refused.
        entries: where it is recorded.
        send: where events go.

    Attributes:
        statistics: Locust's own, kept once somebody reads them.
    """

    def __init__(  # noqa: PLR0913  (the parts of an engine)
        self,
        order: Order,
        runner: Runner,
        users_of: Callable[[Share], users.UserCount],
        guard: HostGuard,
        entries: Entries,
        send: Callable[[Event], None],
    ) -> None:
        self._order = order
        self._runner = runner
        self._users_of = users_of
        self._guard = guard
        self._entries = entries
        self._send = send
        self._begin_at: float | None = None
        self._stop_reason: tuple[str, str] | None = None
        self._called = gevent.event.Event()  # to begin, or not to
        self._stopping = gevent.event.Event()
        self._user_errors = UserErrors()
        self._faults = watch_faults()
        watch_locusts_own()
        self._journalist: Journalist | None = None
        self._can_record = True
        self._is_open = order.model == "open" and order.profile is not None
        self._recorder, self._queue = self._build_recorder()
        self._listen(runner.environment)
        self.statistics = LateStatistics(
            runner.environment, self._recorder, use_response_times_cache=isinstance(runner, LocalRunner)
        )
        watch_greenlets(
            lambda code: self.stop("error", f"the scenario called sys.exit({text_of(code, LONGEST)})"),
            self._user_errors.end,
        )

    def _build_recorder(self) -> tuple[Recorder, users.ArrivalQueue | None]:
        extractors = [Extractor(**fields) for fields in self._order.metrics]
        if not self._is_open:
            return Recorder(self._order.profile, None, extractors, self._order.budgeted), None
        queue = users.ArrivalQueue(self._order.seed)
        recorder = Recorder(self._order.profile, queue.delays_s, extractors, self._order.budgeted)
        queue.now_s = recorder.now_s
        return recorder, queue

    def _listen(self, environment: Environment) -> None:
        hear_first(environment.events.request, self._recorder)
        hear_first(environment.events.user_error, self._user_errors)
        custom_metric.connect(self._recorder.on_metric)

    @property
    def user_classes(self) -> list[str]:
        """The names of the classes that are driven."""
        return [cls.__name__ for cls in self._runner.user_classes]

    @property
    def begun(self) -> bool:
        """Whether it was told to begin."""
        return self._begin_at is not None

    def prepare(self) -> None:
        """All that can be done before the load's first moment."""
        self._runner.environment.events.init.fire(
            environment=self._runner.environment, runner=self._runner, web_ui=None
        )
        self.statistics.heed_replacement()
        self._recorder.warm()
        gc.collect()
        gc.freeze()  # what is there now stays: looking through it again would make the load wait for tens of ms

    def go(self, at_s: float, share: Share | None = None) -> None:
        """Begin the load at this moment of the monotonic clock, with this share of it; the order's unless given."""
        self._order = replace(self._order, share=share or self._order.share)
        self._begin_at = at_s
        self._called.set()

    def stop(self, reason: str, detail: str) -> None:
        """End the load now, gracefully; the first reason stands."""
        if self._stop_reason is None:
            self._stop_reason = (reason, detail)
            self._stopping.set()
            self._called.set()

    def run(self) -> End:
        """Wait for the beginning, then drive the load from its first second to the end of its drain."""
        self._called.wait()
        if self._begin_at is None:
            reason, detail = self._stop_reason or ("stopped", "")
            return End(reason, detail, 0.0)
        return self._run(self._begin_at)

    def finish(self) -> None:
        """The last that the scenario hears."""
        environment = self._runner.environment
        environment.events.quitting.fire(environment=environment, reverse=True)
        environment.events.quit.fire(exit_code=quit_code(environment, failed=self._has_failed()))

    def _has_failed(self) -> bool:
        return bool(self._user_errors.counts) or (self._journalist is not None and self._journalist.failures > 0)

    def _with_faults(self, end: End) -> End:
        """The end, or why a load whose scenario failed must not be judged."""
        self.finish()
        words = self._faults.words(self._runner.environment.process_exit_code) or LOST.words()
        return replace(end, reason="error", detail=words) if words else end

    def _run(self, begin_at: float) -> End:
        self._recorder.start(begin_at)
        self._entries.append(BEGIN, asdict(self._begin()))
        gevent.sleep(max(begin_at - time.monotonic(), 0))
        health = HealthMonitor()
        journalist = self._journalist = Journalist(
            self._entries, self._recorder, health, self._runner, self._queue, self._order, self._send
        )
        background: list[Any] = [
            gevent.spawn(health.probe),
            gevent.spawn(self._write, journalist),
            gevent.spawn(self._watch_refusals),
            gevent.spawn(Outlook(self._guard.is_foreign).watch, self._guard.note),
        ]
        end = self._with_faults(self._drive())
        gevent.killall(background)
        if self._can_record:
            end = replace(end, classes_at_work=sorted(journalist.classes_at_work))
            journalist.write_rest(end)
        return end

    def _begin(self) -> Begin:
        order, at = self._order, self._recorder.started_at
        return Begin(at, self.user_classes, order.model, locust.__version__, order.share.count)

    def _watch_refusals(self) -> None:
        # Polled, not called back: a look-up may be refused in a thread of the resolver, which cannot wake this loop.
        while not self._guard.refused:
            gevent.sleep(users.TICK_S)
        host = self._guard.refused[0]
        self.stop("refused", f"the scenario tried to reach {host}, which allowed_hosts does not name")

    def _write(self, journalist: Journalist) -> None:
        try:
            journalist.write_each_second()
        except PerfgateError as error:  # a full disk: end the load, and say why
            self._can_record = False
            self._send(refusal(error))
            self.stop("error", str(error))

    def _drive(self) -> End:
        follower = gevent.spawn(self._follow)
        awaited: list[Any] = [follower, self._stopping]
        gevent.wait(awaited, count=1)
        driven_s = self._recorder.now_s()
        follower.kill()
        if follower.exception and self._stop_reason is None:
            self.stop("error", sentence_of(follower.exception, LONGEST))
        self._recorder.phases.end_at(driven_s)
        unserved = self._drain()
        cut_off = self._stop_users()
        reason, detail = self._stop_reason or ("shape" if self._order.profile is None else "completed", "")
        return End(reason, detail, driven_s, cut_off, unserved, self._user_errors.counts, self._guard.refused)

    def _follow(self) -> None:
        order, now_s = self._order, self._recorder.now_s
        if self._queue is None:
            number_iterations(order.seed, order.share)
        if order.profile is None:
            users.follow_shape(self._runner, order.max_duration_s, now_s)
            return
        count = self._users_of(order.share)
        if self._queue is None:
            users.follow_profile(count, order.profile, now_s)
            return
        users.pace_by_arrivals(self._queue)
        pool = users.Pool(count, self._queue, order.share, order.max_users)
        due = arrivals.arrivals_of(order.share, order.profile, arrivals=order.arrivals, seed=order.seed)
        users.follow_arrivals(pool, self._queue, due, order.profile.duration_s)

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
        LOST.close()
        if self._runner.state == STATE_STOPPED:
            return 0
        began = time.monotonic()
        stopping = gevent.spawn(self._runner.stop)
        # Locust waits for the same timeout and then kills: look at who is left just before it does.
        stopping.join(timeout=max(self._order.stop_timeout_s - _DRAIN_POLL_S, 0))
        left = 0 if stopping.ready() or runs_pytest(self._runner.user_classes) else self._runner.user_count
        stopping.join()
        if self._stop_reason is None:
            LOST.unanswered = wait_for_answers(max(self._order.stop_timeout_s - (time.monotonic() - began), 0.0))
        return left


def main() -> int:
    """Read the order, drive the load; the exit code is 0 when the load was driven, else 1."""
    pipe = EventPipe()
    line = read_line()
    if not line:
        return 0  # the parent changed its mind
    order = Order.from_json(line)
    ask_for_short_slices()
    log = os.open(Path(order.folder) / order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    try:
        end = _drive_with_workers(order, pipe) if order.workers else _drive_here(order, pipe)
    except PerfgateError as error:
        pipe.send(refusal(error))
        return 1
    pipe.send(Done(end.reason, end.detail, end.cut_off))
    return 0


def _drive_here(order: Order, pipe: EventPipe) -> End:
    guard = HostGuard(order.allowed_hosts)
    guard.install()
    start_logging()
    scenario = load_scenario(order)
    hosts = settle_hosts(order, scenario.user_classes)
    runner = create_runner(create_environment(order, scenario))
    hold_hosts(runner, hosts)
    runner.planned = planned_users(order)
    runner.worker_index, runner.worker_count = order.share.index, order.share.count
    journal_path = Path(order.folder) / requests_journal(order.share.index, order.share.count)
    with JournalWriter(journal_path) as journal:
        engine = Engine(order, runner, lambda share: local_users(runner, share), guard, journal, pipe.send)
        gevent.signal_handler(signal.SIGTERM, engine.stop, "stopped", "the engine was asked to end")
        gevent.spawn(obey, engine)
        engine.prepare()
        pipe.send(Ready("user", engine.user_classes, told(hosts, scenario.bases)))
        return engine.run()


def _drive_with_workers(order: Order, pipe: EventPipe) -> End:
    from perfgate.drive.master import drive

    return drive(order, pipe)


if __name__ == "__main__":
    adopt_orphans()
    code = main()
    end_all(lambda: below(os.getpid()))
    sys.stderr.flush()
    # Not sys.exit: greenlets and threads of the scenario must not keep the process, nor its exit handlers delay it.
    os._exit(code)
