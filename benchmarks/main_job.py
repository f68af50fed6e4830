"""How heavy the main job is for the person who waits for it: start-up, first request, verdict, memory.

    python benchmarks/main_job.py [--repeat 5]

Runs the installed command against a server of its own on loopback. Figures are medians, with the whole range beside
them; on a shared machine look at the range too.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil

PERFGATE = [sys.executable, "-m", "perfgate"]
SCENARIO = """\
from locust import FastHttpUser, constant, task

class Visitor(FastHttpUser):
    wait_time = constant(0.5)

    @task
    def home(self):
        self.client.get("/")
"""
BUDGETS = """\
version = 1
[gate.health]
generator_cpu = "100%"
loop_lag = "60s"
[loads.normal]
users = 100
duration = "5s"
[services.shop]
url = "http://127.0.0.1:{port}"
scenario = "scenario.py"
[services.shop.budget]
error_rate = "1%"
"""


class Handler(BaseHTTPRequestHandler):
    """Answers at once, and notes when it was asked."""

    protocol_version = "HTTP/1.1"
    asked_at: list[float] = []  # noqa: RUF012  (shared by all connections on purpose)

    def do_GET(self) -> None:
        """Answer."""
        self.asked_at.append(time.monotonic())
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Takes a hundred connections at once."""

    request_queue_size = 512
    daemon_threads = True


@dataclass
class Measured:
    """One figure's values."""

    name: str
    unit: str
    goal: float
    values: list[float] = field(default_factory=list)

    def row(self) -> str:
        """The figure as a line of a table."""
        middle = statistics.median(self.values)
        mark = "ok" if middle <= self.goal else "MISSED"
        spread = f"{min(self.values):.2f} .. {max(self.values):.2f}"
        return f"{self.name:<46} {middle:>8.2f} {self.unit:<3} ({spread}), goal {self.goal} {self.unit}: {mark}"


def help_seconds() -> float:
    """How long `perfgate --help` takes."""
    start = time.monotonic()
    subprocess.run([*PERFGATE, "--help"], check=True, capture_output=True)
    return time.monotonic() - start


def run_once(folder: Path) -> tuple[float, float, float]:
    """One run: seconds to the first request, from the load's end to the process's end, and peak memory in MB."""
    Handler.asked_at.clear()
    start = time.monotonic()
    process = subprocess.Popen([*PERFGATE, "run", "--out", str(folder)], cwd=folder.parent, stdout=subprocess.PIPE)
    memory: list[float] = []
    watcher = threading.Thread(target=_watch, args=(process, memory))
    watcher.start()
    process.communicate()
    ended = time.monotonic()
    watcher.join()
    assert process.returncode == 0, f"exit {process.returncode}"
    result = json.loads((folder / "result.json").read_text())
    assert result["runs"][0]["total"]["requests"] > 0
    return Handler.asked_at[0] - start, ended - max(Handler.asked_at), max(memory)


def _watch(process: subprocess.Popen[bytes], memory: list[float]) -> None:
    parent = psutil.Process(process.pid)
    while process.poll() is None:
        try:
            family = [parent, *parent.children(recursive=True)]
            memory.append(sum(member.memory_info().rss for member in family) / 1e6)
        except psutil.NoSuchProcess:
            continue
        time.sleep(0.1)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    repeat = parser.parse_args().repeat
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    figures = [
        Measured("perfgate --help", "s", 0.15, [help_seconds() for _ in range(repeat * 2)]),
        Measured("command to first request", "s", 1.5),
        Measured("last request to verdict and exit", "s", 1.0),
        Measured("memory, both processes, 100 users", "MB", 200.0),
    ]
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "scenario.py").write_text(SCENARIO)
        (root / "budgets.toml").write_text(BUDGETS.format(port=port))
        for number in range(repeat):
            for figure, value in zip(figures[1:], run_once(root / f"run{number}"), strict=True):
                figure.values.append(value)
    for figure in figures:
        print(figure.row())


if __name__ == "__main__":
    main()
