"""Numbers in words: every quantity that a person reads is formatted here.

Two promises: a number is never rounded to a false 0 or 100 %, and an observed value is never rounded onto the limit
that it is held against. Both are kept by adding digits until the text is true.
"""

from __future__ import annotations

from math import floor, isfinite, log10

_DIGITS = 4  # significant ones: 312.4 ms, 45.67 %
_CHANGE_DIGITS = 2  # +25 %
_MOST_DIGITS = 17  # a double has no more
_SHORT_TIMES = ((1.0, "ms"), (1e-3, "µs"), (1e-6, "ns"))  # in ms
_SIZES = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "KB"))
GEOMETRIC_MEAN = "geometric mean"
_LABELS = {"p99_9": "p99.9", "cpu": "CPU", "cpu_per_request": "CPU per request"}


def number(value: float, digits: int = _DIGITS) -> str:
    """A number with at least `digits` significant digits, thousands separated, without trailing zeros."""
    if not isfinite(value) or value == 0:
        return "0" if value == 0 else str(value)
    magnitude = floor(log10(abs(value)))
    if not -7 <= magnitude <= 15:
        return f"{value:.{digits}g}"
    text = f"{value:,.{max(digits - 1 - magnitude, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def quantity(value: float, unit: str, *, apart_from: float | None = None) -> str:
    """A value with its unit, as people write it.

    Args:
        value: in the unit named.
        unit: `ms` (less is shown as µs or ns), `s`, `share` and `cores` (both shown as %), `/s`, `bytes` (shown as B,
            KB, MB, ...; powers of 1,000), `users`, `percent`, the empty unit, or a custom metric's own.
        apart_from: another value in the same unit: where the two differ, so do their texts.

    Example:
        >>> quantity(0.00025, "share")
        '0.025 %'
    """
    for digits in range(_DIGITS, _MOST_DIGITS):
        text = _with_unit(value, unit, digits)
        merged = apart_from is not None and apart_from != value and text == _with_unit(apart_from, unit, digits)
        if not merged and not _false_hundred(text, value, unit):
            return text
    return _with_unit(value, unit, _MOST_DIGITS)


def _false_hundred(text: str, value: float, unit: str) -> bool:
    whole = {"share": 1.0, "cores": 1.0, "percent": 100.0}.get(unit)
    return whole is not None and text == "100 %" and value != whole


def _with_unit(value: float, unit: str, digits: int) -> str:
    if unit in {"share", "cores"}:
        return f"{number(value * 100, digits)} %"
    if unit == "percent":
        return f"{number(value, digits)} %"
    if unit == "/s":
        return f"{number(value, digits)}/s"
    if unit in {"bytes", "ms"}:
        return _size(value, digits) if unit == "bytes" else duration(value, digits)
    if unit == "users" and value == 1:
        return "1 user"
    return f"{number(value, digits)} {unit}".rstrip()


def duration(value_ms: float, digits: int = _DIGITS) -> str:
    """Milliseconds as people write them: `312.4 ms`, `844.5 µs`, `442.2 ns`; what rounds to 1 ms is 1 ms."""
    if not isfinite(value_ms) or value_ms == 0:
        return f"{number(value_ms, digits)} ms"
    rounded = abs(float(f"{value_ms:.{digits - 1}e}"))
    factor, name = next((scale for scale in _SHORT_TIMES if rounded >= scale[0]), _SHORT_TIMES[-1])
    return f"{number(value_ms if factor == 1.0 else value_ms / factor, digits)} {name}"


def _size(value: float, digits: int) -> str:
    factor, name = next(((f, n) for f, n in _SIZES if abs(value) >= f), (1.0, "B"))
    return f"{number(value / factor, digits)} {name}"


def signed_percent(percent: float) -> str:
    """A change with its sign: `+25 %`, `-0.04 %`; never a false 0 or 100."""
    for digits in range(_CHANGE_DIGITS, _MOST_DIGITS):
        text = number(percent, digits)
        if text.lstrip("-") != "100" or abs(percent) == 100:
            break
    return f"{text} %" if percent < 0 else f"+{text} %"


def signed(value: float, unit: str) -> str:
    """A change in its unit: `+25 %`, and `+0.4 points` of a rate."""
    if unit == "percent":
        return signed_percent(value)
    return f"{'-' if value < 0 else '+'}{number(abs(value), _CHANGE_DIGITS)} points"


def change(observed: float, limit: float) -> str:
    """How far an observed value lies from a limit: `+25 %`; empty when the limit is 0, of which nothing is a share."""
    return signed_percent((observed - limit) / abs(limit) * 100) if limit else ""


def label(metric: str, kind: str = "budget") -> str:
    """A metric's name for people: `error_rate` is `error rate`; a custom metric's own name is left as it is.

    Args:
        metric: its key.
        kind: of the check: what is compared by pairs as `mean` is the mean of logarithms, the geometric mean, and no
            other mean of the same report.
    """
    if kind == "paired" and metric == "mean":
        return GEOMETRIC_MEAN
    return _LABELS.get(metric, metric if "." in metric else metric.replace("_", " "))


def clock(seconds: float) -> str:
    """A moment of a run as minutes and seconds: `01:05`."""
    minutes, rest = divmod(max(int(seconds), 0), 60)
    return f"{minutes:02d}:{rest:02d}"


def lasting(seconds: float) -> str:
    """A duration for people: `850 ms`, `42 s`, `2 m 40 s`, `3 h 5 m`."""
    if seconds < 1:
        return f"{max(seconds, 0) * 1000:.0f} ms"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} m {whole % 60} s" if whole % 60 else f"{whole // 60} m"
    hours, minutes = whole // 3600, whole % 3600 // 60
    return f"{hours} h {minutes} m" if minutes else f"{hours} h"


def counted(count: int, noun: str) -> str:
    """`1 request`, `12,000 requests`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
