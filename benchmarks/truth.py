"""How far what a load generator reports lies from what the server knows. Run: `python benchmarks/truth.py`.

A server on loopback, in C, waits 0.5 to 2.5 ms before each answer, any number of requests at a time, and records the
service time of every request: from the kernel's receipt of the request to right before its answer is sent (so what the
server is late itself is the service's). Each tool drives a server of its own, one after the other: at 200, 1,000 and
2,000 requests/s (perfgate: an open load, `rate`, with Poisson arrivals; k6: `constant-arrival-rate`; Locust:
`FastHttpUser` with `constant_throughput`), and closed with 32 users who never wait, which saturates the machine. The
server's percentiles are of exactly the requests of that tool's run, so each tool is held against its own run.

What is compared is what stands for the service time: `service_ms` of perfgate's result.json, `http_req_duration` of k6,
the response time of Locust, which rounds it to whole milliseconds. perfgate's response time, which in an open load
holds the waiting for a free user, too, stands in the last columns.

Where a percentile falls between two requests there are several definitions of it, and a tool may leave out a request at
an end of its run. So a reported value is held against the range of true values whose ranks these leave open; within it,
it is off by nothing. That is the same for all tools.

Goals: |reported - true| at most 0.1 ms at p50, p95 and p99, and less than k6's and Locust's in every cell. The time for
which the kernel carries request and answer over loopback, some microseconds, is in every tool's difference.

Needs a C compiler. Peers that are not installed are skipped. A run that perfgate itself calls invalid, as it must when
the generator is saturated, is named below the table. The exit code is 0 whatever the figures.
"""

from __future__ import annotations

import argparse
from math import ceil, floor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rig import goals, peers, perfgate_run
from rig.truth_server import TruthServer, compiler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from rig.peers import Reported

RATES = (200, 1000, 2000)
SATURATED = 0  # in place of a rate
CLOSED_USERS = 32
K6_USERS = 200
LOCUST_PER_USER = (
    50  # requests/s; with more users who pause longer, Locust's requests go out in bursts, and it is worse
)
MOST_MS = 0.1
FEWEST = 2000  # requests: fewer say little about p99
PERCENTILES = ("p50", "p95", "p99")
SHARES = (0.5, 0.95, 0.99)


class Cell(NamedTuple):
    """One tool at one load; times in ms, at p50, p95 and p99."""

    load: str
    tool: str
    answered: int
    true: tuple[float, ...]
    ranges: list[tuple[float, float]]
    reported: Reported
    response: Reported | None
    doubts: list[str]
    unstamped: int

    @property
    def differences(self) -> tuple[float, ...]:
        """Reported - true, the nearest that may be called true."""
        pairs = zip(self.reported.percentiles, self.ranges, strict=True)
        return tuple(said - min(max(said, lowest), highest) for said, (lowest, highest) in pairs)

    def row(self) -> list[str]:
        """As a row of the table."""
        response = self.response.percentiles if self.response else ()
        times = [f"{ms:.3f}" for ms in (*self.true, *self.reported.percentiles)]
        apart = [f"{ms:+.3f}" for ms in self.differences]
        beside = [f"{ms:.3f}" for ms in response] or ["", "", ""]
        return [self.load, self.tool, f"{self.answered:,}", f"{self.reported.requests:,}", *times, *apart, *beside]


HEADS = ["load", "tool", "answered", "reported", *(f"true {p}" for p in PERCENTILES), *PERCENTILES]
HEADS += [*(f"off {p}" for p in PERCENTILES), *(f"response {p}" for p in PERCENTILES)]


def perfgate(url: str, rate: int, seconds: float) -> tuple[Reported, Reported, list[str]]:
    """Service times, response times, and what perfgate says against its own run."""
    level = {"rate": f"{rate}/s"} if rate else {"users": CLOSED_USERS}
    driven = perfgate_run.drive(url, {**level, "duration": f"{seconds:g}s"})
    return driven.service, driven.response, driven.doubts


def k6(url: str, rate: int, seconds: float) -> Reported:
    """As it reports `http_req_duration`."""
    return peers.k6_at_rate(url, rate, seconds, K6_USERS) if rate else peers.k6_closed(url, CLOSED_USERS, seconds)


def locust(url: str, rate: int, seconds: float) -> Reported:
    """As it reports response times."""
    if not rate:
        return peers.locust(url, CLOSED_USERS, seconds)
    return peers.locust(url, rate // LOCUST_PER_USER, seconds, LOCUST_PER_USER)


def measure(tool: str, rate: int, seconds: float) -> Cell:
    """One tool, one load, one server."""
    response, doubts = None, list[str]()
    seconds = max(seconds, FEWEST / rate if rate else 0.0)
    with TruthServer() as server:
        if tool == "perfgate":
            reported, response, doubts = perfgate(server.url, rate, seconds)
        else:
            reported = (k6 if tool == "k6" else locust)(server.url, rate, seconds)
    times = np.sort(server.truth.service_ms)
    true = tuple(float(ms) for ms in np.quantile(times, SHARES))
    ranges = [range_of(times, share, len(times) - reported.requests) for share in SHARES]
    load = f"{rate:,}/s" if rate else f"{CLOSED_USERS} users"
    return Cell(load, tool, len(times), true, ranges, reported, response, doubts, server.truth.unstamped)


def range_of(times: NDArray[np.float64], share: float, left_out: int) -> tuple[float, float]:
    """The lowest and the highest that may be called the percentile of sorted times, some of which were left out."""
    rank, spare = share * (len(times) - 1), max(left_out, 0)
    return float(times[max(floor(rank) - spare, 0)]), float(times[min(ceil(rank) + spare, len(times) - 1)])


def report(cells: list[Cell]) -> None:
    """The table, and the goals."""
    print()
    goals.print_table(HEADS, [cell.row() for cell in cells])
    print("\nms; answered: requests that the server answered; reported: those that the tool's figures are of")
    for cell in cells:
        if cell.unstamped:
            print(f"{cell.load}, {cell.tool}: the kernel did not stamp the receipt of {cell.unstamped} requests")
        for doubt in cell.doubts:
            print(f"perfgate calls its run with {cell.load} invalid: {doubt}")
    print()
    for ours in (cell for cell in cells if cell.tool == "perfgate"):
        for words, figure, held in _goals(ours, [c for c in cells if c.load == ours.load and c is not ours]):
            goals.print_goal(words, figure, held)


def _goals(ours: Cell, others: list[Cell]) -> Iterator[tuple[str, str, bool]]:
    off = [abs(ms) for ms in ours.differences]
    figure = ", ".join(f"{name} {ms:.3f}" for name, ms in zip(PERCENTILES, off, strict=True))
    yield f"{ours.load}: off by at most {MOST_MS} ms", figure, max(off) <= MOST_MS
    for other in others:
        theirs = [abs(ms) for ms in other.differences]
        figure = ", ".join(f"{name} {ms:.3f}" for name, ms in zip(PERCENTILES, theirs, strict=True))
        yield f"{ours.load}: less than {other.tool}", figure, all(a < b for a, b in zip(off, theirs, strict=True))


def main() -> None:
    """Measure every tool at every load, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="of each run, at least; those at 200/s take 10 s")
    seconds = parser.parse_args().seconds
    if compiler() is None:
        print("no C compiler (cc, gcc, clang) is installed: skipped, as the server that records itself cannot be built")
        return
    tools = ["perfgate", *peers.installed("k6", "locust")]
    report([measure(tool, rate, seconds) for rate in (*RATES, SATURATED) for tool in tools])


if __name__ == "__main__":
    main()
