"""`[loads.NAME]` tables become profiles; what their keys cannot mean together is refused in words."""

from __future__ import annotations

import pytest

from perfgate.plan import profile
from perfgate.plan.budgets_file import parse_plan
from perfgate.plan.plan import Load, StopWhen
from tests.plan.writing import PATH, SERVICE, error_of, load_error, load_of


def test_a_steady_load_has_ramp_and_warm_up_inside_its_duration() -> None:
    """60 s in all: 10 s ramp, 5 s warm-up, 45 s judged."""
    load = load_of('users = 20\nramp_up = "10s"\nwarm_up = "5s"\nduration = "60s"')
    assert load == Load("normal", "steady", "closed", profile.hold(20, 60, ramp_up_s=10, warm_up_s=5))


def test_an_open_load_may_space_its_arrivals_and_bound_its_users() -> None:
    """`arrivals` and `max_users` belong to the open model."""
    load = load_of('rate = "90/min"\narrivals = "uniform"\nmax_users = 50\nduration = "60s"\nstop_timeout = "2s"')
    expected = Load(
        "normal", "steady", "open", profile.hold(1.5, 60), arrivals="uniform", max_users=50, stop_timeout_s=2
    )
    assert load == expected


@pytest.mark.parametrize(("model", "levels"), [("closed", "users = [10, 20]"), ("open", 'rate = ["10/s", "20/s"]')])
def test_a_list_of_levels_makes_a_stress_load(model: str, levels: str) -> None:
    """Of users or of rates."""
    load = load_of(f'{levels}\nstep = "5s"')
    assert (load.kind, load.model, load.levels) == ("stress", model, (10, 20))
    assert load.profile == profile.steps([10, 20], 5)


def test_a_spike_of_an_open_load_is_a_rate() -> None:
    """The spike is in the unit of the load."""
    table = (
        'rate = "10/s"\nspike_rate = "50/s"\nspike_at = "5s"\nspike_duration = "2s"\nduration = "20s"\nramp_up = "1s"'
    )
    load = load_of(table)
    assert (load.kind, load.model) == ("spike", "open")
    assert load.profile == profile.spike(10, 50, spike_at_s=5, spike_duration_s=2, duration_s=20, ramp_up_s=1)


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("soak", "", "soak"),
        ("long", 'kind = "soak"', "soak"),
        ("soak", 'kind = "steady"', "steady"),
        ("long", "", "steady"),
    ],
)
def test_a_soak_is_named_or_said(name: str, kind: str, expected: str) -> None:
    """A load named soak is one by itself; `kind` says it of any other, or takes it back."""
    assert load_of(f'users = 5\nduration = "1h"\n{kind}', name).kind == expected


def test_the_scenarios_own_shape_has_no_profile() -> None:
    """Its duration, if any, is an upper bound."""
    assert load_of('shape = "scenario"') == Load("normal", "scenario", "closed", None)
    assert load_of('shape = "scenario"\nduration = "90s"').max_duration_s == 90


def test_a_scaled_shape_has_a_scaled_bound() -> None:
    """`--scale` shortens every duration."""
    text = f'[loads.own]\nshape = "scenario"\nduration = "90s"\n{SERVICE}'
    plan = parse_plan(text, PATH, scale=0.1, require_files=False)
    assert plan.loads["own"].max_duration_s == pytest.approx(9)


def test_stop_when_has_shares_and_milliseconds() -> None:
    """Either condition, or both."""
    load = load_of('users = 5\nduration = "9s"\nstop_when = { error_rate = "5%", p95 = "2s" }')
    assert load.stop_when == StopWhen(error_rate=0.05, p95_ms=2000)


