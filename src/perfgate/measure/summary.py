"""What a run reduces to: the numbers that are judged and reported. Units stand in the names.

These models are part of `result.json` (see `perfgate schema result`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Model(BaseModel):
    """Base of the published models: immutable, and strict about names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Latency(Model):
    """Percentiles in milliseconds, of successful requests; a percentile that too few requests carry is null.

    A percentile q needs at least 1 / (1 - q) requests (p95: 20, p99: 100, p99.9: 1,000): below that it would only
    be the maximum under another name.
    """

    mean: float | None = None
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    p99: float | None = None
    p99_9: float | None = None
    min: float | None = None
    max: float | None = None


Interval = tuple[float | None, float | None]  # lower and upper end; null where too few values bound it


class Failure(Model):
    """Failures of one kind."""

    kind: str
    count: int
    example: str


class MetricSummary(Model):
    """A custom metric's values."""

    name: str
    unit: str
    endpoint: str | None = None
    count: int
    unusable: int = Field(default=0, description="values besides that were no numbers, and are in no figure")
    mean: float | None = None
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    p99: float | None = None
    p99_9: float | None = None
    min: float | None = None
    max: float | None = None
    p50_interval: Interval | None = Field(
        default=None, description="95 % interval by order statistics; an end that too few values bound is null"
    )
    p90_interval: Interval | None = None
    p95_interval: Interval | None = None
    p99_interval: Interval | None = None
    p99_9_interval: Interval | None = None


class EndpointSummary(Model):
    """The requests of one endpoint (or, with the name null, of the whole service) in one phase.

    `latency_ms` is the response time (from the intended start), `service_ms` the service time (from sent to last
    byte), both of successful requests; `failed_ms` are the response times of failed ones, kept apart.
    """

    name: str | None
    requests: int
    failures: int
    error_rate: float = Field(description="failures / requests; 0 when there were no requests")
    throughput_per_s: float = Field(description="successful requests per second")
    latency_ms: Latency
    service_ms: Latency
    failed_ms: Latency
    bytes_received: int = 0
    untimed: int = Field(
        default=0,
        description="successful requests whose response time nobody told; above 1 % of them all times are null",
    )
    empty: int = Field(default=0, description="successful requests without a body, or whose length nobody told")
    mean_body_bytes: float | None = Field(
        default=None, description="mean length of successful requests' answers; null where none succeeded"
    )
    redirected: int = Field(default=0, description="successful requests that were answered with, or after, a redirect")
    failures_by_kind: list[Failure] = []
    p50_interval_ms: Interval | None = Field(
        default=None,
        description="95 % interval by order statistics and batch means; an end that too few requests bound is null",
    )
    p90_interval_ms: Interval | None = None
    p95_interval_ms: Interval | None = None
    p99_interval_ms: Interval | None = None
    p99_9_interval_ms: Interval | None = None


# incomplete: samples are missing; elsewhere: the service is no process of the tree; unread: a process of it may not be
# read; gap: for a long stretch there are no samples; unseen: of a block of a comparison, one of the two before.
ResourceDoubt = Literal["incomplete", "elsewhere", "unread", "gap", "unseen"]


class Resources(Model):
    """CPU and memory of the service's process tree over a phase; null when perfgate did not start the service."""

    cpu_mean: float = Field(description="cores used, mean; 1.0 is one whole core")
    cpu_max: float
    memory_mean_bytes: float
    memory_max_bytes: float
    unknown: ResourceDoubt | None = Field(default=None, description="why these figures are not the service's, if so")
    held_by: str = Field(default="", description="elsewhere: the process that accepted the connections, if known")


class ProcessEnd(Model):
    """A process of the service that ended in the middle of the load, while the service went on."""

    at_s: float
    process: str


class SlowestRequest(Model):
    """One of the slowest requests of its endpoint in the judged phases, to be looked up in traces and logs."""

    endpoint: str
    phase: str
    at_s: float = Field(description="its intended start, seconds from the load's start")
    response_ms: float
    status: int | None = Field(description="HTTP status; null without a response, or without a status")
    url: str = Field(description="cut to 300 characters; credentials, and values of telling parameters, are hidden")
    trace_id: str | None = None


class PhaseSummary(Model):
    """One phase of a run: ramp, warm_up, steady, step_1..., spike, recovery, drain."""

    name: str
    start_s: float
    end_s: float
    level: float | None = Field(default=None, description="users, or arrivals per second, at the end of the phase")
    total: EndpointSummary
    endpoints: list[EndpointSummary]
    metrics: list[MetricSummary] = []
    resources: Resources | None = None
    left_out_s: float = Field(default=0.0, description="time of the phase that is in no figure: the clock stepped")
    saturated: bool = Field(default=False, description="the generator itself was the bottleneck in this phase")
    users_missing: bool = Field(
        default=False, description="closed model: users that the profile asks for were not there"
    )


