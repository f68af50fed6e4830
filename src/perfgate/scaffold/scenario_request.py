"""A call as the lines of a scenario that send it, and take from its answer what later calls send."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfgate.scaffold import names
from perfgate.scaffold.extraction import FROM_CLIENT
from perfgate.scaffold.literal import WIDTH, joined, literal, string

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.scaffold.sketch import Call, Extraction

_CLIENT_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(frozen=True)
class Scope:
    """Where in a scenario lines stand.

    Attributes:
        user: how the user is called there.
        ending: what is raised when an answer lacks what is needed.
    """

    user: str
    ending: str


IN_START = Scope("self", "StopUser")
IN_SESSION = Scope("self.user", "InterruptTaskSet")
IN_TASK = Scope("self", "RescheduleTask")


def request_lines(call: Call, indent: str, scope: Scope) -> Iterator[str]:
    """The request, or the requests, of a call.

    Args:
        call: what to send.
        indent: of each line.
        scope: where they stand.
    """
    inner = indent + "    "
    if len(call.paths) == 1:
        # A path that is too long for its line makes the request take several lines, and is laid out for those.
        line = joined(call.paths[0])
        short = len(line) + len(inner) < WIDTH
        yield from _client(call, line if short else joined(call.paths[0], inner, 1), indent, scope)
        return
    yield from _assigned_paths(call, indent)
    if call.each:
        yield f"{indent}for path in paths:"
        yield from _client(call, "path", inner, scope)
    else:
        yield from _client(call, "random.choice(paths)", indent, scope)


def _assigned_paths(call: Call, indent: str) -> Iterator[str]:
    line = f"{indent}paths = [{', '.join(joined(path) for path in call.paths)}]"
    if len(line) <= WIDTH:
        yield line
        return
    inner = indent + "    "
    yield f"{indent}paths = ["
    yield from (f"{inner}{joined(path, inner, 1)}," for path in call.paths)
    yield f"{indent}]"


def _client(call: Call, path: str, indent: str, scope: Scope) -> Iterator[str]:
    """The request itself, on one line or with an argument a line."""
    known = call.method in _CLIENT_METHODS
    caught = bool(call.extracts or call.login_path)
    opening, closing = ("with ", ") as response:") if caught else ("", ")")
    start = (
        f"{opening}self.client.{call.method.lower()}("
        if known
        else f"{opening}self.client.request({string(call.method)}, "
    )
    inner = indent + "    "
    arguments = [path] if path == string(call.name) else [path, "name=" + literal(call.name, inner, 6)]
    for keyword, value in (("headers", call.headers or None), ("json", call.json), ("data", call.form)):
        if value is not None:
            arguments.append(f"{keyword}=" + literal(value, inner, len(keyword) + 2))
    if not call.follow_redirects:
        arguments.append("allow_redirects=False")
    arguments += ["catch_response=True"] if caught else []
    line = f"{indent}{start}{', '.join(arguments)}{closing}"
    if len(line) <= WIDTH and "\n" not in line:
        yield line
    else:
        yield f"{indent}{start.rstrip()}"
        yield from (f"{inner}{argument}," for argument in arguments)
        yield f"{indent}{closing}"
    if caught:
        yield from _taken(call, inner, scope)


def _taken(call: Call, indent: str, scope: Scope) -> Iterator[str]:
    """What is made of the answer."""
    if call.login_path:
        told = "the login was refused" if scope is IN_START else "the login page came instead"
        yield f"{indent}if asks_to_sign_in(response, {string(call.login_path)}):"
        yield f"{indent}    response.failure({string(told)})"
        yield f"{indent}    raise {scope.ending}"
    if call.gives:
        yield f"{indent}# From the answer of {names.prose(call.endpoint)}, and sent by what follows."
    for extraction in call.extracts:
        yield from _extraction(extraction, indent, scope)


def _extraction(extraction: Extraction, indent: str, scope: Scope) -> Iterator[str]:
    origin = "self.client" if extraction.function in FROM_CLIENT else "response"
    arguments = ", ".join([origin, *(literal(argument) for argument in extraction.arguments)])
    if extraction.examples:
        kept = f"{scope.user}.{extraction.name}"
        yield f"{indent}{kept} = {extraction.function}({arguments}) or {kept}"
        return
    yield f"{indent}found = {extraction.function}({arguments})"
    kept = f"{scope.user}.{extraction.name} = " if extraction.kept else ""
    wanted = f"response, {string(extraction.name)}, found, {scope.ending}"
    line = f"{indent}{kept}needed({wanted})"
    if len(line) <= WIDTH:
        yield line
    else:
        yield from (f"{indent}{kept}needed(", f"{indent}    {wanted}", f"{indent})")
