"""The tables of `budgets.toml`, as they may be written; `perfgate schema budgets` publishes these models.

They hold what one table can say by itself. What needs two tables (a load that does not exist, a limit that its load
cannot measure) is checked where plan values are made of them, in `loads`, `services` and `limits`.
"""

# No `from __future__ import annotations`: pydantic evaluates the annotations, so they must be real imports.

import re
import shlex
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from perfgate.plan.benchmark_tables import BenchmarkTable
from perfgate.plan.compare_tables import AcceptTable, CompareTable
from perfgate.plan.limit_tables import EndpointLimits, ServiceLimits, Table, key
from perfgate.plan.tiers import (
    Milliseconds,
    Percent,
    Rate,
    RateLevels,
    Seconds,
    Share,
    SizeTiers,
    UserLevels,
    Users,
)
from perfgate.plan.units import AmountError, shown

# Names of services, loads and custom metrics; they become folder names and labels.
NAME_PATTERN = r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$"
_NAMES: dict[str, Any] = {"propertyNames": {"pattern": NAME_PATTERN}}


class EndpointTable(Table):
    """One endpoint, as reports name it: `GET /items/{id}`."""

    budget: EndpointLimits | None = key("Limits of this endpoint; they replace those of the service and the load.")


class MetricTable(Table):
    """A custom metric: reported by the scenario (`perfgate.metric(...)`), or read from responses."""

    unit: str | None = key("Shown beside values, e.g. `tokens`.")
    better: Literal["lower", "higher"] | None = key(
        "Which direction is good: `lower` (also when nothing is written) or `higher`."
    )
    header: str | None = key("Read the value from this response header.", min_length=1)
    json_field: str | None = key(
        "Read the value from this dotted path in JSON responses, e.g. `usage.total`.", alias="json", min_length=1
    )
    endpoint: str | None = key("With `header` or `json`: read only this endpoint's responses.", min_length=1)


def _read_command(value: object) -> tuple[str, ...]:
    try:
        words = shlex.split(value) if isinstance(value, str) else value
    except ValueError as error:  # an unclosed quotation mark
        raise AmountError(f"{shown(value)} cannot be split into words: {error}", "close the quotation mark") from error
    if not isinstance(words, list) or not words or not all(isinstance(word, str) and word for word in words):
        raise AmountError(f"{shown(value)} is not a command", "write one string, or a list of words")
    return tuple(words)


