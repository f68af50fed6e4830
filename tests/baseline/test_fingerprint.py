"""Runs are comparable when their fingerprints are equal; when not, the difference has a name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from perfgate.baseline.fingerprint import Fingerprint, Work, fingerprint_of

ENVIRONMENT: dict[str, str | int] = {
    "machine": "AMD EPYC 7763",
    "system": "Linux 6.8.0-31-generic",
    "cpu_count": 2,
    "python": "3.11.7",
    "perfgate": "0.3.1",
    "locust": "2.46.2",
}
WORK = Work(
    scenario=b"class Visitor: ...\n",
    load="normal",
    definition={"users": 20, "duration": 60.0},
    service={"command": ["python", "app.py"], "env": {"A": "1"}, "ready": "/health"},
    environment=ENVIRONMENT,
)


def _in(**changes: str | int) -> dict[str, str | int]:
    return {**ENVIRONMENT, **changes}


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"scenario": b"class Visitor: pass\n"}, "scenario"),
        ({"definition": {"users": 21, "duration": 60.0}}, "load"),
        ({"seed": 1}, "schedule"),
        ({"scale": 0.1}, "schedule"),
        ({"service": {**WORK.service, "env": {"A": "2"}}}, "service"),
        ({"environment": _in(machine="Apple M2")}, "machine"),
        ({"environment": _in(cpu_count=4)}, "machine"),
        ({"environment": _in(system="Darwin 23.1")}, "machine"),
        ({"environment": _in(python="3.12.0")}, "python"),
        ({"environment": _in(perfgate="0.4.0")}, "perfgate"),
        ({"environment": _in(locust="3.0.0")}, "locust"),
    ],
)
def test_what_makes_runs_incomparable_is_named(changes: dict[str, Any], name: str) -> None:
    """One part differs, and it alone."""
    before, after = fingerprint_of(WORK), fingerprint_of(replace(WORK, **changes))
    assert before.digest != after.digest
    assert [difference.name for difference in before.differences(after)] == [name]


@pytest.mark.parametrize(
    "changes",
    [
        {"scenario": b"class Visitor: ...\r\n"},
        {"definition": {"duration": 60.0, "users": 20}},
        {"environment": _in(system="Linux 6.11.2-cloud")},
        {"environment": _in(python="3.11.9")},
        {"environment": _in(perfgate="0.3.9")},
        {"environment": _in(locust="2.50.0")},
    ],
)
def test_what_changes_every_week_does_not_matter(changes: dict[str, Any]) -> None:
    """The kernel's release, patch releases, line ends, the order in which a table is written."""
    assert fingerprint_of(replace(WORK, **changes)) == fingerprint_of(WORK)


def test_a_difference_reads_before_and_after() -> None:
    """As it stands in messages."""
    after = fingerprint_of(replace(WORK, environment=_in(cpu_count=1)))
    [difference] = fingerprint_of(WORK).differences(after)
    assert str(difference) == "machine: AMD EPYC 7763, 2 CPUs, Linux -> AMD EPYC 7763, 1 CPU, Linux"


def test_a_part_that_one_side_lacks_is_a_difference_too() -> None:
    """Nothing unknown passes for equal."""
    [difference] = Fingerprint({}).differences(Fingerprint({"machine": "A"}))
    assert str(difference) == "machine: (not known) -> A"


def test_secrets_in_a_service_cannot_be_read_from_a_fingerprint() -> None:
    """Of long tables only a checksum is kept."""
    secret = fingerprint_of(replace(WORK, service={"env": {"TOKEN": "hunter2"}}))
    assert "hunter2" not in str(secret.parts)
