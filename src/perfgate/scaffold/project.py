"""`perfgate init`: writes `budgets.toml` and a scenario for a service, and asks nothing that it can find out."""

from __future__ import annotations

import os
import re
import shlex
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from perfgate.errors import PerfgateError, StoppedError, StorageError, UsageError
from perfgate.plan.budgets_file import parse_plan
from perfgate.plan.hosts import check_entry, check_host, host_of, is_allowed
from perfgate.plan.plan import Gate, Service
from perfgate.reading import LARGEST_SOURCE, read_bytes
from perfgate.scaffold import names
from perfgate.scaffold.budgets_text import ServiceEntry, budgets_text
from perfgate.scaffold.client import Client, origin_of
from perfgate.scaffold.editor import SCHEMA, schema_text
from perfgate.scaffold.flows import settled, told, with_writes
from perfgate.scaffold.journeys import with_journeys
from perfgate.scaffold.origin import DEFAULT_URL, Origin, origin_for, silence, sketch_of_document, sketch_of_service
from perfgate.scaffold.probe import Probe
from perfgate.scaffold.proposal import Proposal, never_answered, proposed_from, unanswered, unmeasured
from perfgate.scaffold.scenario_file import scenario_source
from perfgate.scaffold.sketch import SAFE_METHODS, UNANSWERED, WRITES, Sketch
from perfgate.scaffold.spread import Measurement
from perfgate.scaffold.survey import Survey, without_ready
from perfgate.target.service import start

BUDGETS = "budgets.toml"
SCENARIOS = "scenarios"
_PORT = "{port}"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_LOOPBACK = ("127.0.0.1", "localhost")

Measure = Callable[[Path], Measurement]


@dataclass(frozen=True)
class InitOptions:
    """What `perfgate init` may be told.

    Attributes:
        out: the folder to write to.
        name: the service's name; else the document's title, the host or the folder says it.
        command: how to start the service; perfgate starts it to look at it, and stops it again.
        ready: the path that answers once the service is ready; else the usual ones are tried.
        url: where the service of a document runs.
        measure: drive a short load to propose budgets.
        force: overwrite files.
        yes: a host that is not this machine may be measured too.
        writes: drive what changes data too, except for what deletes; for services whose data may be thrown away.
        allow_hosts: hosts that may be contacted besides this machine; they are written into `allowed_hosts`.
    """

    out: Path = Path()
    name: str | None = None
    command: str | None = None
    ready: str | None = None
    url: str | None = None
    measure: bool = True
    force: bool = False
    yes: bool = False
    writes: bool = False
    allow_hosts: tuple[str, ...] = ()


@dataclass(frozen=True)
class InitReport:
    """What was written.

    Attributes:
        written: the files.
        service: its name in `budgets.toml`.
        tasks: how many tasks the scenario has.
        active: how many of them are driven.
        measured: whether the budgets come from a measurement.
        notes: what the user should know, a sentence each.
        next_command: what to type next, after what is to be done before it.
    """

    written: tuple[Path, ...]
    service: str
    tasks: int
    active: int
    measured: bool
    notes: tuple[str, ...]
    next_command: str


def init(
    target: str | None,
    options: InitOptions,
    measure: Measure | None = None,
    environ: Mapping[str, str] = os.environ,
) -> InitReport:
    """Write `budgets.toml` and `scenarios/<name>.py` for a service.

    Args:
        target: a URL, an OpenAPI document or a HAR file; None takes an OpenAPI document in `options.out`, else
            `http://127.0.0.1:8000`.
        options: see there.
        measure: drives a short load as the `budgets.toml` at a path says; None measures nothing.
        environ: where secrets that the service wants are read from while it is looked at.

    Raises:
        UsageError: `exists` when a file would be overwritten, `target`, `document`, `openapi`, `openapi-extra`, `har`.
        HostNotAllowedError: the host of TARGET, of `options.url` or of `options.ready` is not allowed.
        BudgetsError: an option cannot stand in `budgets.toml`.
        ServiceError: `options.command` does not start the service.
        StorageError: the files cannot be written.
    """
    allowed = _allowed_hosts(options)
    _check_name(options)
    _refuse_existing([options.out / BUDGETS], force=options.force)
    origin = origin_for(target, options.out)
    if target is None and origin.url and options.command is not None:
        origin = replace(origin, shown="a running service")
    return _Writer(origin, options, allowed, environ).write(measure)


