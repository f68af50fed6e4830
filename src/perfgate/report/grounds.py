"""What a comparison rests on, in sentences: the two sides, what to do, how sure it is, what is accepted."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from perfgate.judge.words import counted, label, lasting, quantity
from perfgate.report.changes import compared_rows, in_parts, most_changed, span_of_detectable
from perfgate.report.concern import remedy
from perfgate.report.tables import group_name, moment, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.judge.result import Acceptance, Baseline, Result, Revision, RunResult
    from perfgate.report.tables import CheckRow

_SHOWN = 10  # digits of a commit
OWN_LOAD = 2  # of the load average: the generator and a service that answers it
MANY_DROPPED = 0.2
_MOST_FASTER = 10  # times the rate: beyond that it is another load
_MOST_AT_ONCE = 0.5  # requests in the service, on average, of a rate that is proposed: more of them would queue
_LONGEST_S = 3600  # that anybody waits for a comparison


def sides(result: Result) -> tuple[str, str] | None:
    """The base and the head of a paired comparison in words; None when there was none."""
    if result.kind != "compare" or result.base is None:
        return None
    if result.base.commit is None:
        urls = [(run.comparison.base_url, run.comparison.head_url) for run in result.runs if run.comparison]
        base, head = urls[0] if urls else ("", "")
        return printable(base) or "the base", printable(head) or "the head"
    choice = result.baseline.choice if result.baseline else ""
    named = choice and not result.base.commit.startswith(choice)
    return f"{_revision(result.base)} ({printable(choice)})" if named else _revision(result.base), _revision(
        result.revision
    )


def _revision(revision: Revision) -> str:
    if revision.commit is None:
        return "the work tree"
    branch = f" of {printable(revision.branch)}" if revision.branch else ""
    return f"{printable(revision.commit[:_SHOWN])}{branch}{' with local changes' if revision.dirty else ''}"


def sides_told(result: Result) -> str:
    """`base 0123456789 (merge-base), head abcdef0123 of feature`; empty without a paired comparison."""
    both = sides(result)
    return f"base {both[0]}, head {both[1]}" if both else ""


def advice(result: Result) -> list[str]:
    """What to do about what was found, besides `search_command`; nothing when nothing has to be done."""
    rows = compared_rows(result)
    told = []
    if worse := in_parts(rows, "worse"):
        prove = ", prove it on one machine with perfgate compare" if result.kind == "run" else ""
        told.append(f"{remedy(most_changed(worse))}{prove}, or accept it for a time with [[accept]] in budgets.toml.")
    undecided = in_parts(rows, "undecided")
    told += busy_reasons(result)
    if undecided:
        told.append(
            f"Undecided is neither green nor red: {_what_decides(result, undecided)}, or tolerate more (max_slowdown)."
        )
    told += [
        f"Remove the acceptance at {printable(one.source) or 'budgets.toml'}: it expired on {printable(one.until)}."
        for one in result.acceptances
        if one.expired
    ]
    return told


def busy_reasons(result: Result) -> list[str]:
    """Where a busy or disturbed machine explains that something is undecided, or not to be trusted: that it was so."""
    undecided = bool(in_parts(compared_rows(result), "undecided"))
    cores = result.environment.cpu_count
    return [busy for run in result.runs if (undecided or not run.sound) and (busy := busyness(run, cores))]


def many_dropped(result: Result) -> list[str]:
    """Where many pairs were dropped all the same, though what there was decided: how many, and why."""
    if busy_reasons(result):
        return []
    cores = result.environment.cpu_count
    made = [(run, run.comparison) for run in result.runs if run.comparison is not None]
    return [busyness(run, cores) for run, one in made if _is_many(sum(one.dropped.values()), one.pairs)]


def busyness(run: RunResult, cores: int) -> str:
    """That the machine was busy or disturbed while a load was compared, and what that cost; empty where it was not."""
    made = run.comparison
    if made is None:
        return ""
    why = ", ".join(f"{printable(reason)} {count:,}" for reason, count in made.dropped.items())
    told = busy_words(made.pairs, sum(made.dropped.values()), made.load_average, cores)
    return f"{_place(run)}: {told}{f' ({why})' if why else ''}: compare where it is quieter." if told else ""


def busy_words(pairs: int, dropped: int, load: float | None, cores: int) -> str:
    """`this machine is busy (load 15 on 2 cores), 412 of 558 pairs dropped`; empty where it is neither.

    A comparison itself keeps about two cores busy at most, one driving and one answering: what wants to run beyond that
    and beyond the cores there are has come from elsewhere.

    Args:
        pairs: that count.
        dropped: that do not.
        load: average of the machine over a minute; None where it is not known.
        cores: of the machine.
    """
    lost = f"{dropped:,} of {counted(pairs + dropped, 'pair')} dropped" if dropped else ""
    if load is not None and load > cores + OWN_LOAD:
        on = f"load {quantity(round(load, 1), '')} on {counted(cores, 'core')}"
        return ", ".join(filter(None, [f"this machine is busy ({on})", lost]))
    return f"this machine is disturbed, {lost}" if _is_many(dropped, pairs) else ""


def _is_many(dropped: int, pairs: int) -> bool:
    return dropped > MANY_DROPPED * (pairs + dropped)


def _what_decides(result: Result, undecided: Sequence[CheckRow]) -> str:
    """What would decide, in time, and in requests where users' pauses are what takes the time."""
    needed = [row.check.needed_s for row in undecided if row.check.needed_s is not None]
    if not needed:
        return "drive longer (--max-duration), where it is quieter"
    soon = [seconds for seconds in needed if seconds <= _LONGEST_S]
    if not soon:
        return f"by forecast {lasting(_LONGEST_S)} would not tell any of it: drive where it is quieter"
    minutes = max(ceil(max(soon) / 60), 1)
    every = "all" if len(soon) == len(undecided) else f"{len(soon)} of {len(undecided)}"
    told = f"--max-duration {minutes}m would tell {every} by forecast"
    rates = [rate for run in result.runs if (rate := _faster(run, max(soon)))]
    return f'{told}, rate = "{max(rates):,}/s" in place of users with think time sooner' if rates else told


