"""The runs with which a run is compared: the nearest comparable ones, and never red, dirty or foreign ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from perfgate.baseline.choose import Chosen, choose
from perfgate.baseline.event import Event
from perfgate.baseline.history import Past, Subject, history
from perfgate.baseline.store import open_store
from perfgate.errors import BaselineError
from tests.baseline.entries import ELSEWHERE, HERE, PIN, entry
from tests.baseline.repositories import Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from perfgate.baseline.store import Store

SUBJECT = Subject("catalog", "normal", HERE)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """main with five commits."""
    made = Project(tmp_path / "project")
    made.commits(5)
    return made


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    opened = open_store("sqlite:///history.db", tmp_path)
    yield opened
    opened.close()


def _keep(store: Store, project: Project, *runs: tuple[str, dict[str, Any]]) -> None:
    """Runs `run-0`, `run-1`, ... of revisions."""
    store.add(
        [
            entry(number, **{"commit": project.git("rev-parse", revision), **fields})
            for number, (revision, fields) in enumerate(runs)
        ]
    )


def _recordings(past: Past) -> list[str]:
    return [one.recording for one in past.entries]


def _refused(store: Store, chosen: Chosen) -> BaselineError:
    with pytest.raises(BaselineError) as caught:
        history(store, chosen, SUBJECT)
    return caught.value


def test_the_nearest_ancestor_with_a_comparable_run_is_found(store: Store, project: Project) -> None:
    """It says how far it walked."""
    _keep(store, project, ("main~4", {}), ("main~3", {}), ("main~2", {"fingerprint": ELSEWHERE}), ("main", {}))
    past = history(store, choose(project.folder, "main~1"), SUBJECT)
    assert _recordings(past) == ["run-1", "run-0"]
    assert (past.commit, past.walked) == (project.git("rev-parse", "main~3"), 2)
    assert "2 commits back" in past.detail


def test_nearest_means_along_the_commits_not_in_time(store: Store, project: Project) -> None:
    """An old commit that was measured again today is still far away; of one commit the newest run comes first."""
    _keep(store, project, ("main", {}), ("main", {}), ("main~1", {}), ("main~4", {}))
    past = history(store, choose(project.folder, "main"), SUBJECT)
    assert _recordings(past) == ["run-1", "run-0", "run-2", "run-3"]
    assert past.walked == 0
    assert _recordings(history(store, choose(project.folder, "main"), SUBJECT, limit=3)) == ["run-1", "run-0", "run-2"]


def test_runs_of_the_branch_after_the_change_left_do_not_count(store: Store, project: Project) -> None:
    """If main became faster since, the change is not slower for it."""
    project.git("switch", "--quiet", "--create", "faster", "main~2")
    project.commit("the change")
    _keep(store, project, ("main~3", {}), ("main~2", {}), ("main~1", {}), ("main", {}))
    past = history(store, choose(project.folder, "merge-base"), SUBJECT)
    assert _recordings(past) == ["run-1", "run-0"]


@pytest.mark.parametrize(
    "fields", [{"verdict": "fail"}, {"verdict": "invalid"}, {"dirty": True}, {"load": "peak"}, {"service": "checkout"}]
)
def test_what_may_not_be_a_baseline_is_passed_over(store: Store, project: Project, fields: dict[str, Any]) -> None:
    """Red runs, dirty trees, and whatever is something else."""
    _keep(store, project, ("main~1", {}), ("main", fields))
    assert _recordings(history(store, choose(project.folder, "main"), SUBJECT)) == ["run-0"]


def test_a_red_run_that_was_promoted_counts(store: Store, project: Project) -> None:
    """Somebody said so, by name."""
    _keep(store, project, ("main~1", {}), ("main", {"verdict": "fail", "pin": PIN}))
    assert _recordings(history(store, choose(project.folder, "main"), SUBJECT)) == ["run-1", "run-0"]


def test_runs_of_other_branches_and_of_pull_requests_do_not_count(store: Store, project: Project) -> None:
    """Not even those of a fork's branch that is called main; but those of commits that came into main do."""
    project.git("switch", "--quiet", "--create", "other")
    project.commit("elsewhere")
    _keep(
        store,
        project,
        ("main", {"branch": "faster", "pull_request": "11"}),
        ("other", {"branch": "other"}),
        ("other", {"branch": "main", "pull_request": "12"}),
        ("other", {"branch": None}),
    )
    assert _recordings(history(store, choose(project.folder, "main", branch="main"), SUBJECT)) == ["run-0"]


def test_runs_of_a_branch_that_was_rewritten_fill_up_what_is_missing(store: Store, project: Project) -> None:
    """Their commits are unknown now, but they were main; the words say so."""
    lost = project.head()
    project.git("reset", "--quiet", "--hard", "main~1")
    project.commit("instead")
    clone = project.clone(project.with_origin(), "clone")
    _keep(store, project, (lost, {}), ("main~1", {}), ("main", {}))
    past = history(store, choose(clone.folder, "main"), SUBJECT)
    assert _recordings(past) == ["run-2", "run-1", "run-0"]
    assert "1 run of main at commits unknown here (the branch was rewritten)" in past.detail
    assert _recordings(history(store, choose(clone.folder, "main"), SUBJECT, limit=2)) == ["run-2", "run-1"]


