"""The scenario: a sketch as an ordinary Locust file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.scaffold import names
from perfgate.scaffold.extraction import modules_of, parts_of_url_of, source_of
from perfgate.scaffold.literal import literal, string
from perfgate.scaffold.scenario_request import IN_SESSION, IN_START, IN_TASK, Scope, request_lines
from perfgate.scaffold.sketch import SAFE_METHODS, UNANSWERED, WRITES, Call, Extracted, Sketch

if TYPE_CHECKING:
    from collections.abc import Iterator


def scenario_source(sketch: Sketch, service: str, source: str) -> str:
    """The text of `scenarios/<service>.py`.

    Args:
        sketch: what to drive.
        service: the service's name.
        source: what the sketch was made from, for the reader.
    """
    helpers = _helpers(sketch)
    blocks = [_head(service, source), _imports(sketch, helpers), _variables(sketch), helpers, _user(sketch, service)]
    return "\n".join(block for block in blocks if block) + "\n"


def _head(service: str, source: str) -> str:
    return (
        f'"""Load scenario of {service}.\n\n'
        f"Made by `perfgate init` from {names.prose(source, 60)}; yours to edit.\n"
        '"""\n\nfrom __future__ import annotations\n'
    )


def _helpers(sketch: Sketch) -> str:
    """The functions that take values from answers; no more of them than are used."""
    extractions = [extraction for call in sketch.sent for extraction in call.extracts]
    wanted = {extraction.function for extraction in extractions}
    wanted |= {"needed"} if any(not extraction.examples for extraction in extractions) else set()
    wanted |= {"asks_to_sign_in"} if any(call.login_path for call in sketch.sent) else set()
    return f"\n{source_of(wanted)}" if wanted else ""


def _imports(sketch: Sketch, helpers: str) -> str:
    used = {part.how for call in sketch.sent for part in call.parts if isinstance(part, Extracted)}
    wanted = {
        "html": "html" in modules_of(helpers),
        "os": bool(sketch.variables),
        "random": "random.choice" in used or any(len(call.paths) > 1 and not call.each for call in sketch.sent),
        "re": "re" in modules_of(helpers),
        "time": any(call.think_s for call in sketch.calls),
    }
    modules = [f"import {module}" for module, needed in wanted.items() if needed]
    modules += ["from typing import Any"] if helpers else []
    url = sorted({*parts_of_url_of(helpers), *(used & {"quote", "quote_plus", "unquote"})})
    modules += [f"from urllib.parse import {', '.join(url)}"] if url else []
    locust = ["FastHttpUser", "SequentialTaskSet", "constant"] if sketch.in_order else ["FastHttpUser", "between"]
    locust += ["tag"] * bool(sketch.tags) + ["task"]
    exceptions = [f"from locust.exception import {', '.join(raised)}"] if (raised := _raised(sketch)) else []
    return "\n".join([*modules, *([""] if modules else []), f"from locust import {', '.join(locust)}", *exceptions, ""])


def _raised(sketch: Sketch) -> list[str]:
    """The exceptions that end a session, a task or a user when an answer lacks what is needed."""
    later = [each for call in sketch.calls for each in (call, *call.then)]
    raised = [(IN_SESSION if sketch.in_order else IN_TASK).ending] * any(map(_may_end, later))
    return raised + [IN_START.ending] * any(map(_may_end, sketch.start))


def _may_end(call: Call) -> bool:
    return bool(call.login_path) or any(not extraction.examples for extraction in call.extracts)


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


def _start(sketch: Sketch) -> Iterator[str]:
    """What each user does once."""
    asked = [
        function
        for call, function in _named(sketch)
        if call.active and any(extraction.examples for extraction in call.extracts)
    ]
    if not sketch.start and not asked:
        return
    yield ""
    yield "    def on_start(self) -> None:"
    does = [*["signs in"] * bool(sketch.start), *["asks which ids there are"] * bool(asked)]
    yield f'        """Once for each user: {" and ".join(does)}."""'
    for call in sketch.start:
        yield from request_lines(call, "        ", IN_START)
    for function in asked:
        yield f"        self.{function}()"


def _visit(sketch: Sketch) -> Iterator[str]:
    yield "    wait_time = between(0.1, 0.5)  # seconds between two tasks of a user"
    for extraction in (extraction for call in sketch.calls for extraction in call.extracts if extraction.examples):
        held = literal(list(extraction.examples), "    ", len(extraction.name) + 4)
        comma = "," if len(extraction.examples) == 1 and "\n" not in held else ""
        yield "    # Until an answer has told others:"
        yield f"    {extraction.name} = ({held[1:-1]}{comma})"
    yield from _start(sketch)
    for call, function in _named(sketch):
        yield ""
        yield from _task(call, function, "    ", IN_TASK)


def _session(sketch: Sketch) -> Iterator[str]:
    yield "    wait_time = constant(0)  # the think times stand in the tasks, as they were recorded"
    yield from _start(sketch)
    yield ""
    yield "    @task"
    yield "    class Session(SequentialTaskSet):"
    yield '        """The recorded requests, in their order."""'
    for call, function in _named(sketch):
        yield ""
        yield from _task(call, function, "        ", IN_SESSION)


def _named(sketch: Sketch) -> Iterator[tuple[Call, str]]:
    functions = names.unique(names.identifier(call.function) for call in sketch.calls)
    return zip(sketch.calls, functions, strict=True)


def _task(call: Call, function: str, indent: str, scope: Scope) -> Iterator[str]:
    for note in _notes(call):
        yield f"{indent}# {note}"
    if call.tags:
        yield f"{indent}@tag({', '.join(string(tag) for tag in call.tags)})"
    yield f"{indent}@task({call.weight})" if scope is IN_TASK else f"{indent}@task"
    yield f"{indent}def {function}(self) -> None:"
    body = indent + "    "
    about = names.prose(call.about)
    if about:
        yield f'{body}"""{about.rstrip(".")}."""'
    if call.think_s:
        yield f"{body}time.sleep({call.think_s:g})  # seconds of thinking before it"
    for each in (call, *call.then):
        yield from request_lines(each, body, scope)


def _notes(call: Call) -> Iterator[str]:
    if WRITES in call.tags:
        why = "Needs the answer of what changes data" if call.method in SAFE_METHODS else "Changes data"
        yield f"{why}, so it is not driven until exclude_tags in budgets.toml lets it."
    if UNANSWERED in call.tags:
        yield "Not driven yet: put values that the service knows, then remove its tag."
    yield from (names.prose(note) for note in call.notes)
