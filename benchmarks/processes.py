"""Requests per second of one and of two processes, closed loop, as fast as it goes: `python benchmarks/processes.py`.

A private nginx on loopback answers a constant. `perfgate run` drives it with one process and with two, in turns;
figures are medians over the rounds. Two processes can do at most what the cores allow: the generator's two, and one or
more for nginx. So the figure beside the rate is requests per CPU second of the generator, which sharing must not lower,
and the aim of 1.8 x is held against the rate only where the machine has four cores or more. The exit code is 1 when the
aim that holds here is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from perfgate.measure.journals import read_recording
from perfgate.target.ports import reserve_port

if TYPE_CHECKING:
    from collections.abc import Iterator

AIM_RATE = 1.8
AIM_PER_CPU = 0.9
ENOUGH_CORES = 4

NGINX = """
daemon off; worker_processes auto; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 300;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen 127.0.0.1:{port}; location / {{ default_type text/plain; return 200 "hello world\\n"; }} }}
}}
"""

BUDGETS = """
version = 1
[gate.health]
generator_cpu = "100%"
loop_lag = "60s"
steal = "100%"
bad_seconds = "100%"
[loads.closed]
users = {users}
duration = "{seconds}s"
[services.nginx]
url = "http://127.0.0.1:{port}"
scenario = "scenario.py"
budget = {{ error_rate = "1%" }}
"""

SCENARIO = """
from perfgate import HttpUser, task

class Visitor(HttpUser):
    @task
    def home(self):
        self.client.get("/")
"""


class Figure(NamedTuple):
    """Requests per second, and per CPU second of all engines together."""

    rate: float
    per_cpu: float


@contextmanager
def nginx(folder: Path) -> Iterator[int]:
    """A web server of one's own; its port."""
    reserved = reserve_port()
    port = reserved.number
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    server = subprocess.Popen([program, "-c", str(folder / "nginx.conf"), "-p", str(folder)])
    try:
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        yield port
    finally:
        server.terminate()
        server.wait()
        reserved.release()


def measure(folder: Path, processes: int, number: int) -> Figure:
    """One run of the load; its first and last second are left out."""
    out = folder / f"run-{number}-{processes}"
    command = [sys.executable, "-m", "perfgate", "run", "--quiet", "--processes", str(processes), "--out", str(out)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    run = out / "nginx" / "closed"
    recording = read_recording(run)
    last = int(recording.driven_s) - 1
    requests = sum(cell.response_ms.count for cell in recording.cells if 1 <= cell.second < last)
    return Figure(requests / (last - 1), requests / cpu_of(run, last))


def cpu_of(run: Path, last: int) -> float:
    """CPU seconds of all engines, from their own journals: merged, only the busiest is known."""
    from perfgate.measure.journal import read_journal
    from perfgate.measure.recording import REQUESTS_JOURNALS, SECOND, second_from_body

    seconds = [
        second_from_body(body) for path in run.glob(REQUESTS_JOURNALS) for body in read_journal(path).of_kind(SECOND)
    ]
    return sum(second.health.cpu for second in seconds if 1 <= second.second < last)


def main() -> int:
    """Measure, print, and hold the figures against the aims."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--users", type=int, default=32)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    if not (shutil.which("nginx") or Path("/usr/sbin/nginx").exists()):
        print("skipped: nginx is not installed")
        return 0
    figures: dict[int, list[Figure]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as name, nginx(Path(name)) as port:
        folder = Path(name)
        (folder / "budgets.toml").write_text(BUDGETS.format(users=given.users, seconds=given.seconds, port=port))
        (folder / "scenario.py").write_text(SCENARIO)
        for number in range(given.rounds):
            for processes, seen in figures.items():
                seen.append(measure(folder, processes, number))
    one, two = (Figure(*map(statistics.median, zip(*seen, strict=True))) for seen in figures.values())
    cores = os.cpu_count() or 1
    for processes, figure in ((1, one), (2, two)):
        print(f"{processes} processes: {figure.rate:8,.0f} requests/s, {figure.per_cpu:8,.0f} per CPU second")
    print(f"rate {two.rate / one.rate:.2f} x, per CPU second {two.per_cpu / one.per_cpu:.2f} x, on {cores} cores")
    enough = cores >= ENOUGH_CORES
    aim = (
        f"rate at least {AIM_RATE} x" if enough else f"per CPU second at least {AIM_PER_CPU} x (too few cores for more)"
    )
    missed = two.rate < AIM_RATE * one.rate if enough else two.per_cpu < AIM_PER_CPU * one.per_cpu
    print(f"aim here: {aim}: {'missed' if missed else 'met'}")
    if given.json:
        given.json.write_text(json.dumps({"cores": cores, "one": one, "two": two}, indent=2) + "\n")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
