"""The live view of `perfgate run`: progress bars on a terminal, plain lines elsewhere, or no progress at all.

It runs on the machine that is being measured, so it draws only when something has happened, and at most four times a
second; nothing is judged by what it shows.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from perfgate.judge.words import counted, duration, lasting, quantity
from perfgate.publish.output import is_dumb
from perfgate.report.tables import printable
from perfgate.stage import Unwatched, Watcher

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from rich.console import RenderableType
    from rich.text import Text

    from perfgate.drive.order import Progress
    from perfgate.measure.recording import ServiceSample
    from perfgate.plan.plan import Load, Service

LINE_EVERY_S = 5
SHORTEST_REDRAW_S = 0.25


class View(Watcher, Protocol):
    """A watcher of the gate's work that has something to put away at the end."""

    def close(self) -> None:
        """Leave the terminal as it was; may be called twice."""


def choose(console_is_terminal: bool, *, quiet: bool = False, stream: TextIO | None = None) -> View:
    """The view that suits.

    Args:
        console_is_terminal: whether `stream` can move its cursor; a `TERM` of `dumb` cannot.
        quiet: no progress, only what a person must read.
        stream: where to; standard output unless given, and standard error in quiet: there the result stands alone.
    """
    if quiet:
        return QuietView(stream or sys.stderr)
    stream = stream or sys.stdout
    if console_is_terminal and not is_dumb():
        return TerminalView(stream)
    return PlainView(stream)


@dataclass
class Track:
    """What is known of a load that is being driven.

    Attributes:
        planned_s: how long it is going to take; None when only the scenario's own shape knows.
        p95_limits_ms: the budget that p95 is held against, the limit that warns before the one that fails; empty
            without one.
        seconds: how many have passed.
    """

    service: str
    load: str
    planned_s: float | None
    p95_limits_ms: tuple[float, ...]
    seconds: int = 0
    requests: int = 0
    failures: int = 0
    progress: Progress | None = None
    sample: ServiceSample | None = None
    recent: list[Progress] = field(default_factory=list)

    @classmethod
    def of(cls, service: Service, load: Load) -> Track:
        """The track of a load that begins now."""
        limit = service.budget.for_load(load.name).limits.get("p95")
        tiers = () if limit is None else tuple(tier for tier in (limit.warn, limit.fail) if tier is not None)
        planned_s = load.profile.duration_s if load.profile else load.max_duration_s
        return cls(service.name, load.name, planned_s, tiers)

    @property
    def name(self) -> str:
        """`catalog / peak`."""
        return printable(f"{self.service} / {self.load}")

    def advance(self, progress: Progress, sample: ServiceSample | None) -> None:
        """Take in the second that has just ended."""
        self.seconds = progress.second + 1
        self.requests += progress.requests
        self.failures += progress.failures
        self.progress = progress
        self.sample = sample
        self.recent = [*self.recent[1 - LINE_EVERY_S :], progress]

    @property
    def place(self) -> str:
        """Where in the load it is: `38 s of 1 m, steady, 20 users`."""
        planned = f" of {lasting(self.planned_s)}" if self.planned_s is not None else ""
        draining = self.progress is not None and self.progress.phase == "drain" and self.planned_s is not None
        seconds = min(self.seconds, self.planned_s or 0.0) if draining else self.seconds  # the plan's time is over
        time = f"{lasting(seconds) if seconds else '0 s'}{planned}"
        return (
            f"{time}, {printable(self.progress.phase)}, {counted(self.progress.users, 'user')}"
            if self.progress
            else time
        )

    @property
    def p95_ms(self) -> float | None:
        """The worst p95 of the recent seconds."""
        return max((p.p95_ms for p in self.recent if p.p95_ms is not None), default=None)

    @property
    def p95_limit_ms(self) -> float | None:
        """The next limit that p95 meets: the one that warns, and once that is passed the one that fails."""
        ahead = (limit for limit in self.p95_limits_ms if (self.p95_ms or 0) <= limit)
        return next(ahead, self.p95_limits_ms[-1] if self.p95_limits_ms else None)

    @property
    def rate(self) -> float:
        """Requests per second over the recent seconds."""
        return sum(p.requests for p in self.recent) / max(len(self.recent), 1)

    @property
    def headroom(self) -> float | None:
        """The share of the p95 budget that is left (negative: it is passed); None without a budget or a p95."""
        if self.p95_ms is None or not self.p95_limit_ms:
            return None
        return 1 - self.p95_ms / self.p95_limit_ms

    @property
    def facts(self) -> list[str]:
        """What the recent seconds showed, without p95; failures are all so far."""
        progress, sample = self.progress, self.sample
        facts = [f"{self.rate:,.0f} req/s", f"{self.failures:,} failed"]
        facts += [f"{progress.waiting:,} waiting"] if progress and progress.waiting else []
        if sample:
            facts += [f"CPU {sample.cpu * 100:.0f} %", f"{sample.memory_bytes / 1e6:.0f} MB"]
        return facts

    @property
    def p95(self) -> str:
        """`p95 182 ms of 250 ms`."""
        observed = "-" if self.p95_ms is None else duration(self.p95_ms, 3)
        limit = f" of {quantity(self.p95_limit_ms, 'ms')}" if self.p95_limit_ms is not None else ""
        warned = len(self.p95_limits_ms) > 1 and (self.p95_ms or 0) > self.p95_limits_ms[0]
        return f"p95 {observed}{limit}{', over the limit that warns' if warned else ''}"


