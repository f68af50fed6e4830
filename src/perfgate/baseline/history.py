"""The runs with which a run is compared: the nearest comparable ones of the baseline's line of commits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from perfgate.baseline.branches import by_branch, listed
from perfgate.baseline.choose import PINNED
from perfgate.baseline.fingerprint import TOOL_VERSION
from perfgate.baseline.repository import FETCH_ALL
from perfgate.baseline.store import Wanted
from perfgate.errors import BaselineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.baseline.choose import Chosen
    from perfgate.baseline.entry import Entry, Kind
    from perfgate.baseline.fingerprint import Fingerprint
    from perfgate.baseline.store import Store

_FIRST_STRETCH = 50  # commits; each further stretch is four times as long
_MOST_STRAYS = 5_000  # runs of the branch among which those of unknown commits are looked for
_LOOKED_AT = 1_000  # commits among which a run that differs is looked for, to say in what


@dataclass(frozen=True)
class Subject:
    """The run that is to be compared: of what, and what has to be the same."""

    service: str
    load: str
    fingerprint: Fingerprint
    kind: Kind = "load"


@dataclass(frozen=True)
class Past:
    """What a run is compared with.

    Attributes:
        entries: comparable runs, nearest first; never empty.
        commit: of the nearest one; None when it was recorded outside a repository.
        walked: how many commits lie between the chosen commit and that one.
        branch: whose runs these are.
        detail: what was chosen and how far it was walked, in words.
    """

    entries: tuple[Entry, ...]
    commit: str | None
    walked: int
    branch: str | None
    detail: str


def history(store: Store, chosen: Chosen, subject: Subject, limit: int = 50) -> Past:
    """The last comparable runs of what was chosen, at most `limit`.

    Runs of the line's commits count, whoever recorded them; of commits that the line does not tell of, those that were
    recorded on the branch itself, and not for a pull request. Red runs and those of dirty trees never count, unless
    they were promoted.

    Raises:
        BaselineError: there is none (slug `no-baseline`), or the only ones differ, and in what (`baseline-differs`).
        StorageError: the store cannot be read.
    """
    wanted = Wanted(
        service=subject.service,
        load=subject.load,
        kind=subject.kind,
        fingerprint=subject.fingerprint.digest,
        eligible=True,
    )
    past = (
        _promoted(store, wanted, chosen, limit) if chosen.choice == PINNED else _on_line(store, wanted, chosen, limit)
    )
    if past is None:
        raise _refusal(store, chosen, subject)
    return past


def _promoted(store: Store, wanted: Wanted, chosen: Chosen, limit: int) -> Past | None:
    """The promoted runs, and others of the same commits."""
    pinned = store.find(replace(wanted, pinned=True, limit=limit))
    if not pinned:
        return None
    commits = {entry.commit for entry in pinned if entry.commit}
    others = store.find(replace(wanted, pinned=False, commits=commits, own=True)) if commits else []
    nearest = pinned[0]
    promotion = f", promoted by {nearest.pin.by}: {nearest.pin.reason}" if nearest.pin else ""
    return Past((*pinned, *others)[:limit], nearest.commit, 0, nearest.branch, f"{chosen.detail}{promotion}")


def _on_line(store: Store, wanted: Wanted, chosen: Chosen, limit: int) -> Past | None:
    found = _of_line(store, wanted, chosen, limit)
    strays = _strays(store, wanted, chosen, limit - len(found)) if len(found) < limit and chosen.branch else []
    if not found and not strays:
        return None
    nearest = (found or strays)[0].commit
    walked = chosen.line.index(nearest) if found and nearest else 0
    return Past((*found, *strays), nearest, walked, chosen.branch, _words(chosen, walked, len(strays)))


def _of_line(store: Store, wanted: Wanted, chosen: Chosen, limit: int) -> list[Entry]:
    found: list[Entry] = []
    for stretch in _stretches(chosen.line):
        place = {commit: number for number, commit in enumerate(stretch)}
        entries = store.find(replace(wanted, commits=stretch))
        found += sorted(entries, key=lambda entry: place[entry.commit or ""])  # stable: the newest of a commit first
        if len(found) >= limit:
            break
    return found[:limit]


def _stretches(line: Sequence[str]) -> Iterator[Sequence[str]]:
    start, length = 0, _FIRST_STRETCH
    while start < len(line):
        yield line[start : start + length]
        start, length = start + length, length * 4


def _strays(store: Store, wanted: Wanted, chosen: Chosen, count: int) -> list[Entry]:
    """Runs that were recorded on the branch, of commits of which the line does not tell."""
    told = {*chosen.line, *chosen.newer}
    size = count
    while True:
        size = min(size * 4, _MOST_STRAYS)
        found = store.find(replace(wanted, branch=chosen.branch, own=True, until=chosen.committed_at, limit=size))
        strays = [entry for entry in found if entry.commit not in told]
        if len(strays) >= count or len(found) < size or size == _MOST_STRAYS:
            return strays[:count]


def _words(chosen: Chosen, walked: int, strays: int) -> str:
    parts = [chosen.detail]
    if walked:
        parts.append(f"the nearest comparable run is {walked} commit{'' if walked == 1 else 's'} back")
    if strays and chosen.line:
        why = "the clone is shallow" if chosen.shallow else "the branch was rewritten"
        parts.append(f"{strays} run{'' if strays == 1 else 's'} of {chosen.branch} at commits unknown here ({why})")
    return "; ".join(parts)


def _refusal(store: Store, chosen: Chosen, subject: Subject) -> BaselineError:
    """Why there is nothing to compare with: a run that differs, or that may not be a baseline, is named."""
    name = f"{subject.service}/{subject.load}"
    seen = Wanted(service=subject.service, load=subject.load, kind=subject.kind, limit=1)
    other = _latest(store, replace(seen, eligible=True), chosen)
    differences = other.fingerprint.differences(subject.fingerprint) if other else []
    changed = next((one for one in differences if one.name == TOOL_VERSION), None)
    if other and changed and subject.kind == "benchmarks":
        rest = [str(one) for one in differences if one is not changed]
        return BaselineError(
            f"a new series begins, because {subject.service} changed from {changed.before} to {changed.after}"
            f"{'; so did ' + '; '.join(rest) if rest else ''}",
            place=f"run {other.recording}",
            hint="what a tool measures under one name may differ from release to release; the next runs compare with "
            "this one",
            slug="baseline-differs",
        )
    if other and differences:
        return BaselineError(
            f"the only runs of {name} to compare with differ: {'; '.join(map(str, differences))}",
            place=f"run {other.recording}",
            hint="runs compare only with the same work on the same machine: run the baseline anew as it is now",
            slug="baseline-differs",
        )
    unfit = other or _latest(store, seen, chosen)
    if unfit is None:
        advice = f"run perfgate on {chosen.branch or 'the baseline branch'} first"
        hint = "promote one: perfgate baseline promote" if chosen.choice == PINNED else advice
        message = f"there is no run of {name} to compare with"
        others = store.find(replace(seen, limit=_MOST_STRAYS))
        if others and chosen.choice != PINNED:
            hint += f"; elsewhere: {listed(by_branch(others))}: branch in [gate] says whose count"
    else:
        hint = "run it again there, or promote one: perfgate baseline promote"
        message = f"no run of {name} can be a baseline; of the latest, {unfit.recording}, {_unfit_words(unfit)}"
    if chosen.shallow and chosen.choice != PINNED:
        hint += f"; the clone is shallow, so there may be one: {FETCH_ALL}"
    return BaselineError(message, place=chosen.detail, hint=hint, slug="no-baseline")


def _unfit_words(entry: Entry) -> str:
    if entry.eligible:
        return "the commit is a later one than what was chosen"
    return "the work tree was dirty" if entry.dirty else f"the verdict is {entry.verdict}"


def _latest(store: Store, seen: Wanted, chosen: Chosen) -> Entry | None:
    """The latest run of the line, else of the branch."""
    if chosen.choice == PINNED:
        found = store.find(replace(seen, pinned=True))
    else:
        found = store.find(replace(seen, commits=chosen.line[:_LOOKED_AT])) if chosen.line else []
        found = found or (store.find(replace(seen, branch=chosen.branch, own=True)) if chosen.branch else [])
    return found[0] if found else None
