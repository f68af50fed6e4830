"""The options of the pytest plugin, and what it keeps for the length of a session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from perfgate.suite.session import GateSession

DEFAULT_OUT = ".perfgate/pytest"


@dataclass(frozen=True)
class Settings:
    """As given on pytest's command line.

    Attributes:
        budgets: the budgets file that the fixture reads.
        out: where recordings and reports go.
        scale: factor on every duration.
        overlap: loads may be driven while another process of this machine drives one.
        each_check: each check is a report of its own; by default a load, or a benchmark, is one.
    """

    budgets: Path
    out: Path
    scale: float
    overlap: bool
    each_check: bool


SETTINGS = pytest.StashKey[Settings]()
SESSION = pytest.StashKey["GateSession"]()


def settings_of(config: pytest.Config) -> Settings:
    """The settings of this session; read once."""
    if SETTINGS not in config.stash:
        root = config.rootpath
        worker = getattr(config, "workerinput", {}).get("workerid", "")
        out = root / (config.getoption("perfgate_out") or DEFAULT_OUT)
        config.stash[SETTINGS] = Settings(
            budgets=root / (config.getoption("perfgate_budgets") or "budgets.toml"),
            out=out / worker if worker else out,
            scale=config.getoption("perfgate_scale"),
            overlap=config.getoption("perfgate_overlap"),
            each_check=bool(config.getoption("perfgate_each_check") or config.getini("perfgate_each_check")),
        )
    return config.stash[SETTINGS]


def gate_session(config: pytest.Config) -> GateSession:
    """The gate of this session; made when it is first needed."""
    if SESSION not in config.stash:
        from perfgate.suite.session import GateSession

        settings = settings_of(config)
        config.stash[SESSION] = GateSession(settings.out, overlap=settings.overlap)
    return config.stash[SESSION]
