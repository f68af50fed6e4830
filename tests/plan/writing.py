"""Budgets files for the tests, written as a user would, and read back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from perfgate.errors import BudgetsError
from perfgate.plan.budgets_file import parse_plan

if TYPE_CHECKING:
    from perfgate.plan.plan import Load, Plan, Service

COMPLETE = Path(__file__).with_name("complete.toml")
PATH = Path("budgets.toml")

LOADS = """\
[loads.normal]
users = 20
duration = "60s"

[loads.peak]
rate = "400/s"
duration = "60s"

[loads.stress]
users = [50, 100, 200]
step = "20s"

[loads.spike]
users = 20
spike_users = 200
spike_at = "20s"
spike_duration = "10s"
duration = "60s"

[loads.soak]
users = 20
duration = "1h"

"""
SERVICE = """\
[services.shop]
command = "shop --port {port}"
url = "http://127.0.0.1:{port}"
scenario = "shop.py"
"""


def plan_of(text: str) -> Plan:
    """The plan that a file describes; its scenarios need not exist."""
    return parse_plan(text, PATH, require_files=False)


def load_of(table: str, name: str = "normal") -> Load:
    """The load that a table's keys describe."""
    return plan_of(f"[loads.{name}]\n{table}\n{SERVICE}").loads[name]


def service_of(tables: str) -> Service:
    """The service `shop` with further keys and tables, and all kinds of loads."""
    return plan_of(LOADS + SERVICE + tables).services["shop"]


def error_of(text: str) -> str:
    """The whole message of the error that a file is refused with."""
    with pytest.raises(BudgetsError) as raised:
        plan_of(text)
    return str(raised.value)


def load_error(table: str, name: str = "x") -> str:
    """Why a load is refused, without the place, when there is one reason only."""
    with pytest.raises(BudgetsError) as raised:
        plan_of(f"[loads.{name}]\n{table}\n{SERVICE}")
    return raised.value.message


def service_error(tables: str) -> str:
    """Why further keys and tables of the service `shop` are refused, without the place."""
    with pytest.raises(BudgetsError) as raised:
        plan_of(LOADS + SERVICE + tables)
    return raised.value.message
