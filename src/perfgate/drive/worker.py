"""A worker: Locust in a process of its own, driving a share of a load that a master on another machine shares out.

Started by `drive.agent` as `python -m perfgate.drive.worker`; what master and worker say stands in `drive.wire`.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from dataclasses import replace
from itertools import count
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import gevent
import gevent.event
from locust import runners  # first: Locust makes sockets, threads and TLS cooperative
from locust.argument_parser import download_locustfile_from_master
from locust.rpc import Message, zmqrpc

from perfgate.drive import wire
from perfgate.drive.descendants import adopt_orphans, below, end_all
from perfgate.drive.dispatch import ShareOfUsers
from perfgate.drive.engine import Engine
from perfgate.drive.farewell import Farewell
from perfgate.drive.guard import HostGuard
from perfgate.drive.hosts import hold_hosts, settle_hosts
from perfgate.drive.listening import hear_first
from perfgate.drive.order import SPARE, Done, Note, Ready
from perfgate.drive.pipe import EventPipe, obey, read_line, refusal, start_logging
from perfgate.drive.scenario import create_environment, load_scenario
from perfgate.drive.share import Share
from perfgate.drive.spawning import gate_spawning
from perfgate.drive.time_slice import ask_for_short_slices
from perfgate.drive.users import UserCount
from perfgate.errors import EngineError, PerfgateError

if TYPE_CHECKING:
    from locust.env import Environment
    from locust.runners import WorkerRunner

    from perfgate.drive.order import Order
    from perfgate.measure.recording import End

_POLL_S = 0.1
_ALIVE_EVERY_S = 5.0


class Call:
    """Where the master is, and how long to wait for it; as `drive.agent` sends it."""

    def __init__(self, host: str, port: int, timeout_s: float, folder: str) -> None:
        self.host = host
        self.port = port
        self.timeout_s = timeout_s
        self.folder = Path(folder)

    @property
    def place(self) -> str:
        """For messages."""
        return f"{self.host}:{self.port}"

    def fetch(self) -> str:
        """The master's bundle.

        Raises:
            EngineError: no master answered in time, or what answered is not perfgate's.
        """
        # Locust waits for the product of the two, and asks again once a second.
        runners.CONNECT_TIMEOUT, runners.CONNECT_RETRY_COUNT = 1, ceil(self.timeout_s)
        try:
            files: Any = download_locustfile_from_master(self.host, self.port)
        except SystemExit:
            raise EngineError(
                f"no master answered for {self.timeout_s:g} s",
                place=self.place,
                hint="is `perfgate run --workers` running there, and does it listen on an address that can be reached?",
                slug="no-master",
            ) from None
        found = [file["contents"] for file in files if isinstance(file, dict) and file["filename"] == wire.BUNDLE]
        if not found:
            raise EngineError(
                "what answers there is Locust, but not perfgate",
                place=self.place,
                hint="start `perfgate run --workers`",
            )
        return str(found[0])

    def tell_failure(self, error: PerfgateError) -> None:
        """Let the master know at once that this worker cannot drive; it would wait for it in vain."""
        name = f"{socket.gethostname()}_{uuid4().hex}"
        said = {key: getattr(error, key) for key in ("message", "place", "hint", "slug")}
        client = zmqrpc.Client(self.host, self.port, name)
        client.send(Message(wire.FAILED, {"host": socket.gethostname(), **said}, name))
        gevent.sleep(_POLL_S)
        client.close(linger=1000)


def create_runner(environment: Environment, call: Call, farewell: Farewell) -> WorkerRunner:
    """Locust's worker, connected to its master.

    Raises:
        EngineError: the master is gone.
    """
    runners.WORKER_REPORT_INTERVAL = wire.REPORT_INTERVAL_S
    runners.WORKER_LOG_REPORT_INTERVAL = -1
    events = environment.events
    before = {event: list(event._handlers) for event in (events.request, events.user_error)}  # noqa: SLF001
    try:
        runner = farewell.create(lambda: environment.create_worker_runner(call.host, call.port))
    except ConnectionError as error:
        raise EngineError("the master is gone", place=call.place, slug="no-master") from error
    # Locust logs every request and sends the traceback of every exception; ours are counted, and travel with the rest.
    for event, handlers in before.items():
        event._handlers[:] = handlers  # noqa: SLF001
    return runner


def worker_users(runner: WorkerRunner, share: Share) -> UserCount:
    """This worker's users, had as if the master had sent Locust's `spawn` message."""
    own = ShareOfUsers(share, runner.user_classes)
    spawning = gate_spawning(runner.environment, runner)
    order = count(1)  # Locust drops a message that is not younger than the one before

    def start(total: int) -> None:
        job = {
            "timestamp": next(order),
            "user_classes_count": own.counts(total),
            "host": runner.environment.host,
            "stop_timeout": runner.environment.stop_timeout,
            "parsed_options": {},
        }
        runner.handle_message(Message("spawn", job, runner.client_id))
        gevent.spawn(announce, runner.spawning_greenlet)

    def announce(step: Any) -> None:
        step.join()
        if step is runner.spawning_greenlet:  # else the next step has killed it
            spawning.fire()

    return UserCount(start, spawning)


class Worker:
    """One load, from the connection to the master's last word."""

    def __init__(self, engine: Engine, runner: WorkerRunner, outbox: wire.Outbox, farewell: Farewell) -> None:
        self._engine = engine
        self._farewell = farewell
        self._runner = runner
        self._is_parent_gone = False
        self._over: Any = gevent.event.AsyncResult()
        self._connected_at = time.time()
        reports = runner.environment.events.report_to_master
        hear_first(reports, outbox.report)
        reports.add_listener(engine.statistics.report)  # after Locust's own, which knows of no requests
        runner.register_message(wire.START, lambda msg, **_: engine.go(time.monotonic(), Share(**msg.data)))
        runner.register_message(wire.STOP, lambda msg, **_: engine.stop(*msg.data))
        runner.register_message(wire.OVER, self._on_over)

    def _on_over(self, msg: Any, **_: Any) -> None:
        self._is_parent_gone = bool(msg.data["gone"])
        self._over.set(bool(msg.data["more"]))
        self._engine.stop("stopped", "the master ended the load")

    def run(self) -> tuple[End, bool]:
        """Drive; what came of it, and whether the master has another load.

        Raises:
            EngineError: the master is gone.
        """
        self._engine.prepare()
        gevent.spawn(self._watch_master)
        self._runner.send_message(wire.HELLO, {**wire.versions(), "host": socket.gethostname()})
        end = self._engine.run()
        self._report()
        more = self._over.get()
        if more is None:
            raise EngineError(
                f"the master said nothing for {wire.MASTER_SILENCE_S:g} s: it was killed, or the network failed",
                hint="what was reported until then is in its recording",
                slug="master-lost",
            )
        if not self._engine.begun:
            self._engine.finish()
        self._farewell.go()
        gevent.sleep(_POLL_S)
        if self._is_parent_gone:
            raise EngineError(
                "the master's perfgate process ended before its load did: it was killed",
                hint="what was reported until then is in its recording; nothing has judged it",
                slug="master-lost",
            )
        return (end if self._engine.begun else replace(end, reason=SPARE)), more

    def _report(self) -> None:
        """What is left, now rather than at the next interval."""
        data: dict[str, Any] = {}
        self._runner.environment.events.report_to_master.fire(client_id=self._runner.client_id, data=data)
        self._runner.client.send(Message("stats", data, self._runner.client_id))

    def _watch_master(self) -> None:
        while time.time() - (self._runner.last_heartbeat_timestamp or self._connected_at) < wire.MASTER_SILENCE_S:
            gevent.sleep(_POLL_S)
        self._engine.stop("error", "the master is gone")
        if not self._over.ready():
            self._over.set(None)