def _allowed_hosts(options: InitOptions) -> tuple[str, ...]:
    for host in options.allow_hosts:
        try:
            check_entry(host)
        except ValueError as error:
            raise UsageError(
                f"{host!r}: {error}", place="--allow-host", hint="name a host such as staging.example.com"
            ) from error
    return tuple(dict.fromkeys([*Gate().allowed_hosts, *options.allow_hosts]))


def _check_name(options: InitOptions) -> None:
    if options.name is not None and not _NAME.fullmatch(options.name):
        raise UsageError(
            f"{options.name[:80]!r} is no name of a service",
            place="--name",
            hint="use letters, digits, `_`, `-` and `.`, at most 64, beginning with a letter or digit",
        )


def _refuse_existing(paths: list[Path], *, force: bool) -> None:
    for path in paths:
        if path.exists() and not force:
            raise UsageError(
                "the file exists already",
                place=str(path),
                hint="overwrite it with --force, or write elsewhere with --out",
                slug="exists",
            )


def _other_than(path: Path, text: str) -> list[Path]:
    """The path, unless what lies there is what would be written."""
    try:
        return [] if read_bytes(path, LARGEST_SOURCE) == text.encode() else [path]
    except OSError:
        return [path]


class _Writer:
    """One `perfgate init`, from its origin to the files."""

    def __init__(
        self, origin: Origin, options: InitOptions, allowed: tuple[str, ...], environ: Mapping[str, str]
    ) -> None:
        self._origin = origin
        self._options = options
        self._allowed = allowed
        self._environ = environ
        if options.url is not None:
            check_host(options.url, allowed, place="--url")
        if origin.url:
            _check_target(origin.url, allowed)

    def write(self, measure: Measure | None) -> InitReport:
        sketch = self._sketch()
        entry = self._entry(sketch)
        budgets, scenario = self._options.out / BUDGETS, self._options.out / entry.scenario
        schema = self._options.out / SCHEMA
        _refuse_existing([budgets, scenario, *_other_than(schema, schema_text())], force=self._options.force)
        generous = unmeasured(own_process=self._options.command is not None)
        self._write_files(entry, sketch, generous, budgets, scenario)
        _write(schema, schema_text())
        proposal, refused = self._proposal(budgets, entry, sketch, measure)
        if refused:  # what is left is driven once more: without them the load is another
            sketch = without_unanswered(sketch, refused)
            self._write_files(entry, sketch, generous, budgets, scenario)
            proposal, _ = self._proposal(budgets, entry, sketch, measure)
        _write(budgets, budgets_text(entry, sketch, proposal))
        return self._report(entry, sketch, proposal, (budgets, scenario, schema))

    def _write_files(
        self, entry: ServiceEntry, sketch: Sketch, proposal: Proposal, budgets: Path, scenario: Path
    ) -> None:
        text = budgets_text(entry, sketch, proposal)
        parse_plan(text, budgets, require_files=False)  # what cannot be read back (a strange --ready) is not written
        _write(scenario, scenario_source(sketch, entry.name, self._origin.shown))
        _write(budgets, text)

    def _sketch(self) -> Sketch:
        with self._client() as client:
            sketch = self._raw_sketch(client)
            sketch = with_writes(sketch) if self._options.writes else sketch
            sketch = replace(sketch, ready=self._options.ready or sketch.ready)
            sketch = without_ready(sketch, sketch.ready)
            # A recorded session is left as it was: single requests out of it prove nothing.
            if client is not None and not sketch.in_order:
                sketch = Probe(client, self._environ).checked(sketch)
            return with_journeys(sketch)

    def _raw_sketch(self, client: Client | None) -> Sketch:
        if self._origin.document is None and client is not None:
            return sketch_of_service(client, self._origin, self._name)
        sketch = sketch_of_document(self._origin, self._name)
        if client is None:
            return sketch
        survey = Survey(client)
        notes = sketch.notes if survey.front else (*sketch.notes, silence(client))
        return replace(sketch, ready=survey.ready(), notes=notes)

    @contextmanager
    def _client(self) -> Iterator[Client | None]:
        """The service to look at: started with the command, or where the user says that it runs; else none."""
        if self._options.command is not None:
            _make(self._options.out)
            with tempfile.TemporaryDirectory() as folder, start(self._service(), Path(folder)) as running:
                yield Client(running.url, self._allowed)
        else:
            url = self._options.url or self._origin.url
            yield Client(url, self._allowed) if url else None

    def _service(self) -> Service:
        """The service as it can be started before anything is known about it."""
        return Service(
            name=self._options.name or "service",
            url=self._url(self._options.url or self._origin.url or DEFAULT_URL),
            scenario=Path(),
            scenario_text="",
            loads=(),
            command=_words(self._options.command or ""),
            cwd=self._options.out,
            ready=self._options.ready,
            source="--command",
        )

    def _url(self, url: str) -> str:
        """The base URL as written to the file: with a free port where the command takes one."""
        origin = origin_of(url)
        if _PORT not in (self._options.command or ""):
            return origin
        parts = urlsplit(origin)
        host = parts.netloc.removesuffix(f":{parts.port}") if parts.port else parts.netloc
        return f"{parts.scheme}://{host}:{_PORT}"

    def _name(self, title: str) -> str:
        host = urlsplit(self._origin.url).hostname or ""
        remote = "" if not host or is_allowed(host, _LOOPBACK) or host == "localhost" else host.split(".")[0]
        return self._options.name or names.service_name(title, remote, self._options.out.resolve().name)

    def _entry(self, sketch: Sketch) -> ServiceEntry:
        name = self._name(sketch.title)
        url, note = self._base_url(sketch)
        return ServiceEntry(
            name=name,
            source=self._origin.shown,
            url=self._url(url),
            scenario=f"{SCENARIOS}/{names.scenario_stem(names.identifier(name, 'service'))}.py",
            allowed_hosts=self._allowed,
            command=self._options.command,
            url_note=note,
        )

    def _base_url(self, sketch: Sketch) -> tuple[str, str]:
        """Where the service is, and a comment on that when the document named a host that may not be put under load."""
        told = self._options.url or self._origin.url or (self._options.command and DEFAULT_URL)
        if told:
            return told, ""
        try:
            check_host(sketch.url, self._allowed)
            return origin_of(sketch.url), ""
        except UsageError:
            named = f"; the document names {sketch.url}" if sketch.url else ""
            return DEFAULT_URL, f"write here where the service runs{named}"

    def _proposal(
        self, budgets: Path, entry: ServiceEntry, sketch: Sketch, measure: Measure | None
    ) -> tuple[Proposal, dict[str, str]]:
        """What is proposed, and the endpoints that never answered, with what came instead."""
        own_process = self._options.command is not None
        if measure is None or not self._options.measure:
            return unmeasured(own_process=own_process), {}
        if reason := self._why_unmeasured(entry, sketch):
            return unmeasured(reason, own_process=own_process), {}
        try:
            measured = measure(budgets)
        except StoppedError:
            raise
        except PerfgateError as error:
            return unmeasured(f"the measurement could not be made: {error}", own_process=own_process), {}
        proposal = proposed_from(measured, entry.name, own_process=own_process)
        refused = never_answered(measured, entry.name)
        if failed := [call.endpoint for call in sketch.start if call.endpoint in refused]:
            return replace(proposal, notes=(*proposal.notes, _about_login(sketch, failed, refused))), {}
        return proposal, unanswered(measured, entry.name)

    def _why_unmeasured(self, entry: ServiceEntry, sketch: Sketch) -> str:
        """Why no load may be driven now, a sentence; empty when it may."""
        if not any(call.active for call in sketch.calls):
            return "no task is active, so nothing was measured: see exclude_tags in budgets.toml"
        if self._options.command is not None:
            return ""
        url = self._options.url or self._origin.url or (sketch.url if sketch.in_order else "")
        # Servers that an OpenAPI document names are never contacted: the user did not name them.
        if not url or origin_of(url) != entry.url:
            return f"nothing was measured: give --url or --command when the service does not run at {entry.url}"
        if not is_allowed(host_of(url), _LOOPBACK) and host_of(url) != "localhost" and not self._options.yes:
            return f"nothing was measured, since {host_of(url)} is not this machine: --yes lets 10 s of load be driven"
        return ""

    def _report(self, entry: ServiceEntry, sketch: Sketch, proposal: Proposal, written: tuple[Path, ...]) -> InitReport:
        writes = sum(WRITES in call.tags for call in sketch.calls)
        change = "task changes data and is" if writes == 1 else "tasks change data and are"
        about_writes = (f"{writes} {change} not driven: see exclude_tags in {BUDGETS}",)
        driven = sum(call.active and call.method not in SAFE_METHODS for call in sketch.calls)
        change = "task that changes data is" if driven == 1 else "tasks that change data are"
        about_driven = (f"{driven} {change} driven: use a service whose data may be thrown away",)
        budgets = written[0]
        here = budgets.resolve().parent == Path.cwd()
        run = "perfgate run" if here else f"perfgate run --budgets {shlex.quote(str(budgets))}"
        return InitReport(
            written=written,
            service=entry.name,
            tasks=len(sketch.calls),
            active=sum(call.active for call in sketch.calls),
            measured=proposal.measured,
            notes=(
                *sketch.notes,
                *told(sketch),
                *_about_calls(sketch),
                *(about_writes if writes else ()),
                *(about_driven if driven else ()),
                *proposal.notes,
            ),
            next_command=self._before_run(sketch, written[1]) + run,
        )

    def _before_run(self, sketch: Sketch, scenario: Path) -> str:
        """What is to be done before the first run, which would only say so; empty when nothing is."""
        unset = [one.variable for one in sketch.variables if not self._environ.get(one.variable)]
        steps = [f"set {', '.join(unset)} in the environment"] if unset else []
        if not any(call.active for call in sketch.calls):
            steps.append(f"make a task of {scenario} work and take its tag off")
        return f"{', then '.join(steps)}, then: " if steps else ""


