"""A complete `budgets.toml` reads as it stands."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from perfgate.plan import profile
from perfgate.plan.budget import BudgetLayer, Limit
from perfgate.plan.budgets_file import parse_plan, read_plan
from perfgate.plan.plan import Gate, Load, StopWhen
from tests.plan.writing import COMPLETE

if TYPE_CHECKING:
    from perfgate.plan.plan import Plan


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The complete file, with its scenario beside it."""
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "catalog.py").touch()
    return Path(shutil.copy(COMPLETE, tmp_path / "budgets.toml"))


@pytest.fixture
def plan(path: Path) -> Plan:
    """What it says."""
    return read_plan(path)


def test_the_gate(plan: Plan) -> None:
    """Every key of `[gate]` arrives."""
    assert plan.gate == Gate(allowed_hosts=("127.0.0.1", "localhost"))


def test_the_loads(plan: Plan) -> None:
    """Closed and open model, stress and spike, each with its curve."""
    assert plan.loads == {
        "normal": Load("normal", "steady", "closed", profile.hold(20, 60, ramp_up_s=10)),
        "peak": Load("peak", "steady", "open", profile.hold(400, 60, ramp_up_s=15)),
        "stress": Load(
            "stress",
            "stress",
            "closed",
            profile.steps([50, 100, 200, 400], 20),
            stop_when=StopWhen(error_rate=0.05),
            levels=(50, 100, 200, 400),
        ),
        "spike": Load(
            "spike",
            "spike",
            "closed",
            profile.spike(20, 200, spike_at_s=20, spike_duration_s=10, duration_s=60, ramp_up_s=0),
        ),
    }


def test_the_service(plan: Plan, path: Path) -> None:
    """How it is started, where it is, what drives it."""
    service = plan.services["catalog"]
    assert service.command == ("python", "-m", "perfgate.demo.catalog", "--port", "{port}")
    assert service.url == "http://127.0.0.1:{port}"
    assert service.ready == "/health"
    assert service.scenario == path.parent / "scenarios" / "catalog.py"
    assert service.scenario_text == "scenarios/catalog.py"
    assert service.loads == ("normal", "peak", "stress", "spike")
    assert service.source == "budgets.toml:33"


def test_the_budget(plan: Plan) -> None:
    """Each limit in its metric's unit, with the line on which it stands."""
    budget = plan.services["catalog"].budget
    assert budget.every == BudgetLayer(
        {
            "p95": Limit("p95", fail=250.0, source="budgets.toml:42"),
            "p99": Limit("p99", 400.0, 600.0, "budgets.toml:43"),
            "error_rate": Limit("error_rate", fail=0.01, source="budgets.toml:41"),
        }
    )
    assert budget.loads == {
        "peak": BudgetLayer(
            {
                "throughput": Limit("throughput", fail=380.0, source="budgets.toml:46"),
                "cpu": Limit("cpu", fail=0.8, source="budgets.toml:47"),
                "memory": Limit("memory", fail=200e6, source="budgets.toml:48"),
            }
        ),
        "stress": BudgetLayer({"capacity": Limit("capacity", fail=100.0, source="budgets.toml:51")}),
        "spike": BudgetLayer({"recovery_time": Limit("recovery_time", fail=5.0, source="budgets.toml:54")}),
    }
    assert budget.endpoints == {
        "GET /items/{id}": BudgetLayer({"p95": Limit("p95", fail=120.0, source="budgets.toml:57")})
    }
    assert budget.endpoint_sources == {"GET /items/{id}": "budgets.toml:56"}


def test_root_path_seed_scale_and_text(plan: Plan, path: Path) -> None:
    """Relative paths start at the file; its text is kept for later reports."""
    assert (plan.root, plan.path, plan.seed, plan.scale) == (path.parent, path, 0, 1.0)
    assert plan.text == path.read_text()


def test_the_plan_is_the_same_when_it_is_recreated_from_its_text(plan: Plan, path: Path) -> None:
    """A kept recording needs neither the file nor the scenario."""
    shutil.rmtree(path.parent / "scenarios")
    path.unlink()
    assert parse_plan(plan.text, plan.path, require_files=False) == plan


def test_scale_shortens_every_load(plan: Plan, path: Path) -> None:
    """A tenth of the time, the same levels."""
    quick = read_plan(path, scale=0.1)
    assert quick.scale == 0.1
    for name, load in plan.loads.items():
        assert load.profile is not None
        assert quick.loads[name].profile == load.profile.scaled(0.1)
