"""Never green: a comparison of services of which something was not seen. What was not seen may be what was too much."""

from __future__ import annotations

import socket
import sys
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from perfgate.compare.meter import Meter
from perfgate.judge.changed import Rules
from perfgate.judge.comparison import Terms, compared_run
from perfgate.judge.paired import compare_pairs
from perfgate.measure.blocks import Block, Requests
from perfgate.measure.histogram import Histogram
from perfgate.plan.budget import Budget
from perfgate.plan.budgets_file import parse_plan
from perfgate.target.service import start
from tests.judge.blocks import pair
from tests.judge.summaries import layer, load, service
from tests.judge.test_comparison import COMPARISON

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from perfgate.judge.result import RunResult

# The memory of the head's blocks, in turn; None is one that was not read. The budget is more than any has.
TABLE: list[tuple[str, Sequence[float | None]]] = [
    ("nothing was read of a service that perfgate started", [None]),
    ("half of the blocks could not be read", [50e6, None]),
    ("one block of thirty could not be read", [*[50e6] * 29, None]),
]


def _block(memory: float | None) -> Block:
    return Block({"a": Requests(Histogram.of([5.0] * 20), 0)}, 1.0, None if memory is None else 0.1, memory)


def _compared(memory: Sequence[float | None], limits: dict[str, float]) -> RunResult:
    pairs = [pair(number, _block(50e6), _block(memory[number % len(memory)])) for number in range(30)]
    own = replace(service(), budget=Budget(every=layer(**limits)))
    changes = compare_pairs(pairs, Rules(max_slowdown_percent=10.0))
    return compared_run(own, load(), pairs, changes, COMPARISON, Terms("invalid"))


@pytest.mark.parametrize("limits", [{"memory": 1e9}, {"cpu": 4.0}], ids=["memory", "cpu"])
@pytest.mark.parametrize("memory", [pytest.param(row[1], id=row[0]) for row in TABLE])
def test_it_is_never_green(memory: Sequence[float | None], limits: dict[str, float]) -> None:
    """The budget is invalid, in words that say what to do."""
    run = _compared(memory, limits)
    assert run.verdict == "invalid"
    assert any("in the foreground" in reason for reason in run.reasons)


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def _daemon() -> Iterator[int]:
    """Serves at whatever port it is asked to, from this very process: as Docker's daemon does for `docker run`."""
    with socket.create_server(("127.0.0.1", 0)) as asked:

        def serve() -> None:
            client, _ = asked.accept()
            with client, ThreadingHTTPServer(("127.0.0.1", int(client.recv(16))), _Answer) as server:
                Thread(target=server.serve_forever, daemon=True).start()
                client.recv(1)  # until the command ends
                server.shutdown()

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield asked.getsockname()[1]
        thread.join(10)


def test_the_cpu_and_memory_of_a_command_that_asks_a_daemon_are_not_the_services(tmp_path: Path) -> None:
    """They would be small, the same at both sides, and within every budget."""
    with _daemon() as port:
        (tmp_path / "ask.py").write_text(
            "import signal, socket, sys\n"
            f"asked = socket.create_connection(('127.0.0.1', {port}))\n"
            "asked.sendall(sys.argv[1].encode())\n"
            "signal.pause()\n"
        )
        (tmp_path / "scenario.py").touch()
        text = f"""
            [loads.normal]
            users = 1
            duration = "1s"
            [services.shop]
            command = ['{sys.executable}', 'ask.py', '{{port}}']
            url = "http://127.0.0.1:{{port}}"
            ready = "/"
            scenario = "scenario.py"
            [services.shop.budget]
            memory = "1GB"
        """
        shop = parse_plan(text, tmp_path / "budgets.toml").services["shop"]
        with start(shop, tmp_path) as running:
            meter = Meter(running)
            meter.start()
            assert meter.read() == (None, None)


# What the head answers in place of 10 pages of 20 kB: the sum of lengths, how many are empty, how many were redirected.
OTHER_ANSWERS = {
    "every page is empty": (0, 10, 0),
    "an error in JSON with a status of 200": (300, 0, 0),
    "a redirect to the login, followed to a page as long": (200_000, 0, 10),
    "a redirect to the login, not followed": (0, 10, 10),
}


@pytest.mark.parametrize("answered", [pytest.param(row, id=name) for name, row in OTHER_ANSWERS.items()])
def test_a_head_that_is_faster_since_it_answers_something_else_is_not_green(answered: tuple[int, int, int]) -> None:
    """A tenth of the time, and no page."""
    base = Block({"a": Requests(Histogram.of([50.0] * 10), 0, 200_000)}, 1.0)
    head = Block({"a": Requests(Histogram.of([5.0] * 10), 0, *answered)}, 1.0)
    pairs = [pair(number, base, head) for number in range(30)]
    changes = compare_pairs(pairs, Rules(max_slowdown_percent=10.0))
    run = compared_run(service(), load(), pairs, changes, COMPARISON, Terms("invalid"))
    assert run.verdict == "invalid"
    assert any("is it the same that is answered?" in reason for reason in run.reasons)
    meant = compared_run(service(), load(), pairs, changes, COMPARISON, Terms("invalid", answers="warn"))
    assert meant.verdict == "warn"
