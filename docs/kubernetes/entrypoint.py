#!/usr/bin/env python3
"""Translates the arguments with which Locust's Kubernetes operators start their pods into perfgate's.

`--master ...` becomes `perfgate run --workers N ...`, `--worker --master-host H` becomes `perfgate worker --master H`;
what only Locust's web interface needs is left out. Without `--master` and `--worker` all goes to perfgate as it is.
"""

from __future__ import annotations

import argparse
import os
import sys

TIMEOUT_S = "600"  # pods are scheduled and images are pulled at different speeds


def translate(arguments: list[str]) -> list[str]:
    """The command line of perfgate for an operator's arguments."""
    parser = argparse.ArgumentParser(allow_abbrev=False, add_help=False)
    for flag in ("--master", "--worker", "--autostart", "--enable-rebalancing", "--only-summary", "--otel"):
        parser.add_argument(flag, action="store_true")
    parser.add_argument("--autoquit")
    parser.add_argument("--master-host")
    parser.add_argument("--master-port", default="5557")
    parser.add_argument("--expect-workers")
    known, rest = parser.parse_known_args(arguments)
    if known.worker:
        place = ["--master", known.master_host or "127.0.0.1", "--port", known.master_port]
        return ["perfgate", "worker", *place, "--timeout", TIMEOUT_S]
    if known.master:
        place = ["--bind-host", "0.0.0.0", "--bind-port", known.master_port, "--worker-timeout", TIMEOUT_S]
        workers = ["--workers", known.expect_workers] if known.expect_workers else []
        return ["perfgate", "run", *place, *workers, *rest]
    return ["perfgate", *arguments]


if __name__ == "__main__":
    command = translate(sys.argv[1:])
    os.execvp(command[0], command)
