"""Which commit a change is measured against, in real repositories."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from perfgate.baseline.choose import Chosen, choose
from perfgate.baseline.event import Event, read_event
from perfgate.errors import BaselineError, PerfgateError, UsageError
from tests.baseline.repositories import Project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """main with three commits, and a branch `faster` that left it after the second, with two; main is checked out."""
    made = Project(tmp_path / "project")
    first = made.commits(2)
    made.git("switch", "--quiet", "--create", "faster")
    made.commits(2)
    made.git("switch", "--quiet", "main")
    made.commit("a third on main")
    assert made.git("merge-base", "main", "faster") == first[1]
    return made


def _refused(project: Project, choice: str, event: Event | None = None, branch: str | None = None) -> PerfgateError:
    with pytest.raises(PerfgateError) as caught:
        choose(project.folder, choice, branch=branch, event=event or Event())
    return caught.value


def _pull_request(project: Project, folder: Path) -> Event:
    """The event of a pull request of `faster` to `main`."""
    sides = {
        side: {"sha": project.git("rev-parse", branch), "ref": branch}
        for side, branch in (("head", "faster"), ("base", "main"))
    }
    (folder / "event.json").write_text(json.dumps({"pull_request": {"number": 12, **sides}}), encoding="utf-8")
    return read_event({"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": str(folder / "event.json")})


def test_a_branch_is_measured_against_where_it_left_its_target(project: Project) -> None:
    """With the line of first parents behind it, and what the target did since."""
    third, second, first = project.git("rev-list", "main").split()
    project.git("switch", "--quiet", "faster")
    chosen = choose(project.folder, "merge-base")
    assert (chosen.commit, chosen.branch) == (second, "main")
    assert chosen.line == (second, first)
    assert chosen.newer == {third}
    assert "the merge base of" in chosen.detail


def test_a_detached_head_is_measured_as_a_branch_is(project: Project) -> None:
    """Only the commits matter."""
    project.git("switch", "--quiet", "--detach", "faster")
    assert choose(project.folder, "merge-base").commit == project.git("merge-base", "main", "faster")


def test_a_merge_in_the_branch_moves_where_it_left(project: Project) -> None:
    """And the line goes along main, not along the branch that was merged."""
    project.git("switch", "--quiet", "faster")
    project.git("merge", "--quiet", "--strategy=ours", "--message", "Merge main", "main")
    chosen = choose(project.folder, "merge-base")
    assert chosen.line == tuple(project.git("rev-list", "--first-parent", "main").split())


def test_a_commit_on_the_branch_itself_is_measured_against_its_parent(project: Project) -> None:
    """A merge of a pull request is measured against what main was before it."""
    before = project.head()
    project.git("merge", "--quiet", "--strategy=ours", "--message", "Merge faster", "faster")
    chosen = choose(project.folder, "merge-base")
    assert chosen.commit == before
    assert "on main itself" in chosen.detail


def test_uncommitted_changes_on_the_branch_itself_are_measured_against_the_head(project: Project) -> None:
    """They are the change."""
    (project.folder / "service.txt").write_text("slower", encoding="utf-8")
    assert choose(project.folder, "merge-base").commit == project.head()


def test_a_push_of_several_commits_is_measured_against_what_was_before(project: Project) -> None:
    """Unless that was rewritten: then against the first parent."""
    third, _, first = project.git("rev-list", "main").split()
    push = Event("GitHub push", head=third, base=first, target="main", branch="main")
    assert choose(project.folder, "merge-base", event=push).commit == first
    rewritten = Event("GitHub push", head=third, base=project.git("rev-parse", "faster"), target="main", branch="main")
    assert choose(project.folder, "merge-base", event=rewritten).commit == project.git("rev-parse", "main~1")


def test_the_first_commit_of_all_has_only_itself(tmp_path: Path) -> None:
    """Its own earlier runs can still be compared with."""
    project = Project(tmp_path)
    first = project.commit("a first commit")
    chosen = choose(tmp_path, "merge-base")
    assert (chosen.commit, chosen.line) == (first, (first,))


def test_tags_revisions_and_branches_can_be_named(project: Project) -> None:
    """Annotated tags too, and branches that only the remote has."""
    first = project.git("rev-parse", "main~2")
    project.git("tag", "--annotate", "--message", "one", "v1.2", first)
    assert choose(project.folder, "tag:v1.2").commit == first
    assert choose(project.folder, "main~2").commit == first
    assert choose(project.folder, first[:10]).line == (first,)
    origin = project.with_origin()
    clone = project.clone(origin, "clone")
    assert choose(clone.folder, "faster").commit == project.git("rev-parse", "faster")


@pytest.mark.parametrize("choice", ["tag:v9", "nothing", "tag:main", "--all", "main:service.txt", "tag:--all"])
def test_what_names_no_commit_is_refused(project: Project, choice: str) -> None:
    """Nothing was driven yet; the exit code is that of a mistake in the configuration."""
    error = _refused(project, choice)
    assert (type(error), error.slug) == (UsageError, "baseline-revision")


def test_a_branch_that_is_misspelt_is_told_as_it_is_called(project: Project) -> None:
    """Of the history's branch as of a revision, here and at the remote."""
    assert _refused(project, "mian").hint == 'did you mean "main"?'
    project.with_origin()
    project.git("branch", "--delete", "--force", "faster")
    assert _refused(project, "fastre").hint == 'did you mean "faster"?'


