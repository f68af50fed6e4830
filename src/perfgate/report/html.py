"""One self-contained HTML file: the verdict, what failed, and each run with its charts and tables.

No script, no font, no picture and no link from elsewhere; a content security policy in the page says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from perfgate.judge.words import counted, label, lasting
from perfgate.report.changes import is_compared
from perfgate.report.comparison_sections import found_in, head_of, rests_on, told_of
from perfgate.report.element import Child, element, written
from perfgate.report.grid import badge, name, plain_list, table, titled
from perfgate.report.grounds import sides_told
from perfgate.report.run_charts import run_charts
from perfgate.report.statements import (
    caveats,
    closing,
    drivers,
    failed_otherwise,
    findings,
    headline,
    health_notes,
    unjudged,
)
from perfgate.report.style import STYLE
from perfgate.report.tables import (
    SLOWEST_HEADINGS,
    SUMMARY_HEADINGS,
    WHOLE_SERVICE,
    CheckRow,
    check_rows,
    moment,
    number,
    placed_doubts,
    run_rows,
    slowest_row,
    summary_row,
    with_status,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfgate.judge.result import Result, RunResult, Status, Step
    from perfgate.measure.summary import EndpointSummary, Failure, PhaseSummary

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def render(result: Result) -> str:
    """The page, which ends with a newline."""
    main = element(
        "main",
        _banner(result),
        head_of(result),
        titled("Failed", plain_list(failed_otherwise(result)), level="h2"),
        _changed(result),
        titled("Could not be judged", plain_list(unjudged(result, undecided=False)), level="h2"),
        told_of(result),
        rests_on(result),
        titled("Generator health", plain_list(health_notes(result)), level="h2"),
        _overview(result),
        (section for number, run in enumerate(result.runs) for section in _run(number, run)),
        _other_checks(result),
        titled("Failures", _failures(result.failures), level="h2"),
        element(
            "footer", closing(result), ". Latency is the response time of successful requests. ", _made_with(result)
        ),
    )
    page = element("html", _head(result), element("body", main), lang="en")
    return f"<!DOCTYPE html>\n{written(page)}\n"


def _head(result: Result) -> ET.Element:
    style = ET.Element("style")
    style.text = STYLE  # a constant: the one text that must not be made printable
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", **{"http-equiv": "Content-Security-Policy", "content": _POLICY}),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"perfgate: {headline(result)}"),
        style,
    )


def _made_with(result: Result) -> str:
    return f"perfgate {result.environment.perfgate}, Locust {result.environment.locust}."


def _banner(result: Result) -> ET.Element:
    return element(
        "header",
        element("h1", headline(result)),
        element("p", both) if (both := sides_told(result)) else None,
        element("ul", (element("li", fact) for fact in _facts(result)), class_="meta"),
        (element("p", note, class_="note") for note in caveats(result)),
        class_=f"banner {result.verdict}",
    )


def _facts(result: Result) -> Iterable[Child]:
    revision, environment = result.revision, result.environment
    if revision.commit:
        branch = f" on {revision.branch}" if revision.branch else ""
        yield f"commit {revision.commit[:12]}{branch}{' (with local changes)' if revision.dirty else ''}"
    yield moment(result.started_at)
    yield f"took {lasting(result.duration_s)}"
    yield f"exit code {result.exit_code}"
    yield f"{environment.machine}, {counted(environment.cpu_count, 'CPU')}, {environment.system}"
    yield f"Python {environment.python}"
    yield f"seed {result.seed}"


def _subject(row: CheckRow) -> Child:
    return WHOLE_SERVICE if row.name is None else name(row.name)


_CHECK_NUMBERS = ("observed", "limit", "over by")
_CHECK_HEADINGS = ("endpoint", "metric", "observed", "limit", "over by", "where", "status")


def _check_cells(row: CheckRow) -> list[Child]:
    check = row.check
    observed: Child = row.observed
    if row.status in ("fail", "warn"):
        observed = element("span", row.observed, class_=f"broken {row.status}")
    source = name(check.source) if check.source else row.source
    unsaid = check.message if row.status in ("skipped", "invalid") else ""
    status = element("div", badge(row.status), element("div", unsaid, class_="note") if unsaid else None)
    return [_subject(row), row.metric, observed, row.limit, row.excess, source, status]


def _changed(result: Result) -> Iterable[Child]:
    rows = [row for row in check_rows(result) if not is_compared(row)]
    headings = (_CHECK_HEADINGS[0], "service / load", *_CHECK_HEADINGS[1:])
    for title, status in (("What failed", "fail"), ("Warnings", "warn")):
        cells = [(row.group, _check_cells(row)) for row in rows if row.status == status]
        lines = [[first, group, *rest] for group, (first, *rest) in cells]
        yield from titled(title, table(headings, lines, numbers=_CHECK_NUMBERS), level="h2")


def _overview(result: Result) -> Iterable[Child]:
    rows = [_overview_row(index, run) for index, run in enumerate(result.runs)]
    headings = ("service / load", *SUMMARY_HEADINGS[1:])
    title = "Overview, figures of the head" if result.kind == "compare" else "Overview"
    yield from titled(title, table(headings, rows, numbers=SUMMARY_HEADINGS[1:-1]), level="h2")
    scored = [service for service in result.services if service.score.score is not None and result.kind != "compare"]
    yield from _tiles(
        [
            (f"health score, {service.name}", f"{service.score.score:.0f}/100 ({service.score.grade})")
            for service in scored
        ]
    )


def _overview_row(index: int, run: RunResult) -> list[Child]:
    _, *cells, verdict = summary_row(run)
    return [element("a", f"{run.service} / {run.load}", href=f"#run-{index}"), *cells, badge(verdict)]


def _tiles(facts: Sequence[tuple[str, str]]) -> Iterable[Child]:
    if facts:
        tiles = (
            element("div", element("dt", name), element("dd", value), class_="tile")
            for name, value in facts
            if value != "-"
        )
        yield element("dl", tiles, class_="tiles")


def _run(index: int, run: RunResult) -> Iterable[Child]:
    yield element("h2", f"{run.service} / {run.load}", badge(run.verdict), id=f"run-{index}")
    yield element("p", _about(run), class_="note")
    told = [] if run.comparison else run.reasons  # the tables of the comparison say it
    yield plain_list([*(placed_doubts(run) or told), *findings(run)])
    charts = run_charts(run)
    yield element("div", charts, class_="charts") if charts else None
    yield from found_in(run)
    yield from titled("Checks", _checks_table([row for row in run_rows(run) if not is_compared(row)]))
    judged = "at the head" if run.comparison else run.judged_phase or "nothing judged"
    yield from titled(f"Endpoints ({judged})", _endpoints(run))
    yield from titled("Custom metrics", _metrics(run))
    yield from titled("Failures", _failures(run.failures))
    yield from _slowest(run)
    yield from titled("Steps", _steps(run))
    yield from titled("Phases", _phases(run.phases))
    if not run.comparison or run.health.reasons or run.health.notes:
        yield from _health(run)


def _about(run: RunResult) -> str:
    model = "users that wait for answers (closed model)" if run.model == "closed" else "arrivals at a rate (open model)"
    judged = f"; judged: {run.judged_phase}" if run.judged_phase else ""
    if run.comparison:
        judged = ", at base and head in turn"
    return f"{run.load_kind} load, {model}, driven for {lasting(run.duration_s)}{judged}"


def _checks_table(rows: Sequence[CheckRow]) -> ET.Element | None:
    ranked: tuple[Status, ...] = ("fail", "invalid", "warn", "pass", "skipped")
    worst_first = [row for status in ranked for row in with_status(rows, status)]
    return table(_CHECK_HEADINGS, [_check_cells(row) for row in worst_first], numbers=_CHECK_NUMBERS)


_TIMES = ("mean", "p50", "p90", "p95", "p99", "p99_9", "max")
_ENDPOINT_NUMBERS = ("requests", "failed", "errors", "req/s", *(label(name) for name in _TIMES))


def _endpoints(run: RunResult) -> ET.Element | None:
    rows = [_endpoint_row(name(endpoint.name or ""), endpoint) for endpoint in run.endpoints]
    if run.total:
        rows.append(_endpoint_row(WHOLE_SERVICE, run.total))
    return table(("endpoint", *_ENDPOINT_NUMBERS), rows, numbers=_ENDPOINT_NUMBERS)


def _endpoint_row(name: Child, summary: EndpointSummary) -> list[Child]:
    return [
        name,
        f"{summary.requests:,}",
        f"{summary.failures:,}",
        number(summary.error_rate if summary.requests else None, "share"),
        number(summary.throughput_per_s, ""),
        *(number(getattr(summary.latency_ms, statistic), "ms") for statistic in _TIMES),
    ]


def _metrics(run: RunResult) -> ET.Element | None:
    statistics = ("mean", "p50", "p95", "p99", "min", "max")
    rows: list[list[Child]] = [
        [
            name(metric.name),
            WHOLE_SERVICE if metric.endpoint is None else name(metric.endpoint),
            f"{metric.count:,}",
            *(number(getattr(metric, statistic), metric.unit) for statistic in statistics),
        ]
        for metric in run.metrics
    ]
    return table(("metric", "endpoint", "values", *statistics), rows, numbers=("values", *statistics))


def _failures(failures: Sequence[Failure]) -> ET.Element | None:
    rows: list[list[Child]] = [
        [name(failure.kind), f"{failure.count:,}", name(failure.example)] for failure in failures
    ]
    return table(("kind", "count", "an example"), rows, numbers=("count",))


def _slowest(run: RunResult) -> Iterable[Child]:
    """Folded away: what one looks up in traces once something is slow."""
    rows: list[list[Child]] = []
    for request in run.slowest:
        endpoint, at, time, status, url, trace = slowest_row(request)
        rows.append([name(endpoint), at, time, status, name(url), name(trace)])
    if rows:
        shown = table(SLOWEST_HEADINGS, rows, numbers=("at", "response time", "status"))
        yield element("details", element("summary", "Slowest requests"), shown)


def _steps(run: RunResult) -> ET.Element | None:
    if run.capacity is None:
        return None
    rows: list[list[Child]] = [
        [number(step.level, run.capacity.unit), _outcome(step), "; ".join(step.broken_by)]
        for step in run.capacity.steps
    ]
    return table(("level", "outcome", "broken by"), rows)


def _outcome(step: Step) -> str:
    if not step.reached:
        return "not reached"
    return "held" if step.held else "broke"


_PHASE_NUMBERS = ("from", "to", "level", "requests", "req/s", "errors", "p50", "p95", "p99", "cpu", "memory")


def _phases(phases: Sequence[PhaseSummary]) -> ET.Element | None:
    return table(("phase", *_PHASE_NUMBERS), [_phase_row(phase) for phase in phases], numbers=_PHASE_NUMBERS)


def _phase_row(phase: PhaseSummary) -> list[Child]:
    total, latency = phase.total, phase.total.latency_ms
    return [
        f"{phase.name} (generator saturated)" if phase.saturated else phase.name,
        f"{phase.start_s:.1f} s",
        f"{phase.end_s:.1f} s",
        number(phase.level, ""),
        f"{total.requests:,}",
        number(total.throughput_per_s, ""),
        number(total.error_rate if total.requests else None, "share"),
        *(number(value, "ms") for value in (latency.p50, latency.p95, latency.p99)),
        number(phase.resources.cpu_mean if phase.resources else None, "cores"),
        number(phase.resources.memory_max_bytes if phase.resources else None, "bytes"),
    ]


def _health(run: RunResult) -> Iterable[Child]:
    health = run.health
    facts = [
        ("trusted", "yes" if health.valid else "no"),
        ("clock", health.clock or "-"),
        ("generator CPU, most", number(health.cpu_max, "cores")),
        ("generator CPU, mean", number(health.cpu_mean, "cores")),
        ("loop lag p99", number(health.loop_lag_p99_ms, "ms")),
        ("schedule lag p99", number(health.schedule_lag_p99_ms, "ms")),
        ("CPU steal, most", number(health.steal_max, "share")),
        ("CPU quota held it back, most in a second", number(health.throttled_max_ms, "ms")),
        ("clock step, most", number(health.clock_step_max_ms, "ms")),
        ("requests left out", f"{health.left_out:,}" if health.left_out else "-"),
        ("sockets, most", "-" if health.sockets_max is None else f"{health.sockets_max:,}"),
        ("open files, most of the limit", number(health.open_files_max, "share")),
        ("ephemeral ports in use, most", number(health.ports_max, "share")),
        ("sent again", f"{health.retried:,}"),
        ("came unasked", f"{health.unsolicited:,}"),
        ("cut off", f"{health.cut_off:,}"),
        ("arrivals that waited", f"{health.late:,}" if health.arrivals else "-"),
        ("arrivals unserved", f"{health.unserved:,}" if health.arrivals else "-"),
    ]
    yield element(
        "details",
        element("summary", "Generator health"),
        _tiles(facts),
        plain_list([*filter(None, [drivers(run)]), *health.reasons, *health.notes]),
        open="open" if not health.valid else None,
    )


def _other_checks(result: Result) -> Iterable[Child]:
    loose = [row for row in check_rows(result) if not row.load]
    headings = (_CHECK_HEADINGS[0], "of", *_CHECK_HEADINGS[1:])
    cells = [(row.group, _check_cells(row)) for row in loose]
    rows = [[first, group, *rest] for group, (first, *rest) in cells]
    title = "Benchmarks" if result.kind == "benchmarks" else "Services and artifacts"
    return titled(title, table(headings, rows, numbers=_CHECK_NUMBERS), level="h2")
