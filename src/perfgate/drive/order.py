"""What the parent tells the engine to do, and what the engine tells back: the whole protocol between the two.

The engine is started first (importing Locust takes most of a second) and reads its order from standard input as one
JSON line; later lines on standard input are commands: `go MOMENT` begins the load at that moment of the monotonic
clock, which all processes of a machine share, and `stop JSON` ends it. End of file on standard input means that the
parent is gone. The engine writes events as JSON lines to the standard output that it was given; what a scenario prints
goes to the engine's log instead.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from ipaddress import ip_address
from typing import Any

from perfgate.drive.share import Share
from perfgate.plan.profile import Profile

ENGINE_LOG = "engine.log"  # in the run's folder: what Locust logs and the scenario prints
GO = "go"
STOP = "stop"
INTERRUPTED = "it was interrupted"  # details of a stop after which nothing more is driven
SPARE = "not needed"  # the reason of a worker that more than enough others came before
PARENT_GONE = "the perfgate process ended"


def go_line(at_s: float) -> str:
    """The command that begins the load at a moment of the monotonic clock."""
    return f"{GO} {at_s!r}"


def stop_line(reason: str, detail: str) -> str:
    """The command that ends the load; reason and detail are those of the journal's `End`."""
    return f"{STOP} {json.dumps([reason, detail])}"


@dataclass(frozen=True)
class Workers:
    """How to drive with workers on other machines.

    Attributes:
        count: how many to wait for.
        bind_host, bind_port: where the master listens.
        timeout_s: how long to wait for them.
    """

    count: int
    bind_host: str = "127.0.0.1"
    bind_port: int = 5557
    timeout_s: float = 60.0

    @property
    def only_here(self) -> bool:
        """Whether only this machine can reach the master."""
        try:
            return ip_address(self.bind_host).is_loopback
        except ValueError:
            return self.bind_host == "localhost"


@dataclass(frozen=True)
class Order:
    """One load to drive at one service.

    Attributes:
        scenario: path of the locustfile.
        host: base URL of the service.
        profile: the curve; None for the scenario's own shape.
        model: `closed` or `open`.
        folder: the run's folder; `requests.journal` is written there.
        metrics: custom metrics to read from responses, as `plan.budget.CustomMetric` fields.
        budgeted: endpoints that the service's budgets name.
        stop_when: `{"error_rate": share, "p95_ms": ms}`, each optional.
        share: the engine's part of the load.
        workers: drive with these instead of users of one's own; None in a single machine.
        more: another load follows, for which workers should stay.
        own_hosts: whether User classes keep hosts of their own; None: see `plan.own_hosts`.
        other_sides: base URLs of the service's other side, in a comparison.
        settings: what remains: stop_timeout_s, max_users, arrivals, max_duration_s.
    """

    scenario: str
    host: str
    folder: str
    model: str
    profile: Profile | None
    seed: int = 0
    allowed_hosts: list[str] = field(default_factory=list)
    user_classes: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    exclude_tags: list[str] = field(default_factory=list)
    metrics: list[dict[str, Any]] = field(default_factory=list)
    budgeted: list[str] = field(default_factory=list)
    stop_when: dict[str, float] = field(default_factory=dict)
    stop_timeout_s: float = 10.0
    max_users: int = 1000
    arrivals: str = "poisson"
    max_duration_s: float | None = None
    share: Share = field(default_factory=Share)
    workers: Workers | None = None
    more: bool = False
    own_hosts: bool | None = None
    other_sides: list[str] = field(default_factory=list)

    @property
    def run_time_s(self) -> float | None:
        """How long the load lasts, as far as is known beforehand."""
        return self.profile.duration_s if self.profile else self.max_duration_s

    @property
    def log(self) -> str:
        """The name of the engine's log in the folder: as the journals, numbered when there are several."""
        return ENGINE_LOG if self.share.count == 1 else f"engine-{self.share.index + 1}.log"

    def to_dict(self) -> dict[str, Any]:
        """A JSON value that `from_dict` reads back."""
        return {**asdict(self), "profile": self.profile.to_dict() if self.profile else None}

    def to_json(self) -> str:
        """One line."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, line: str) -> Order:
        """The inverse of `to_json`."""
        return cls.from_dict(json.loads(line))

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> Order:
        """The inverse of `to_dict`."""
        parts = {
            "profile": Profile.from_dict(value["profile"]) if value["profile"] else None,
            "share": Share(**value["share"]),
            "workers": Workers(**value["workers"]) if value["workers"] else None,
        }
        return cls(**{**value, **parts})


@dataclass(frozen=True)
class Ready:
    """The scenario is loaded; of an engine: it waits for `go`; of a fleet: the load begins now.

    `hosts` are the User classes with hosts of their own: `user_class`, `own`, and where they are `driven`.
    """

    clock: str
    user_classes: list[str]
    hosts: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Progress:
    """The second that has just ended, for the live view; nothing is judged by it.

    Attributes:
        second: its index.
        phase: the phase at its end.
        p95_ms: of successful requests that were completed in it; None when there were none. Of several engines it is
            the highest of theirs.
        good, bad: only where a stop condition is watched: response times of successful requests of the present phase
            (see `condition.to_text`), and how many failed.
    """

    second: int
    phase: str
    users: int
    requests: int
    failures: int
    p95_ms: float | None
    waiting: int = 0
    good: str = ""
    bad: int = 0


@dataclass(frozen=True)
class Note:
    """Something that a person should read, while a load is being prepared."""

    text: str


@dataclass(frozen=True)
class Done:
    """The load has ended and the journal is whole; the fields are those of the journal's `End`.

    `more` is a worker's: its master has another load for it.
    """

    reason: str
    detail: str = ""
    cut_off: int = 0
    more: bool = False


@dataclass(frozen=True)
class Refused:
    """The engine could not do it; the fields are those of a `PerfgateError`.

    `kind` is the name of the error's class in `perfgate.errors`.
    """

    kind: str
    slug: str
    message: str
    place: str = ""
    hint: str = ""


@dataclass(frozen=True)
class BlockDone:
    """A block is drained and in the journal.

    Attributes:
        number: of the block.
        requests: in the whole block, and `failures` among them.
        unfinished: iterations that the stop timeout did not suffice for.
    """

    number: int
    requests: int
    failures: int
    unfinished: int = 0


Event = Ready | Progress | Note | Done | Refused | BlockDone
_EVENTS: dict[str, type[Any]] = {kind.__name__: kind for kind in (Ready, Progress, Note, Done, Refused, BlockDone)}


def event_to_json(event: Event) -> str:
    """One line."""
    return json.dumps({"event": type(event).__name__, **asdict(event)})


def event_from_json(line: str) -> Event:
    """The inverse of `event_to_json`.

    Raises:
        ValueError: when the line is not an event.
    """
    value = json.loads(line)
    kind = _EVENTS.get(value.pop("event", ""))
    if kind is None:
        raise ValueError(f"not an engine event: {line[:80]!r}")
    event: Event = kind(**value)
    return event
