"""The live view of a comparison: a bar and the estimates so far on a terminal, now and then a line elsewhere.

What is shown is what the last look saw: nothing is computed for it between looks, and nothing at all in quiet.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from perfgate.cli.estimates import estimates_of, shown_checks
from perfgate.cli.lines import Lines
from perfgate.judge.words import counted, lasting
from perfgate.live import Screen
from perfgate.publish.output import is_dumb
from perfgate.report.grounds import busy_words
from perfgate.report.tables import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TextIO

    from rich.console import RenderableType

    from perfgate.cli.estimates import Estimate
    from perfgate.compare.recording import Estimates
    from perfgate.judge.paired import Decisions
    from perfgate.measure.blocks import Pair

_EVERY_S = 5.0  # where lines cannot be written over
_COLOURS = {"worse": "red", "better": "green", "not_worse": "green"}


def comparison_view(stream: TextIO, *, quiet: bool = False, longest_s: float = inf) -> QuietComparison:
    """The view that suits a stream.

    Args:
        stream: where to.
        quiet: no progress, only what a person must read.
        longest_s: after so long a load is ended, whatever is decided.
    """
    if quiet:
        return QuietComparison(stream)
    kind = TerminalComparison if stream.isatty() and not is_dumb() else PlainComparison
    return kind(stream, longest_s=longest_s)


class QuietComparison:
    """Leaves out all progress of a comparison, and nothing that a person must read."""

    def __init__(self, stream: TextIO) -> None:
        self._lines = Lines(stream)

    def load_starting(self, service: str, load: str, max_pairs: int) -> None:
        """Nothing."""

    def pair(self, service: str, load: str, pair: Pair) -> None:
        """Nothing."""

    def looked(self, service: str, load: str, decisions: Decisions, estimates: Estimates) -> None:
        """Nothing, and nothing is estimated."""

    def load_ended(self, service: str, load: str, why: str) -> None:
        """Nothing."""

    def doing(self, text: str) -> None:
        """Nothing."""

    def message(self, text: str) -> None:
        """Say it, line by line."""
        for line in text.splitlines():
            self._lines.keep(line)

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class Standing:
    """How the comparison of one load stands.

    Attributes:
        most: pairs that can be driven.
        longest_s: after so long it is ended.
        pairs: that were, those that do not count among them.
        known: what is decided, in words.
        estimates: of the last look, one an endpoint, as many as are shown.
        endpoints: how many are compared.
    """

    service: str
    load: str
    most: int
    longest_s: float
    began: float
    now: float
    pairs: int = 0
    dropped: int = 0
    known: str = "nothing decided yet"
    estimates: Sequence[Estimate] = ()
    endpoints: int = 0

    @property
    def passed_s(self) -> float:
        """How long it has taken."""
        return self.now - self.began

    @property
    def left_s(self) -> float:
        """About how long it still takes at most, should it go on as it did."""
        by_pairs_s = self.passed_s / max(self.pairs, 1) * max(self.most - self.pairs, 0)
        return max(min(by_pairs_s, self.longest_s - self.passed_s), 0.0)

    @property
    def counts(self) -> str:
        """`pair 118 of 558, 12 disturbed; 4 of 13 checks decided`."""
        disturbed = f", {self.dropped:,} disturbed" if self.dropped else ""
        return f"pair {self.pairs:,} of {self.most:,}{disturbed}; {self.known}"

    @property
    def busy(self) -> str:
        """That the machine is busy, where it costs many pairs; empty where it does not."""
        try:
            load = os.getloadavg()[0]
        except (AttributeError, OSError):  # not on Windows
            load = None
        return busy_words(self.pairs - self.dropped, self.dropped, load, os.cpu_count() or 1)

    def take(self, decisions: Decisions, estimates: Sequence[Estimate], endpoints: int) -> None:
        """The pairs so far were looked at, and some of the endpoints that are compared were estimated."""
        made = list(decisions.by_check.values())
        open_ = sum(decision == "undecided" for decision in made)
        worse = sum(decision == "worse" for decision in made)
        self.known = f"{len(made) - open_} of {counted(len(made), 'check')} decided"
        self.known += f", {worse} proven worse" if worse else ""
        self.estimates, self.endpoints = estimates, endpoints


class PlainComparison(QuietComparison):
    """A line when something begins or ends, and one every five seconds; for logs, which cannot take a line back.

    Args:
        stream: where to.
        clock: seconds.
        longest_s: after so long a load is ended.

    Attributes:
        rows: so many endpoints are shown.
    """

    rows = 1

    def __init__(self, stream: TextIO, *, clock: Callable[[], float] = time.monotonic, longest_s: float = inf) -> None:
        super().__init__(stream)
        self._clock = clock
        self._longest_s = longest_s
        self._told = 0.0
        self._standing: Standing | None = None

    def load_starting(self, service: str, load: str, max_pairs: int) -> None:
        """The pairs of a load begin."""
        self._told = now = self._clock()
        self._standing = Standing(service, load, max_pairs, self._longest_s, now, now)
        self._say(f"{service}/{load}: base and head in turn, at most {counted(max_pairs, 'pair')}")

    def pair(self, service: str, load: str, pair: Pair) -> None:  # noqa: ARG002
        """A pair is whole."""
        if self._standing is not None:
            self._standing.pairs += 1
            self._standing.dropped += bool(pair.disturbed)
            self._standing.now = self._clock()
            self._show(self._standing)

    def looked(self, service: str, load: str, decisions: Decisions, estimates: Estimates) -> None:  # noqa: ARG002
        """The pairs so far were looked at."""
        if self._standing is not None:
            keys = shown_checks(decisions.by_check)
            self._standing.take(decisions, estimates_of(estimates(keys[: self.rows])), len(keys))

    def load_ended(self, service: str, load: str, why: str) -> None:
        """No more pairs of the load are driven."""
        pairs = self._standing.pairs if self._standing else 0
        self._standing = None
        self._say(f"{service}/{load}: {counted(pairs, 'pair')}; {why.replace('_', ' ')}")

    def doing(self, text: str) -> None:
        """What is being done now."""
        self._say(text)

    def _show(self, standing: Standing) -> None:
        if standing.now - self._told >= _EVERY_S:
            self._told = standing.now
            first = f"; {standing.estimates[0].words}" if standing.estimates else ""
            busy = f"; {told}" if (told := standing.busy) else ""
            left = f"at most {lasting(standing.left_s)} left"
            self._say(f"{standing.service}/{standing.load}: {standing.counts}{first}; {left}{busy}")

    def _say(self, text: str) -> None:
        self.message(text)


class TerminalComparison(PlainComparison):
    """A bar with the time, and below it the estimate of each endpoint, under the lines of what has ended.

    Args:
        stream: a terminal.
        clock: seconds.
        longest_s: after so long a load is ended.
        width: columns; None asks the terminal.
    """

    rows = 8

    def __init__(
        self,
        stream: TextIO,
        *,
        clock: Callable[[], float] = time.monotonic,
        longest_s: float = inf,
        width: int | None = None,
    ) -> None:
        super().__init__(stream, clock=clock, longest_s=longest_s)
        self._screen = Screen(stream, self._drawn, clock=clock, width=width)

    def message(self, text: str) -> None:
        """Say it above the bar, line by line."""
        for line in text.splitlines():
            self._screen.say(printable(line, longest=1000))

    def close(self) -> None:
        """Take the bar away and show the cursor again."""
        self._standing = None
        self._screen.close()

    def _show(self, standing: Standing) -> None:  # noqa: ARG002
        self._screen.redraw()

    def _drawn(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        standing = self._standing
        if standing is None:
            return Group()
        rows: list[RenderableType] = [_bar(standing), Text(f"  {standing.counts}", overflow="ellipsis", no_wrap=True)]
        if busy := standing.busy:
            rows.append(Text(f"  {busy}", style="yellow", overflow="ellipsis", no_wrap=True))
        return Group(*rows, *_estimated(standing.estimates, standing.endpoints))


def _bar(standing: Standing) -> RenderableType:
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(no_wrap=True)
    grid.add_column(ratio=1)
    grid.add_column(no_wrap=True)
    whole_s = standing.passed_s + standing.left_s
    bar = ProgressBar(total=whole_s or 1.0, completed=standing.passed_s, complete_style="cyan")
    times = f"{lasting(max(round(standing.passed_s), 1))}, at most {lasting(standing.left_s)} left"
    grid.add_row(Text(printable(f"{standing.service} / {standing.load}"), style="bold"), bar, Text(times))
    return grid


def _estimated(estimates: Sequence[Estimate], endpoints: int) -> list[RenderableType]:
    from rich.table import Table
    from rich.text import Text

    if not estimates:
        return []
    grid = Table.grid(padding=(0, 2))
    grid.add_column()  # it alone may be wrapped, and so makes room; its names do not wrap, they are cut
    for _ in range(3):
        grid.add_column(no_wrap=True)
    for one in estimates:
        style = _COLOURS.get(one.decision, "")
        name = Text(f"  {printable(one.endpoint)}", no_wrap=True, overflow="ellipsis")
        grid.add_row(name, Text(one.metric), Text(one.change, style=style), Text(one.said))
    more = endpoints - len(estimates)
    rest: list[RenderableType] = [Text(f"  and {counted(more, 'more endpoint')}", style="dim")] if more > 0 else []
    return [grid, *rest]
