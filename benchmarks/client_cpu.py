"""Requests per second of generator CPU (user + system), beside the peers. Run: `python benchmarks/client_cpu.py`.

A private nginx on loopback answers a constant to 32 closed connections. Each client is a process of its own and runs in
every round, one after the other, so that all see the same machine; figures are medians over the rounds. Our own users
run with the engine's recorder on; Locust's run as Locust runs them. wrk, hey and k6 are run for a short and for a long
time, and the difference counts, so that starting up costs nobody anything. Peers that are not installed are skipped.

Aims, as ratios because machines differ: at least 4.4 x FastHttpUser, 2.3 x k6 and 0.4 x wrk; over TLS at least 0.8 of
that in the clear. The exit code is 1 when one is missed.

The machine must have a core to spare for nginx, and nothing else to do.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rig.nginx import Nginx
from rig.peers import find

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONNECTIONS = 32
WARM_UP_S = 1.0
SHORT_S = 1.0
AIMS = (
    ("perfgate", "Locust FastHttpUser", 4.4),
    ("perfgate", "k6", 2.3),
    ("perfgate", "wrk", 0.4),
    ("perfgate TLS", "perfgate", 0.8),
)

K6 = """
import http from "k6/http";
export const options = {{ vus: {connections}, duration: "{seconds}s" }};
export default function () {{ http.get("{url}"); }}
"""


class Figure(NamedTuple):
    """How many requests a client made, and the CPU seconds that it took."""

    requests: int
    cpu_s: float


# The clients of other makers.


def measure(command: list[str], requests_of: Callable[[str], int]) -> Figure:
    """Run a command to its end."""
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    if process.returncode:
        raise SystemExit(f"{command[0]} failed:\n{text}")
    return Figure(requests_of(text), used.ru_utime + used.ru_stime)


def running(command_for: Callable[[float], list[str]], pattern: str, seconds: float) -> Figure:
    """What a program does in `seconds`, its start left out."""

    def requests_of(text: str) -> int:
        return sum(int(found) for found in re.findall(pattern, text))

    short = measure(command_for(SHORT_S), requests_of)
    long = measure(command_for(SHORT_S + seconds), requests_of)
    return Figure(long.requests - short.requests, long.cpu_s - short.cpu_s)


def run_wrk(url: str, seconds: float) -> Figure:
    """wrk, with one thread."""
    return running(
        lambda s: [find("wrk") or "", "-t1", f"-c{CONNECTIONS}", f"-d{s:g}s", url], r"(\d+) requests in", seconds
    )


def run_hey(url: str, seconds: float) -> Figure:
    """hey, on one core."""
    command = [find("hey") or "", "-cpus", "1", "-c", str(CONNECTIONS)]
    return running(lambda s: [*command, "-z", f"{s:g}s", url], r"\[\d+\]\s+(\d+) responses", seconds)


def run_k6(url: str, seconds: float) -> Figure:
    """k6, with its smallest script."""
    with tempfile.TemporaryDirectory() as folder:

        def command_for(s: float) -> list[str]:
            script = Path(folder) / f"{s}.js"
            script.write_text(K6.format(connections=CONNECTIONS, seconds=s, url=url))
            return [find("k6") or "", "run", "--quiet", "--no-usage-report", str(script)]

        return running(command_for, r"http_reqs\.*: (\d+)", seconds)


# Those that run in Locust: this file, run again as a child.


def run_user(kind: str) -> Callable[[str, float], Figure]:
    """A user class, driven by a process of its own."""

    def run(url: str, seconds: float) -> Figure:
        command = [sys.executable, __file__, "--drive", kind, url, str(seconds)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return Figure(*json.loads(done.stdout.splitlines()[-1]))

    return run


def drive(kind: str, url: str, seconds: float) -> None:
    """Drive one user class, and print what it did and took once all users run."""
    import gevent
    import locust
    from locust.env import Environment

    from perfgate import HttpUser

    bases: dict[str, type[Any]] = {"http": locust.HttpUser, "fast": locust.FastHttpUser, "perfgate": HttpUser}

    def get(user: Any) -> None:
        user.client.get("/")

    user_class = type("Benchmark", (bases[kind],), {"host": url, "tasks": [get], "insecure": True})
    environment = Environment(user_classes=[user_class], catch_exceptions=False)
    count = count_requests(environment, ours=kind == "perfgate")
    runner = environment.runner
    assert runner is not None
    runner.start(CONNECTIONS, spawn_rate=CONNECTIONS)
    gevent.sleep(WARM_UP_S)
    before, requests = resource.getrusage(resource.RUSAGE_SELF), count()
    gevent.sleep(seconds)
    after, requests = resource.getrusage(resource.RUSAGE_SELF), count() - requests
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    sys.stdout.write(json.dumps([requests, cpu_s]) + "\n")
    sys.stdout.flush()
    os._exit(0)  # the users are still busy


def count_requests(environment: Any, *, ours: bool) -> Callable[[], int]:
    """Record as the engine does (`ours`) or as Locust does; gives the number of successful requests so far."""
    import gevent

    from perfgate.drive.engine import create_runner
    from perfgate.drive.iterations import number_iterations
    from perfgate.drive.recorder import Recorder
    from perfgate.drive.share import Share
    from perfgate.drive.statistics import LateStatistics

    if not ours:
        environment.create_local_runner()
        return lambda: int(environment.stats.total.num_requests - environment.stats.total.num_failures)
    create_runner(environment)
    number_iterations(0, Share())
    recorder, flushed = Recorder(None), [0]
    environment.events.request.add_listener(recorder)
    LateStatistics(environment, recorder)

    def flush() -> None:
        seen = recorder.flush()
        flushed[0] += seen.requests - seen.failures

    def each_second() -> None:
        while True:
            gevent.sleep(1.0)
            flush()

    def count() -> int:
        flush()
        return flushed[0]

    gevent.spawn(each_second)
    return count


# The table.


def clients(server: Nginx) -> Iterator[tuple[str, Callable[[float], Figure]]]:
    """All that are installed."""
    peers: list[tuple[str, str, Callable[[str, float], Figure]]] = [
        ("wrk", "wrk", run_wrk),
        ("hey", "hey", run_hey),
        ("k6", "k6", run_k6),
    ]
    for name, program, run in peers:
        if find(program) is None:
            print(f"{name} is not installed: skipped")
        else:
            yield name, lambda s, run=run: run(server.url, s)  # type: ignore[misc]
    base = server.url.rstrip("/")
    yield "Locust HttpUser", lambda s: run_user("http")(base, s)
    yield "Locust FastHttpUser", lambda s: run_user("fast")(base, s)
    yield "perfgate", lambda s: run_user("perfgate")(base, s)
    yield "perfgate TLS", lambda s: run_user("perfgate")(server.tls_url.rstrip("/"), s)


def main() -> int:
    """Measure, print, and compare with the aims."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=3.0, help="per client and round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--drive", nargs=3, metavar=("KIND", "URL", "SECONDS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.drive:
        kind, url, seconds = arguments.drive
        drive(kind, url, float(seconds))
    if find("nginx") is None:
        raise SystemExit("nginx is not installed: nothing can be measured")
    rates: dict[str, list[float]] = {}
    with Nginx() as server:
        known = list(clients(server))
        for _ in range(arguments.rounds):
            for name, run in known:
                requests, cpu_s = run(arguments.seconds)
                rates.setdefault(name, []).append(requests / cpu_s)
    return report(rates)


def report(rates: dict[str, list[float]]) -> int:
    """Print the table; 1 when an aim is missed."""
    print(f"\n{'client':<22}{'requests per CPU-second':>24}{'of perfgate':>14}   rounds")
    ours = statistics.median(rates["perfgate"])
    for name, found in sorted(rates.items(), key=lambda item: -statistics.median(item[1])):
        rounds = " ".join(f"{rate:,.0f}" for rate in found)
        print(f"{name:<22}{statistics.median(found):>24,.0f}{statistics.median(found) / ours:>14.2f}   {rounds}")
    missed = 0
    print()
    for one, other, aim in AIMS:
        if one in rates and other in rates:
            ratio = statistics.median(a / b for a, b in zip(rates[one], rates[other], strict=True))
            missed += ratio < aim
            print(f"{one} / {other}: {ratio:.2f} (aim: at least {aim:g}){'' if ratio >= aim else '  MISSED'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