def starting_line(track: Track, load: Load) -> str:
    """What is said when a load begins."""
    if load.profile is None:
        bound = f", for at most {lasting(track.planned_s)}" if track.planned_s is not None else ""
        return f"{track.name}: the scenario's own shape{bound}"
    level = quantity(load.profile.peak, "users" if load.model == "closed" else "/s")
    return f"{track.name}: {load.kind} load, up to {level}, for {lasting(load.profile.duration_s)}"


def ended_line(track: Track, detail: str) -> str:
    """What is said when a load has ended."""
    why = f" ({printable(detail)})" if detail else ""
    counts = f"{counted(track.requests, 'request')}, {track.failures:,} failed"
    return f"{track.name}: ended after {lasting(track.seconds) if track.seconds else '0 s'}{why}: {counts}"


def ready_line(name: str, startup_s: float | None) -> str:
    """What is said when a service is ready."""
    after = "" if startup_s is None else f" after {quantity(round(startup_s, 2), 's')}"
    return f"{printable(name)}: ready{after}"


class QuietView(Unwatched):
    """Leaves out all progress, and nothing that a person must read: what went wrong is no noise."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def message(self, text: str) -> None:
        """Say it, line by line."""
        for line in text.splitlines():
            self._stream.write(f"{printable(line, longest=1000)}\n")
        self._stream.flush()

    def close(self) -> None:
        """Nothing is open."""


class PlainView(QuietView):
    """A line when something begins or ends, and one every five seconds; for logs, which cannot take a line back."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._tracks: dict[tuple[str, str], Track] = {}

    def service_starting(self, name: str) -> None:
        """Say so."""
        self._say(f"{printable(name)}: starting")

    def service_ready(self, name: str, startup_s: float | None) -> None:
        """Say so."""
        self._say(ready_line(name, startup_s))

    def load_starting(self, service: Service, load: Load) -> None:
        """Say what is going to be driven."""
        track = self._tracks[service.name, load.name] = Track.of(service, load)
        self._say(starting_line(track, load))

    def second(self, service: str, load: str, progress: Progress, sample: ServiceSample | None) -> None:
        """Every fifth second, say how the last five were."""
        track = self._tracks.get((service, load))
        if track is None:
            return
        track.advance(progress, sample)
        if track.seconds % LINE_EVERY_S == 0:
            self._say(f"{track.name}: {track.place}: {', '.join([track.p95, *track.facts])}")

    def load_ended(self, service: str, load: str, detail: str) -> None:
        """Say how it ended."""
        track = self._tracks.pop((service, load), None)
        if track is not None:
            self._say(ended_line(track, detail))

    def doing(self, text: str) -> None:
        """Say it."""
        self.message(text)

    def _say(self, line: str) -> None:
        self._stream.write(f"{line}\n")
        self._stream.flush()


