"""The result: one value that holds the verdict and everything it rests on; `result.json` is this model.

Format history:

    format 1   the first release
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from perfgate.measure.summary import (
    EndpointSummary,
    Failure,
    Health,
    Interval,
    MetricSummary,
    Model,
    PhaseSummary,
    Series,
    SlowestRequest,
)

FORMAT = 1

Status = Literal["pass", "warn", "fail", "invalid", "skipped"]
Verdict = Literal["pass", "warn", "fail", "invalid"]
Decision = Literal["worse", "not_worse", "better", "undecided", "new", "gone"]


class Acceptance(Model):
    """A regression that the team has accepted (`[[accept]]` in `budgets.toml`).

    Attributes:
        metric: of the checks that it covers.
        endpoint: of these checks; null is the whole service.
        up_to_percent: the largest change that is accepted.
        until: the last day on which it holds, as `2026-12-31`.
        expired: that day has passed.
        source: where it stands, e.g. `budgets.toml:42`.
    """

    service: str | None = None
    load: str | None = None
    endpoint: str | None = None
    metric: str
    up_to_percent: float
    reason: str
    by: str
    until: str
    expired: bool = False
    source: str = ""


class Check(Model):
    """One metric against one limit, or against what it was before.

    Attributes:
        kind: `budget` against an absolute limit, `history` against earlier runs, `paired` against the base revision.
        endpoint: null is the whole service.
        metric: the budget's metric; a custom metric's statistic is `tokens.p95`. The `mean` of a `paired` check is the
            geometric mean, of all other checks and figures the arithmetic one.
        limit: the limit that decided: the broken one, else the failing tier, else the warning tier.
        uncertain: the limit lies within the measurement's own 95 % interval; a broken one is a warning then, unless
            `[gate] uncertain = "fail"`, or the value is more than twice the limit.
        observed_interval: of a percentile of single values; an end that so few values do not bound is null. It may be
            there although too few values carry the percentile.
        samples: how many values the percentile rests on.
        samples_needed: about how many would tell on which side of the limit it lies; null when that is certain, and
            when no number that anybody makes would.
        baseline: what was observed before: at the base (paired), or expected from the history; in `unit`.
        change_percent: from `baseline` to `observed`, and `interval_percent` its interval at the verdict's error rate.
            For history it is relative to the control. A positive change is always "more", not always "worse".
        decision: what a comparison found: worse by more than what is tolerated, not worse by that much, proven better,
            or undecided; `new` and `gone` when the endpoint exists on one side only; null for budgets.
        smallest_detectable_percent: the smallest worsening that this comparison would have found in 9 of 10 cases.
        needed_s: of an undecided paired check, for how long about both sides would have to be driven to decide it, by
            forecast from what was seen; null where it cannot be told.
        needed_requests: how many requests that would be, to both sides and to what the check is about.
        accepted: the acceptance that turned this check from red.
        source: where the limit stands, e.g. `budgets.toml:42`.
        caveat: what one must know before trusting the value; the message has it, too.
        message: the check in words.
    """

    kind: Literal["budget", "history", "paired"] = "budget"
    endpoint: str | None = None
    metric: str
    unit: str
    direction: Literal["at_most", "at_least"] = "at_most"
    observed: float | None = None
    limit: float | None = None
    warn_limit: float | None = None
    fail_limit: float | None = None
    status: Status
    uncertain: bool = False
    observed_interval: Interval | None = None
    samples: int | None = None
    samples_needed: int | None = None
    baseline: float | None = None
    decision: Decision | None = None
    change_percent: float | None = None
    interval_percent: tuple[float, float] | None = None
    smallest_detectable_percent: float | None = None
    needed_s: float | None = None
    needed_requests: int | None = None
    accepted: Acceptance | None = None
    source: str = ""
    caveat: str = ""
    message: str


class Step(Model):
    """One step of a stress load."""

    level: float
    reached: bool
    held: bool
    broken_by: list[str] = []


class Capacity(Model):
    """What a stress load found.

    Attributes:
        level: the highest step that held all budgets with all below it; 0 when none did, null when unknown.
        unit: `users` or `/s`.
        lower_bound: nothing broke, or the generator was the bottleneck: the true capacity may be higher.
        broke_by: what broke first: `errors`, `latency`, `resource`, `throughput`; null when nothing did.
    """

    level: float | None
    unit: str
    lower_bound: bool
    broke_at: float | None = None
    broke_by: Literal["errors", "latency", "resource", "throughput"] | None = None
    detail: str = ""
    steps: list[Step] = []


class Recovery(Model):
    """What a spike load found: seconds from the spike's end until p95 was back within budget; null if it never was.

    It is back with the first of three successive seconds within budget; `detail` tells of those that were out again.
    """

    recovery_time_s: float | None
    limit_ms: float | None = None
    detail: str = ""


class Drift(Model):
    """What a soak load found: the last fifth of the steady phase against the first, in percent."""

    p95_percent: float | None = None
    memory_percent: float | None = None
    detail: str = ""


class Comparison(Model):
    """How one load was compared at two revisions: blocks at base and head in turn.

    Attributes:
        pairs: pairs of blocks that count.
        dropped: pairs that were left out because the machine was disturbed, by reason.
        block_s: length of a block, its warm-up included.
        order: in which order the sides were driven, e.g. `ABBA`.
        own_cpus: the generator and the services ran on CPUs of their own.
        load_average: of the machine, over one minute: the highest while pairs were driven; null where it is not known.
        stopped: why no more pairs were driven: `decided`, `max_duration`, or what went wrong, in words.
        base_url, head_url: where the two sides were.
        false_alarm_rate: the share of the verdict's budget that was spent on this load.
    """

    pairs: int
    dropped: dict[str, int] = {}
    block_s: float
    order: str = "ABBA"
    own_cpus: bool = False
    load_average: float | None = None
    duration_s: float
    stopped: str
    base_url: str = ""
    head_url: str = ""
    max_slowdown_percent: float
    false_alarm_rate: float


class Baseline(Model):
    """What the runs were compared with.

    Attributes:
        choice: as written: `merge-base`, `latest`, `tag:v1.2`, `pinned`, or a revision.
        commit: of the nearest run that could be compared; null for two deployments.
        walked: how many commits lie between the chosen one and that.
        runs: how many earlier runs the comparison rests on (history); 0 for a paired comparison.
        detail: in words; why there is nothing to compare with, when there is not.
        found: of a paired comparison, how its base was found for the change, in words; empty where it was named.
    """

    kind: Literal["history", "paired"]
    choice: str
    commit: str | None = None
    branch: str | None = None
    walked: int = 0
    runs: int = 0
    recorded_at: float | None = None
    detail: str = ""
    found: str = ""


class Control(Model):
    """A fixed piece of work, timed in the same job as the loads: how fast the machine was."""

    median_ms: float
    spread_percent: float | None = Field(
        default=None, description="of its repetitions: half the middle 50 %, of the median"
    )
    repetitions: int


class ClassHost(Model):
    """A User class with a host of its own that is not the service's: where that is, and where it was driven.

    Both are the same where it kept its own, which is then another service's; else `driven` is the service's url. It is
    empty where no users of the class were started, since it has no tasks and others inherit from it.
    """

    user_class: str
    own: str
    driven: str


class RunResult(Model):
    """One load at one service.

    `endpoints`, `total` and `metrics` are those of the judged phase (steady; the highest step held for stress).

    Attributes:
        sound: False when the run as a whole cannot be trusted, for the reasons that `doubts` names. None of its checks
            is a verdict then: what would have been pass, warn or fail is `invalid`, and its message says which.
        slowest: the five slowest requests of each endpoint in the judged phases.
    """

    service: str
    load: str
    load_kind: str
    verdict: Verdict
    reasons: list[str] = []
    sound: bool = True
    doubts: list[str] = []
    duration_s: float = 0.0
    started_at: float | None = None
    model: Literal["closed", "open"]
    judged_phase: str | None = None
    health: Health
    total: EndpointSummary | None = None
    endpoints: list[EndpointSummary] = []
    metrics: list[MetricSummary] = []
    failures: list[Failure] = []
    slowest: list[SlowestRequest] = []
    checks: list[Check] = []
    hosts: list[ClassHost] = []
    capacity: Capacity | None = None
    recovery: Recovery | None = None
    drift: Drift | None = None
    comparison: Comparison | None = None
    cpu_mean: float | None = None
    memory_max_bytes: float | None = None
    phases: list[PhaseSummary] = []
    series: Series = Series()


class Score(Model):
    """One number for people; it never decides the verdict. See docs/score.md for the formula."""

    score: float | None
    grade: Literal["A", "B", "C", "D", "E", "F"] | None


class ServiceResult(Model):
    """What belongs to a service as a whole: its start, its checks, its score."""

    name: str
    url: str
    verdict: Verdict
    reasons: list[str] = []
    startup_time_s: float | None = None
    checks: list[Check] = []
    score: Score = Score(score=None, grade=None)


class Revision(Model):
    """The Git revision that was measured; all null outside a repository."""

    commit: str | None = None
    branch: str | None = None
    dirty: bool | None = None


class Environment(Model):
    """Where it was measured."""

    machine: str
    system: str
    cpu_count: int
    python: str
    perfgate: str
    locust: str


class Result(Model):
    """Everything."""

    format: int = FORMAT
    verdict: Verdict
    exit_code: int
    reasons: list[str] = []
    kind: Literal["run", "compare", "benchmarks"] = "run"
    id: str
    started_at: float = Field(description="seconds since the epoch")
    duration_s: float
    scale: float = 1.0
    seed: int = 0
    strict: bool = False
    revision: Revision = Revision()
    base: Revision | None = Field(default=None, description="of a paired comparison; `revision` is the head")
    baseline: Baseline | None = None
    false_alarm_rate: float | None = Field(
        default=None, description="of the whole verdict; null when only budgets were judged"
    )
    control: Control | None = None
    acceptances: list[Acceptance] = []
    environment: Environment
    checks: list[Check] = Field(default=[], description="checks of no service: artifacts")
    failures: list[Failure] = Field(default=[], description="failed requests of imported results, by kind")
    notes: list[str] = Field(default=[], description="what the tools that imported results come from warn of")
    services: list[ServiceResult] = []
    runs: list[RunResult] = []
