"""The checks of a comparison with the history: from what was found to a result that is judged again; pure."""

from __future__ import annotations

from math import isfinite, nan
from typing import TYPE_CHECKING

from perfgate.judge.accepting import accepted
from perfgate.judge.amend import amend
from perfgate.judge.past import NEEDED, PastChange, PastRules, judge_history
from perfgate.judge.result import Baseline, Check
from perfgate.judge.words import counted, label, quantity
from perfgate.measure.percentile import QUANTILES
from perfgate.past.answers import answer_checks
from perfgate.past.figures import (
    AMOUNTS,
    ANSWERS,
    CAPACITY,
    SHOWN,
    TIMES,
    figures_of,
    more_is_better,
    sound_runs,
    unit_of,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from perfgate.judge.result import Acceptance, Result, RunResult, Status
    from perfgate.past.figures import Key
    from perfgate.past.kept import Kept, PastRuns
    from perfgate.plan.plan import Gate

_LEAST_MS = 1.0  # the coarsest clock with which tools measure times: of 0 ms it means less than that
HISTORY = "history"  # the metric of a check that stands for all
_STATUS: dict[str, Status] = {"worse": "fail", "not_worse": "pass", "better": "pass", "undecided": "skipped"}


def compared(result: Result, kept: Kept, gate: Gate, acceptances: Sequence[Acceptance] = ()) -> Result:
    """The result with its comparison with the history.

    Args:
        result: judged by its budgets.
        kept: what was found in the history.
        gate: what is tolerated, and whether a comparison is required.
        acceptances: what the team lives with.
    """
    past = {(run.service, run.load): run for run in kept.runs}
    enough = sum(_is_enough(run) for run in kept.runs)
    rules = PastRules(gate.max_slowdown_percent, gate.false_alarm_rate / max(enough, 1))
    missing: Status = "invalid" if gate.require_baseline else "skipped"
    control = result.control.median_ms if result.control else None
    found = {
        (run.service, run.load): [_located(check, gate.source) for check in _checks(run, own, rules, control, missing)]
        for run in sound_runs(result)
        if (own := past.get((run.service, run.load)))
    }
    return amend(
        result,
        found,
        baseline=baseline_of(kept),
        false_alarm_rate=gate.false_alarm_rate if enough else None,
        acceptances=acceptances,
    )


def _located(check: Check, source: str) -> Check:
    """The check, with the place of what is tolerated where it was held against that."""
    return check.model_copy(update={"source": source}) if check.change_percent is not None else check


def baseline_of(kept: Kept) -> Baseline:
    """What the runs were compared with: the first that found something stands for all."""
    found = next((run for run in kept.runs if run.recordings), None)
    why = next((run.trouble.words for run in kept.runs if run.trouble), "")
    more = [kept.note, f"this run is not in the history: {kept.unkept}" if kept.unkept else ""]
    detail = "; ".join(filter(None, [found.detail if found else why, *more]))
    if found is None:
        return Baseline(kind="history", choice=kept.choice, commit=None, branch=kept.branch, detail=detail)
    return Baseline(
        kind="history",
        choice=kept.choice,
        commit=found.commit,
        branch=found.branch,
        walked=found.walked,
        runs=len(found.recordings),
        recorded_at=found.recorded_at,
        detail=detail,
    )


def _is_enough(past: PastRuns) -> bool:
    return len(past.recordings) >= NEEDED


def _checks(
    run: RunResult, past: PastRuns, rules: PastRules, control: float | None, missing: Status
) -> Iterator[Check]:
    yield from answer_checks(run, _rows(past), _worth(missing))
    if trouble := _cannot(past, missing):
        yield trouble
        yield from _new_and_gone(figures_of(run), _before(run, past), (), missing)
        return
    if run.load_kind == "stress" and (other := _other_levels(run, past)):
        yield other.model_copy(update={"status": missing})
        return
    yield from _figure_checks(figures_of(run), _before(run, past), past, rules, control, missing)


def benchmark_checks(  # noqa: PLR0913  (what was measured, what was before, and how to judge it)
    result: Result,
    figures: Mapping[str, Mapping[Key, float]],
    kept: Kept,
    gate: Gate,
    acceptances: Sequence[Acceptance] = (),
    away: Collection[str] = (),
) -> tuple[list[Check], float | None]:
    """The checks of imported results against the history, and the false-alarm rate of all of them together.

    Args:
        result: judged by its budgets.
        figures: of each tool.
        kept: what was found in the history; a tool's runs have its name as their service.
        gate: what is tolerated, and whether a comparison is required.
        acceptances: what the team lives with.
        away: names that were not asked for this time, and so are not gone.

    Returns:
        The rate is None when nothing could be compared.
    """
    enough = sum(_is_enough(past) for past in kept.runs)
    rules = PastRules(gate.max_slowdown_percent, gate.false_alarm_rate / max(enough, 1))
    missing: Status = "invalid" if gate.require_baseline else "skipped"
    control = result.control.median_ms if result.control else None
    found = []
    for past in kept.runs:
        own = figures[past.service]
        before = {key: values for key, values in _rows(past).items() if key[0] not in away}
        if trouble := _cannot(past, missing):
            found += [trouble, *_new_and_gone(own, before, (), missing)]
            continue
        checks = _figure_checks(own, before, past, rules, control, missing)
        found += [accepted(_located(check, gate.source), past.service, past.load, acceptances) for check in checks]
    return found, gate.false_alarm_rate if enough else None


def _cannot(past: PastRuns, missing: Status) -> Check | None:
    """The check that stands for all when there is nothing, or too little, to compare with."""
    if past.trouble:
        return _whole(missing, f"not compared with the history: {past.trouble.words}")
    if not _is_enough(past):
        return _whole(missing, _too_few(counted(len(past.recordings), "comparable run"), len(past.recordings)))
    return None


def _figure_checks(  # noqa: PLR0913  (what was measured, what was before, and how to judge it)
    figures: Mapping[Key, float],
    before: Mapping[Key, Sequence[float]],
    past: PastRuns,
    rules: PastRules,
    control: float | None,
    missing: Status,
) -> Iterator[Check]:
    changes = _changes(figures, before, past, rules, control)
    short = [change for change in changes if change.decision == "too_few"]
    for change in changes:
        if change.decision != "too_few":
            yield _check(change)
    yield from _new_and_gone(figures, before, short, missing)


def _whole(status: Status, words: str, endpoint: str | None = None) -> Check:
    return Check(kind="history", metric=HISTORY, endpoint=endpoint, unit="", status=status, message=words)


def _too_few(what: str, runs: int) -> str:
    more = NEEDED - runs
    needs = "is" if more == 1 else "are"
    return f"{what}: {more} more {needs} needed to compare with the history"


def _rows(past: PastRuns) -> dict[Key, list[float]]:
    return {(row.endpoint, row.metric): [nan if value is None else value for value in row.values] for row in past.rows}


def _before(run: RunResult, past: PastRuns) -> dict[Key, list[float]]:
    """Figures of earlier runs; a stress load's are of the highest step that held, so only runs of that step tell."""
    rows = _rows(past)
    levels = rows.pop((None, CAPACITY), None)
    if run.load_kind != "stress" or levels is None or run.capacity is None:
        return rows
    same = [level == run.capacity.level for level in levels]
    return {
        key: [value if kept else nan for value, kept in zip(values, same, strict=True)] for key, values in rows.items()
    }


def _other_levels(run: RunResult, past: PastRuns) -> Check | None:
    """For a stress load whose capacity earlier runs did not have often enough: nothing else can be compared."""
    levels = next((row.values for row in past.rows if (row.endpoint, row.metric) == (None, CAPACITY)), [])
    level = run.capacity.level if run.capacity else None
    same = sum(level is not None and other == level for other in levels)
    if same >= NEEDED or run.capacity is None:
        return None
    own = "unknown" if level is None else quantity(level, run.capacity.unit)
    had = f"{same} of {counted(len(levels), 'earlier run')} had"
    return _whole("skipped", f"capacity {own}, which {had}: figures of other steps do not compare")


def _changes(
    figures: Mapping[Key, float],
    before: Mapping[Key, Sequence[float]],
    past: PastRuns,
    rules: PastRules,
    control: float | None,
) -> list[PastChange[Key]]:
    """Times relative to the control, amounts as they are; all that can be red shares one false-alarm budget."""
    wanted = {key: value for key, value in figures.items() if key in before}
    groups = [{key: value for key, value in wanted.items() if key[1] in names} for names in (TIMES, AMOUNTS, SHOWN)]
    red = len(groups[0]) + len(groups[1])
    shares = [len(groups[0]) / max(red, 1), len(groups[1]) / max(red, 1), 1.0]
    found = []
    for number, (group, share) in enumerate(zip(groups, shares, strict=True)):
        relative = number != 1
        found += judge_history(
            group,
            before,
            PastRules(rules.max_slowdown_percent, rules.false_alarm_rate * share, rules.miss_rate),
            control=control if relative else None,
            past_controls=past.controls_ms if relative else None,
            higher_is_better=frozenset(key for key in group if more_is_better(key[1])),
            least=_LEAST_MS if relative else 0.0,
        )
    order = {key: place for place, key in enumerate(figures)}
    return sorted(found, key=lambda change: order[change.key])


def _check(change: PastChange[Key]) -> Check:
    endpoint, metric = change.key
    status = _STATUS[change.decision]
    return Check(
        kind="history",
        endpoint=endpoint,
        metric=metric,
        unit=unit_of(metric),
        direction="at_least" if more_is_better(metric) else "at_most",
        observed=change.value,
        baseline=change.expected,
        status="warn" if status == "fail" and metric in SHOWN else status,
        decision=None if change.decision == "too_few" else change.decision,
        change_percent=change.change_percent,
        interval_percent=change.interval_percent,
        smallest_detectable_percent=change.smallest_detectable_percent,
        message=f"{label(metric)} {change.words(unit_of(metric))}",
    )


def _new_and_gone(
    figures: Mapping[Key, float],
    before: Mapping[Key, Sequence[float]],
    short: Sequence[PastChange[Key]],
    missing: Status,
) -> Iterator[Check]:
    """What is on one side only, and endpoints of which too few earlier runs know: one check for each.

    What each of the last runs had and this one has not is no pass: nobody has judged it.
    """
    now = dict.fromkeys(endpoint for endpoint, _ in figures if endpoint is not None)
    then = {endpoint: _had(before, endpoint) for endpoint, _ in before if endpoint is not None}
    few = {change.key[0]: change.runs for change in reversed(short)}
    for endpoint in now if before else ():
        if not any(then.get(endpoint, ())):
            yield _told("new", endpoint, "new: no earlier run has it")
        elif endpoint in few:
            yield _whole(
                "skipped", _too_few(f"{counted(few[endpoint], 'earlier run')} with it", few[endpoint]), endpoint
            )
    for endpoint, had in then.items():
        if endpoint not in now and any(had):
            yield _gone(endpoint, "it", had, missing)
    yield from _gone_metrics(figures, before, {None, *now}, missing)


def _had(before: Mapping[Key, Sequence[float]], endpoint: str | None) -> list[bool]:
    """Of each earlier run, the nearest first, whether it has the endpoint."""
    own = [values for (name, _), values in before.items() if name == endpoint]
    return [any(map(isfinite, values)) for values in zip(*own, strict=True)]


def _gone_metrics(
    figures: Mapping[Key, float], before: Mapping[Key, Sequence[float]], known: Collection[str | None], missing: Status
) -> Iterator[Check]:
    """Metrics that are gone while their endpoint is there; a percentile may just have too few requests this time."""
    for (endpoint, metric), values in before.items():
        had = [isfinite(value) for value in values]
        apart = metric in QUANTILES or metric in ANSWERS  # of which there are none where no request succeeded
        if endpoint in known and (endpoint, metric) not in figures and not apart and any(had):
            yield _gone(endpoint, label(metric), had, missing)


def _gone(endpoint: str | None, what: str, had: Sequence[bool], missing: Status) -> Check:
    last = had[:NEEDED]
    words = f"gone: {what} is in {sum(had)} of {counted(len(had), 'earlier run')}, and not in this one"
    if not all(last):
        return _told("gone", endpoint, words)
    told = f"{words}, so nothing was compared; was it renamed, or not measured?"
    return _told("gone", endpoint, told, _worth(missing))


def _worth(missing: Status) -> Status:
    """What is told of what nobody has judged: more than a note, and no pass where a comparison is required."""
    return "warn" if missing == "skipped" else missing


def _told(decision: str, endpoint: str | None, words: str, status: Status = "skipped") -> Check:
    return _whole(status, words, endpoint).model_copy(update={"decision": decision})
