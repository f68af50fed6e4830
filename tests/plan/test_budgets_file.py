"""The file as a whole: not TOML, unknown keys, many problems at once, the gate, and what the command line selects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from perfgate.errors import BudgetsError, ExitCode, UsageError
from perfgate.plan.budgets_file import parse_plan, read_plan
from perfgate.plan.plan import Gate, HealthLimits
from tests.plan.writing import LOADS, PATH, SERVICE, error_of, plan_of

if TYPE_CHECKING:
    from pathlib import Path

    from perfgate.plan.plan import Plan

NOTHING_LEFT = "nothing is left to judge: ramp_up and warm_up together are as long as the whole duration"
OTHER = '[services.other]\nurl = "http://localhost:1"\nscenario = "other.py"\nloads = ["normal"]\n'


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("version = = 1", "budgets.toml:1", "not TOML: Invalid value at column 11", "see https://toml.io"),
        (
            "[loads.normal]\nduration = 60s",
            "budgets.toml:2",
            "not TOML: Expected newline or end of document after a statement at column 14",
            'put amounts with a unit in quotation marks, such as "60s"',
        ),
        ("[a]\n\n[a]\n", "budgets.toml:3", "not TOML: Cannot declare ('a',) twice at column 3", "see https://toml.io"),
        ('a = "', "budgets.toml:1", "not TOML: Unterminated string (at end of document)", "see https://toml.io"),
        ("a = " + "9" * 5000, "budgets.toml:1", "not TOML: Exceeds the limit", "see https://toml.io"),
    ],
    ids=["value", "unquoted", "twice", "end", "digits"],
)
def test_what_is_not_toml_is_refused_with_its_line(text: str, place: str, message: str, hint: str) -> None:
    """The parser's own words, the place, and a next step."""
    with pytest.raises(BudgetsError) as raised:
        plan_of(text)
    error = raised.value
    assert (error.slug, error.place, error.hint) == ("budgets-syntax", place, hint)
    assert error.message.startswith(message)


def test_deep_nesting_is_no_crash() -> None:
    """Python's recursion limit is not the user's business."""
    with pytest.raises(BudgetsError, match="nested too deeply"):
        plan_of("a = " + "[" * 5000 + "]" * 5000)


def test_what_is_not_utf_8_is_refused_with_its_line(tmp_path: Path) -> None:
    """TOML is always UTF-8."""
    path = tmp_path / "budgets.toml"
    path.write_bytes(b"version = 1\n# caf\xe9\n")
    with pytest.raises(BudgetsError) as raised:
        read_plan(path)
    assert (raised.value.slug, raised.value.place) == ("budgets-syntax", "budgets.toml:2")


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    """Some editors write one."""
    path = tmp_path / "budgets.toml"
    path.write_bytes(b'\xef\xbb\xbf[artifacts]\n"a" = "1KB"\n')
    assert len(read_plan(path).artifacts) == 1


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """With the command that writes one."""
    with pytest.raises(BudgetsError) as raised:
        read_plan(tmp_path / "budgets.toml")
    error = raised.value
    assert (error.slug, error.place) == ("budgets-missing", str(tmp_path / "budgets.toml"))
    assert "perfgate init" in error.hint


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """What cannot be read is an error too."""
    with pytest.raises(BudgetsError) as raised:
        read_plan(tmp_path)
    assert raised.value.slug == "budgets-missing"


def test_every_error_of_the_file_is_exit_code_2() -> None:
    """Nothing was driven."""
    with pytest.raises(BudgetsError) as raised:
        plan_of("x = 1")
    assert raised.value.exit_code == ExitCode.USAGE


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "budgets.toml:1: nothing to do: the file has no service (add a table such as [services.shop])"),
        ("version = true", "budgets.toml:1: version: a whole number is expected, not true (write version = 1)"),
        ("version = 1.0", "budgets.toml:1: version: a whole number is expected, not 1.0 (write version = 1)"),
        ("version = 2", "budgets.toml:1: version: 2 is not one of the choices (write 1)"),
        ("[sevices.shop]", 'budgets.toml:1: sevices: unknown key (did you mean "services"?)'),
        ("[loads]\nnormal = 5", "budgets.toml:2: loads.normal: a table is expected, not 5"),
        ("[[services]]\nx = 1", "budgets.toml:1: services: a table is expected, not an array"),
        ("services = 1979-05-27", "budgets.toml:1: services: a table is expected, not 1979-05-27"),
    ],
)
def test_what_the_file_cannot_mean_is_refused(text: str, message: str) -> None:
    """With line, key and next step."""
    assert error_of(text).splitlines()[0].startswith(message)