def test_the_latest_of_a_branch_is_its_tip(project: Project) -> None:
    """Where the remote has it, when there is a remote."""
    project.with_origin()
    tip = project.head()
    project.commit("not pushed yet")
    assert choose(project.folder, "latest").commit == tip
    assert choose(project.folder, "latest", branch="faster").commit == project.git("rev-parse", "faster")


def test_what_the_latest_has_and_the_change_has_not_is_said(project: Project) -> None:
    """What main did since is then in the comparison too: that was asked for, and is not hidden."""
    project.git("switch", "--quiet", "faster")
    assert "1 commit that what is measured has not" in choose(project.folder, "latest").detail
    assert "has not" not in choose(project.folder, "main~2").detail


def test_the_latest_of_a_branch_needs_no_repository(tmp_path: Path) -> None:
    """Its runs are found by name and time; but not without a name."""
    chosen = choose(tmp_path, "latest", branch="main")
    assert (chosen.commit, chosen.branch) == (None, "main")
    assert "no Git repository" in chosen.detail
    assert _refused(_Folder(tmp_path), "latest").slug == "not-a-repository"


class _Folder(Project):
    """A folder that is no repository."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder


def test_what_was_promoted_needs_no_repository(tmp_path: Path) -> None:
    """It is found in the store alone."""
    assert choose(tmp_path, "pinned") == Chosen("pinned", detail="the promoted runs")


def test_a_shallow_clone_says_what_to_fetch(project: Project, tmp_path: Path) -> None:
    """As `actions/checkout` makes it by default, for a pull request and for a tag."""
    event = _pull_request(project, tmp_path)
    project.git("tag", "v1.2", "main~2")
    clone = project.clone(project.with_origin(), "shallow", "--depth=1", "--branch=faster")
    error = _refused(clone, "merge-base", event)
    assert (type(error), error.slug) == (BaselineError, "baseline-shallow")
    assert "fetch-depth: 0" in error.hint
    clone.git("fetch", "--quiet", "--depth=1", "origin", "main:refs/remotes/origin/main")
    assert _refused(clone, "merge-base", event).slug == "baseline-shallow"
    assert _refused(clone, "tag:v1.2").slug == "baseline-shallow"
    clone.git("fetch", "--quiet", "--unshallow", "origin", "main:refs/remotes/origin/main")
    assert choose(clone.folder, "merge-base", event=event).commit == project.git("merge-base", "main", "faster")


def test_a_push_to_main_in_a_shallow_clone_goes_by_time(project: Project) -> None:
    """Which commits came before is not known, but they are all main's."""
    head = project.head()
    clone = project.clone(project.with_origin(), "shallow", "--depth=1")
    push = Event("GitHub push", head=head, base=project.git("rev-parse", "main~1"), target="main", branch="main")
    chosen = choose(clone.folder, "merge-base", event=push)
    assert (chosen.commit, chosen.branch, chosen.shallow) == (None, "main", True)
    assert "by time alone" in chosen.detail


def test_a_target_that_was_force_pushed_is_taken_as_it_is_now(project: Project, tmp_path: Path) -> None:
    """The base of the event is gone; the merge base with the branch's new tip is still true, and the words say so."""
    event = _pull_request(project, tmp_path)
    second = project.git("rev-parse", "main~1")
    project.git("reset", "--quiet", "--hard", second)
    project.commit("another third")
    clone = project.clone(project.with_origin(), "clone", "--branch=faster")
    chosen = choose(clone.folder, "merge-base", event=event)
    assert chosen.commit == second
    assert "rewritten after the event" in chosen.detail


def test_a_head_that_was_force_pushed_away_is_told(project: Project, tmp_path: Path) -> None:
    """The clone cannot know it."""
    event = _pull_request(project, tmp_path)
    project.git("branch", "--quiet", "--force", "faster", "main~1")
    clone = project.clone(project.with_origin(), "clone")
    error = _refused(clone, "merge-base", event)
    assert error.slug == "baseline-missing"
    assert "start the pipeline anew" in error.hint


def test_histories_that_never_met_are_told(project: Project) -> None:
    """main was rewritten from its root."""
    project.git("switch", "--quiet", "--orphan", "new")
    project.commit("a new beginning")
    error = _refused(project, "merge-base")
    assert error.slug == "baseline-unrelated"
    assert "rebase" in error.hint


def test_a_branch_that_is_not_there_is_told(project: Project) -> None:
    """By its name, in one word."""
    error = _refused(project, "merge-base", branch="release")
    assert error.slug == "baseline-missing"
    assert "'release'" in error.message


def test_a_detached_head_without_any_known_branch_is_told(project: Project) -> None:
    """It cannot be guessed into what the change is to go."""
    project.git("switch", "--quiet", "--detach", "faster")
    project.git("branch", "--quiet", "--move", "main", "trunk")
    error = _refused(project, "merge-base")
    assert error.slug == "baseline-branch"
    assert choose(project.folder, "merge-base", branch="trunk").branch == "trunk"


def test_a_repository_without_a_commit_is_told(tmp_path: Path) -> None:
    """There is nothing yet."""
    assert _refused(Project(tmp_path), "merge-base").slug == "no-baseline"


def test_outside_a_repository_and_without_git_it_is_told(
    tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each in its own words."""
    assert _refused(_Folder(tmp_path), "merge-base").slug == "not-a-repository"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert _refused(project, "merge-base").slug == "git-missing"


def test_a_repository_that_git_refuses_is_told_in_its_words(project: Project) -> None:
    """Damaged, of another user, of a later version: Git knows best."""
    project.git("config", "core.repositoryformatversion", "99")
    error = _refused(project, "merge-base")
    assert error.slug == "git"
    assert "99" in error.message