def serve(call: Call, pipe: EventPipe) -> Done:
    """Drive a share of one load.

    Raises:
        PerfgateError: there is no master, it is gone, or its scenario cannot be driven here.
    """
    text = call.fetch()
    try:
        order = wire.Bundle.from_text(text).unpack(call.folder)
        end, more = _drive(order, call, pipe)
    except PerfgateError as error:
        if error.slug != "master-lost":
            call.tell_failure(error)
        raise
    return Done(end.reason, end.detail, end.cut_off, more)


def _drive(order: Order, call: Call, pipe: EventPipe) -> tuple[End, bool]:
    guard = HostGuard(order.allowed_hosts, (call.host, call.port))
    guard.install()
    start_logging()
    order = replace(order, scenario=str(call.folder / order.scenario), folder=str(call.folder))
    scenario = load_scenario(order)
    hosts = settle_hosts(order, scenario.user_classes)
    environment = create_environment(order, scenario)
    farewell = Farewell(environment)
    runner = create_runner(environment, call, farewell)
    hold_hosts(runner, hosts)
    outbox = wire.Outbox()
    engine = Engine(order, runner, lambda share: worker_users(runner, share), guard, outbox, pipe.send)
    gevent.signal_handler(signal.SIGTERM, engine.stop, "stopped", "the worker was asked to end")
    gevent.spawn(obey, engine)
    worker = Worker(engine, runner, outbox, farewell)
    pipe.send(Note(f"joined the master at {call.place}: {order.model} load at {order.host}"))
    pipe.send(Ready("user", engine.user_classes))
    return worker.run()


def _say_alive(pipe: EventPipe) -> None:
    """The parent takes a silent worker for stuck; waiting is not."""
    while True:
        gevent.sleep(_ALIVE_EVERY_S)
        pipe.send(Note(""))


def main() -> int:
    """Read the call, drive one load; the exit code is 0 when it was driven, else 1."""
    pipe = EventPipe()
    line = read_line()
    if not line:
        return 0
    gevent.spawn(_say_alive, pipe)
    ask_for_short_slices()
    try:
        pipe.send(serve(Call(**json.loads(line)), pipe))
    except PerfgateError as error:
        pipe.send(refusal(error))
        return 1
    return 0


if __name__ == "__main__":
    adopt_orphans()
    code = main()
    end_all(lambda: below(os.getpid()))
    sys.stderr.flush()
    os._exit(code)  # as the engine: nothing of the scenario may keep the process
