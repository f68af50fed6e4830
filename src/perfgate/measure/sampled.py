"""What the samples of the service's process tree come to, and whether they are to be believed.

CPU and memory are only known where every sample is there, of every process, and where the tree is the service at all:
what was not seen may be what was too much.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from perfgate.measure.summary import Resources

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.measure.journals import Recording
    from perfgate.measure.recording import ServiceSample
    from perfgate.measure.summary import ResourceDoubt
    from perfgate.measure.window import Window

_LONGEST_GAP_S = 5.0  # the sampler shares a busy machine with the service
_LONGEST_GAP_SHARE = 0.2  # of the phase


@dataclass(frozen=True)
class Sampled:
    """The samples of a run.

    Attributes:
        samples: in order of time.
        doubt: why none of them is to be believed; None when they are.
        held_by: who accepted the connections, where that was no process of the tree.
        peers: addresses that the service's processes were connected to.
    """

    samples: Sequence[ServiceSample]
    doubt: ResourceDoubt | None
    held_by: str
    peers: tuple[str, ...]

    @classmethod
    def of(cls, recording: Recording) -> Sampled:
        """What a recording holds of them."""
        elsewhere = [one for one in recording.listeners if one.where != "inside"]
        doubt: ResourceDoubt | None = None
        if elsewhere:
            doubt = "elsewhere"
        elif recording.samples_missing:
            doubt = "incomplete"
        peers = dict.fromkeys(peer for one in recording.listeners for peer in one.peers)
        held_by = next((one.process for one in elsewhere if one.process), "")
        return cls(recording.samples, doubt, held_by, tuple(peers))

    def resources(self, window: Window) -> Resources | None:
        """CPU and memory over a phase; None without a sample in it."""
        own = [sample for sample in self.samples if window.holds(sample.at_s)]
        if not own:
            return None
        cpus = [sample.cpu for sample in own]
        memory = [sample.memory_bytes for sample in own]
        return Resources(
            cpu_mean=sum(cpus) / len(cpus),
            cpu_max=max(cpus),
            memory_mean_bytes=sum(memory) / len(memory),
            memory_max_bytes=max(memory),
            unknown=self.doubt or _doubt_in(own, window),
            held_by=self.held_by,
        )

    def mean_memory(self, start_s: float, end_s: float) -> float | None:
        """Over a stretch of time; None where it is not known."""
        own = [sample for sample in self.samples if start_s <= sample.at_s < end_s]
        if not own or self.doubt or any(sample.unread for sample in own):
            return None
        return sum(sample.memory_bytes for sample in own) / len(own)


def _doubt_in(own: Sequence[ServiceSample], window: Window) -> ResourceDoubt | None:
    if any(sample.unread for sample in own):
        return "unread"
    longest = max(_LONGEST_GAP_S, _LONGEST_GAP_SHARE * window.duration_s)
    return "gap" if any(_gap(own, *part) > longest for part in window.parts) else None


def _gap(own: Sequence[ServiceSample], start_s: float, end_s: float) -> float:
    """The longest stretch of a part of the phase without a sample."""
    moments = [start_s, *sorted(sample.at_s for sample in own if start_s <= sample.at_s < end_s), end_s]
    return max(later - earlier for earlier, later in pairwise(moments))
