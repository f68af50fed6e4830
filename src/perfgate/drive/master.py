"""The master: a load that workers on other machines drive, each its share, merged into one journal.

Runs in the engine's process with Locust's MasterRunner, whose messages, heartbeats and reports it uses; the users are
the workers' own business.
"""

from __future__ import annotations

import time
import zlib
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gevent
import gevent.event
from locust import runners
from locust.exception import RPCError

from perfgate.drive import wire
from perfgate.drive.farewell import Farewell
from perfgate.drive.faults import watch_faults
from perfgate.drive.guard import HostGuard
from perfgate.drive.hosts import settle_hosts, told
from perfgate.drive.ledger import Ledger
from perfgate.drive.listening import hear_first
from perfgate.drive.order import INTERRUPTED, PARENT_GONE, Note, Order, Ready, Workers
from perfgate.drive.pipe import EventPipe, obey, start_logging
from perfgate.drive.scenario import create_environment, load_scenario
from perfgate.drive.share import Share
from perfgate.drive.spawning import planned_users, quit_code
from perfgate.errors import EngineError, PerfgateError
from perfgate.measure.journal import JournalWriter
from perfgate.measure.recording import (
    END,
    REQUESTS_JOURNAL,
    SECOND,
    End,
    end_from_body,
    second_from_body,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from locust.env import Environment
    from locust.runners import MasterRunner

    from perfgate.drive.order import Event

_POLL_S = 0.1
_SAY_EVERY_S = 5.0
_STOP_GRACE_S = 5.0
_GOODBYE_S = 2.0
_PHASE_END = 1e-6  # a second's phase is the one at its very end
_ORDERLY = frozenset({"completed", "shape"})


@dataclass
class Member:
    """A worker that drives a share.

    Attributes:
        id: Locust's name for it, which begins with its machine's.
        end: what it ended with, once it has.
        lost: why nothing more is heard of it, in words.
    """

    id: str
    share: Share
    inbox: wire.Inbox = field(default_factory=wire.Inbox)
    end: End | None = None
    lost: str = ""

    @property
    def name(self) -> str:
        """For people."""
        return f"worker {self.share} ({self.id})"


def drive(order: Order, pipe: EventPipe) -> End:
    """Wait for workers, have them drive the order, and merge what they report.

    Raises:
        ScenarioError: the scenario cannot be used.
        EngineError: the port is taken, workers did not come, or one was lost.
    """
    workers = order.workers
    assert workers is not None
    HostGuard(order.allowed_hosts, (workers.bind_host, workers.bind_port)).install()
    start_logging()
    scenario = load_scenario(order)
    hosts = told(settle_hosts(order, scenario.user_classes), scenario.bases)
    environment = create_environment(order, scenario)
    bundle = Path(order.folder) / wire.BUNDLE
    sent = replace(order, scenario=Path(order.scenario).name, folder="", workers=None)
    bundle.write_text(wire.Bundle(sent, wire.files_of(Path(order.scenario))).to_text(), encoding="utf-8")
    environment.parsed_locustfiles = [str(bundle)]
    farewell = Farewell(environment)
    runner = farewell.create(lambda: bind(environment, workers))
    with JournalWriter(Path(order.folder) / REQUESTS_JOURNAL) as journal:
        master = Master(order, runner, journal, pipe.send, hosts)
        try:
            return master.run()
        finally:
            farewell.go()  # every worker that is left quits


def bind(environment: Environment, workers: Workers) -> MasterRunner:
    """Locust's master, listening.

    Raises:
        EngineError: it cannot listen there.
    """
    try:
        return environment.create_master_runner(workers.bind_host, workers.bind_port)
    except (RPCError, SystemExit) as error:  # Locust exits where the port is in use
        why = "the port is in use" if isinstance(error, SystemExit) else str(error)
        raise EngineError(
            f"the master cannot listen: {why}",
            place=f"{workers.bind_host}:{workers.bind_port}",
            hint="end what listens there, or choose another --bind-port or --bind-host",
            slug="master-bind",
        ) from error


class Master:
    """One load driven by workers.

    Args:
        order: what they drive.
        runner: Locust's master, listening.
        journal: the whole load's.
        send: where events go.
        hosts: of the classes, as the parent is told.
    """

    def __init__(
        self,
        order: Order,
        runner: MasterRunner,
        journal: JournalWriter,
        send: Callable[[Event], None],
        hosts: list[dict[str, str]],
    ) -> None:
        assert order.workers is not None
        self._order = order
        self._wanted = order.workers
        self._runner = runner
        self._environment = runner.environment
        self._ledger = Ledger(order, journal, send)
        self._send = send
        self._hosts = hosts
        self._members: dict[str, Member] = {}
        self._failure: EngineError | None = None
        self._broken: PerfgateError | None = None
        self._called = gevent.event.Event()
        self._begun = False
        self._stop: tuple[str, str] | None = None
        self._deadline: float | None = None
        self._faults = watch_faults()
        self._has_quit = False
        runner.register_message(wire.HELLO, self._on_hello)
        runner.register_message(wire.FAILED, self._on_failed)
        hear_first(self._environment.events.worker_report, self._on_report)

    # What the parent says.

    def go(self, at_s: float) -> None:  # noqa: ARG002  (other machines have other clocks: they begin when they hear it)
        """Begin the load."""
        self._begun = True
        self._called.set()

    def stop(self, reason: str, detail: str) -> None:
        """End the load now, gracefully; the first reason stands."""
        if self._stop is None:
            self._stop = (reason, detail)
            self._deadline = time.monotonic() + self._order.stop_timeout_s + _STOP_GRACE_S
            self._called.set()
            self._tell_all(wire.STOP, [reason, detail])

    # What workers say.

    def _on_hello(self, msg: Any, **_: Any) -> None:
        if len(self._members) < self._wanted.count and msg.node_id not in self._members:
            self._members[msg.node_id] = Member(msg.node_id, Share(len(self._members), self._wanted.count))

    def _on_failed(self, msg: Any, **_: Any) -> None:
        if not self._begun:
            said = msg.data
            self._failure = EngineError(
                f"a worker on {said['host']} cannot drive this: {said['message']}",
                place=said["place"],
                hint=said["hint"],
                slug=said["slug"],
            )

    def _on_report(self, client_id: str, data: dict[str, Any], **_: Any) -> None:
        member = self._members.get(client_id)
        if member is None or member.end or member.lost or wire.REPORT not in data:
            return
        try:
            self._take(member, data[wire.REPORT])
        except PerfgateError as error:  # a full disk; Locust would only log what its listeners raise
            self._broken = self._broken or error
            self.stop("error", str(error))
        except (ValueError, TypeError, zlib.error):  # whatever this is, part of what was measured is missing
            member.inbox.whole = False

    def _take(self, member: Member, report: bytes) -> None:
        for kind, body in member.inbox.take(report):
            if kind == SECOND:
                self._ledger.add(member.id, second_from_body(body))
            elif kind == END:
                self._end_of(member, end_from_body(body))

    def _end_of(self, member: Member, end: End) -> None:
        asked = end.reason in _ORDERLY or self._stop is not None
        member.end = end if asked else replace(end, detail=f"{member.name}: {end.detail}")
        self._ledger.leave(member.id)
        if not asked:
            self.stop("stopped", member.end.detail)

    # The order of work.

    def run(self) -> End:
        """From the first worker that comes to the last that has ended."""
        try:
            return self._run()
        finally:
            self._quit()
            self._let_go()

    def _run(self) -> End:
        gevent.spawn(obey, self)
        self._environment.events.init.fire(environment=self._environment, runner=self._runner, web_ui=None)
        self._gather()
        if self._stop is None:
            self._send(Ready("user", [cls.__name__ for cls in self._runner.user_classes], self._hosts))
            self._called.wait()
        if not self._begun:
            return End(*(self._stop or ("stopped", "")), duration_s=0.0)
        return self._drive()

    def _gather(self) -> None:
        began, said = time.monotonic(), float("-inf")
        while (missing := self._wanted.count - len(self._members)) and self._stop is None:
            waited = time.monotonic() - began
            if self._failure or waited > self._wanted.timeout_s:
                raise self._failure or self._too_few(missing)
            if waited - said > _SAY_EVERY_S:
                said = waited
                self._send(Note(f"waiting for workers: {len(self._members)} of {self._wanted.count} have come"))
            gevent.sleep(_POLL_S)
            self._forget_lost()

    def _forget_lost(self) -> None:
        """A worker that goes while others are waited for leaves its place to the next one."""
        staying = [member.id for member in self._members.values() if not self._is_gone(member)]
        if len(staying) < len(self._members):
            shares = [Share(number, self._wanted.count) for number in range(len(staying))]
            self._members = {id_: Member(id_, share) for id_, share in zip(staying, shares, strict=True)}

    def _too_few(self, missing: int) -> EngineError:
        come, wanted = self._wanted.count - missing, self._wanted
        return EngineError(
            f"{come} of {wanted.count} workers came within {wanted.timeout_s:g} s",
            place=f"{wanted.bind_host}:{wanted.bind_port}",
            hint=f"start them: perfgate worker --master HOST --port {wanted.bind_port}; or raise --worker-timeout",
            slug="workers-missing",
        )

    def _drive(self) -> End:
        self._runner.target_user_count = planned_users(self._order) or 0
        self._environment.events.test_start.fire(environment=self._environment)
        if self._stop:
            return End(*self._stop, duration_s=0.0)
        self._ledger.begin([cls.__name__ for cls in self._runner.user_classes], list(self._members))
        for member in self._members.values():
            self._runner.send_message(wire.START, asdict(member.share), client_id=member.id)
        lost = self._watch()
        if self._broken:
            raise self._broken
        self._environment.events.test_stop.fire(environment=self._environment)
        ends = [member.end for member in self._members.values() if member.end]
        end = self._ledger.finish([*ends, *self._own_faults()], lost)
        if lost:
            raise EngineError(lost, hint="look at its output; the others were stopped", slug="worker-lost")
        return end

    def _own_faults(self) -> list[End]:
        """What the scenario did wrong here, where it drives nothing; as if it were a worker's end."""
        self._quit()
        words = self._faults.words(self._environment.process_exit_code)
        return [End("error", f"the master: {words}", 0.0)] if words else []

    def _quit(self) -> None:
        """The last that the scenario hears here."""
        if not self._has_quit:
            self._has_quit = True
            self._environment.events.quitting.fire(environment=self._environment, reverse=True)
            failed = any(member.end and member.end.user_errors for member in self._members.values())
            self._environment.events.quit.fire(exit_code=quit_code(self._environment, failed=failed))

    def _watch(self) -> str:
        """Until every worker has ended or is lost; names the first that was lost."""
        members, first = list(self._members.values()), ""
        while True:
            for member in members:
                member.lost = member.lost or self._why_lost(member)
                if member.lost and not first:
                    first = f"{member.name} {member.lost}"
                    self.stop("stopped", first)
                if member.lost:
                    self._ledger.leave(member.id)
            if all(member.end or member.lost for member in members):
                return first
            gevent.sleep(_POLL_S)

    def _why_lost(self, member: Member) -> str:
        if not member.inbox.whole:
            return "was lost: some of its reports did not arrive"
        if member.end:
            return ""
        if self._is_gone(member):
            return "was lost: it was killed, or its machine or the network failed"
        if self._deadline is not None and time.monotonic() > self._deadline:
            return "did not end when it was asked to"
        return ""

    def _is_gone(self, member: Member) -> bool:
        """Whether Locust has missed its heartbeats (for 4 s), or it has said that it quits."""
        return not self._is_here(member.id)

    def _is_here(self, client_id: str) -> bool:
        node = self._runner.clients.get(client_id)
        return node is not None and node.state != runners.STATE_MISSING

    def _let_go(self) -> None:
        """The workers may go, and say so; then this process may end without taking messages with it."""
        ended = self._stop is not None and self._stop[1] in {INTERRUPTED, PARENT_GONE}
        gone = self._stop is not None and self._stop[1] == PARENT_GONE
        self._tell_all(wire.OVER, {"more": self._order.more and not ended, "gone": gone})
        deadline = time.monotonic() + _GOODBYE_S
        while any(self._is_here(id_) for id_ in self._runner.clients) and time.monotonic() < deadline:
            gevent.sleep(_POLL_S / 2)

    def _tell_all(self, kind: str, data: Any) -> None:
        for client_id in list(self._runner.clients):
            self._runner.send_message(kind, data, client_id=client_id)
