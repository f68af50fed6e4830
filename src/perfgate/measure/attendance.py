"""Whether the users that the profile asks for were there: a scenario can stop its own users, or the whole load.

Users are counted at the end of each second. They come and go as the level does, so a second is held only against the
lowest level of the profile around it: from half a second before it to the moment at which they were counted. That
spares the first second of a spike and the last of the load, in which users are on their way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.measure.strain import when

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.measure.outline import Outline
    from perfgate.measure.recording import Tick
    from perfgate.measure.strain import GeneratorLimits
    from perfgate.measure.window import Span, Window

MISSING_SHARE = 0.10  # of the users that the profile asks for; at least one whole user
_TAIL_S = 0.5  # a load that ends early may be ending as its last second is counted


def missing_users(
    outline: Outline, windows: Sequence[Window], spans: Sequence[Span] | None, limits: GeneratorLimits
) -> str:
    """In words that users were missing in more than `bad_seconds` of the judged seconds; empty when they were there.

    Args:
        outline: of the recording.
        windows: of which the judged ones are looked at, all or one of them.
        spans: the profile's segments; None for a scenario's own shape, which asks for nothing.
        limits: `bad_seconds` is the share of seconds that may be short.
    """
    if spans is None or outline.begin is None or outline.begin.model != "closed":
        return ""
    last_s = outline.driven_s - _TAIL_S
    driven = [second for second in outline.ticks if second.second + 1 <= last_s]
    judged = [s for s in driven if any(window.judged and window.holds(s.second + 0.5) for window in windows)]
    short = [second for second in judged if _is_short(second, spans)]
    if len(short) <= limits.bad_seconds * len(judged):
        return ""
    worst = min(short, key=lambda second: second.users)
    who = f"only {worst.users:,} of {_planned(worst, spans):,} users were at work"
    return f"{who} {when(short, judged)}: did the scenario stop them?"


def _planned(second: Tick, spans: Sequence[Span]) -> int:
    moments = (second.second - 0.5, second.second + 0.5, second.second + 1.0)
    return int(min(_level_at(spans, moment) for moment in moments))


def _level_at(spans: Sequence[Span], moment_s: float) -> float:
    return next((span.level_at(moment_s) for span in spans if span.start_s <= moment_s < span.end_s), 0.0)


def _is_short(second: Tick, spans: Sequence[Span]) -> bool:
    planned = _planned(second, spans)
    absent = planned - second.users
    return absent >= 1 and absent > MISSING_SHARE * planned
