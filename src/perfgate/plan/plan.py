"""The plan: everything that `perfgate run` is going to do, as a value, before anything is done."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date  # noqa: TC003  (dataclass fields are resolved at run time)
from pathlib import Path  # noqa: TC003  (dataclass fields are resolved at run time)
from typing import Literal

from perfgate.plan.benchmarks import BenchmarkBudget  # noqa: TC001
from perfgate.plan.budget import Budget, CustomMetric, Limit, Uncertain
from perfgate.plan.profile import Profile  # noqa: TC001

LoadKind = Literal["steady", "stress", "spike", "soak", "scenario"]
Model = Literal["closed", "open"]


@dataclass(frozen=True)
class StopWhen:
    """Stop a load early: when the last seconds of the present phase pass one of these (None: not set)."""

    error_rate: float | None = None
    p95_ms: float | None = None


@dataclass(frozen=True)
class Load:
    """A named load profile of `budgets.toml`.

    Attributes:
        profile: the curve; None for the scenario's own `LoadTestShape` (`shape = "scenario"`).
        model: `closed` (levels are users) or `open` (levels are arrivals per second).
        arrivals: how an open model spaces arrivals.
        max_users: how far an open model's pool of users may grow.
        max_duration_s: an upper bound for `shape = "scenario"`, else None.
        levels: the steps of a stress load.
    """

    name: str
    kind: LoadKind
    model: Model
    profile: Profile | None
    arrivals: Literal["poisson", "uniform"] = "poisson"
    max_users: int = 1000
    stop_timeout_s: float = 10.0
    stop_when: StopWhen | None = None
    max_duration_s: float | None = None
    levels: tuple[float, ...] = ()


@dataclass(frozen=True)
class Service:
    """A service under test.

    Attributes:
        command: how to start it, split into words; None when it already runs.
        url: its base URL; with `command` it may hold `{port}`, as the command, `env` and `ready` may.
        ready: the path or URL that answers below 400 once the service is ready; None: a TCP connection is enough.
        setup: makes a work tree of a revision ready to be started, split into words; None when nothing has to be done.
        scenario: the locustfile.
        scenario_text: the path as written, for messages.
        user_classes: which of its User classes to drive; empty means all.
        own_hosts: whether these keep hosts of their own; None: see `plan.own_hosts`.
    """

    name: str
    url: str
    scenario: Path
    scenario_text: str
    loads: tuple[str, ...]
    command: tuple[str, ...] | None = None
    env: dict[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    setup: tuple[str, ...] | None = None
    ready: str | None = None
    ready_timeout_s: float = 30.0
    stop_timeout_s: float = 10.0
    user_classes: tuple[str, ...] = ()
    own_hosts: bool | None = None
    tags: tuple[str, ...] = ()
    exclude_tags: tuple[str, ...] = ()
    budget: Budget = field(default_factory=Budget)
    metrics: dict[str, CustomMetric] = field(default_factory=dict)
    source: str = ""


@dataclass(frozen=True)
class HealthLimits:
    """Past these the generator, not the service, was measured, and the run is invalid.

    Attributes:
        generator_cpu: share of one core that a generator process may use in a second.
        loop_lag_ms: 99th percentile over seconds of the longest timer delay in each.
        schedule_lag_ms: 99th percentile of the delay between an arrival's due time and its release (open model).
        steal: share of CPU time taken by the hypervisor in a second.
        throttled_ms: time in a second for which the container's CPU quota held the generator back.
        clock_step_ms: how far the realtime clock may move against the monotonic one in a second.
        open_files: share of its open-file limit that a generator process may use.
        ports: share of the machine's ephemeral ports that may be in use.
        bad_seconds: the share of judged seconds that may be past a limit that is held against single seconds.
    """

    generator_cpu: float = 0.90
    loop_lag_ms: float = 200.0
    schedule_lag_ms: float = 100.0
    steal: float = 0.30
    throttled_ms: float = 100.0
    clock_step_ms: float = 5.0
    open_files: float = 0.90
    ports: float = 0.80
    bad_seconds: float = 0.10


@dataclass(frozen=True)
class Artifact:
    """A file-size budget; `path` may be a glob, whose matches are summed."""

    path: str
    limit: Limit


@dataclass(frozen=True)
class Gate:
    """The `[gate]` table.

    Attributes:
        baseline: `merge-base`, `latest`, `pinned`, `tag:NAME`, or a Git revision.
        branch: whose runs are the history; None: the pull request's target, else the remote's default branch.
        undecided: what an undecided check of a paired comparison makes of the verdict.
        uncertain: what a broken limit is that lies within the measurement's own 95 % interval.
        history: how many comparable runs a run is held against, at most.
        keep: how long runs are kept: `90 days`, or how many; None keeps all.
        store: where the history is kept: a database URL, or `git:BRANCH`.
        source: where it says what is tolerated; empty when the file has no `[gate]`.
    """

    allowed_hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "::1")
    together: bool = False
    health: HealthLimits = field(default_factory=HealthLimits)
    score_weights: dict[str, float] = field(default_factory=dict)
    baseline: str = "merge-base"
    max_slowdown_percent: float = 10.0
    false_alarm_rate: float = 0.01
    require_baseline: bool = False
    branch: str | None = None
    undecided: Literal["invalid", "warn"] = "invalid"
    uncertain: Uncertain = "warn"
    history: int = 50
    keep: str | int | None = None
    store: str = "sqlite:///.perfgate/history.db"
    source: str = field(default="", compare=False)


@dataclass(frozen=True)
class Compare:
    """The `[compare]` table.

    Attributes:
        max_duration_s: time for each load at both sides together.
        block_s: length of one block at one side, its warm-up included; None: as the service's own times allow.
        own_cpus: the generator and the services may be given CPUs of their own.
        answers: what an endpoint is of which most answers are others at the head.
    """

    max_duration_s: float = 120.0
    block_s: float | None = None
    own_cpus: bool = True
    answers: Literal["invalid", "warn"] = "invalid"


@dataclass(frozen=True)
class Accept:
    """A regression that the team accepts, until the end of a day.

    Attributes:
        metric, endpoint: of the checks that it covers; endpoint None is the whole service.
        service, load: only these; None is any.
        up_to_percent: the largest change that is accepted.
        source: where it stands.
    """

    metric: str
    up_to_percent: float
    reason: str
    by: str
    until: date
    service: str | None = None
    load: str | None = None
    endpoint: str | None = None
    source: str = ""


@dataclass(frozen=True)
class Plan:
    """What is going to be done.

    Attributes:
        root: the folder of `budgets.toml`; relative paths start there.
        path: `budgets.toml` itself.
        seed: same seed, same schedule and same choices.
        scale: factor on every duration.
        text: the file's text, kept with the recording so that reports can be recreated.
    """

    root: Path
    path: Path
    gate: Gate
    loads: dict[str, Load]
    services: dict[str, Service]
    artifacts: tuple[Artifact, ...] = ()
    seed: int = 0
    scale: float = 1.0
    text: str = ""
    compare: Compare = field(default_factory=Compare)
    accepts: tuple[Accept, ...] = ()
    benchmarks: tuple[BenchmarkBudget, ...] = ()
