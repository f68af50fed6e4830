"""The text of a new `budgets.toml`, with comments that teach the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import tomlkit

from perfgate.scaffold import names
from perfgate.scaffold.editor import DIRECTIVE
from perfgate.scaffold.first_load import RAMP_UP_S, USERS
from perfgate.scaffold.sketch import UNANSWERED, WRITES, Sketch

if TYPE_CHECKING:
    from tomlkit.items import InlineTable, Table

    from perfgate.scaffold.proposal import Proposal, Proposed

_MORE_LOADS = """
More loads: remove the "# " and name them in `loads` of a service.
[loads.peak]                  # open model: arrivals do not wait for answers
rate = "100/s"
ramp_up = "15s"
duration = "60s"

[loads.stress]                # climbs until it breaks, and reports the capacity
users = [20, 50, 100, 200]
step = "20s"
stop_when = { error_rate = "5%" }

[loads.spike]                 # a sudden burst, and how long it takes to recover
users = 20
spike_users = 200
spike_at = "20s"
spike_duration = "10s"
duration = "60s"
"""


@dataclass(frozen=True)
class ServiceEntry:
    """What is written about the service besides its budgets.

    Attributes:
        source: what the file was made from, for the reader.
        url: with `{port}` when `command` takes a free port.
        scenario: the path, relative to the file.
        url_note: a comment on the URL.
    """

    name: str
    source: str
    url: str
    scenario: str
    allowed_hosts: tuple[str, ...]
    command: str | None = None
    url_note: str = ""


def budgets_text(entry: ServiceEntry, sketch: Sketch, proposal: Proposal) -> str:
    """The whole file."""
    document = tomlkit.document()
    source = names.prose(entry.source, 60)
    for line in (
        f"What is put under load, how, and how fast it has to be. Made by `perfgate init` from {source}.",
        "It is yours to edit:",
        "`perfgate doctor` checks it, `perfgate explain` shows which limit applies where, `perfgate run` drives it.",
    ):
        document.add(tomlkit.comment(line))
    document.add("version", tomlkit.item(1))
    document.add(tomlkit.nl())
    document.add("gate", _gate(entry))
    loads = tomlkit.table(is_super_table=True)
    loads.add("normal", _normal(proposal.load_s))
    document.add("loads", loads)
    services = tomlkit.table(is_super_table=True)
    services.add(entry.name, _service(entry, sketch, proposal))
    document.add("services", services)
    return f"{DIRECTIVE}\n" + tomlkit.dumps(document).rstrip("\n") + "\n"


def _gate(entry: ServiceEntry) -> Table:
    table = tomlkit.table()
    table.add(tomlkit.comment("Requests to any other host are refused before a byte is sent."))
    table.add("allowed_hosts", list(entry.allowed_hosts))
    table.add(tomlkit.nl())
    return table


def _normal(load_s: int) -> Table:
    table = tomlkit.table()
    table.add("users", USERS)
    table["users"].comment("closed model: each user waits for its answer, thinks, and asks again")
    table.add("ramp_up", f"{RAMP_UP_S}s")
    table["ramp_up"].comment("recorded, but not judged")
    table.add("duration", f"{load_s}s")
    table["duration"].comment("with the ramp; the longer, the surer is a p99")
    for line in _MORE_LOADS.splitlines():
        table.add(tomlkit.comment(line) if line else tomlkit.nl())
    table.add(tomlkit.nl())
    return table


def _service(entry: ServiceEntry, sketch: Sketch, proposal: Proposal) -> Table:
    table = tomlkit.table()
    if entry.command:
        table.add(tomlkit.comment("perfgate starts it, waits until it is ready, and always stops it."))
        table.add("command", entry.command)
    else:
        table.add(tomlkit.comment('command = "..."   # with it perfgate starts the service; {port} is a free port'))
    table.add("url", entry.url)
    if entry.url_note:
        table["url"].comment(names.prose(entry.url_note, 120))
    _add_ready(table, sketch)
    for variable in sketch.variables:
        table.add(tomlkit.comment(f"The scenario reads {variable.variable} from the environment."))
    table.add("scenario", entry.scenario)
    table.add("loads", ["normal"])
    _add_tags(table, sketch)
    table.add(tomlkit.nl())
    table.add("budget", _budget(proposal))
    _add_endpoints(table, proposal)
    return table


def _add_ready(table: Table, sketch: Sketch) -> None:
    if sketch.ready:
        table.add("ready", sketch.ready)
        table["ready"].comment("answers below 400 once the service is ready")
    else:
        table.add(tomlkit.comment('ready = "/health"   # without it, accepting a connection is enough'))


def _add_tags(table: Table, sketch: Sketch) -> None:
    if not sketch.tags:
        return
    if WRITES in sketch.tags:
        table.add(
            tomlkit.comment("Tasks that change data are not driven; to drive them too, remove it from this list.")
        )
    if UNANSWERED in sketch.tags:
        table.add(tomlkit.comment("Tasks whose example values the service did not know wait for better ones."))
    table.add("exclude_tags", list(sketch.tags))


def _budget(proposal: Proposal) -> Table:
    table = tomlkit.table()
    table.add(tomlkit.comment(f"{proposal.origin}."))
    table.add(tomlkit.comment("Past `warn` a run is a warning, past `fail` it is red (exit code 1)."))
    table.add(
        tomlkit.comment("They are generous: `perfgate compare` finds a change of 10 %; tighten them as you learn.")
    )
    _add_limits(table, proposal.limits)
    for hint in proposal.hints:
        behind = f"   # {hint.about}" if hint.about else ""
        table.add(tomlkit.comment(f'{hint.metric} = "{hint.limit}"{behind}'))
    table.add(tomlkit.nl())
    return table


def _add_endpoints(table: Table, proposal: Proposal) -> None:
    endpoints = tomlkit.table(is_super_table=True)
    for name, limits in proposal.endpoints.items():
        budget = tomlkit.table()
        _add_limits(budget, limits)
        budget.add(tomlkit.nl())
        endpoint = tomlkit.table(is_super_table=True)
        endpoint.add("budget", budget)
        endpoints.add(name, endpoint)
    if proposal.endpoints:
        table.add("endpoints", endpoints)


def _add_limits(table: Table, limits: tuple[Proposed, ...]) -> None:
    for limit in limits:
        table.add(limit.metric, _tiers(limit) if limit.warn else limit.limit)
        if limit.about:
            table[limit.metric].comment(limit.about)


def _tiers(limit: Proposed) -> InlineTable:
    tiers = tomlkit.inline_table()
    tiers.update({"warn": limit.warn, "fail": limit.limit})
    return tiers
