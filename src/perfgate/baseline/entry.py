"""What is kept of a run: one entry for each load at each service, enough to be compared with years later.

The wire form is one map, written as compressed msgpack into stores and as JSON into exports. Its versions:

    format 1   the first release
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from perfgate.baseline.fingerprint import Fingerprint
from perfgate.errors import StorageError
from perfgate.measure import shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perfgate.measure.histogram import Histogram
    from perfgate.measure.shape import Test

FORMAT = 1
Kind = Literal["load", "benchmarks"]
Verdict = Literal["pass", "warn", "fail", "invalid"]
GOOD: tuple[Verdict, ...] = ("pass", "warn")


@dataclass(frozen=True)
class Pin:
    """A promotion: this entry may be a baseline whatever its verdict, and retention leaves it alone.

    Attributes:
        by: who promoted it.
        at: seconds since the epoch.
        reason: why.
    """

    by: str
    at: float
    reason: str


@dataclass(frozen=True)
class Entry:
    """One load at one service in one recording.

    Attributes:
        id: `entry_id` of recording, service and load; unique.
        recording: the recording's id.
        kind: `load`, or `benchmarks` for imported figures.
        recorded_at: seconds since the epoch.
        commit, branch, dirty: what was measured; None outside a repository, `branch` also when the head was detached.
        pull_request: its number when it was measured for one: such a run is no part of its target branch's history.
        control_ms: the median time of a fixed piece of work measured in the same job; None when there was none.
        values: by endpoint (None: the whole service) and metric, e.g. `{("GET /", "p95"): 12.5, (None, "p95"): 14.0}`.
        units: of imported figures that are no times, by name.
        packed: the response times of each endpoint, see `pack`; None when the entry was found without them.
        pin: None unless it was promoted.
    """

    id: str
    recording: str
    kind: Kind
    service: str
    load: str
    recorded_at: float
    verdict: Verdict
    fingerprint: Fingerprint
    commit: str | None = None
    branch: str | None = None
    dirty: bool | None = None
    pull_request: str | None = None
    control_ms: float | None = None
    values: dict[tuple[str | None, str], float] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    packed: bytes | None = None
    pin: Pin | None = None

    @property
    def eligible(self) -> bool:
        """Whether it may be compared with: promoted, or of a clean tree and not red."""
        return self.pin is not None or (self.verdict in GOOD and not self.dirty)

    def histograms(self) -> dict[str | None, Histogram]:
        """Response times in ms by endpoint (None: the whole service).

        Raises:
            ValueError: the entry was found without them: ask the store for it with `get`.
            StorageError: they are damaged.
        """
        if self.packed is None:
            raise ValueError("this entry was read without its histograms")
        return _unpack(self.packed, self.id)


def entry_id(recording: str, service: str, load: str) -> str:
    """The id of an entry, e.g. `20260102-101112-ab12/catalog/normal`."""
    return "/".join(quote(part, safe="") for part in (recording, service, load))


def pack(histograms: Mapping[str | None, Histogram]) -> bytes:
    """Histograms by endpoint, for `Entry.packed`."""
    import msgpack

    rows = [[endpoint, histogram.to_wire()] for endpoint, histogram in histograms.items()]
    return zlib.compress(msgpack.packb(rows), 6)


def _unpack(packed: bytes, name: str) -> dict[str | None, Histogram]:
    import msgpack

    from perfgate.measure.histogram import Histogram

    try:
        value = msgpack.unpackb(zlib.decompress(packed))
        rows = shape.rows(value, "histograms", (shape.or_none(shape.is_text), shape.is_histogram))
    except (zlib.error, ValueError, TypeError) as error:
        raise damaged(name, f"its histograms cannot be read: {error}") from None
    return {endpoint: Histogram.from_wire(wire) for endpoint, wire in rows}


def _is_parts(value: Any) -> bool:
    return isinstance(value, dict) and all(shape.is_text(key) and shape.is_text(text) for key, text in value.items())


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


_PIN: dict[str, Test] = {"by": shape.is_text, "at": shape.is_date, "reason": shape.is_text}
_FORM: dict[str, Test] = {
    **dict.fromkeys(("id", "recording", "service", "load"), shape.is_text),
    "kind": shape.one_of("load", "benchmarks"),
    "recorded_at": shape.is_date,
    "verdict": shape.one_of("pass", "warn", "fail", "invalid"),
    "fingerprint": _is_parts,
    **dict.fromkeys(("commit", "branch", "pull_request"), shape.or_none(shape.is_text)),
    "dirty": shape.or_none(_is_flag),
    "control_ms": shape.or_none(shape.is_number),
    "values": lambda _value: True,  # looked at below
    "units": _is_parts,
    "packed": shape.or_none(lambda value: isinstance(value, bytes)),
    "pin": lambda _value: True,  # looked at below
}


def to_wire(entry: Entry) -> dict[str, Any]:
    """The entry as a map of plain values, `packed` as bytes.

    Raises:
        ValueError: a value is not finite, or of the wrong type: it could not be read again.
    """
    wire = {
        "format": FORMAT,
        **{name: getattr(entry, name) for name in _FORM},
        "units": dict(entry.units),
        "fingerprint": dict(entry.fingerprint.parts),
        "values": [[endpoint, metric, value] for (endpoint, metric), value in entry.values.items()],
        "pin": asdict(entry.pin) if entry.pin else None,
    }
    _checked(wire)
    return wire


def from_wire(wire: object, name: str) -> Entry:
    """The inverse of `to_wire`.

    Args:
        wire: as read.
        name: which entry it is and where it lies, for messages.

    Raises:
        StorageError: it is damaged (slug `entry`), or of a later format (`entry-later`).
    """
    version = wire.get("format") if isinstance(wire, dict) else None
    if isinstance(version, int) and version > FORMAT:
        raise StorageError(
            f"entry format {version} is not known",
            place=name,
            hint=f"this perfgate reads format {FORMAT}: install the version that wrote it",
            slug="entry-later",
        )
    if version != FORMAT:
        raise damaged(name, "it names no format")
    try:
        fields = _checked(wire)
    except shape.MisfitError as error:
        raise damaged(name, str(error)) from None
    pin = Pin(**fields["pin"]) if fields["pin"] else None
    return Entry(**{**fields, "fingerprint": Fingerprint(fields["fingerprint"]), "pin": pin})


def _checked(wire: object) -> dict[str, Any]:
    # Entries of before imported figures had units have none.
    fields = shape.mapping({"units": {}, **wire} if isinstance(wire, dict) else wire, _FORM)
    if fields["id"] != entry_id(fields["recording"], fields["service"], fields["load"]):
        raise shape.MisfitError("'id' is not that of its recording, service and load")
    fields["values"] = _checked_values(fields["values"])
    if fields["pin"] is not None:
        fields["pin"] = _checked_pin(fields["pin"])
    return fields


def _checked_values(rows: object) -> dict[tuple[str | None, str], float]:
    """Column by column: a history reads many thousands of values."""
    try:
        endpoints, metrics, numbers = zip(*rows, strict=True) if rows else ((), (), ())  # type: ignore[misc]
        kinds = [set(map(type, column)) for column in (endpoints, metrics, numbers)]
        if kinds[0] <= {str, type(None)} and kinds[1] <= {str} and kinds[2] <= {float, int}:
            values = dict(zip(zip(endpoints, metrics, strict=True), map(float, numbers), strict=True))
            if all(map(isfinite, values.values())):
                return values
    except (TypeError, ValueError, OverflowError):
        pass
    raise shape.MisfitError("'values' has a row of the wrong length, a wrong type or no finite number")


def _checked_pin(pin: object) -> dict[str, Any]:
    try:
        return shape.mapping(pin, _PIN)
    except shape.MisfitError as error:
        raise shape.MisfitError(f"in its pin {error}") from None


def to_bytes(entry: Entry) -> bytes:
    """The entry as stores keep it: zlib-compressed msgpack, whose checksum tells damage.

    Raises:
        ValueError: see `to_wire`.
    """
    import msgpack

    return zlib.compress(msgpack.packb(to_wire(entry)), 6)


def from_bytes(data: bytes, name: str) -> Entry:
    """The inverse of `to_bytes`; see `from_wire` for what it raises."""
    import msgpack

    try:
        wire = msgpack.unpackb(zlib.decompress(data))
    except (zlib.error, ValueError, TypeError, RecursionError) as error:
        raise damaged(name, str(error)) from None
    return from_wire(wire, name)


def to_json(entry: Entry) -> str:
    """The entry as one line of JSON; see `to_wire` for what it raises."""
    wire = to_wire(entry)
    packed = wire["packed"]
    wire["packed"] = None if packed is None else base64.b64encode(packed).decode("ascii")
    return json.dumps(wire, separators=(",", ":"), allow_nan=False)


def from_json(line: str, name: str) -> Entry:
    """The inverse of `to_json`; see `from_wire` for what it raises."""
    try:
        wire = json.loads(line)
        if isinstance(wire, dict) and isinstance(wire.get("packed"), str):
            wire["packed"] = base64.b64decode(wire["packed"], validate=True)
    except (ValueError, RecursionError, binascii.Error) as error:
        raise damaged(name, str(error)) from None
    return from_wire(wire, name)


def pin_of(fields: Mapping[str, object], name: str) -> Pin:
    """A promotion of its columns; see `from_wire` for what it raises."""
    try:
        return shape.instance(Pin, dict(fields), _PIN)
    except shape.MisfitError as error:
        raise damaged(name, f"in its promotion {error}") from None


def pin_to_json(pin: Pin) -> bytes:
    """A promotion as a file of its own."""
    return f"{json.dumps(asdict(pin), indent=1)}\n".encode()


def pin_from_json(data: bytes, name: str) -> Pin:
    """The inverse of `pin_to_json`; see `from_wire` for what it raises."""
    try:
        return shape.instance(Pin, json.loads(data), _PIN)
    except (ValueError, RecursionError) as error:
        raise damaged(name, f"its promotion cannot be read: {error}") from None


def damaged(name: str, why: str) -> StorageError:
    """The error for an entry that cannot be used."""
    return StorageError(
        f"this entry of the history is damaged: {why}",
        place=name,
        hint="drop it with `perfgate baseline drop`, or restore the store from an export",
        slug="entry",
    )