_COMMAND_SCHEMA = {
    "anyOf": [
        {"type": "string", "minLength": 1},
        {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
    ],
    "examples": ["python -m shop --port {port}"],
}
Command = Annotated[tuple[str, ...], PlainValidator(_read_command), WithJsonSchema(_COMMAND_SCHEMA)]


class ServiceTable(Table):
    """A service under test."""

    url: str = Field(description="Base URL, of any scheme; with `command` it may hold `{port}`, a free port.")
    scenario: str = Field(description="The locustfile, relative to budgets.toml.", min_length=1)
    command: Command | None = key("Starts the service, as one string or as a list of words; no shell is involved.")
    setup: Command | None = key(
        "Makes a revision ready to be started (build, install), for `perfgate compare`; runs once in each work tree."
    )
    env: dict[str, str] | None = key("Environment variables for `command`; values may hold `{port}`.")
    cwd: str | None = key(
        "The folder in which `command` runs, relative to budgets.toml; the file's own unless written."
    )
    ready: str | None = key("The path or URL that answers below 400 once the service is ready.")
    ready_timeout: Seconds | None = key("How long the service may take to become ready; 30s unless written.")
    stop_timeout: Seconds | None = key("How long the service may take to end before it is killed; 10s unless written.")
    loads: list[str] | None = key("The loads to drive, by name; all of the file unless written.", min_length=1)
    user_classes: list[str] | None = key("User classes of the scenario to drive; all unless written.", min_length=1)
    own_hosts: bool | None = key(
        "Whether User classes keep a `host` of their own (true) or are all driven at `url` (false); unless written, "
        "hosts of other services are kept, and the only host there is gives way to `url`."
    )
    tags: list[str] | None = key("Only tasks with one of these tags are run.", min_length=1)
    exclude_tags: list[str] | None = key("Tasks with one of these tags are not run.", min_length=1)
    budget: ServiceLimits | None = key("Limits of the whole service, and inherited by its endpoints.")
    endpoints: dict[str, EndpointTable] | None = key("Endpoints that have limits of their own, by name.")
    metrics: dict[str, MetricTable] | None = key("Custom metrics, by name.", json_schema_extra=_NAMES)


class StopWhenTable(Table):
    """End a load early, once the last seconds of the present phase pass one of these."""

    error_rate: Share | None = key("Share of failed requests.")
    p95: Milliseconds | None = key("95th percentile of response time.")


class LoadTable(Table):
    """A load profile; exactly one of `users`, `rate` and `shape` says what it is made of."""

    users: UserLevels | None = key("Closed model: how many users; a list makes the steps of a stress load.")
    rate: RateLevels | None = key("Open model: arrivals per second; a list makes the steps of a stress load.")
    shape: Literal["scenario"] | None = key("`scenario`: the scenario's own LoadTestShape says how many users.")
    kind: Literal["steady", "stress", "spike", "soak"] | None = key(
        "What the load is judged for. Only `soak` needs to be written, and not for a load named soak."
    )
    duration: Seconds | None = key("The whole length, `ramp_up` and `warm_up` included.")
    ramp_up: Seconds | None = key("Time to climb from 0 to the full level; not judged. 0s unless written.")
    warm_up: Seconds | None = key("Time at the full level that is not judged. 0s unless written.")
    step: Seconds | None = key("Stress: how long each step lasts, its first fifth climbing and not judged.")
    spike_users: Users | None = key("Spike, closed model: users during the spike.")
    spike_rate: Rate | None = key("Spike, open model: arrivals per second during the spike.")
    spike_at: Seconds | None = key("Spike: when it begins, from the load's start.")
    spike_duration: Seconds | None = key("Spike: how long it lasts.")
    stop_when: StopWhenTable | None = key("End the load early.")
    stop_timeout: Seconds | None = key("How long running requests may take to end; 10s unless written.")
    arrivals: Literal["poisson", "uniform"] | None = key("Open model: how arrivals are spaced; poisson unless written.")
    max_users: Users | None = key("Open model: how far the pool of users may grow; 1000 unless written.")


class HealthTable(Table):
    """Past these the load generator, not the service, was measured, and the run is invalid."""

    generator_cpu: Share | None = key("Share of a core that the generator may use in a second; 90% unless written.")
    loop_lag: Milliseconds | None = key(
        "How late the generator's timers may be (p99 over seconds); 200ms unless written."
    )
    schedule_lag: Milliseconds | None = key(
        "Open model: how late arrivals may be released (p99); 100ms unless written."
    )
    steal: Share | None = key("Share of CPU time that the hypervisor may take in a second; 30% unless written.")
    throttled: Milliseconds | None = key(
        "How long in a second the container's CPU quota may hold the generator back; 100ms unless written."
    )
    clock_step: Milliseconds | None = key(
        "How far the realtime clock may step in a second; past it, its requests are left out; 5ms unless written."
    )
    open_files: Share | None = key("Share of its open-file limit that a generator may use; 90% unless written.")
    ports: Share | None = key("Share of the machine's ephemeral ports that may be in use; 80% unless written.")
    bad_seconds: Share | None = key(
        "Share of judged seconds that may be past a limit on single seconds; 10% unless written."
    )


_Weight = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]


class ScoreTable(Table):
    """The weights of the score's parts; only their proportions matter."""

    latency: _Weight | None = key("mean, percentiles, max, recovery_time, p95_drift; 4 unless written")
    errors: _Weight | None = key("error_rate; 3 unless written")
    throughput: _Weight | None = key("throughput and capacity; 2 unless written")
    resources: _Weight | None = key("cpu, memory, memory_drift, startup_time; 1 unless written")
    other: _Weight | None = key("custom metrics; 1 unless written")


_DAYS = re.compile(r"^[1-9]\d{0,4} days?$")


def _read_keep(value: object) -> object:
    if type(value) is int and value > 0:
        return value
    if isinstance(value, str) and _DAYS.match(value):
        return value
    raise AmountError(f"{shown(value)} is neither a number of days nor of runs", 'write e.g. "90 days" or 500')