def without_unanswered(sketch: Sketch, refused: Mapping[str, str]) -> Sketch:
    """The sketch with the calls of endpoints that never answered set aside; `refused` says what came instead."""
    calls = []
    for call in sketch.calls:
        then = tuple(each for each in call.then if each.endpoint not in refused)
        notes = [
            f"No request to {each.endpoint} succeeded ({refused[each.endpoint]}), so it was left out of what follows."
            for each in call.then
            if each.endpoint in refused
        ]
        if call.active and call.endpoint in refused:
            notes = [f"No request to {call.endpoint} succeeded ({refused[call.endpoint]})."]
        tags = (UNANSWERED,) if call.active and call.endpoint in refused else ()
        calls.append(replace(call, tags=(*call.tags, *tags), then=then, notes=(*call.notes, *notes)))
    return settled(replace(sketch, calls=tuple(calls)))


def _about_login(sketch: Sketch, failed: list[str], refused: Mapping[str, str]) -> str:
    """Why nothing could be driven, and what to do about it."""
    wanted = dict.fromkeys(variable.variable for call in sketch.start for variable in call.variables)
    hint = f"set {', '.join(wanted)} in the environment and repeat this with --force" if wanted else "see the scenario"
    return f"no user could sign in: {failed[0]} failed ({refused[failed[0]]}): {hint}"


def _about_calls(sketch: Sketch) -> Iterator[str]:
    for call in sketch.calls:
        if call.tags and WRITES not in call.tags:
            yield f"{call.endpoint} is not driven yet: {' '.join(call.notes)}"
    for variable in sketch.variables:
        yield f"set {variable.variable} in the environment: {variable.about}"


def _check_target(url: str, allowed: tuple[str, ...]) -> None:
    """The refusal speaks of the option that mends it; there is no `budgets.toml` yet."""
    try:
        check_host(url, allowed, place="TARGET")
    except UsageError as error:
        error.hint = f"if it may be contacted and put under load, add --allow-host {urlsplit(url).hostname}"
        raise


def _words(command: str) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(command))
    except ValueError as error:
        raise UsageError(
            f"the command cannot be split into words: {error}", place="--command", hint="close the quotation mark"
        ) from error
    if not words:
        raise UsageError("the command is empty", place="--command", hint="write how the service is started")
    return words


def _write(path: Path, text: str) -> None:
    _make(path.parent)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise _unwritable(path, error) from error


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"cannot be written: {error.strerror}", place=str(path), hint="choose another folder with --out"
    )