ONLY_OPEN = "only a load with `rate` (open model) has this key"
STEADY = 'users = 5\nduration = "60s"\n'
STRESS = 'users = [5, 10]\nstep = "5s"\n'
SPIKE = 'users = 5\nspike_users = 50\nspike_at = "20s"\nspike_duration = "10s"\nduration = "60s"\n'


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('duration = "9s"', "loads.x: a load needs users or rate"),
        ('users = 5\nrate = "5/s"\nduration = "9s"', "loads.x.rate: a load has users or a rate, not both"),
        ("users = 5", "loads.x: a steady load needs duration"),
        ("users = [5, 10]", "loads.x: a stress load needs step"),
        ('users = 5\nduration = "0s"', "loads.x.duration: nothing is left to judge: ramp_up and warm_up together"),
        (STEADY + 'ramp_up = "60s"', "loads.x.duration: nothing is left to judge: ramp_up and warm_up together"),
        (STEADY + 'ramp_up = "40s"\nwarm_up = "20s"', "loads.x.duration: nothing is left to judge"),
        (STEADY + 'step = "5s"', "loads.x.step: not a key of a steady load"),
        (STEADY + 'arrivals = "uniform"', "loads.x.arrivals: only a load with `rate` (open model) has this key"),
        (STEADY + "max_users = 5", "loads.x.max_users: only a load with `rate` (open model) has this key"),
        (STEADY + 'kind = "spike"', 'loads.x.kind: "spike", but its other keys make it a steady load'),
        (STEADY + "stop_when = {}", "loads.x.stop_when: it needs error_rate, p95 or both"),
        (STRESS + 'kind = "soak"', 'loads.x.kind: "soak", but its other keys make it a stress load'),
        (STRESS + 'duration = "60s"', "loads.x.duration: not a key of a stress load"),
        (STRESS + 'ramp_up = "1s"', "loads.x.ramp_up: not a key of a stress load"),
        ('users = [5, 5]\nstep = "5s"', "loads.x.users: the steps of a stress load must increase"),
        ('rate = ["9/s", "5/s"]\nstep = "5s"', "loads.x.rate: the steps of a stress load must increase"),
        ('users = []\nstep = "5s"', "loads.x.users: a stress load needs at least one step"),
        ('users = [5, "6s"]\nstep = "5s"', 'loads.x.users[1]: "6s" is not a number of users: unknown unit "s"'),
        ('users = [5, 10]\nstep = "0s"', "loads.x.step: must be more than zero"),
        (SPIKE + 'warm_up = "5s"', "loads.x.warm_up: not a key of a spike load"),
        (SPIKE + 'ramp_up = "20s"', "loads.x.spike_at: the spike begins before ramp_up is over"),
        (SPIKE.replace('"20s"', '"0s"'), "loads.x.spike_at: the spike begins before ramp_up is over"),
        (SPIKE.replace('"20s"', '"50s"'), "loads.x.duration: the load ends before the spike does"),
        (SPIKE.replace('"10s"', '"0s"'), "loads.x.spike_duration: must be more than zero"),
        (SPIKE.replace("= 50", "= 5"), "loads.x.spike_users: the spike is no higher than the level before it"),
        (SPIKE.replace("spike_users = 50\n", ""), "loads.x: a spike load needs spike_users"),
        (SPIKE.replace("spike_users = 50", 'spike_rate = "5/s"'), "loads.x.spike_rate: only a load with `rate`"),
        (SPIKE.replace("users = 5\n", 'rate = "5/s"\n', 1), "loads.x.spike_users: a load with `rate` has a spike_rate"),
        ('shape = "scenario"\nusers = 5', "loads.x.users: not a key of a scenario load"),
        ('shape = "scenari"', 'loads.x.shape: "scenari" is not one of the choices'),
        ('users = "many"\nduration = "9s"', 'loads.x.users: "many" is not a number of users'),
        ('rate = 400\nduration = "9s"', "loads.x.rate: 400 is without a unit"),
        ("users = 5\nduration = 60", "loads.x.duration: 60 is without a unit"),
        ('users = 5\nduration = "8d"', 'loads.x.duration: "8d" is absurd: more than 7d'),
        ('users = -5\nduration = "9s"', "loads.x.users: -5 is negative"),
        ('users = 5\nduraton = "9s"', "loads.x.duraton: unknown key"),
    ],
)
def test_what_a_load_cannot_mean_is_refused(table: str, message: str) -> None:
    """The message names the key and says why."""
    assert load_error(table).startswith(message)


@pytest.mark.parametrize("name", ["p95", "capacity", "metrics"])
def test_a_load_must_not_be_named_like_a_limit(name: str) -> None:
    """`[services.x.budget.p95]` could be either."""
    assert load_error(STEADY, name).startswith(f'loads.{name}: "{name}" is the name of a limit')


@pytest.mark.parametrize("name", ['""', '"a/b"', '"../up"', '".hidden"', '"a b"'])
def test_a_load_must_be_named_like_a_folder(name: str) -> None:
    """Recordings of a load lie in a folder of its name."""
    assert "is not a usable name" in load_error(STEADY, name)


def test_all_that_is_wrong_with_a_load_is_said_at_once() -> None:
    """In the order of lines, each with its line."""
    text = f'[loads.x]\nusers = [9, 5]\nstep = "0s"\narrivals = "uniform"\n{SERVICE}'
    assert error_of(text).splitlines() == [
        "budgets.toml:2: loads.x.users: the steps of a stress load must increase (sort them)",
        'budgets.toml:3: loads.x.step: must be more than zero (write e.g. "20s")',
        f"budgets.toml:4: loads.x.arrivals: {ONLY_OPEN} (remove it, or write `rate`)",
    ]
