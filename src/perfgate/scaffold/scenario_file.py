"""The scenario: a sketch as an ordinary Locust file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.scaffold import names
from perfgate.scaffold.literal import WIDTH, joined, literal, string
from perfgate.scaffold.sketch import UNANSWERED, WRITES, Call, Sketch

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLIENT_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def scenario_source(sketch: Sketch, service: str, source: str) -> str:
    """The text of `scenarios/<service>.py`.

    Args:
        sketch: what to drive.
        service: the service's name.
        source: what the sketch was made from, for the reader.
    """
    blocks = [_head(service, source), _imports(sketch), _variables(sketch), _user(sketch, service)]
    return "\n".join(block for block in blocks if block) + "\n"


def _head(service: str, source: str) -> str:
    return (
        f'"""Load scenario of {service}.\n\n'
        f"Made by `perfgate init` from {names.prose(source, 60)}; yours to edit.\n"
        '"""\n\nfrom __future__ import annotations\n'
    )


def _imports(sketch: Sketch) -> str:
    wanted = {
        "os": bool(sketch.variables),
        "random": any(len(call.paths) > 1 and not call.each for call in sketch.calls),
        "time": any(call.think_s for call in sketch.calls),
    }
    modules = [f"import {module}" for module, needed in wanted.items() if needed]
    locust = ["FastHttpUser", "SequentialTaskSet", "constant"] if sketch.in_order else ["FastHttpUser", "between"]
    locust += ["tag"] * bool(sketch.tags) + ["task"]
    return "\n".join([*modules, *([""] if modules else []), f"from locust import {', '.join(locust)}", ""])


def _variables(sketch: Sketch) -> str:
    if not sketch.variables:
        return ""
    lines = ["# Values that must not stand in a file: set these environment variables before the run."]
    for variable in sketch.variables:
        lines.append(f"# {names.prose(variable.about).rstrip('.')}.")
        lines.append(f'{variable.variable} = os.environ.get("{variable.variable}", "")')
    if sketch.headers:
        lines += ["", "# Sent with every request; those that are not set are left out.", *_headers(sketch)]
    return "\n".join(lines) + "\n"


def _headers(sketch: Sketch) -> Iterator[str]:
    yield "HEADERS = {"
    yield "    name: value"
    yield "    for name, value in {"
    for name, variable in sketch.headers.items():
        yield f"        {string(name)}: {variable.variable},"
    yield "    }.items()"
    yield "    if value"
    yield "}"


def _user(sketch: Sketch, service: str) -> str:
    head = ["", f"class {names.class_name(service)}(FastHttpUser):"]
    if sketch.headers:
        head.append("    default_headers = HEADERS")
    return "\n".join([*head, *(_session(sketch) if sketch.in_order else _visit(sketch))])


def _visit(sketch: Sketch) -> Iterator[str]:
    yield "    wait_time = between(0.1, 0.5)  # seconds between two tasks of a user"
    for call, function in _named(sketch):
        yield ""
        yield from _task(call, function, "    ")


def _session(sketch: Sketch) -> Iterator[str]:
    yield "    wait_time = constant(0)  # the think times stand in the tasks, as they were recorded"
    yield ""
    yield "    @task"
    yield "    class Session(SequentialTaskSet):"
    yield '        """The recorded requests, in their order."""'
    for call, function in _named(sketch):
        yield ""
        yield from _task(call, function, "        ", weighted=False)


def _named(sketch: Sketch) -> Iterator[tuple[Call, str]]:
    functions = names.unique(names.identifier(call.function) for call in sketch.calls)
    return zip(sketch.calls, functions, strict=True)


def _task(call: Call, function: str, indent: str, *, weighted: bool = True) -> Iterator[str]:
    for note in _notes(call):
        yield f"{indent}# {note}"
    if call.tags:
        yield f"{indent}@tag({', '.join(string(tag) for tag in call.tags)})"
    yield f"{indent}@task({call.weight})" if weighted else f"{indent}@task"
    yield f"{indent}def {function}(self) -> None:"
    body = indent + "    "
    about = names.prose(call.about)
    if about:
        yield f'{body}"""{about.rstrip(".")}."""'
    if call.think_s:
        yield f"{body}time.sleep({call.think_s:g})  # seconds of thinking before it"
    yield from _request(call, body)


def _notes(call: Call) -> Iterator[str]:
    if WRITES in call.tags:
        yield "Changes data, so it is not driven until exclude_tags in budgets.toml lets it."
    if UNANSWERED in call.tags:
        yield "Not driven yet: put values that the service knows, then remove its tag."
    yield from (names.prose(note) for note in call.notes)


def _request(call: Call, indent: str) -> Iterator[str]:
    inner = indent + "    "
    if len(call.paths) == 1:
        # A path that is too long for its line makes the request take several lines, and is laid out for those.
        line = joined(call.paths[0])
        short = len(line) + len(inner) < WIDTH
        yield from _client(call, line if short else joined(call.paths[0], inner, 1), indent)
        return
    yield from _assigned_paths(call, indent)
    if call.each:
        yield f"{indent}for path in paths:"
        yield from _client(call, "path", inner)
    else:
        yield from _client(call, "random.choice(paths)", indent)


def _assigned_paths(call: Call, indent: str) -> Iterator[str]:
    line = f"{indent}paths = [{', '.join(joined(path) for path in call.paths)}]"
    if len(line) <= WIDTH:
        yield line
        return
    inner = indent + "    "
    yield f"{indent}paths = ["
    yield from (f"{inner}{joined(path, inner, 1)}," for path in call.paths)
    yield f"{indent}]"


def _client(call: Call, path: str, indent: str) -> Iterator[str]:
    """The request itself, on one line or with an argument a line."""
    known = call.method in _CLIENT_METHODS
    start = f"self.client.{call.method.lower()}(" if known else f"self.client.request({string(call.method)}, "
    inner = indent + "    "
    arguments = [path] if path == string(call.name) else [path, "name=" + literal(call.name, inner, 6)]
    for keyword, value in (("headers", call.headers or None), ("json", call.json), ("data", call.form)):
        if value is not None:
            arguments.append(f"{keyword}=" + literal(value, inner, len(keyword) + 2))
    if not call.follow_redirects:
        arguments.append("allow_redirects=False")
    line = f"{indent}{start}{', '.join(arguments)})"
    if len(line) <= WIDTH and "\n" not in line:
        yield line
        return
    yield f"{indent}{start.rstrip()}"
    yield from (f"{inner}{argument}," for argument in arguments)
    yield f"{indent})"
