"""Names for generated code: whatever a document holds becomes an identifier, a variable or harmless prose."""

from __future__ import annotations

import keyword
import re
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# What locust.FastHttpUser and locust.SequentialTaskSet use themselves; a task of that name would break the class.
# Written down because locust must not be imported here; a test compares it with the installed one.
_LOCUST = (
    "abstract client client_pool concurrency connection_timeout context default_headers environment execute_next_task "
    "execute_task fixed_count fullname get_next_task greenlet group host insecure interrupt json locust_task_weight "
    "max_redirects max_retries max_wait min_wait network_timeout on_start on_stop parent proxy_host proxy_port rest "
    "rest_ run schedule_task ssl_context_factory start stop tasks user wait wait_function wait_time weight"
)
RESERVED = frozenset(_LOCUST.split())
_SHADOWED = frozenset({"locust", "gevent", "perfgate", "locustfile"})
_LONGEST = 40


def words(text: str) -> list[str]:
    """The ASCII words of a text in lower case; `camelCase` is two words."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text[:1000])
    return re.findall(r"[a-z0-9]+", split.lower())


def identifier(text: str, otherwise: str = "call") -> str:
    """A Python identifier in snake case that is no keyword and no name that Locust uses itself."""
    name = "_".join(words(text))[:_LONGEST].strip("_") or otherwise
    if name[0].isdigit():
        name = f"{otherwise}_{name}"
    return f"{otherwise}_{name}" if keyword.iskeyword(name) or name in RESERVED else name


def unique(names: Iterable[str]) -> list[str]:
    """The same names in the same order, later ones numbered where they repeat."""
    taken: set[str] = set()
    result: list[str] = []
    for name in names:
        candidate, number = name, 1
        while candidate in taken:
            number += 1
            candidate = f"{name}_{number}"
        taken.add(candidate)
        result.append(candidate)
    return result


def service_name(*wanted: str) -> str:
    """The name of a service in `budgets.toml`: from the first text that holds a letter, else `service`."""
    found = (identifier(text, "service") for text in wanted if re.search("[A-Za-z]", text))
    return next(found, "service")[:30].strip("_")


def scenario_stem(service: str) -> str:
    """The scenario's file name without `.py`.

    Locust puts the scenario's folder in front of the import path, so a file called `random.py` would replace Python's
    own module.
    """
    shadows = service in _SHADOWED or service in sys.stdlib_module_names
    return f"{service}_scenario" if shadows else service


def class_name(service: str) -> str:
    """The name of the scenario's User class."""
    name = "".join(word.capitalize() for word in words(service)) or "Service"
    name = f"Service{name}" if name[0].isdigit() or name in {"FastHttp", "Http"} else name
    return f"{name}User"


def variable(prefix: str, label: str) -> str:
    """The name of an environment variable, e.g. `SHOP_API_KEY`."""
    return identifier(f"{prefix} {label}", "service").upper()


def prose(text: str, longest: int = 90) -> str:
    """Foreign text made harmless for a comment or docstring: one line of printable text without quotes or backslashes.

    Nothing in it can end a string or a line, or be read as an instruction to a tool (`# noqa`, `# type:`).
    """
    line = " ".join(text[:2000].split())
    safe = "".join(char for char in line if char.isprintable() and char not in "\"'\\#`")
    return safe if len(safe) <= longest else f"{safe[: longest - 3].rstrip()}..."


def endpoint_name(path: str) -> str:
    """A path as it may stand in reports: printable, without white space at its ends, of bounded length."""
    shown = "".join(char if char.isprintable() else "?" for char in path).strip()
    return shown[:200] or "/"
