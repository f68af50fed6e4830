"""Runs a scenario's code in the child process, and gives back what was seen of it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHILD = Path(__file__).with_name("child.py")


@dataclass
class Seen:
    """What one run of a scenario's code gave.

    Attributes:
        result: what the code returned.
        events: the `request` events, in order.
        raised: the traceback of what the code raised, or `hung`, or None.
    """

    result: Any
    events: list[dict[str, Any]]
    raised: str | None

    @property
    def kinds(self) -> list[str | None]:
        """The kind of each recorded request's failure, None for a success."""
        return [event["kind"] for event in self.events]


class Child:
    """The process that runs scenarios; one for all tests, as importing Locust takes most of a second."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(CHILD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def run(self, host: str, code: str, by: str = "perfgate", **attributes: Any) -> Seen:
        """Run `code` as the body of a task of a user; `by` is the class: `perfgate`, `locust` or `fast`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        case = {"host": host, "code": code, "by": by, "attributes": attributes}
        self._process.stdin.write(json.dumps(case) + "\n")
        return Seen(**json.loads(self._process.stdout.readline()))

    def value(self, host: str, code: str, **attributes: Any) -> Any:
        """What `code` returns; it must raise nothing."""
        seen = self.run(host, code, **attributes)
        assert seen.raised is None, seen.raised
        return seen.result

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()
