"""What merging 100 workers' reports costs the master. Run: `python benchmarks/merging.py`.

Each simulated worker reports once a second, as real ones do: a second of an open load at 50 endpoints, with failures,
in Locust's own `stats` message. The master takes the messages apart, merges them exactly, and journals each second.
The figure is CPU seconds per second of load; the aim is at most 10 % of a core. The exit code is 1 when it is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from locust.env import Environment
from locust.rpc import Message

from perfgate.drive import wire
from perfgate.drive.ledger import Ledger
from perfgate.drive.order import Order
from perfgate.measure.histogram import Histogram
from perfgate.measure.journal import JournalWriter
from perfgate.measure.recording import (
    SECOND,
    Cell,
    FailureCount,
    HealthSample,
    Second,
    second_from_body,
    second_to_body,
)
from perfgate.plan.profile import hold

if TYPE_CHECKING:
    from perfgate.drive.order import Event

AIM = 0.10
MOST_ENDPOINTS_FAILING = 5


def second_of(random: np.random.Generator, number: int, endpoints: int, requests: int) -> Second:
    """One second of one worker."""
    cells, failures = [], []
    for index in range(endpoints):
        name = f"GET /endpoint/{index}"
        times = Histogram.of(random.lognormal(3, 0.4, requests))
        service = Histogram.of(random.lognormal(2.9, 0.4, requests))
        cells.append(Cell(name, "ok", "steady", number, times, service, 500 * requests))
        if index < MOST_ENDPOINTS_FAILING:
            one = Histogram.of(random.lognormal(3, 0.4, 1))
            cells.append(Cell(name, "failed", "steady", number, one, one, 20))
            failures.append(FailureCount(name, "steady", number, "HTTP 503", 1, "Service Unavailable"))
    lags = Histogram.of(random.exponential(0.2, endpoints * requests))
    count = endpoints * requests
    return Second(number, 40, cells, failures, [], HealthSample(0.4, 1.0, 0.0), count, count, 0, lags)


def messages(workers: int, seconds: int, endpoints: int, requests: int) -> list[list[tuple[str, bytes]]]:
    """By second: each worker's name and its report, as it comes from the network."""
    random = np.random.default_rng(1)
    outboxes = [wire.Outbox() for _ in range(workers)]
    environment = Environment()
    statistics = {
        "stats": environment.stats.serialize_stats(),
        "stats_total": environment.stats.total.get_stripped_report(),
        "errors": {},
    }
    made = []
    for number in range(seconds):
        reports = []
        for index, outbox in enumerate(outboxes):
            outbox.append(SECOND, second_to_body(second_of(random, number, endpoints, requests)))
            data: dict[str, Any] = {**statistics, "user_classes_count": {"Visitor": 40}, "user_count": 40}
            outbox.report(data)
            reports.append((f"worker-{index}", Message("stats", data, f"worker-{index}").serialize()))
        made.append(reports)
    return made


class Listener:
    """The part of the master that reports go through."""

    def __init__(self, ledger: Ledger, workers: int) -> None:
        self.ledger = ledger
        self.inboxes = {f"worker-{number}": wire.Inbox() for number in range(workers)}

    def on_report(self, client_id: str, data: dict[str, Any]) -> None:
        """As `Master` does for each report."""
        for _, body in self.inboxes[client_id].take(data[wire.REPORT]):
            self.ledger.add(client_id, second_from_body(body))


def main() -> int:
    """Measure, print, and hold the figure against the aim."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--workers", type=int, default=100)
    parser.add_argument("--endpoints", type=int, default=50)
    parser.add_argument("--requests", type=int, default=20, help="per endpoint, worker and second")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    order = Order("a.py", "http://127.0.0.1", "", "open", hold(1e5, given.seconds + 1), stop_when={"error_rate": 0.5})
    reports = messages(given.workers, given.seconds, given.endpoints, given.requests)
    events: list[Event] = []
    with tempfile.TemporaryDirectory() as folder, JournalWriter(Path(folder) / "requests.journal") as journal:
        listener = Listener(Ledger(order, journal, events.append), given.workers)
        listener.ledger.begin(["Visitor"], list(listener.inboxes))
        environment = Environment()
        environment.events.worker_report.add_listener(listener.on_report)
        began = time.process_time()
        for second in reports:
            for name, raw in second:
                environment.events.worker_report.fire(client_id=name, data=Message.unserialize(raw).data)
        used = (time.process_time() - began) / given.seconds
    if len(events) != given.seconds:
        raise SystemExit(f"{len(events)} of {given.seconds} seconds were merged")
    size = sum(len(raw) for _, raw in reports[0]) / given.workers
    rate = given.workers * given.endpoints * given.requests
    print(f"{given.workers} workers, {given.endpoints} endpoints, {rate:,} requests/s, {size / 1000:.1f} kB a report")
    print(f"merging costs the master {used:.1%} of a core (aim: at most {AIM:.0%})")
    if given.json:
        given.json.write_text(json.dumps({"core_share": used, "report_bytes": size}, indent=2) + "\n")
    return int(used > AIM)


if __name__ == "__main__":
    sys.exit(main())
