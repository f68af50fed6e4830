"""What the rows of every report say: shared by the renderers, so that all of them tell the same story."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from perfgate.judge.words import clock, label, quantity, signed_percent
from perfgate.judge.words import number as words_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.judge.result import Check, Comparison, Result, RunResult, Status
    from perfgate.measure.summary import SlowestRequest

WHOLE_SERVICE = "whole service"
UNKNOWN = "-"


def printable(text: str, longest: int = 300) -> str:
    r"""Text from outside (names, failure messages) on one line and free of control characters.

    A terminal obeys escape sequences, and a right-to-left mark turns a line around: such characters are shown as
    `\x1b`, `\u202e`. Other blanks than the space become spaces; past `longest` characters the rest is cut.
    """
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    return "".join(character if character.isprintable() else _visible(character) for character in cut)


def _visible(character: str) -> str:
    if character in "\u00a0\u2007\u2009\u202f":
        return " "
    return character.encode("unicode_escape").decode("ascii")


def number(value: float | None, unit: str) -> str:
    """A quantity with its unit, or a dash where nothing is known."""
    return UNKNOWN if value is None else printable(quantity(value, unit))


def moment(epoch_s: float) -> str:
    """A moment in UTC, to the second: `2026-03-04 05:06:07 UTC`."""
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def group_name(service: str, load: str) -> str:
    """`catalog / peak`, `catalog`, or, without a service, `artifacts`."""
    return " / ".join(part for part in (printable(service), printable(load)) if part) or "artifacts"


@dataclass(frozen=True)
class CheckRow:
    """A check and where it belongs.

    Attributes:
        service: empty for an artifact or a benchmark.
        load: empty for what holds once a service.
        doubted: the run it belongs to was not sound: the run's doubts say why nothing is known.
        comparison: how its load was compared; None when it was not.
    """

    service: str
    load: str
    check: Check
    doubted: bool = False
    comparison: Comparison | None = None

    @property
    def status(self) -> Status:
        """The check's status."""
        return self.check.status

    @property
    def place(self) -> str:
        """As in the result's reasons: `catalog/peak GET /items/{id}`."""
        where = "/".join(part for part in (self.service, self.load) if part) or self._loose
        return f"{where} {self.check.endpoint}" if self.check.endpoint else where

    @property
    def source(self) -> str:
        """Where the limit stands; for a check that holds whatever the budgets are, what it says."""
        return printable(self.check.source or (self.check.message if self.check.limit is None else ""))

    @property
    def group(self) -> str:
        """`catalog / peak`, `catalog`, `artifacts` or `benchmarks`."""
        return group_name(self.service, self.load) if self.service else self._loose

    @property
    def is_artifact(self) -> bool:
        """Whether it is about the size of a file."""
        return not self.service and self.check.endpoint is None

    @property
    def _loose(self) -> str:
        """Where a check without a service belongs."""
        return "artifacts" if self.is_artifact else "benchmarks"

    @property
    def name(self) -> str | None:
        """The endpoint, benchmark or artifact's path, as it came from outside; None for the whole service."""
        return self.check.metric if self.is_artifact else self.check.endpoint

    @property
    def subject(self) -> str:
        """The name as one printable line, or `whole service`."""
        return WHOLE_SERVICE if self.name is None else printable(self.name)

    @property
    def metric(self) -> str:
        """The metric's name for people, with the kind of check when it is not a budget."""
        name = "size" if self.is_artifact else printable(label(self.check.metric, self.check.kind))
        return name if self.check.kind == "budget" else f"{name} ({self.check.kind})"

    @property
    def observed(self) -> str:
        """What was measured, in words; `~` marks a limit that lies within the measurement's own uncertainty."""
        check = self.check
        if check.observed is None:
            return UNKNOWN
        text = quantity(check.observed, check.unit, apart_from=check.limit)
        return printable(f"~{text}" if check.uncertain else text)

    @property
    def limit(self) -> str:
        """The limit that decided, in words, with its direction when it is a minimum."""
        text = number(self.check.limit, self.check.unit)
        return f"≥ {text}" if self.check.direction == "at_least" and self.check.limit is not None else text

    @property
    def excess(self) -> str:
        """By how much the limit is passed (`62.4 ms (25 %)`), or a dash when it is not."""
        return excess(self.check)


def excess(check: Check) -> str:
    """By how much the observed value is on the wrong side of the limit; a dash when it is not, or is not known."""
    if check.observed is None or check.limit is None:
        return UNKNOWN
    over = check.observed - check.limit if check.direction == "at_most" else check.limit - check.observed
    if over <= 0:
        return UNKNOWN
    if check.unit in ("percent", "share"):  # "4 %" of a rate in percent could mean either
        return f"{words_number(over * (100 if check.unit == 'share' else 1))} points"
    if not check.limit:
        return number(over, check.unit)
    return f"{number(over, check.unit)} ({_percent(over / abs(check.limit))})"


def _percent(share: float) -> str:
    return signed_percent(share * 100).lstrip("+")


def check_rows(result: Result) -> Iterator[CheckRow]:
    """Every check of a result: artifacts, then each service with its loads, in the order of the result."""
    yield from (CheckRow("", "", check) for check in result.checks)
    for service in result.services:
        yield from (CheckRow(service.name, "", check) for check in service.checks)
        for run in result.runs:
            if run.service == service.name:
                yield from run_rows(run)
    named = {service.name for service in result.services}
    for run in result.runs:
        if run.service not in named:
            yield from run_rows(run)


def run_rows(run: RunResult) -> Iterator[CheckRow]:
    """The checks of one run."""
    return (CheckRow(run.service, run.load, check, not run.sound, run.comparison) for check in run.checks)


def placed_doubts(run: RunResult) -> list[str]:
    """Why a run as a whole is not sound, each with the run's name in front; empty for a sound one."""
    return [f"{run.service}/{run.load}: {doubt}" for doubt in run.doubts]


def with_status(rows: Sequence[CheckRow], *statuses: Status) -> list[CheckRow]:
    """The rows that have one of `statuses`, in the same order."""
    return [row for row in rows if row.status in statuses]


SUMMARY_HEADINGS = ("load", "requests", "req/s", "err %", "p50 ms", "p95 ms", "p99 ms", "cpu %", "mem MB", "verdict")


def summary_row(run: RunResult) -> tuple[str, ...]:
    """One run in a line, under `SUMMARY_HEADINGS`: the judged phase, resources over the same."""
    total = run.total
    latency = total.latency_ms if total else None
    return (
        printable(run.load),
        f"{total.requests:,}" if total else UNKNOWN,
        number(total.throughput_per_s if total else None, ""),
        number(total.error_rate if total and total.requests else None, "share").removesuffix(" %"),
        *(number(getattr(latency, name, None), "ms").removesuffix(" ms") for name in ("p50", "p95", "p99")),
        number(run.cpu_mean, "cores").removesuffix(" %"),
        number(run.memory_max_bytes / 1e6 if run.memory_max_bytes is not None else None, ""),
        run.verdict,
    )


SLOWEST_HEADINGS = ("endpoint", "at", "response time", "status", "URL", "trace")


def slowest_row(request: SlowestRequest) -> tuple[str, ...]:
    """One of the slowest requests, under `SLOWEST_HEADINGS`; what came from outside is cut and made printable."""
    return (
        printable(request.endpoint),
        clock(request.at_s),
        number(request.response_ms, "ms"),
        UNKNOWN if request.status is None else str(request.status),
        printable(request.url) or UNKNOWN,
        printable(request.trace_id or "") or UNKNOWN,
    )
