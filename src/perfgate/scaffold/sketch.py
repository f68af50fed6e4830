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

    @property
    def expression(self) -> str:
        """Python that gives the value."""
        return self.variable


@dataclass(frozen=True)
class Extracted:
    """A value that an earlier answer has given, as a request sends it.

    Attributes:
        name: of the user's attribute that holds it.
        how: what is done with it: nothing, or `str`, `int`, `quote`, `quote_plus`, `unquote`, `random.choice`.
        within_user: it is written inside the User class itself, not in a task set of it.
    """

    name: str
    how: str = ""
    within_user: bool = False

    @property
    def expression(self) -> str:
        """Python that gives the value."""
        return f"{self.how}({self.held})" if self.how else self.held

    @property
    def formatted(self) -> str:
        """The same inside an f-string, where everything is made a text."""
        return self.held if self.how == "str" else self.expression

    @property
    def held(self) -> str:
        """The attribute that holds it."""
        return f"self.{self.name}" if self.within_user else f"self.user.{self.name}"


Part = str | FromEnv | Extracted
Text = tuple[Part, ...]  # its parts are joined


def merged(parts: Iterable[Part]) -> Text:
    """The same text with neighbouring strings joined."""
    result: list[Part] = []
    for part in parts:
        if result and isinstance(part, str) and isinstance(last := result[-1], str):
            result[-1] = last + part
        else:
            result.append(part)
    return tuple(result)


@dataclass(frozen=True)
class Extraction:
    """What a call's answer has to give, since later calls send it.

    Attributes:
        name: of the user's attribute; of a cookie that only has to be there, what to call it.
        function: of `extraction`.
        arguments: of that function.
        kept: it is kept under `name`; a cookie that the client sends by itself is not.
        examples: what is sent until an answer has given something; where there are any, the answer may give nothing.
    """

    name: str
    function: str
    arguments: tuple[str | int, ...]
    kept: bool = True
    examples: tuple[str | int, ...] = ()


@dataclass(frozen=True)
class Link:
    """What a document says about an answer: an operation that it leads to, and what that is sent of it.

    Attributes:
        target: the operation's id, or its method and templated path.
        parameters: by name, expressions such as `$response.body#/id`.
    """

    target: str
    parameters: dict[str, str]


@dataclass(frozen=True)
class Operation:
    """What an OpenAPI document says about a call, besides what is sent.

    Attributes:
        answer: an example of its JSON answer, or a real one; None for unknown.
        located: its answer says with `Location` where the thing is that it has made.
        bearer: it wants a token in the header `Authorization`.
        cookie: the cookie that it wants; empty for none.
        required: names of the fields that its body must have.
    """

    id: str = ""
    answer: Any = None
    located: bool = False
    bearer: bool = False
    cookie: str = ""
    required: frozenset[str] = frozenset()
    links: tuple[Link, ...] = ()


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
        extracts: what later calls need of its answer; without it the request counts as failed.
        operation: what its document says about it; None for none.
        then: what is sent right after it in the same task, with values of its answer.
        login_path: of a login, or what only those see who are signed in: where all others are led; empty for nowhere.
    """

    method: str
    paths: tuple[Text, ...]
    name: str
    function: str
    weight: int = 1
    about: str = ""
    headers: dict[str, str | Text] = field(default_factory=dict)
    json: Any = None
    form: dict[str, Any] | None = None
    tags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    think_s: float = 0.0
    follow_redirects: bool = True
    each: bool = False
    extracts: tuple[Extraction, ...] = ()
    login_path: str = ""
    operation: Operation | None = None
    then: tuple[Call, ...] = ()

    @property
    def active(self) -> bool:
        """Whether it is driven by the files as they are written."""
        return not self.tags

    @property
    def endpoint(self) -> str:
        """Its name in reports and budgets."""
        return f"{self.method} {self.name}"

    @property
    def parts(self) -> Iterator[FromEnv | Extracted]:
        """Every value that it sends and that does not stand in the file."""
        for held in (list(self.paths), self.headers, self.json, self.form):
            yield from _parts_of(held)

    @property
    def needs(self) -> set[str]:
        """The names of the values of earlier answers that it sends."""
        return {part.name for part in self.parts if isinstance(part, Extracted)}

    @property
    def gives(self) -> set[str]:
        """The names of the values that its answer gives."""
        return {extraction.name for extraction in self.extracts if extraction.kept}

    @property
    def variables(self) -> Iterator[FromEnv]:
        """Every environment variable that it reads, with what follows it."""
        return (part for call in (self, *self.then) for part in call.parts if isinstance(part, FromEnv))


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
        start: what each user sends once before everything else: a login, and what that needs.
    """

    title: str
    url: str
    calls: tuple[Call, ...]
    ready: str | None = None
    in_order: bool = False
    headers: dict[str, FromEnv] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    start: tuple[Call, ...] = ()

    @property
    def sent(self) -> tuple[Call, ...]:
        """Every call, those of the start and those that follow others included."""
        return (*self.start, *(each for call in self.calls for each in (call, *call.then)))

    @property
    def variables(self) -> tuple[FromEnv, ...]:
        """Every environment variable that the scenario reads, each once."""
        found = [*self.headers.values(), *(variable for call in self.sent for variable in call.variables)]
        return tuple(dict.fromkeys(found))

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags in use, each once."""
        return tuple(dict.fromkeys(tag for call in self.calls for tag in call.tags))


def _parts_of(value: Any) -> Iterator[FromEnv | Extracted]:
    if isinstance(value, FromEnv | Extracted):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _parts_of(item)
    elif isinstance(value, list | tuple):  # a tuple is a Text
        for item in value:
            yield from _parts_of(item)