class Screen:
    """What changes, drawn below the lines that stay, and at most four times a second.

    Args:
        stream: a terminal.
        drawn: makes what is to be seen now.
        clock: seconds, for the pace of redrawing.
        width: columns; None asks the terminal, again at each redraw.
    """

    def __init__(
        self,
        stream: TextIO,
        drawn: Callable[[], RenderableType],
        *,
        clock: Callable[[], float] = time.monotonic,
        width: int | None = None,
    ) -> None:
        from rich.console import Console
        from rich.live import Live

        self._clock = clock
        self._drawn_at = float("-inf")
        console = Console(file=stream, force_terminal=True, markup=False, emoji=False, highlight=False, width=width)
        # No thread of rich's own: a redraw happens only in the calls below.
        self._live = Live(console=console, auto_refresh=False, get_renderable=drawn, transient=True)
        self._live.start()

    def say(self, line: str) -> None:
        """A line that stays, above what changes; broken between words where it is longer than the terminal is wide."""
        self._live.refresh()  # else rich draws what was there before below the new line
        self._live.console.print(line, soft_wrap=len(line) <= self._live.console.width, overflow="fold")

    def redraw(self) -> None:
        """Draw what is to be seen now, unless that was done just before."""
        now = self._clock()
        if now - self._drawn_at >= SHORTEST_REDRAW_S:
            self._drawn_at = now
            self._live.refresh()

    def close(self) -> None:
        """Take it away and show the cursor again; may be called twice."""
        self._live.stop()


class TerminalView:
    """A bar and a line of numbers for each load that is being driven, below the lines of what has ended.

    Args:
        stream: a terminal.
        clock: seconds, for the pace of redrawing.
        width: columns; None asks the terminal, again at each redraw.
    """

    def __init__(
        self, stream: TextIO, *, clock: Callable[[], float] = time.monotonic, width: int | None = None
    ) -> None:
        self._tracks: dict[tuple[str, str], Track] = {}
        self._starting: list[str] = []
        self._screen = Screen(stream, self._drawn, clock=clock, width=width)

    def service_starting(self, name: str) -> None:
        """Show that it is being waited for."""
        self._starting.append(name)
        self._screen.redraw()

    def service_ready(self, name: str, startup_s: float | None) -> None:
        """Say so."""
        self._starting = [other for other in self._starting if other != name]
        self._screen.say(ready_line(name, startup_s))

    def load_starting(self, service: Service, load: Load) -> None:
        """Show its bar."""
        self._starting.clear()  # a service that did not come up is not waited for any more
        # A load that ended in an error is not announced: its service's next one takes its place.
        self._tracks = {key: track for key, track in self._tracks.items() if key[0] != service.name}
        self._tracks[service.name, load.name] = Track.of(service, load)
        self._screen.redraw()

    def second(self, service: str, load: str, progress: Progress, sample: ServiceSample | None) -> None:
        """Move the bar."""
        track = self._tracks.get((service, load))
        if track is not None:
            track.advance(progress, sample)
            self._screen.redraw()

    def load_ended(self, service: str, load: str, detail: str) -> None:
        """Replace the bar by a line that stays."""
        track = self._tracks.pop((service, load), None)
        if track is not None:
            self._screen.say(ended_line(track, detail))

    def doing(self, text: str) -> None:
        """Say it above the bars."""
        self.message(text)

    def message(self, text: str) -> None:
        """Say it above the bars."""
        for line in text.splitlines():
            self._screen.say(printable(line, longest=1000))

    def close(self) -> None:
        """Take the bars away and show the cursor again."""
        self._tracks.clear()
        self._starting.clear()
        self._screen.close()

    def _drawn(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        waiting = [Text(f"{printable(name)}: starting…", style="dim") for name in self._starting]
        return Group(*waiting, *(part for track in self._tracks.values() for part in _bar(track)))


def _bar(track: Track) -> list[RenderableType]:
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(no_wrap=True)
    grid.add_column(ratio=1)
    grid.add_column(no_wrap=True)
    # Without a plan there is no share to show, and the bar stays empty.
    bar = ProgressBar(
        total=track.planned_s or 1.0, completed=track.seconds if track.planned_s else 0, complete_style="cyan"
    )
    grid.add_row(Text(track.name, style="bold"), bar, Text(track.place))
    return [grid, _numbers(track)]


def _numbers(track: Track) -> Text:
    from rich.text import Text

    line = Text("  ", overflow="ellipsis", no_wrap=True)
    line.append(track.p95)
    if track.headroom is not None:
        left = track.headroom * 100
        style = "red" if left < 0 else "yellow" if left < 25 else "green"
        line.append(f" ({abs(left):.0f} % {'over' if left < 0 else 'left'})", style=style)
    line.append(", " + ", ".join(track.facts))
    if track.failures:
        line.highlight_words([f"{track.failures:,} failed"], "red")
    return line
