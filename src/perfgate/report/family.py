"""Families of the Prometheus text format: samples by their labels, and base units."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from perfgate.report.tables import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

# Unit of the result: (base unit, factor).
BASE_UNITS = {
    "ms": ("seconds", 1e-3),
    "s": ("seconds", 1.0),
    "share": ("ratio", 1.0),
    "percent": ("ratio", 1e-2),
    "/s": ("per_second", 1.0),
}


@dataclass
class Family:
    """One metric family; its samples are kept by their labels, because a repeated series makes a scrape fail."""

    name: str
    kind: Literal["gauge", "counter"]
    about: str
    samples: dict[tuple[tuple[str, str], ...], float] = field(default_factory=dict)

    def add(self, value: float | None, **labels: str) -> None:
        """Add a sample; unknown values are left out, and of two of one series the first stays.

        Labels are shown on terminals and pages as they are, so they are made printable, as in every other report.
        """
        if value is not None and not math.isnan(value):
            shown = {name: printable(text, longest=len(text)) for name, text in labels.items()}
            self.samples.setdefault(tuple(shown.items()), value)

    def lines(self) -> Iterator[str]:
        """The family's lines; none when it has no samples."""
        if self.samples:
            yield f"# HELP {self.name} {_escaped(self.about, quote=False)}"
            yield f"# TYPE {self.name} {self.kind}"
        for labels, value in self.samples.items():
            inside = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels)
            yield f"{self.name}{{{inside}}} {_number(value)}" if inside else f"{self.name} {_number(value)}"


def _escaped(text: str, *, quote: bool = True) -> str:
    out = text.replace("\\", "\\\\").replace("\n", "\\n")
    return out.replace('"', '\\"') if quote else out


def _number(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return repr(value) if isinstance(value, float) and not value.is_integer() else str(int(value))


def based(unit: str) -> tuple[str, float]:
    """The base unit of a unit of the result, and what to multiply by; another unit is its own."""
    return BASE_UNITS.get(unit, (unit, 1.0))


def scaled(value: float | None, factor: float) -> float | None:
    """The value times the factor; what is unknown stays so."""
    return None if value is None else value * factor
