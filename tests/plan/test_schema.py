"""The published JSON Schema accepts what the reader accepts, and describes every key."""

from __future__ import annotations

import copy
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from perfgate.errors import PerfgateError
from perfgate.plan.budget import METRICS, Scope
from perfgate.plan.budgets_file import budgets_schema
from perfgate.plan.limit_tables import EndpointLimits, LoadLimits, RequestLimits, ServiceLimits
from tests.plan.writing import COMPLETE, LOADS, SERVICE, plan_of

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = budgets_schema()
VALIDATOR = Draft7Validator(SCHEMA)

EVERYTHING = (
    """
version = 1
[gate]
baseline = "tag:v1.2"
max_slowdown = "7.5%"
false_alarm_rate = 0.05
require_baseline = false
allowed_hosts = ["localhost", "*.example.com"]
store = "sqlite:///x.db"
together = true
seed = 7
[gate.health]
generator_cpu = "80%"
loop_lag = "50ms"
schedule_lag = "2 ms"
steal = "10%"
bad_seconds = "0%"
[gate.score]
latency = 3
errors = 0.5
throughput = 1
resources = 1
other = 1
[loads.open]
rate = "400/s"
arrivals = "uniform"
max_users = 50
ramp_up = "1s"
warm_up = "1s"
duration = "60s"
stop_when = { error_rate = "5%", p95 = "1s" }
stop_timeout = "1s"
kind = "soak"
[loads.own]
shape = "scenario"
[loads.burst]
rate = "10/s"
spike_rate = "20/s"
spike_at = "10s"
spike_duration = "5s"
duration = "60s"
"""
    + LOADS
    + SERVICE
    + """
env = { PORT = "{port}" }
cwd = "app"
ready = "/health"
ready_timeout = "1m"
stop_timeout = "0s"
user_classes = ["Buyer"]
tags = ["fast"]
exclude_tags = ["slow"]
[services.shop.metrics.tokens]
unit = "tokens"
better = "higher"
json = "usage.total"
endpoint = "POST /ask"
[services.shop.metrics.hits]
header = "X-Hits"
[services.shop.budget]
mean = "1s"
p50 = "1s"
p90 = "1s"
p95 = { warn = "1s", fail = "2s" }
p99 = { warn = "1s" }
p99_9 = "1s"
max = "1s"
error_rate = "1%"
throughput = "1/s"
cpu = "50%"
memory = "1GiB"
capacity = "60 users"
recovery_time = "5s"
p95_drift = "5%"
memory_drift = "5%"
startup_time = "5s"
metrics.tokens = { mean = 1, p50 = 1, p90 = 1, p95 = 1.5, p99 = 1, p99_9 = 1, min = 1, max = { warn = 2, fail = 1 } }
[services.shop.budget.normal]
p95 = "1s"
[services.shop.endpoints."GET /".budget]
p95 = "1s"
[services.shop.endpoints."GET /".budget.normal]
p95 = "1s"
[services.again]
url = "http://localhost:1"
scenario = "x.py"
command = ["x"]
[artifacts]
"app.js" = { warn = "1KB", fail = "2KB" }
"""
)


def accepts(document: Any) -> bool:
    """Whether an editor would find nothing to complain about."""
    return bool(VALIDATOR.is_valid(document))


def is_read(document: dict[str, Any]) -> bool:
    """Whether the reader takes it."""
    try:
        plan_of(tomlkit.dumps(document))
    except PerfgateError:
        return False
    return True


@pytest.mark.parametrize("text", [COMPLETE.read_text(), EVERYTHING, LOADS + SERVICE], ids=["complete", "all", "small"])
def test_the_schema_accepts_what_the_reader_accepts(text: str) -> None:
    """Complete files with every key there is."""
    plan_of(text)
    assert [error.message for error in VALIDATOR.iter_errors(tomllib.loads(text))] == []


def test_the_schema_is_a_valid_schema() -> None:
    """Of the draft that it declares."""
    Draft7Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"


@pytest.mark.parametrize(
    "text",
    [
        "loads.x.duraton = '5s'",
        "loads.x.duration = 5",
        "loads.x.duration = '5 sec'",
        "loads.x.users = 0",
        "loads.x.users = 1.5",
        "loads.'a b'.users = 5",
        "gate.seed = -1",
        "gate.together = 'yes'",
        "version = 2",
        "services.x.url = 'http://localhost'",
        "services.x.scenario = 'x.py'\nservices.x.url = 'http://localhost'\nservices.x.budget.p59 = '5s'",
        "services.x.scenario = 'x.py'\nservices.x.url = 'http://localhost'\nservices.x.budget.p95 = {}",
        "artifacts.x = '5'",
    ],
)
def test_the_schema_refuses_plain_mistakes(text: str) -> None:
    """An editor marks them while they are typed."""
    assert not accepts(tomllib.loads(text))


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from _places(inner, (*path, key))


DOCUMENT: dict[str, Any] = tomllib.loads(EVERYTHING)
PLACES = sorted(_places(DOCUMENT), key=str)
KEYS = sorted({str(path[-1]) for path in PLACES})
SCALARS = st.one_of(
    st.booleans(),
    st.integers(-2, 2000),
    st.floats(),
    st.sampled_from(
        ["5s", "5ms", "0s", "5%", "5/s", "5 users", "5MB", "60 users", "1.5 h", "x", "", "/x", "-5s", "soak"]
    ),
    st.text(max_size=4),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.sampled_from(KEYS), inner, max_size=2)),
    max_leaves=3,
)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """A correct file of which some parts were replaced, removed, or moved elsewhere."""
    document = copy.deepcopy(DOCUMENT)
    for path in draw(st.lists(st.sampled_from(PLACES), min_size=1, max_size=3)):
        table: Any = document
        for key in path[:-1]:
            table = table[key] if isinstance(table, dict) and key in table else None
        if isinstance(table, dict) and path[-1] in table:
            kept = table.pop(path[-1])
            change = draw(st.sampled_from(["remove", "remove", "replace", "move"]))
            if change == "replace":
                table[path[-1]] = draw(VALUES if isinstance(kept, dict) else SCALARS)
            elif change == "move":
                table[draw(st.sampled_from(KEYS))] = kept
    return document


@given(documents())
def test_whatever_the_reader_accepts_the_schema_accepts(document: dict[str, Any]) -> None:
    """And whatever it does not, it refuses with an error of ours and nothing else."""
    assert is_read(document) <= accepts(document)


def test_every_metric_is_a_key_of_the_tables_where_it_can_be_measured() -> None:
    """A new metric cannot be forgotten here."""
    tables = {Scope.REQUESTS: RequestLimits, Scope.RUN: LoadLimits, Scope.SERVICE: ServiceLimits}
    known = {"metrics"}
    for scope, table in tables.items():
        known |= {metric.name for metric in METRICS.values() if metric.scope is scope}
        assert set(table.model_fields) == known
    assert set(EndpointLimits.model_fields) == set(RequestLimits.model_fields)


def _described(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, table in {"file": schema, **schema["$defs"]}.items():
        for key, value in table.get("properties", {}).items():
            yield f"{name}.{key}", value


def test_every_key_is_described() -> None:
    """Editors show the description."""
    assert [key for key, value in _described(SCHEMA) if not value.get("description")] == []


def test_no_key_may_be_null() -> None:
    """TOML has no null."""
    assert "null" not in str(SCHEMA)