def test_all_problems_of_the_file_are_told_at_once() -> None:
    """In the order of lines, across tables, those of form and those of meaning."""
    text = """\
[gate]
max_slowdwon = "5%"
[loads.normal]
users = 20
duration = 60
[loads.peak]
rate = "400/s"
duration = "60s"
warm_up = "60s"
[services.shop]
url = "http://localhost:8000"
scenaro = "shop.py"
[services.other]
url = "http://localhost:8000"
scenario = "other.py"
loads = ["norml"]
[services.other.budget]
p59 = "1s"
p99 = { warn = "2s", fail = "1s" }
"""
    assert [line.split(" (")[0] for line in error_of(text).splitlines()] == [
        "budgets.toml:2: gate.max_slowdwon: unknown key",
        "budgets.toml:5: loads.normal.duration: 60 is without a unit",
        f"budgets.toml:8: loads.peak.duration: {NOTHING_LEFT}",
        "budgets.toml:12: services.shop.scenaro: unknown key",
        'budgets.toml:16: services.other.loads[0]: no load "norml"',
        "budgets.toml:18: services.other.budget.p59: unknown key: neither a limit nor a load",
        "budgets.toml:19: services.other.budget.p99: warn must be reached before fail, so it must lie below it",
    ]


def test_a_hundred_problems_are_counted() -> None:
    """A message must stay readable."""
    text = "\n".join(f"x{number} = 1" for number in range(100)) + "\n" + LOADS + SERVICE
    lines = error_of(text).splitlines()
    assert len(lines) == 21
    assert lines[-1] == "... and 80 more"


def test_the_nearest_spelling_keeps_transposed_digits_apart() -> None:
    """p59 is p95 rather than p99."""
    text = f'{LOADS}{SERVICE}[services.shop.budget]\np59 = "1s"'
    assert 'did you mean "p95"?' in error_of(text)


def test_of_two_that_are_as_like_the_nearer_number_is_meant() -> None:
    """p96 is p95 rather than p90."""
    text = f'{LOADS}{SERVICE}[services.shop.budget]\np96 = "1s"'
    assert 'did you mean "p95"?' in error_of(text)


@pytest.mark.parametrize(
    ("text", "home"),
    [
        ('[compare]\nmax_slowdown = "10%"', "gate"),
        ('[services.shop.budget]\nmax_slowdown = "10%"', "gate"),
        ('[gate]\nready = "/"', "services.NAME"),
        ('[services.shop.budget]\nduration = "10s"', "loads.NAME"),
    ],
)
def test_a_key_that_has_strayed_is_told_where_it_belongs(text: str, home: str) -> None:
    """It is spelt right, so that no spelling near it is meant."""
    assert f"it belongs into [{home}]" in error_of(f"{LOADS}{SERVICE}{text}\n")


def test_the_gate_has_defaults() -> None:
    """A file without `[gate]` is complete."""
    assert plan_of(LOADS + SERVICE).gate == Gate()


def test_every_key_of_the_gate() -> None:
    """Each arrives, in the unit that its name in the plan says."""
    plan = plan_of(
        """
[gate]
baseline = "tag:v1.2"
max_slowdown = "7.5%"
false_alarm_rate = 0.05
require_baseline = false
allowed_hosts = ["localhost", "*.example.com", "[::1]"]
store = "postgresql://db/perf"
together = true
seed = 7
[gate.health]
generator_cpu = "80%"
loop_lag = "50ms"
schedule_lag = "2ms"
steal = "10%"
throttled = "20ms"
clock_step = "1ms"
open_files = "70%"
ports = "60%"
bad_seconds = "0%"
[gate.score]
latency = 3
errors = 0.5
"""
        + LOADS
        + SERVICE
    )
    assert plan.gate == Gate(
        allowed_hosts=("localhost", "*.example.com", "[::1]"),
        together=True,
        health=HealthLimits(0.8, 50, 2, 0.1, 20, 1, 0.7, 0.6, 0),
        score_weights={"errors": 0.5, "latency": 3.0},
        baseline="tag:v1.2",
        max_slowdown_percent=7.5,
        false_alarm_rate=0.05,
        store="postgresql://db/perf",
    )
    assert plan.seed == 7


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('baseline = ""', 'gate.baseline: "" cannot be used'),
        ('baseline = "--upload-pack=x"', 'gate.baseline: "--upload-pack=x" cannot be used'),
        ('max_slowdown = "0%"', 'gate.max_slowdown: "0%" must be more than zero'),
        ("max_slowdown = 10", "gate.max_slowdown: 10 is without a unit"),
        ("false_alarm_rate = 0.9", "gate.false_alarm_rate: 0.9 must be less than or equal to 0.5"),
        ("false_alarm_rate = nan", "gate.false_alarm_rate: nan"),
        ('false_alarm_rate = "1%"', 'gate.false_alarm_rate: a number is expected, not "1%"'),
        ('require_baseline = "yes"', 'gate.require_baseline: true or false is expected, not "yes"'),
        ('undecided = "pass"', 'gate.undecided: "pass"'),
        ("history = 4", "gate.history: 4 must be greater than or equal to 5"),
        ('keep = "a while"', 'gate.keep: "a while" is neither a number of days nor of runs'),
        ("keep = 0", "gate.keep: 0 is neither a number of days nor of runs"),
        ('allowed_hosts = "localhost"', 'gate.allowed_hosts: an array is expected, not "localhost"'),
        ('allowed_hosts = ["*"]', 'gate.allowed_hosts[0]: "*": an entry that allows every host would'),
        ('allowed_hosts = ["http://x"]', 'gate.allowed_hosts[0]: "http://x": an entry is a host name'),
        ("allowed_hosts = [5]", "gate.allowed_hosts[0]: a string is expected, not 5"),
        ('store = "history.db"', 'gate.store: "history.db" cannot be used'),
        ("seed = -1", "gate.seed: -1 must be greater than or equal to 0"),
        ("seed = 1.5", "gate.seed: a whole number is expected, not 1.5"),
        ('health.steal = "200%"', 'gate.health.steal: "200%" is absurd: more than 100%'),
        ("score.latency = -1", "gate.score.latency: -1 must be greater than or equal to 0"),
        ("score.latency = 0", "gate.score: every weight that is written is zero"),
        ("score.speed = 1", "gate.score.speed: unknown key"),
    ],
)
def test_what_the_gate_cannot_mean_is_refused(table: str, message: str) -> None:
    """With line, key and next step."""
    assert error_of(f"[gate]\n{table}\n{LOADS}{SERVICE}").startswith(f"budgets.toml:2: {message}")


