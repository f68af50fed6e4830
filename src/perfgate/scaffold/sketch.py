"""The sketch: what was found out about a service, before any file is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

WRITES = "writes"  # the tag of calls that may change data; they are driven only when the user says so
UNANSWERED = "unanswered"  # the tag of calls whose example values the service refused
SAFE_METHODS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True)
class FromEnv:
    """A value that is read from an environment variable when the scenario runs, and never written to a file.

    Attributes:
        about: what the variable must hold, one line for the scenario.
    """

    variable: str
    about: str = field(compare=False, default="")


Text = tuple[str | FromEnv, ...]  # its parts are joined


def merged(parts: Iterable[str | FromEnv]) -> Text:
    """The same text with neighbouring strings joined."""
    result: list[str | FromEnv] = []
    for part in parts:
        if result and isinstance(part, str) and isinstance(last := result[-1], str):
            result[-1] = last + part
        else:
            result.append(part)
    return tuple(result)


@dataclass(frozen=True)
class Call:
    """A request, or several of one endpoint: a task of the scenario.

    Attributes:
        method: upper case.
        paths: paths with their query, percent-encoded; one is chosen at random, or with `each` all are requested.
        name: the endpoint's name without its method, e.g. `/items/{id}`.
        function: what the task would like to be called; it is made a unique identifier later.
        about: one line of prose about it, from the document; not trusted.
        json: the JSON body, in which a `FromEnv` or a `Text` may stand for any value; None for none.
        form: the body as a form, likewise.
        notes: lines for the reader of the scenario.
        think_s: how long the user waits before it, in seconds.
    """

    method: str
    paths: tuple[Text, ...]
    name: str
    function: str
    weight: int = 1
    about: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    json: Any = None
    form: dict[str, Any] | None = None
    tags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    think_s: float = 0.0
    follow_redirects: bool = True
    each: bool = False

    @property
    def active(self) -> bool:
        """Whether it is driven by the files as they are written."""
        return not self.tags

    @property
    def endpoint(self) -> str:
        """Its name in reports and budgets."""
        return f"{self.method} {self.name}"

    def variables(self) -> Iterator[FromEnv]:
        """Every environment variable that it reads."""
        yield from (part for path in self.paths for part in path if isinstance(part, FromEnv))
        yield from _variables_in(self.json)
        yield from _variables_in(self.form)


@dataclass(frozen=True)
class Sketch:
    """A service: where it is, how it says that it is ready, and what can be asked of it.

    Attributes:
        title: what it calls itself; not trusted.
        url: its base URL, without a path; empty when the document does not say.
        calls: at least one.
        in_order: the calls are a session, one after the other; else independent tasks with weights.
        headers: sent with every request.
        notes: what the user should know, a sentence each.
    """

    title: str
    url: str
    calls: tuple[Call, ...]
    ready: str | None = None
    in_order: bool = False
    headers: dict[str, FromEnv] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def variables(self) -> tuple[FromEnv, ...]:
        """Every environment variable that the scenario reads, each once."""
        found = [*self.headers.values(), *(variable for call in self.calls for variable in call.variables())]
        return tuple(dict.fromkeys(found))

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags in use, each once."""
        return tuple(dict.fromkeys(tag for call in self.calls for tag in call.tags))


def _variables_in(value: Any) -> Iterator[FromEnv]:
    if isinstance(value, FromEnv):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _variables_in(item)
    elif isinstance(value, list | tuple):  # a tuple is a Text
        for item in value:
            yield from _variables_in(item)
