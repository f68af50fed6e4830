"""Services: the `[services.NAME]` tables made into plan values, held against the loads, the hosts and the disk."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from perfgate.errors import HostNotAllowedError
from perfgate.plan.budget import CustomMetric
from perfgate.plan.findings import HOST_SLUG
from perfgate.plan.hosts import check_host, host_of
from perfgate.plan.limits import Scene, build_budget
from perfgate.plan.names import check_name
from perfgate.plan.plan import Load, Service
from perfgate.plan.units import shown
from perfgate.spelling import nearest

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfgate.plan.findings import Place
    from perfgate.plan.tables import MetricTable, ServiceTable

SCENARIO_MISSING = "scenario-missing"
PORT = "{port}"
_HTTP = ("http", "https")
_UNPRINTABLE = re.compile(r"[\s\x00-\x1f\x7f]")
_ONLY_WITH_COMMAND = ("env", "cwd", "setup", "stop_timeout")


@dataclass(frozen=True)
class Surroundings:
    """What a service is held against.

    Attributes:
        root: where relative paths start.
        allowed_hosts: as in `[gate]`; None when they could not be read, and so nothing can be held against them.
        known_loads: the names of all loads of the file, also of those that could not be read.
        loads: those that could be read.
        require_files: whether scenarios and folders must exist.
    """

    root: Path
    allowed_hosts: tuple[str, ...] | None
    known_loads: tuple[str, ...]
    loads: dict[str, Load]
    require_files: bool


def build_service(name: str, table: ServiceTable, place: Place, around: Surroundings) -> Service:
    """A service as a plan value; what is wrong is reported to `place`."""
    check_name(name, place)
    _check_url(table, place, around)
    _check_process(table, place, around)
    _check_scenario(table.scenario, place.at("scenario"), around)
    names = _load_names(table, place, around)
    loads = {load: around.loads[load] for load in names if load in around.loads}
    custom = {
        metric: _custom(metric, own, place.at("metrics", metric)) for metric, own in (table.metrics or {}).items()
    }
    scene = Scene(around.known_loads, loads, len(loads) == len(names), custom, starts=table.command is not None)
    return Service(
        name=name,
        url=table.url,
        scenario=around.root / table.scenario,
        scenario_text=table.scenario,
        loads=names,
        command=table.command,
        env=table.env or {},
        cwd=around.root / (table.cwd or "") if table.command is not None else None,
        setup=table.setup,
        ready=table.ready,
        ready_timeout_s=Service.ready_timeout_s if table.ready_timeout is None else table.ready_timeout,
        stop_timeout_s=Service.stop_timeout_s if table.stop_timeout is None else table.stop_timeout,
        user_classes=tuple(table.user_classes or ()),
        own_hosts=table.own_hosts,
        tags=tuple(table.tags or ()),
        exclude_tags=tuple(table.exclude_tags or ()),
        budget=build_budget(table, place, scene),
        metrics=custom,
        source=place.source,
    )


def _load_names(table: ServiceTable, place: Place, around: Surroundings) -> tuple[str, ...]:
    if table.loads is None:
        if not around.known_loads:
            place.wrong("there is no load to drive at this service", "add a table such as [loads.normal]")
        return around.known_loads
    for number, name in enumerate(table.loads):
        here = place.at("loads", number)
        if name not in around.known_loads:
            here.wrong(f"no load {shown(name)}", nearest(name, around.known_loads) or f"add [loads.{name}]")
        elif name in table.loads[:number]:
            here.wrong(f"load {shown(name)} is named twice", "remove one")
    return tuple(dict.fromkeys(table.loads))


def _check_url(table: ServiceTable, place: Place, around: Surroundings) -> None:
    here = place.at("url")
    url = table.url.replace(PORT, "1")  # any port will do to look at the rest
    problem = _url_problem(url)
    if problem:
        here.wrong(*problem)
        return
    _check_host(url, here, around)
    _check_port(table, here)
    _check_ready(table, place.at("ready"), around)


def _url_problem(url: str) -> tuple[str, str] | None:
    try:
        host_of(url)
        parts = urlsplit(url)
        port = parts.port  # raises when it is not a number up to 65535
    except ValueError as error:
        return f"not a usable URL: {error}", 'write e.g. "http://127.0.0.1:8000"'
    if parts.scheme not in _HTTP and port is None:  # which port it stands for is not known here
        return f"{shown(url)} has no port", f'write it, e.g. "{parts.scheme}://127.0.0.1:1883"'
    if _UNPRINTABLE.search(url):
        return "white space and control characters cannot stand in a URL", "write them as %20 and so on"
    if parts.username is not None:
        return "credentials do not belong into this file", "let the scenario read them from the environment"
    if parts.query or parts.fragment:
        return "a base URL has no query and no fragment", "end it with the path"
    return None


def _check_host(url: str, place: Place, around: Surroundings) -> None:
    if around.allowed_hosts is None:
        return
    try:
        check_host(url, around.allowed_hosts)
    except HostNotAllowedError as error:
        place.wrong(error.message, error.hint, slug=HOST_SLUG)


def _check_port(table: ServiceTable, place: Place) -> None:
    command = " ".join([*(table.command or ()), *(table.env or {}).values()])
    if table.command is None:
        if PORT in table.url:
            place.wrong(f"{PORT} is only known for a service that perfgate starts", "write the port, or add `command`")
        return
    if PORT not in table.url and urlsplit(table.url).port is None:
        place.wrong("with `command` the URL needs a port", f'write {PORT} for a free one: "http://127.0.0.1:{PORT}"')
    elif PORT in table.url and PORT not in command:
        place.wrong(f"neither `command` nor `env` has {PORT}, so the service cannot know it", f"add {PORT} to one")
    elif PORT in command and PORT not in table.url:
        place.wrong(f"`command` or `env` has {PORT}, but the URL has not", f'write "http://127.0.0.1:{PORT}"')


def _check_ready(table: ServiceTable, place: Place, around: Surroundings) -> None:
    if table.ready is None:
        return
    if _UNPRINTABLE.search(table.ready):
        place.wrong("white space and control characters cannot stand in a URL", "write them as %20 and so on")
        return
    if table.ready.startswith("/"):
        if not table.url.lower().startswith(("http://", "https://")):
            words = f"{shown(table.ready)} is a path, and the service's url is not http"
            place.wrong(words, 'write a whole URL such as "http://127.0.0.1:8000/health", or leave it out')
        return
    if not table.ready.lower().startswith(("http://", "https://")):
        place.wrong(f"{shown(table.ready)} is neither a path nor a URL", 'write e.g. "/health"')
        return
    _check_host(table.ready.replace(PORT, "1"), place, around)


def _check_process(table: ServiceTable, place: Place, around: Surroundings) -> None:
    if table.command is None:
        for key in sorted(table.model_fields_set.intersection(_ONLY_WITH_COMMAND)):
            place.at(key).wrong("only a service that perfgate starts has it", "add `command`, or remove it")
    for key, words in (("command", table.command), ("setup", table.setup)):
        if any("\0" in word for word in words or ()):
            place.at(key).wrong("a word of a command cannot hold a null character", "remove it")
    for name, value in (table.env or {}).items():
        if not name or "=" in name or "\0" in name + value:
            place.at("env", name).wrong("not a usable environment variable", 'write NAME = "value"')
    if table.cwd is not None and around.require_files and not _is_there(around.root / table.cwd, Path.is_dir):
        place.at("cwd").wrong(f"no folder {shown(table.cwd)}", f"it is looked for in {around.root}")


def _check_scenario(text: str, place: Place, around: Surroundings) -> None:
    path = around.root / text
    if not around.require_files or _is_there(path, Path.is_file):
        return
    folder = _folder_of(text, is_folder=_is_there(path, Path.is_dir))
    inside = around.root / folder
    names = sorted(found.name for found in inside.glob("*.py")) if _is_there(inside, Path.is_dir) else []
    hint = nearest(text, [folder + name for name in names])
    place.wrong(
        f"no scenario {shown(text)}",
        hint or f"it is looked for at {path}; `perfgate init` writes one",
        slug=SCENARIO_MISSING,
    )


def _folder_of(text: str, *, is_folder: bool) -> str:
    """The folder that a scenario's path, as written, leads into; empty, or with a slash at its end."""
    if is_folder:
        return "" if text in {".", "./"} else f"{text.rstrip('/')}/"
    return text[: text.rfind("/") + 1]


def _is_there(path: Path, check: Callable[[Path], bool]) -> bool:
    """Whether a file or folder is there; a path that the system cannot even look up is not."""
    try:
        return check(path)
    except (OSError, ValueError):  # a name that is too long, a null character
        return False


def _custom(name: str, table: MetricTable, place: Place) -> CustomMetric:
    check_name(name, place)
    if table.header and table.json_field:
        place.at("json").wrong("a metric is read from a header or from JSON, not both", "remove one of them")
    if table.endpoint and not (table.header or table.json_field):
        place.at("endpoint").wrong("only a metric with `header` or `json` has it", "add one of them, or remove it")
    return CustomMetric(
        name=name,
        unit=table.unit or "",
        better=table.better or "lower",
        header=table.header,
        json_field=table.json_field,
        endpoint=table.endpoint,
    )
