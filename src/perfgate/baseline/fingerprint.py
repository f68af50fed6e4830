"""What has to be the same for two runs to be compared: the scenario, the load, the schedule, the service, the machine.

A fingerprint is a few named texts. Short facts stand in it as they are, so that a difference can be told in words;
long ones (a file, a table with secrets in its environment) as the beginning of their SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

UNKNOWN = "(not known)"
TOOL_VERSION = "version"  # the part of imported results that tells with which feature release of the tool
_NUMBERS = re.compile(r"\d+(\.\d+)?", re.ASCII)
_DIGEST_LENGTH = 32  # hexadecimal digits: 128 bits
_SHOWN_LENGTH = 12


@dataclass(frozen=True)
class Difference:
    """One part in which two fingerprints differ; its text is `machine: A -> B`."""

    name: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.name}: {self.before} -> {self.after}"


@dataclass(frozen=True)
class Fingerprint:
    """Two runs are comparable when their fingerprints are equal.

    Attributes:
        parts: a short text for each name, e.g. `{"machine": "AMD EPYC 7763, 2 CPUs, Linux", "python": "3.11"}`.
    """

    parts: dict[str, str] = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """The whole in 32 hexadecimal digits, by which stores find what is comparable."""
        return _digest(self.parts)[:_DIGEST_LENGTH]

    def differences(self, other: Fingerprint) -> list[Difference]:
        """In which parts the other one differs; empty when the two are the same."""
        names = dict.fromkeys([*self.parts, *other.parts])
        pairs = [(name, self.parts.get(name, UNKNOWN), other.parts.get(name, UNKNOWN)) for name in names]
        return [Difference(name, before, after) for name, before, after in pairs if before != after]


@dataclass(frozen=True)
class Work:
    """One load at one service, as far as it decides what can be compared with it.

    Attributes:
        scenario: the scenario file's content, or what `scenario_digest` makes of it.
        load: the load's name.
        definition: everything that shapes the load, JSON-able.
        service: how the service is started and asked (command, env, cwd relative to the root, ready, URL), JSON-able.
        environment: as `measure.environment.describe` gives it.
        seed, scale: of the schedule.
    """

    scenario: bytes | str
    load: str
    definition: Mapping[str, Any]
    service: Mapping[str, Any]
    environment: Mapping[str, str | int]
    seed: int = 0
    scale: float = 1.0


def scenario_digest(content: bytes) -> str:
    """A scenario file's content in short; how its lines end does not matter."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()[:_SHOWN_LENGTH]


def fingerprint_of(work: Work) -> Fingerprint:
    """The fingerprint of one load at one service."""
    return Fingerprint(
        {
            "scenario": work.scenario if isinstance(work.scenario, str) else scenario_digest(work.scenario),
            "load": f"{work.load} {_digest(work.definition)[:_SHOWN_LENGTH]}",
            "schedule": f"seed {work.seed}" if work.scale == 1.0 else f"seed {work.seed}, scale {work.scale:g}",
            "service": _digest(work.service)[:_SHOWN_LENGTH],
            **platform_parts(work.environment),
        }
    )


def platform_parts(environment: Mapping[str, str | int]) -> dict[str, str]:
    """The parts that tell of machine and versions, for a fingerprint of another kind of run.

    The kernel's release is left out: hosted machines change it every week. Of Python the feature release counts, of
    perfgate and Locust the major version (of version 0, what stands in its place: 0.3).
    """
    count = environment["cpu_count"]
    system = str(environment["system"]).partition(" ")[0]
    return {
        "machine": f"{environment['machine']}, {count} CPU{'' if count == 1 else 's'}, {system}",
        "perfgate": _major(str(environment["perfgate"])),
        "locust": _major(str(environment["locust"])),
        "python": ".".join(str(environment["python"]).split(".")[:2]),
    }


def feature_release(version: str) -> str:
    """The first two numbers of a version: what comes after them mends, and changes no meaning.

    >>> feature_release("v12.8.0-beta")
    '12.8'
    """
    numbers = _NUMBERS.search(version)
    return numbers[0] if numbers else version


def _major(version: str) -> str:
    numbers = version.split(".")
    return ".".join(numbers[:2]) if numbers[0] == "0" else numbers[0]


def _digest(value: Mapping[str, Any]) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()
