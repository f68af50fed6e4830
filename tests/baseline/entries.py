"""Entries for the tests, short to write."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from perfgate.baseline.entry import Entry, Pin, entry_id, pack
from perfgate.baseline.fingerprint import Fingerprint
from perfgate.measure.histogram import Histogram

HERE = Fingerprint({"machine": "AMD EPYC 7763, 2 CPUs, Linux", "load": "normal 0123456789ab"})
ELSEWHERE = Fingerprint({**HERE.parts, "machine": "Apple M2, 8 CPUs, Darwin"})
PIN = Pin("ada", 1_760_000_000.0, "released as 1.0")
PACKED = pack({None: Histogram.of([1.0, 2.0, 3.0]), "GET /": Histogram.of([1.0])})


def entry(number: int = 1, **fields: Any) -> Entry:
    """A run that passed on main, the number-th; whatever is given is different."""
    made = Entry(
        id="",
        recording=f"run-{number}",
        kind="load",
        service="catalog",
        load="normal",
        recorded_at=1_750_000_000.0 + number,
        verdict="pass",
        fingerprint=HERE,
        commit=f"{number:040x}",
        branch="main",
        dirty=False,
        control_ms=7.5,
        values={(None, "p95"): 12.5, ("GET /", "p95"): 11.0},
        packed=PACKED,
    )
    made = replace(made, **fields)
    return replace(made, id=entry_id(made.recording, made.service, made.load))
