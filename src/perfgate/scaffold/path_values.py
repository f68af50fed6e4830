"""Values in the paths of calls: which part a parameter is, what stands there, and another in its place."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import unquote

from perfgate.scaffold.sketch import Call, Extracted, Part, Text, merged

PLAIN = re.compile(r"[\w.~-]{1,60}")


def parameters_of(path: str) -> list[str]:
    """The names of the templated parts of a path."""
    return re.findall(r"\{([^{}]+)\}", path)


def position_of(call: Call, parameter: str) -> int | None:
    """Which part of a call's path a parameter is; None where it is no part of its own."""
    parts = call.name.split("/")
    path = "".join(part if isinstance(part, str) else "x" for part in call.paths[0]).partition("?")[0]
    return (
        parts.index(f"{{{parameter}}}") if f"{{{parameter}}}" in parts and path.count("/") + 1 == len(parts) else None
    )


def values_at(call: Call, parameter: str) -> tuple[str, ...]:
    """What is filled in for a parameter in the paths of a call; nothing where that cannot be told apart."""
    position = position_of(call, parameter)
    firsts = [path[0] for path in call.paths]
    parts = [first.partition("?")[0].split("/") for first in firsts if isinstance(first, str)]
    values = [unquote(part[position]) for part in parts if position is not None and position < len(part)]
    return tuple(dict.fromkeys(values)) if len(values) == len(firsts) and all(map(PLAIN.fullmatch, values)) else ()


def filled_in(call: Call, parameter: str, value: Extracted) -> Call:
    """The call with a value in the place of a parameter of its path."""
    position = position_of(call, parameter)
    return call if position is None else replace(call, paths=(_put(call.paths[0], position, value),))


def _put(path: Text, position: int, value: Extracted) -> Text:
    parts: list[Part] = []
    passed = 0
    done = False
    for part in path:
        if done or not isinstance(part, str):
            parts.append(part)
            continue
        way, mark, query = part.partition("?")
        segments = way.split("/")
        inside = position - passed
        if inside < len(segments):
            before, after = "/".join([*segments[:inside], ""]), "/".join(["", *segments[inside + 1 :]])
            parts += [before, value, f"{after}{mark}{query}"]
            done = True
        else:
            parts.append(part)
        passed += len(segments) - 1
    return merged(part for part in parts if part != "")
