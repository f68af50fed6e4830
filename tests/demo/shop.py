"""A demo service, started as perfgate starts any service, and a client to speak with it."""

from __future__ import annotations

import json
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from perfgate.plan.plan import Service
from perfgate.target.readiness import address_of
from perfgate.target.service import RunningService, start

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG_S = 60.0  # a bound against hanging


class Answer(NamedTuple):
    """One response."""

    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


@contextmanager
def running(name: str, folder: Path, *switches: str) -> Iterator[RunningService]:
    """The demo service of that name, with switches."""
    folder.mkdir(exist_ok=True)
    service = Service(
        name=name,
        url="http://127.0.0.1:{port}",
        scenario=Path("shop.py"),
        scenario_text="shop.py",
        loads=(),
        command=("python", "-m", f"perfgate.demo.{name}", "--port", "{port}", *switches),
        env={"TMPDIR": str(folder)},  # a service that is killed cannot tidy up
        ready="/health",
        ready_timeout_s=LONG_S,
        stop_timeout_s=1.0,
    )
    with start(service, folder) as started:
        yield started


def ask(service: RunningService, method: str, path: str, body: object = None, *, timeout_s: float = LONG_S) -> Answer:
    """Send one request on a connection of its own."""
    connection = HTTPConnection(*address_of(service.url), timeout=timeout_s)
    try:
        text = None if body is None else json.dumps(body)
        connection.request(method, path, text, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()