def test_in_a_shallow_clone_a_push_to_main_is_compared_by_branch_and_time(store: Store, project: Project) -> None:
    """The usual checkout of one commit is enough for it."""
    clone = project.clone(project.with_origin(), "shallow", "--depth=1")
    _keep(store, project, ("main~2", {}), ("main~1", {}), ("main", {"branch": "faster"}))
    event = Event("GitHub push", head=project.head(), target="main", branch="main")
    past = history(store, choose(clone.folder, "merge-base", event=event), SUBJECT)
    assert _recordings(past) == ["run-1", "run-0"]
    assert past.commit == project.git("rev-parse", "main~1")


def test_in_a_shallow_clone_later_runs_of_unknown_commits_do_not_count(store: Store, project: Project) -> None:
    """They may be of commits that came after what was chosen."""
    clone = project.clone(project.with_origin(), "shallow", "--depth=2")
    project.commit("a later one, which the clone does not know")
    made = float(project.git("show", "--no-patch", "--format=%ct", "main~2"))
    _keep(store, project, ("main~4", {"recorded_at": made - 60}), ("main", {"recorded_at": made + 3600}))
    past = history(store, choose(clone.folder, "HEAD~1"), SUBJECT)
    assert _recordings(past) == ["run-0"]
    assert "the clone is shallow" in past.detail
    store.drop([past.entries[0].id])
    assert "fetch-depth: 0" in _refused(store, choose(clone.folder, "HEAD~1")).hint


def test_without_a_repository_the_latest_of_a_branch_is_found_by_time(store: Store, tmp_path: Path) -> None:
    """Runs of no commit at all too."""
    store.add([entry(1), entry(2, commit=None), entry(3, branch="other")])
    assert _recordings(history(store, choose(tmp_path, "latest", branch="main"), SUBJECT)) == ["run-2", "run-1"]


def test_promoted_runs_are_found_with_others_of_their_commit(store: Store, project: Project) -> None:
    """And nothing else: a promotion is where counting begins."""
    _keep(
        store,
        project,
        ("main~2", {"pin": PIN, "verdict": "fail"}),
        ("main~2", {}),
        ("main~2", {"verdict": "fail"}),
        ("main~2", {"pull_request": "12"}),
        ("main~1", {}),
    )
    past = history(store, choose(project.folder, "pinned"), SUBJECT)
    assert _recordings(past) == ["run-0", "run-1"]
    assert past.commit == project.git("rev-parse", "main~2")
    assert "promoted by ada: released as 1.0" in past.detail


@pytest.mark.parametrize("choice", ["main", "latest", "pinned"])
def test_when_only_incomparable_runs_are_there_the_difference_is_named(
    store: Store, project: Project, choice: str
) -> None:
    """Refused, not compared after all."""
    _keep(store, project, ("main", {"fingerprint": ELSEWHERE, "pin": PIN}))
    error = _refused(store, choose(project.folder, choice))
    assert error.slug == "baseline-differs"
    assert "machine: Apple M2, 8 CPUs, Darwin -> AMD EPYC 7763, 2 CPUs, Linux" in error.message
    assert "load" not in error.message.partition("differ:")[2]


def test_when_nothing_is_there_it_says_what_to_do(store: Store, project: Project) -> None:
    """Unrelated history is none."""
    _keep(store, project, ("main", {"service": "checkout", "pin": PIN}))
    error = _refused(store, choose(project.folder, "main"))
    assert (error.slug, error.hint) == ("no-baseline", "run perfgate on main first")
    assert "catalog/normal" in error.message
    assert "promote" in _refused(store, choose(project.folder, "pinned")).hint


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"verdict": "fail"}, "the verdict is fail"),
        ({"dirty": True}, "dirty"),
        ({}, "a later one than what was chosen"),
    ],
)
def test_when_no_run_may_be_a_baseline_it_says_why(
    store: Store, project: Project, fields: dict[str, Any], why: str
) -> None:
    """The latest one is named."""
    _keep(store, project, ("main", fields))
    choice = "main" if fields else "main~1"
    error = _refused(store, choose(project.folder, choice, branch="main"))
    assert error.slug == "no-baseline"
    assert "run-0" in error.message
    assert why in error.message


def test_a_long_way_back_is_walked(store: Store, tmp_path: Path) -> None:
    """A thousand commits without a run."""
    line = tuple(f"{number:040x}" for number in range(2_000))
    store.add([entry(1_500)])
    past = history(store, Chosen("main", line[0], "main", line), SUBJECT)
    assert (past.commit, past.walked) == (line[1_500], 1_500)


def test_newer_runs_do_not_hide_those_that_count(store: Store) -> None:
    """However many of them there are; without a line they are all that is known of the branch."""
    newer = frozenset(f"{number:040x}" for number in range(10, 60))
    store.add([entry(number) for number in range(60)])
    store.add([entry(30, recording=f"again-{number}") for number in range(100)])
    past = history(store, Chosen("main", None, "main", newer=newer), SUBJECT, limit=8)
    assert _recordings(past) == [f"run-{number}" for number in range(9, 1, -1)]
