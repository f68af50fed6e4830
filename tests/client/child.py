"""Runs scenarios in a process of its own, because importing Locust patches sockets and threads for the whole process.

Each line on standard input is a case: a host, the user class to derive from, its attributes and the body of a task,
as a user would write it in a locustfile. Each line on standard output is what happened.
"""

from __future__ import annotations

import json
import os
import sys
import textwrap
import traceback
from dataclasses import asdict
from typing import Any

import gevent
from locust import FastHttpUser
from locust import HttpUser as LocustHttpUser
from locust.env import Environment
from locust.exception import ResponseError

from perfgate import HttpUser

CLASSES: dict[str, type] = {"perfgate": HttpUser, "locust": LocustHttpUser, "fast": FastHttpUser}
LONGEST_S = 45.0


def run(case: dict[str, Any]) -> dict[str, Any]:
    """Run one task of one user; what it returned, what was recorded, and what it raised."""
    events: list[dict[str, Any]] = []
    environment = Environment()
    environment.events.request.add_listener(lambda **event: events.append(describe(event)))
    attributes = {"host": case["host"], **case["attributes"]}
    user = type("User", (CLASSES[case["by"]],), attributes)(environment)
    names: dict[str, Any] = {"gevent": gevent, "ResponseError": ResponseError}
    seen: dict[str, Any] = {"events": events, "result": None, "raised": None}
    try:
        exec(f"def task(self):\n{textwrap.indent(textwrap.dedent(case['code']), '    ')}", names)
        with gevent.Timeout(LONGEST_S):
            seen["result"] = names["task"](user)
    except gevent.Timeout:
        seen["raised"] = "hung"
    except Exception:  # noqa: BLE001  (whatever a scenario raises is what the test wants to see)
        seen["raised"] = traceback.format_exc()
    return seen


def describe(event: dict[str, Any]) -> dict[str, Any]:
    """A `request` event as JSON."""
    exception, timing = event["exception"], event.get("perfgate")
    return {
        "type": event["request_type"],
        "name": event["name"],
        "url": event["url"],
        "length": event["response_length"],
        "context": event["context"],
        "response_time": event["response_time"],
        "status": event["response"].status_code,
        "error": None if exception is None else str(exception),
        "error_class": None if exception is None else type(exception).__name__,
        "kind": getattr(exception, "kind", None),
        "timing": asdict(timing) if timing else None,
    }


def main() -> None:
    """Serve cases until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a scenario prints is no answer
    for line in sys.stdin:
        answers.write(json.dumps(run(json.loads(line)), default=repr) + "\n")


if __name__ == "__main__":
    main()
