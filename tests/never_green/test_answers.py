"""Never green: whatever a service sends in place of an answer is recorded as a failure, and never as a success."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.client.conftest import child, shared_wire, wire  # noqa: F401  (fixtures)
from tests.client.wire_server import CLOSE, OK, RESET, Part, WireServer

if TYPE_CHECKING:
    from tests.client.scenarios import Child


def _status(line: bytes) -> list[Part]:
    return [b"HTTP/1.1 " + line + b"\r\nContent-Length: 2\r\n\r\nok"]


TABLE: list[tuple[str, list[Part]]] = [
    ("it answers 500", _status(b"500 Internal Server Error")),
    ("it answers 404", _status(b"404 Not Found")),
    ("it answers with a status that does not exist, 600", _status(b"600 Odd")),
    ("it answers with a status that does not exist, 999", _status(b"999 Odder")),
    ("it answers with a status of no digits", _status(b"abc")),
    ("it switches to a protocol that nobody asked for", [b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", CLOSE]),
    ("it says only that it will answer", [b"HTTP/1.1 100 Continue\r\n\r\n", CLOSE]),
    ("it closes without a word", [CLOSE]),
    ("it resets the connection without a word", [RESET]),
    ("it closes within the head", [b"HTTP/1.1 200 OK\r\nContent-", CLOSE]),
    ("it closes within the body", [b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok", CLOSE]),
    ("it closes within a chunk", [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nok", CLOSE]),
    ("it leaves out the last chunk", [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", CLOSE]),
    ("it speaks something else", [b"SSH-2.0-OpenSSH_9.2\r\n", CLOSE]),
    ("its body is not compressed as it says",
     [b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok"]),
    ("its lengths contradict each other",
     [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok", CLOSE]),
    ("it redirects for ever", [b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"]),
    ("it never answers", [20.0]),
    ("it drips", [part for _ in range(200) for part in (b"HTTP/1.1 200 OK\r\nX: y\r\n"[:1], 0.05)]),
]  # fmt: skip


@pytest.mark.parametrize("answer", [pytest.param(row[1], id=row[0]) for row in TABLE])
@pytest.mark.parametrize("before", [[], [OK]], ids=["at once", "on a kept connection"])
def test_it_is_never_green(child: Child, wire: WireServer, answer: list[Part], before: list[Part]) -> None:  # noqa: F811
    """The request is recorded, once, as failed."""
    answers = iter([*([before] if before else []), *[answer] * 40])
    wire.answer = lambda _request: next(answers)
    seen = child.run(wire.url, f"for _ in range({1 + len(before)}): self.client.get('/', timeout=1.0)")
    assert len(seen.events) == 1 + len(before)
    assert seen.events[-1]["error"] is not None
