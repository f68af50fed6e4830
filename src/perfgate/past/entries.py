"""From a run that was judged to what the history keeps of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from perfgate.baseline.entry import Entry, entry_id, pack
from perfgate.baseline.fingerprint import UNKNOWN, Work, fingerprint_of
from perfgate.baseline.origin import recording_id
from perfgate.judge.verdict import verdict_of
from perfgate.past.figures import figures_of, sound_runs

if TYPE_CHECKING:
    from perfgate.baseline.fingerprint import Fingerprint
    from perfgate.judge.result import Result, RunResult, Verdict
    from perfgate.judging import RunTimes
    from perfgate.measure.manifest import Manifest
    from perfgate.plan.plan import Load, Plan, Service


def entries_of(result: Result, manifest: Manifest, plan: Plan, times: RunTimes) -> list[Entry]:
    """One entry for each run that was driven to its end and can be trusted; none when the work was stopped.

    Args:
        result: judged, with its comparison when there was one.
        manifest: of the recording.
        plan: what was driven.
        times: response times by run, phase and endpoint; see `judging.judge`.
    """
    if manifest.stopped or manifest.ended_at is None:
        return []
    return [_entry(run, result, manifest, plan, times) for run in sound_runs(result)]


def _entry(run: RunResult, result: Result, manifest: Manifest, plan: Plan, times: RunTimes) -> Entry:
    revision, origin = result.revision, manifest.origin
    recording = recording_id(manifest.id, manifest.started_at, revision.commit, origin)
    return Entry(
        id=entry_id(recording, run.service, run.load),
        recording=recording,
        kind="load",
        service=run.service,
        load=run.load,
        recorded_at=manifest.started_at,
        verdict=own_verdict(run),
        fingerprint=fingerprint(plan.services[run.service], plan.loads[run.load], manifest, plan),
        commit=revision.commit,
        branch=revision.branch or origin.get("branch"),
        dirty=revision.dirty,
        pull_request=origin.get("pull_request"),
        control_ms=result.control.median_ms if result.control else None,
        values=figures_of(run),
        packed=pack(times.get((run.service, run.load), {}).get(run.judged_phase or "", {})),
    )


def own_verdict(run: RunResult) -> Verdict:
    """The run's verdict but for a history that was required and missing: else none would ever begin."""
    return verdict_of(
        (check.status for check in run.checks if (check.kind, check.status) != ("history", "invalid")), sound=run.sound
    )


def fingerprint(service: Service, load: Load, manifest: Manifest, plan: Plan) -> Fingerprint:
    """What another run has to share with this one to be compared with it."""
    return fingerprint_of(
        Work(
            scenario=manifest.scenarios.get(service.name, UNKNOWN),
            load=load.name,
            definition=_definition(load, plan),
            service={"digest": manifest.configurations.get(service.name, UNKNOWN)},
            environment=manifest.environment,
            seed=manifest.seed,
            scale=manifest.scale,
        )
    )


def _definition(load: Load, plan: Plan) -> dict[str, Any]:
    """Everything that shapes the load; beside other services it is another one."""
    beside = [service.name for service in plan.services.values() if load.name in service.loads]
    together = {"together": sorted(beside)} if plan.gate.together and len(beside) > 1 else {}
    return {**asdict(load), **together}
