"""Which charts a run has: latency, requests, users, CPU and memory, with the limits that were judged on each."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from statistics import fmean
from typing import TYPE_CHECKING

from perfgate.report.charts import SMALL, Band, Chart, LimitLine, Line, figure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

    from perfgate.judge.result import RunResult

Column = list[float | None]


@dataclass(frozen=True)
class _Run:
    """A run with its columns on a grid of whole seconds from 0, so that missing seconds are gaps."""

    run: RunResult

    def column(self, name: str) -> Column:
        series = self.run.series
        grid: Column = [None] * (max(series.second, default=-1) + 1)
        for second, value in zip(series.second, getattr(series, name), strict=True):
            if second >= 0 and value is not None and isfinite(value):
                grid[second] = value
        return grid

    @property
    def bands(self) -> list[Band]:
        return [
            Band(phase.name, phase.start_s, phase.end_s, phase.name == self.run.judged_phase)
            for phase in self.run.phases
            if phase.end_s > phase.start_s
        ]

    @property
    def judged_span(self) -> tuple[float, float]:
        band = next((band for band in self.bands if band.judged), None)
        return (band.start_s, band.end_s) if band else (0.0, self.run.duration_s)

    def limits(self, metrics: dict[str, str]) -> list[LimitLine]:
        """The whole service's limits on `metrics` (name: CSS class)."""
        found = []
        for check in self.run.checks:
            if check.endpoint is None and check.kind == "budget" and check.metric in metrics:
                tiers = {"warn": check.warn_limit, "fail": check.fail_limit}
                sign = "≤" if check.direction == "at_most" else "≥"
                found += [
                    LimitLine(
                        f"{check.metric} {sign}", metrics[check.metric], value, *self.judged_span, tier, sign == "≥"
                    )
                    for tier, value in tiers.items()
                    if value is not None
                ]
        return found


def run_charts(run: RunResult) -> list[Element]:
    """The charts of a run that have something to show."""
    on_grid = _Run(run)
    charts = [_latency(on_grid), _requests(on_grid), _users(on_grid), *_resources(on_grid)]
    return [drawn for chart in charts if (drawn := figure(chart)) is not None]


def _latency(run: _Run) -> Chart:
    names = ("p50", "p95", "p99")
    lines = [Line(name, name, run.column(f"{name}_ms"), max) for name in names]
    limits = run.limits({name: name for name in names}) + _recovery_limit(run)
    return Chart("Response time", "ms", lines, run.bands, limits, "the worst")


def _recovery_limit(run: _Run) -> list[LimitLine]:
    recovery = run.run.recovery
    band = next((band for band in run.bands if band.name == "recovery"), None)
    if recovery is None or recovery.limit_ms is None or band is None:
        return []
    return [LimitLine("recovered when p95 ≤", "p95", recovery.limit_ms, band.start_s, band.end_s)]


def _requests(run: _Run) -> Chart:
    lines = [
        Line("requests", "requests", run.column("requests"), _mean, filled=True),
        Line("failed", "failed", run.column("failures"), _mean, filled=True),
    ]
    return Chart("Requests", "/s", lines, run.bands, run.limits({"throughput": "requests"}), "the mean")


def _users(run: _Run) -> Chart:
    users = [Line("users", "users", run.column("users"), max, filled=True)]
    return Chart("Users", "users", users, run.bands, (), "the highest", SMALL)


def _resources(run: _Run) -> list[Chart]:
    cpu = [Line("100 % is one core", "cpu", run.column("cpu"), _mean)]
    memory = [Line("resident memory", "memory", run.column("memory_bytes"), max)]
    return [
        Chart("CPU of the service", "cores", cpu, run.bands, run.limits({"cpu": "cpu"}), "the mean", SMALL),
        Chart(
            "Memory of the service", "bytes", memory, run.bands, run.limits({"memory": "memory"}), "the highest", SMALL
        ),
    ]


def _mean(values: Sequence[float]) -> float:
    return fmean(values)
