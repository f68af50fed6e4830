"""What a shell may put behind `--service` and `--load`: the names in the budgets file.

It answers each time Tab is pressed, so it reads the file as TOML and no further, and a file that cannot be read has no
names: the command itself says what is wrong with it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import click

BUDGETS = "budgets.toml"
PROGRAM = "perfgate"
COMPLETING = "_PERFGATE_COMPLETE"  # the variable in which click's scripts ask
# As `plan.tables.NAME_PATTERN`, whose module costs a third of a second: what is no name is not sent to a shell.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")


def service_names(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The services of the file that begin so."""
    return _beginning(_table(_document(ctx), "services"), incomplete)


def load_names(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The loads of the file that begin so; of the services that were chosen, where any were."""
    document = _document(ctx)
    services, chosen = _table(document, "services"), _chosen(ctx)
    if not chosen:
        return _beginning(_table(document, "loads"), incomplete)
    listed = [_table(services, name).get("loads") for name in chosen]
    return _beginning([load for loads in listed if isinstance(loads, list) for load in loads], incomplete)


def _chosen(ctx: click.Context) -> list[str]:
    """The services before the cursor, of the option that takes several and of the one that takes one."""
    given = ctx.params.get("services") or ctx.params.get("service") or ()
    return [given] if isinstance(given, str) else [name for name in given if isinstance(name, str)]


def _document(ctx: click.Context) -> dict[str, Any]:
    import tomllib

    from perfgate.reading import LARGEST_SOURCE, read_bytes

    try:
        path = Path(ctx.params.get("budgets") or BUDGETS).expanduser()
        return tomllib.loads(read_bytes(path, LARGEST_SOURCE).decode("utf-8-sig"))
    except (OSError, ValueError, RuntimeError):  # RecursionError too, and a `~user` that there is not
        return {}


def _table(document: dict[str, Any], name: str) -> dict[str, Any]:
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def _beginning(names: Any, incomplete: str) -> list[str]:
    fit = [name for name in names if isinstance(name, str) and _NAME.fullmatch(name) and name.startswith(incomplete)]
    return list(dict.fromkeys(fit))
