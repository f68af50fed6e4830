"""The load that `perfgate init` writes: as short as its limits allow, since a beginner waits for all of it.

What is judged has to hold the requests that its percentiles need (`measure.percentile.needed_for`). Half as many again
are planned for, as which endpoint is asked how often is chance; a rarely asked one makes the load longer.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from perfgate.measure.percentile import QUANTILES, needed_for

if TYPE_CHECKING:
    from perfgate.judge.result import RunResult

USERS = 20
RAMP_UP_S = 5
SHORTEST_S, LONGEST_S = 30, 60  # ramp included
MEASURED_S = 10  # how long `init` drives it to propose limits
_STEP_S = 5
_ROOM = 1.5
WANTED = ceil(_ROOM * needed_for(QUANTILES["p99"]))  # requests of the endpoint that is asked least


def long_enough(run: RunResult) -> int:
    """How long the load has to be, in s, for the p99 of each endpoint that answers; at most `LONGEST_S`.

    Args:
        run: of the same load.
    """
    rates = [entry.throughput_per_s for entry in run.endpoints if entry.throughput_per_s > 0]
    if not rates:
        return SHORTEST_S
    whole_s = min(RAMP_UP_S + WANTED / min(rates), LONGEST_S)
    return max(ceil(whole_s / _STEP_S) * _STEP_S, SHORTEST_S)
