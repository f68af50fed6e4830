"""The budgets file as a recording keeps it: what judging needs, without what nobody else should read.

Values of `env`, words of commands after the first, credentials in URLs and comments are taken out; lines stay where
they were, so that each limit is still found where it stands.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tomllib
from typing import TYPE_CHECKING

from perfgate.plan.locate import strings_and_comments

if TYPE_CHECKING:
    from pathlib import Path

    from perfgate.plan.plan import Service

HIDDEN = "***"
_PORT = "{port}"
_CREDENTIALS = re.compile(r"(?<=//)[^/?#@\s]*@")
_TELLING = re.compile(
    r"(?i)([?&;][^=&;#]*(?:token|key|secret|passw|pwd|auth|sig|session|sid|code|credential|jwt|otp)[^=&;#]*=)[^&;#\s]*"
)
_COMMANDS = frozenset({"command", "setup"})


def without_secrets(text: str) -> str:
    """The text of a budgets file, valid TOML, without secrets; it says the same about every limit, load and service."""
    parts, at = [], 0
    strings, comments = strings_and_comments(text)
    changes = [(start, end, _shown(path, text[start:end])) for path, start, end in strings]
    changes += [(start, end, "#") for start, end in comments]
    for start, end, new in sorted(changes):
        parts += [text[at:start], new]
        at = end
    return "".join([*parts, text[at:]])


def _shown(path: tuple[str | int, ...], literal: str) -> str:
    value = str(tomllib.loads(f"value = {literal}")["value"])
    shown = _hidden(path, value)
    if shown == value:
        return literal
    lines = literal.count("\n")
    return json.dumps(shown, ensure_ascii=False) if not lines else f'"""{shown}' + "\n" * lines + '"""'


def _hidden(path: tuple[str | int, ...], value: str) -> str:
    port = _PORT if _PORT in value else ""
    if path[0] == "services" and "env" in path[2:]:
        return HIDDEN + port
    if path[0] == "services" and len(path) > 2 and path[2] in _COMMANDS:
        if isinstance(path[-1], int) and path[-1]:
            return HIDDEN + port
        first, *rest = value.split() if not isinstance(path[-1], int) else [value]
        named = first if not re.search(r"[=@]", first) else HIDDEN
        return f"{named} {HIDDEN}{port}" if rest else named
    return _TELLING.sub(rf"\1{HIDDEN}", _CREDENTIALS.sub(f"{HIDDEN}@", value))


def configuration_digest(service: Service, root: Path) -> str:
    """How a service is started and asked, in short: a recording keeps no secrets, and so not the values themselves.

    Args:
        service: as planned.
        root: the folder of the budgets; paths count as seen from there, which is elsewhere in every job.
    """
    values = {
        "command": service.command,
        "env": service.env,
        "cwd": os.path.relpath(service.cwd, root) if service.cwd else None,
        "ready": service.ready,
        "url": service.url,
        "user_classes": service.user_classes,
        **({} if service.own_hosts is None else {"own_hosts": service.own_hosts}),
        "tags": service.tags,
        "exclude_tags": service.exclude_tags,
    }
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]