class Series(Model):
    """Per-second columns of the whole service, for charts; all lists have the same length.

    Seconds count from the load's start; a request belongs to the second of its intended start. Response times are of
    successful requests; a percentile that the second's requests cannot carry is null (see `Latency`), its maximum not.
    `arrivals` are those that fell due in the second (open model; else 0).
    In seconds that are left out because the clock stepped, requests are counted and all response times are null.
    """

    second: list[int] = []
    phase: list[str] = []
    users: list[int | None] = []
    arrivals: list[int] = []
    requests: list[int] = []
    failures: list[int] = []
    p50_ms: list[float | None] = []
    p95_ms: list[float | None] = []
    p99_ms: list[float | None] = []
    max_ms: list[float | None] = []
    cpu: list[float | None] = []
    memory_bytes: list[float | None] = []


class Fifth(Model):
    """A fifth of the steady phase's time, for the drift of a soak load; null where too little was seen."""

    p95_ms: float | None = None
    memory_mean_bytes: float | None = None


CUT_OFF_SHARE = 0.10  # of the users: when more were still busy as the stop timeout ended, the service hangs


class Health(Model):
    """Whether the generator can be trusted.

    Attributes:
        engines: how many processes drove the load together; 0 when none began.
        workers: how many of them were workers, on whatever machine, led by a master; 0 without one.
        clock: `kernel` when at least 99 % of the requests have their receive time from the kernel; null without any.
        throttled_max_ms: most time in a second for which the container's CPU quota held the generator back.
        sockets_max: most sockets that the generator had open at the end of a second.
        open_files_max: share of its limit of open files that it used.
        ports_max: share of the machine's ephemeral ports that were in use; both ends of a loopback connection count.
        clock_steps: judged seconds in which the realtime clock stepped past its limit.
        clock_step_max_ms: how far it moved against the monotonic clock in a judged second, at most.
        left_out: requests that are in no figure because the clock stepped.
        retried: requests that were sent again because the server had closed an idle connection.
        odd: how often what the scenario told could not be used as it was, by what it was.
        unsolicited: kept connections that were given up since the service had sent what nobody had asked for.
        users: how many there were as the load ended.
        cut_off: iterations that were still running when the stop timeout ended.
        arrivals: open model: arrivals that fell due.
        late: of these, those that still waited for a user when the second that they fell due in ended.
        unserved: of these, those that never found a user.
        reasons: why the generator cannot be trusted, in words.
        notes: what is worth knowing and makes nothing invalid, in words.
    """

    valid: bool
    engines: int = 0
    workers: int = 0
    clock: Literal["kernel", "user"] | None
    schedule_lag_p99_ms: float | None = None
    loop_lag_p99_ms: float | None = None
    cpu_max: float | None = None
    cpu_mean: float | None = None
    steal_max: float | None = None
    throttled_max_ms: float | None = None
    sockets_max: int | None = None
    open_files_max: float | None = None
    ports_max: float | None = None
    clock_steps: int = 0
    clock_step_max_ms: float | None = None
    left_out: int = 0
    retried: int = 0
    odd: dict[str, int] = {}
    unsolicited: int = 0
    users: int = 0
    cut_off: int = 0
    arrivals: int = 0
    late: int = 0
    unserved: int = 0
    reasons: list[str] = []
    notes: list[str] = []

    @property
    def hangs(self) -> bool:
        """More users were cut off than a few stragglers: what they waited for is in no figure, and too much of it."""
        return self.cut_off > CUT_OFF_SHARE * self.users


class RunSummary(Model):
    """One run, reduced.

    Attributes:
        phases: every phase that was driven, in order of time.
        complete: False when the engine was killed or stopped before the profile's end (a partial recording).
        slowest: the five slowest requests of each endpoint in the judged phases, endpoint by endpoint, slowest first.
        restarts: processes of the service that ended while it went on.
        first_fifth, last_fifth: of the steady phase as far as it was driven; null when there was none.
    """

    model: Literal["closed", "open"]
    started_at: float
    duration_s: float
    complete: bool
    end_reason: str
    end_detail: str = ""
    phases: list[PhaseSummary]
    series: Series
    health: Health
    slowest: list[SlowestRequest] = []
    service_exit: Annotated[int | None, Field(description="the service's exit code if it died")] = None
    service_exit_at_s: float | None = None
    restarts: list[ProcessEnd] = []
    user_errors: dict[str, int] = {}
    first_fifth: Fifth | None = None
    last_fifth: Fifth | None = None

    def phase(self, name: str) -> PhaseSummary | None:
        """The phase of that name, or None when it was not reached."""
        return next((phase for phase in self.phases if phase.name == name), None)