_KEEP_SCHEMA = {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": _DAYS.pattern}]}
Keep = Annotated[int | str, PlainValidator(_read_keep), WithJsonSchema(_KEEP_SCHEMA)]


class GateTable(Table):
    """What holds for all services."""

    baseline: str | None = key(
        "Compared with: `merge-base`, `latest`, `pinned`, `tag:NAME`, or a Git revision; merge-base unless written.",
        pattern=r"^[^-\s]\S*$",
    )
    branch: str | None = key(
        "The branch whose runs are the history, and with which a merge base is made; in CI the target of the pull "
        "request, else the remote's default branch, unless written.",
        pattern=r"^[^-\s]\S*$",
    )
    max_slowdown: Percent | None = key(
        "The largest slowdown tolerated: more than this, proven, fails; 10% unless written."
    )
    false_alarm_rate: Annotated[float, Field(gt=0, le=0.5, allow_inf_nan=False)] | None = key(
        "How often the whole verdict of a comparison may be falsely red, as a share; 0.01 unless written."
    )
    require_baseline: bool | None = key(
        "Whether a comparison that cannot be made makes the verdict invalid; false unless written."
    )
    undecided: Literal["invalid", "warn"] | None = key(
        "What `perfgate compare` makes of a check that stays undecided; invalid (exit code 3) unless written."
    )
    uncertain: Literal["warn", "fail"] | None = key(
        "What a broken limit is that lies within the 95 % interval of the percentile that is held against it; warn "
        "unless written. More than twice the limit fails all the same."
    )
    history: Annotated[int, Field(ge=5, le=1000)] | None = key(
        "How many comparable runs of the branch a run is held against, at most; 50 unless written."
    )
    keep: Keep | None = key(
        'How long runs are kept: a time such as "90 days", or a number of runs; all unless written.'
    )
    allowed_hosts: list[str] | None = key(
        "Hosts that may be put under load; 127.0.0.1, localhost and ::1 unless written. All others are refused."
    )
    store: str | None = key(
        "Where the history is kept: a database URL, or `git:BRANCH`; sqlite:///.perfgate/history.db unless written.",
        pattern=r"^(git:[^-\s]\S*|[a-z][a-z0-9+]*://\S*)$",
    )
    together: bool | None = key("Drive all services at the same time; false unless written.")
    seed: Annotated[int, Field(ge=0, lt=2**63)] | None = key("Same seed, same schedule; 0 unless written.")
    health: HealthTable | None = key("When the generator cannot be trusted.")
    score: ScoreTable | None = key("Weights of the score.")


def _read_version(value: object) -> object:
    if type(value) is not int:  # true and 1.0 are equal to 1
        raise AmountError(f"a whole number is expected, not {shown(value)}", "write version = 1")
    return value


class BudgetsFile(Table):
    """Budgets and loads for perfgate: what to drive, at what, and how fast it has to be."""

    version: Annotated[Literal[1], BeforeValidator(_read_version)] = Field(
        default=1, description="The format of this file."
    )
    gate: GateTable | None = key("Baseline, hosts, seed and other settings of the whole gate.")
    loads: dict[str, LoadTable] | None = key("Load profiles, by name.", json_schema_extra=_NAMES)
    services: dict[str, ServiceTable] | None = key("Services under test, by name.", json_schema_extra=_NAMES)
    compare: CompareTable | None = key("How two revisions are measured.")
    accept: list[AcceptTable] | None = key("Regressions that the team accepts, each for a time.")
    benchmarks: dict[str, BenchmarkTable] | None = key(
        "Limits on benchmarks and other imported results, by name or glob."
    )
    artifacts: dict[str, SizeTiers] | None = key("File-size budgets, by path or glob relative to budgets.toml.")


class _TomlSchema(GenerateJsonSchema):
    """TOML has no null: a key that is not written is absent, and has no default to complete."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if schema.get("default", None) is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)


def budgets_schema() -> dict[str, Any]:
    """The JSON Schema of `budgets.toml`, for editors; it accepts every file that `read_plan` accepts.

    It is declared as draft 7 because that is what editors for TOML understand; it uses nothing newer but `$defs`.
    """
    schema = BudgetsFile.model_json_schema(schema_generator=_TomlSchema)
    return {"$schema": "http://json-schema.org/draft-07/schema#", **schema, "title": "perfgate budgets.toml"}
