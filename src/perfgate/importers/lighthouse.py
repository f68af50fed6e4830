"""Lighthouse: `lighthouse URL --output json`; the Web Vitals of one page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.importers.document import Node
from perfgate.importers.imported import Imported, Series

if TYPE_CHECKING:
    from perfgate.importers.result_file import Look, ResultFile

# What each is called in the file. Where a page is loaded there is TBT, where it is used there is INP.
_AUDITS = {
    "LCP": "largest-contentful-paint",
    "CLS": "cumulative-layout-shift",
    "TBT": "total-blocking-time",
    "INP": "interaction-to-next-paint",
    "FCP": "first-contentful-paint",
}
_UNITS = {"millisecond": "ms", "unitless": ""}


def recognises(look: Look) -> bool:
    """The document names the version of Lighthouse."""
    return "lighthouseVersion" in look.keys and not look.of_lines


def read_file(file: ResultFile) -> Imported:
    """One series with one value per Web Vital: LCP, CLS, TBT or INP, FCP, TTFB. CLS has no unit.

    Raises:
        ImportFileError: also when Lighthouse could not load the page; its own reason is told.
    """
    report = Node(file, file.value)
    failure = report.get("runtimeError")
    if failure:
        raise failure["code"].wrong(f"Lighthouse could not measure the page: {failure['message'].text()}")
    audits = report["audits"]
    vitals = [_vital(name, audit) for name, key in _AUDITS.items() if (audit := audits.get(key))]
    entries = (*vitals, *_first_byte(audits))
    if not entries:
        raise audits.wrong("has none of the Web Vitals", hint="run Lighthouse with its category `performance`")
    timing, warnings = report.get("timing"), report.get("runWarnings")
    return Imported(
        tool="lighthouse",
        version=report["lighthouseVersion"].text(),
        started_at=report["fetchTime"].moment(),
        duration_s=timing["total"].time_ms() / 1000 if timing else None,
        entries=entries,
        notes=tuple(f"Lighthouse warns: {warning.text()}" for warning in warnings.items()) if warnings else (),
    )


def _vital(name: str, audit: Node) -> Series:
    if audit.get("numericValue") is None:
        reason = audit.get("errorMessage") or audit.get("explanation")
        return Series(name, error=reason.text() if reason else "Lighthouse gives no value for it")
    unit = audit["numericUnit"].text()
    if unit not in _UNITS:
        raise audit["numericUnit"].wrong(f"{unit!r} is not known")
    return Series(name, _UNITS[unit], (audit["numericValue"].number(),), rounds=1)


def _first_byte(audits: Node) -> list[Series]:
    """TTFB as the page's metrics have it, with connecting; else how long the server took to answer.

    They differ: the one is simulated for the slow line that Lighthouse assumes, as LCP and FCP are.
    """
    metrics = audits.get("metrics")
    found = next(metrics["details"]["items"].items(), None) if metrics and metrics.get("details") else None
    if found and found.get("timeToFirstByte"):
        return [Series("TTFB", "ms", (found["timeToFirstByte"].time_ms(),), rounds=1)]
    server = audits.get("server-response-time")
    return [_vital("TTFB", server)] if server and server.get("numericValue") is not None else []