def test_the_command_lines_seed_goes_before_the_files() -> None:
    """0 counts as given."""
    text = f"[gate]\nseed = 7\n{LOADS}{SERVICE}"
    assert parse_plan(text, PATH, seed=0, require_files=False).seed == 0


@pytest.mark.parametrize("scale", [0, -1, float("nan"), float("inf"), 1001])
def test_a_scale_is_a_positive_number(scale: float) -> None:
    """Nothing else shortens or lengthens a load."""
    with pytest.raises(UsageError, match="is not a number above 0"):
        parse_plan(LOADS + SERVICE, PATH, scale=scale)


def selected(services: list[str], loads: list[str]) -> Plan:
    """A plan of two services, of which `other` has only the load normal."""
    return parse_plan(LOADS + SERVICE + OTHER, PATH, services=services, loads=loads, require_files=False)


def shown(plan: Plan) -> dict[str, tuple[str, ...]]:
    """The loads of each service."""
    return {name: service.loads for name, service in plan.services.items()}


def test_everything_is_selected_by_default() -> None:
    """All services with all their loads."""
    assert shown(selected([], [])) == {"shop": ("normal", "peak", "stress", "spike", "soak"), "other": ("normal",)}


def test_a_service_can_be_selected() -> None:
    """The others are left out."""
    assert shown(selected(["other"], [])) == {"other": ("normal",)}


def test_a_load_can_be_selected() -> None:
    """Services that do not have it are left out, and so are other loads."""
    plan = selected([], ["spike"])
    assert shown(plan) == {"shop": ("spike",)}
    assert list(plan.loads) == ["spike"]


def test_several_loads_keep_the_order_of_the_file() -> None:
    """The command line's order says nothing."""
    assert shown(selected([], ["peak", "normal"])) == {"shop": ("normal", "peak"), "other": ("normal",)}


@pytest.mark.parametrize(
    ("services", "loads", "place", "message"),
    [
        (["shp"], [], "--service shp", 'no service "shp" in budgets.toml (did you mean "shop"?)'),
        ([], ["norml"], "--load norml", 'no load "norml" in budgets.toml (did you mean "normal"?)'),
        (["other"], ["spike"], "--load spike", 'the selected services do not list load "spike"'),
        (["other", "shop"], ["spike"], "--service other", 'service "other" lists none of the selected loads'),
    ],
)
def test_a_selection_of_nothing_is_refused(services: list[str], loads: list[str], place: str, message: str) -> None:
    """What was asked for by name and does not exist must not pass silently."""
    with pytest.raises(UsageError) as raised:
        selected(services, loads)
    assert str(raised.value).startswith(f"{place}: {message}")


def test_a_load_that_no_service_lists_cannot_be_selected() -> None:
    """It is defined, but nothing would be driven."""
    with pytest.raises(UsageError, match='no service lists load "soak"'):
        parse_plan(LOADS + OTHER, PATH, loads=["soak"], require_files=False)


def test_a_load_that_no_service_lists_is_not_in_the_plan() -> None:
    """Nothing is driven by it."""
    assert list(parse_plan(LOADS + OTHER, PATH, require_files=False).loads) == ["normal"]


@given(st.sets(st.sampled_from(["shop", "other"])), st.sets(st.sampled_from(["normal", "peak", "spike"])))
def test_a_plan_is_recreated_from_the_names_that_it_holds(services: set[str], loads: set[str]) -> None:
    """A kept recording holds the file's text and the names of what was driven, and no more."""
    text = LOADS + SERVICE + 'loads = ["normal", "peak"]\n' + OTHER
    try:
        plan = parse_plan(text, PATH, services=sorted(services), loads=sorted(loads), require_files=False)
    except UsageError:
        assume(False)
    again = parse_plan(text, PATH, services=list(plan.services), loads=list(plan.loads), require_files=False)
    assert again == plan
