"""What the parent tells the engine to do, and what the engine tells back: the whole protocol between the two.

The engine is started first (importing Locust takes most of a second) and reads its order from standard input as one
JSON line; later lines on standard input are commands. End of file on standard input means that the parent is gone.
The engine writes events as JSON lines to the standard output that it was given; what a scenario prints goes to the
engine's log instead.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from perfgate.plan.profile import Profile

ENGINE_LOG = "engine.log"  # in the run's folder: what Locust logs and the scenario prints
STOP = "stop"  # the command line on standard input that ends a load early


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
        stop_when: `{"error_rate": share, "p95_ms": ms}`, each optional.
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
    stop_when: dict[str, float] = field(default_factory=dict)
    stop_timeout_s: float = 10.0
    max_users: int = 1000
    arrivals: str = "poisson"
    max_duration_s: float | None = None

    def to_json(self) -> str:
        """One line."""
        value = asdict(self)
        value["profile"] = self.profile.to_dict() if self.profile else None
        return json.dumps(value)

    @classmethod
    def from_json(cls, line: str) -> Order:
        """The inverse of `to_json`."""
        value = json.loads(line)
        profile = Profile.from_dict(value["profile"]) if value["profile"] else None
        return cls(**{**value, "profile": profile})


@dataclass(frozen=True)
class Ready:
    """The scenario is loaded; load begins now."""

    clock: str
    user_classes: list[str]


@dataclass(frozen=True)
class Progress:
    """The second that has just ended, for the live view; nothing is judged by it.

    Attributes:
        second: its index.
        phase: the phase at its end.
        p95_ms: of successful requests that were completed in it; None when there were none.
    """

    second: int
    phase: str
    users: int
    requests: int
    failures: int
    p95_ms: float | None
    waiting: int = 0


@dataclass(frozen=True)
class Done:
    """The load has ended and the journal is whole; the fields are those of the journal's `End`."""

    reason: str
    detail: str = ""
    cut_off: int = 0


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


Event = Ready | Progress | Done | Refused
_EVENTS: dict[str, type[Any]] = {kind.__name__: kind for kind in (Ready, Progress, Done, Refused)}


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
