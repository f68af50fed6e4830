"""Words that users bring from other tools are answered with what they are called in `budgets.toml`."""

from __future__ import annotations

import pytest

from perfgate.plan.other_tools import meant
from tests.plan.writing import LOADS, SERVICE, error_of


@pytest.mark.parametrize(
    ("line", "ours"),
    [
        ("vus = 5", "users"),
        ("userCount = 5", "users"),
        ("maxVUs = 5", "max_users"),
        ('rps = "5/s"', "rate"),
        ('run-time = "9s"', "duration"),
        ('gracefulStop = "9s"', "stop_timeout"),
        ("spawn_rate = 5", "ramp_up"),
    ],
)
def test_keys_of_loads(line: str, ours: str) -> None:
    """In snake case, in camel case, with dashes."""
    key = line.split(" ", maxsplit=1)[0]
    assert f'loads.x.{key}: unknown key (did you mean "{ours}"?' in error_of(f"{LOADS}[loads.x]\n{line}\n{SERVICE}")


@pytest.mark.parametrize(("line", "ours"), [('host = "x"', "url"), ('locustfile = "x.py"', "scenario")])
def test_keys_of_services(line: str, ours: str) -> None:
    """Also where the key that was meant is needed: it is not called missing as well."""
    told = error_of(f"{LOADS}[services.shop]\n{line}\n").splitlines()
    assert sum(ours in text for text in told) == 1
    assert any(f'(did you mean "{ours}"?)' in text for text in told)


@pytest.mark.parametrize(
    ("line", "ours"), [('avg = "1s"', "mean"), ('rss = "1GB"', "memory"), ("errors = 1", "error_rate")]
)
def test_limits(line: str, ours: str) -> None:
    """A limit is looked for among the limits."""
    assert f'(did you mean "{ours}"?)' in error_of(f"{LOADS}{SERVICE}[services.shop.budget]\n{line}\n")


def test_one_word_means_what_its_table_holds() -> None:
    """`rps` is a rate in a load and a throughput in a budget; where a table has neither, no guess is made."""
    assert meant("rps", ["rate", "users"]) == "rate"
    assert meant("rps", ["throughput", "p95"]) == "throughput"
    assert meant("rps", ["url"]) == ""


def test_how_fast_users_are_spawned_is_a_time_here() -> None:
    """Another unit: the name alone would mislead."""
    assert "not users per second" in error_of(f"{LOADS}[loads.x]\nspawn_rate = 5\n{SERVICE}")


def test_a_budget_in_a_load_is_sent_to_the_service() -> None:
    """Budgets are a service's; the load only has a name there."""
    told = error_of(f'{LOADS}[loads.x]\nusers = 5\nduration = "9s"\nbudget = {{ p95 = "3s" }}\n{SERVICE}')
    assert "[services.NAME.budget.x]" in told


@pytest.mark.parametrize("table", ["[services.shop.loads.normal]\nusers = 5", "[[services.shop.loads]]\nusers = 5"])
def test_a_load_in_a_service_is_sent_to_the_top(table: str) -> None:
    """The service only lists the names."""
    assert 'loads = ["NAME"]' in error_of(f"{LOADS}{SERVICE}{table}\n")
