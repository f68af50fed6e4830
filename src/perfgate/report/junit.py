"""JUnit XML: one test case per check, so that every CI system shows what broke without a plugin.

The dialect is what Jenkins, GitLab and the GitHub test reporters share: testsuites, testsuite, testcase with failure,
error, skipped and system-out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from perfgate.judge.words import label
from perfgate.report.changes import is_compared
from perfgate.report.statements import failure_told
from perfgate.report.tables import CheckRow, check_rows, placed_doubts, printable, run_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.judge.result import Check, Result, Verdict
    from perfgate.measure.summary import Failure

_TAGS = {"fail": "failure", "invalid": "error", "skipped": "skipped"}


@dataclass(frozen=True)
class Group:
    """What becomes one test suite: a load at a service, a service by itself, or the artifacts."""

    name: str
    verdict: Verdict
    reasons: Sequence[str]
    rows: Sequence[CheckRow]
    failures: Sequence[Failure] = ()
    duration_s: float = 0.0
    started_at: float | None = None


def render(result: Result) -> str:
    """The XML document, which ends with a newline.

    A suite takes as long as its load was driven; its cases share that time evenly, so that their sum is right. A
    verdict that no check of its suite shows gets a case of its own named `verdict`: a load that could not be driven
    never looks green.
    """
    suites = [_suite(group) for group in _groups(result)]
    if result.exit_code != 0 and not any(
        int(suite.get(tag, "0")) for suite in suites for tag in ("failures", "errors")
    ):
        suites.append(_suite(_shown_as_failure(result)))
    root = ET.Element("testsuites", {"name": "perfgate"})
    for count in ("tests", "failures", "errors", "skipped"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in suites)))
    root.set("time", _seconds(result.duration_s))
    root.extend(suites)
    _number(root)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _number(root: ET.Element) -> None:
    """Tell cases of one name apart by their number: CI systems take them for one that ran twice."""
    times: Counter[tuple[str, str]] = Counter()
    for case in root.iter("testcase"):
        key = case.get("classname", ""), case.get("name", "")
        times[key] += 1
        if times[key] > 1:
            case.set("name", f"{key[1]} ({times[key]})")


def _groups(result: Result) -> list[Group]:
    """The suites, in the order of the result."""
    loose = [row for row in check_rows(result) if not row.service]
    groups = [Group(f"perfgate.{loose[0].group}", "pass", [], loose, result.failures)] if loose else []
    for service in result.services:
        rows = [CheckRow(service.name, "", check) for check in service.checks]
        verdicts = {run.verdict for run in result.runs if run.service == service.name}
        shown = service.verdict in verdicts or (verdicts and service.verdict in ("pass", "warn"))
        if rows or not shown:
            verdict: Verdict = "pass" if shown else service.verdict
            groups.append(Group(f"perfgate.{printable(service.name)}", verdict, service.reasons, rows))
    for run in result.runs:
        name = f"perfgate.{printable(run.service)}.{printable(run.load)}"
        reasons = placed_doubts(run) or run.reasons
        rows = list(run_rows(run))
        groups.append(Group(name, run.verdict, reasons, rows, run.failures, run.duration_s, run.started_at))
    return groups


def _shown_as_failure(result: Result) -> Group:
    """What makes the file red when no check does, say warnings under `--strict`."""
    verdict: Verdict = "invalid" if result.verdict == "invalid" else "fail"
    return Group("perfgate", verdict, result.reasons, [])


def _suite(group: Group) -> ET.Element:
    kinds = [failure_told(failure) for failure in group.failures]
    cases = [_case(group.name, row, kinds) for row in group.rows]
    if _needs_verdict(group, cases):
        cases.append(_verdict_case(group))
    suite = ET.Element("testsuite", {"name": group.name, "tests": str(len(cases))})
    for tag, count in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        suite.set(count, str(sum(case.find(tag) is not None for case in cases)))
    suite.set("time", _seconds(group.duration_s))
    if group.started_at is not None:
        suite.set("timestamp", datetime.fromtimestamp(group.started_at, UTC).strftime("%Y-%m-%dT%H:%M:%S"))
    for case in cases:
        case.set("time", _seconds(group.duration_s / len(cases)))
    suite.extend(cases)
    if kinds:
        ET.SubElement(suite, "system-out").text = "\n".join(["kinds of failures:", *kinds])
    return suite


def _needs_verdict(group: Group, cases: Sequence[ET.Element]) -> bool:
    """Whether the cases alone do not tell why the group has its verdict."""
    unsaid = group.verdict in ("fail", "invalid") and not any(_is_red(case) for case in cases)
    return unsaid or not cases or any(row.doubted for row in group.rows)


def _is_red(case: ET.Element) -> bool:
    return case.find("failure") is not None or case.find("error") is not None


def _named(check: Check) -> str:
    """The metric's key, by which budgets name it; where that has another meaning in a comparison, what it is."""
    return label(check.metric, check.kind) if check.metric == "mean" else check.metric


def _case(suite: str, row: CheckRow, kinds: Sequence[str]) -> ET.Element:
    check = row.check
    kind = "" if check.kind == "budget" else f" ({check.kind})"
    metric = "size" if row.is_artifact else printable(_named(check))
    case = ET.Element("testcase", {"classname": suite, "name": f"{row.subject} {metric}{kind}"})
    message = printable(check.message, longest=1000)
    tag = _TAGS.get(row.status)
    if tag:
        child = ET.SubElement(case, tag, {"message": message})
        if tag != "skipped":
            child.set("type", check.kind)
            told = kinds if check.metric == "error_rate" else ()
            child.text = "\n".join([message, *_particulars(row), *told])
    elif row.status == "warn":
        ET.SubElement(case, "system-out").text = "\n".join([f"warning: {message}", *_particulars(row)])
    elif is_compared(row) or check.caveat or check.uncertain:  # worth knowing where all is well, too
        ET.SubElement(case, "system-out").text = message
    return case


def _particulars(row: CheckRow) -> list[str]:
    if is_compared(row):  # the message says it all
        return []
    facts = [("observed", row.observed), ("limit", row.limit), ("over by", row.excess)]
    lines = [f"{name}: {text}" for name, text in facts if text != "-"]
    return [*lines, f"at: {printable(row.check.source)}"] if row.check.source else lines


def _verdict_case(group: Group) -> ET.Element:
    case = ET.Element("testcase", {"classname": group.name, "name": "verdict"})
    reasons = [printable(reason, longest=1000) for reason in group.reasons]
    tag = {"fail": "failure", "invalid": "error"}.get(group.verdict)
    if tag:
        message = reasons[0] if reasons else f"{group.verdict}, without a reason given"
        ET.SubElement(case, tag, {"message": message, "type": "verdict"}).text = "\n".join(reasons or [message])
    return case


def _seconds(value: float) -> str:
    return f"{max(value, 0.0):.3f}"