def _faster(run: RunResult, needed_s: float) -> int:
    """Requests per second that bring in the same time what is wanted; 0 where it is not users who hold them back.

    By Little's law rate times response time is how many requests are in the service at once. Where that is not well
    below one, a higher rate would measure the queue.
    """
    made = run.comparison
    if made is None or not made.base_url or run.model != "closed" or run.total is None or made.duration_s <= 0:
        return 0
    now, takes_ms = run.total.throughput_per_s, run.total.latency_ms.mean
    rate = now * min(needed_s / made.duration_s, _MOST_FASTER)
    if takes_ms:
        rate = min(rate, _MOST_AT_ONCE * 1000 / takes_ms)
    return ceil(rate / 10) * 10 if rate > now else 0


def search_command(result: Result) -> str:
    """The command that finds the commit which made it slower; empty where there is nothing to search."""
    base, head = (result.base.commit if result.base else None), result.revision.commit
    if not base or not head or result.revision.dirty or not in_parts(compared_rows(result), "worse"):
        return ""
    return f"perfgate bisect {printable(base[:_SHOWN])} {printable(head[:_SHOWN])}"


def grounds(result: Result) -> list[str]:
    """How the comparison was made and how sure its verdict is; empty when nothing was compared."""
    told = [_false_alarms(result)] if result.false_alarm_rate is not None else []
    if span := span_of_detectable(in_parts(compared_rows(result), "quiet", "better")):
        told.append(f"What passed would have failed, in 9 of 10 cases, from: {span}.")
    told += [f"{_place(run)}: {how_driven(run)}" for run in result.runs if run.comparison]
    if result.baseline is not None:
        told += _baseline(result.baseline)
    if result.control is not None and (result.baseline is not None or compared_rows(result)):
        told.append(control_told(result))
    return told


def _false_alarms(result: Result) -> str:
    rate = quantity(result.false_alarm_rate or 0.0, "share")
    return f"False alarms: on unchanged code at most {rate} of such verdicts, all comparisons together, are red."


def _place(run: RunResult) -> str:
    return group_name(run.service, run.load)


def how_driven(run: RunResult) -> str:
    """How a load was compared: pairs that count, those that were dropped and why, how long, and why it ended there."""
    made = run.comparison
    if made is None:
        return ""
    dropped = ", ".join(f"{printable(reason)} {count:,}" for reason, count in made.dropped.items())
    apart = ", generator and services on CPUs of their own" if made.own_cpus else ""
    parts = [
        (
            f"{counted(made.pairs, 'pair')} of {quantity(made.block_s, 's')} blocks counted "
            f"({printable(made.order)}{apart})"
        ),
        f"{counted(sum(made.dropped.values()), 'pair')} dropped ({dropped})" if dropped else "none dropped",
        f"{lasting(made.duration_s)}, ended: {printable(made.stopped)}",
        f"{quantity(made.max_slowdown_percent, 'percent')} slower is tolerated",
    ]
    return "; ".join(parts)


def _baseline(baseline: Baseline) -> list[str]:
    if baseline.kind == "paired":
        # The two sides say the rest.
        return [f"Base: {printable(baseline.found, 1000)}"] if baseline.found else []
    if baseline.commit is None and not baseline.runs:
        return [f"Baseline {printable(baseline.choice)}: {printable(baseline.detail, 1000) or 'no earlier runs'}"]
    commit = f", the nearest at {printable(baseline.commit[:_SHOWN])}" if baseline.commit else ""
    walked = f", {counted(baseline.walked, 'commit')} before it" if baseline.walked else ""
    when = f", of {moment(baseline.recorded_at)}" if baseline.recorded_at is not None else ""
    branch = f" of {printable(baseline.branch)}" if baseline.branch else ""
    detail = f": {printable(baseline.detail, 1000)}" if baseline.detail else ""
    runs = counted(baseline.runs, "earlier run")
    return [f"Baseline {printable(baseline.choice)}{detail}; {runs}{branch}{commit}{walked}{when}"]


def control_told(result: Result) -> str:
    """How fast the machine was; empty when it was not timed."""
    control = result.control
    if control is None:
        return ""
    spread = "" if control.spread_percent is None else f", spread {quantity(control.spread_percent, 'percent')}"
    times = counted(control.repetitions, "repetition")
    return f"Control, a fixed piece of work in the same job: {quantity(control.median_ms, 'ms')}{spread} ({times})"


def acceptances(result: Result) -> list[str]:
    """What the team has accepted: expired ones first, with the word for it."""
    ranked = sorted(result.acceptances, key=lambda one: not one.expired)
    return [_acceptance(one) for one in ranked]


def _acceptance(one: Acceptance) -> str:
    where = " / ".join(printable(name) for name in (one.service, one.load) if name)
    of = printable(one.endpoint or "the whole service")
    subject = f"{where + ': ' if where else ''}{printable(label(one.metric))} of {of}"
    who = f"by {printable(one.by)}: {printable(one.reason)}"
    place = f" ({printable(one.source)})" if one.source else ""
    most = f"up to {quantity(one.up_to_percent, 'percent')}"
    if one.expired:
        return f"EXPIRED on {printable(one.until)}, no longer accepted, remove it{place}: {subject} {most}, {who}"
    return f"{subject} {most}, until {printable(one.until)}, {who}{place}"
