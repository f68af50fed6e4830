"""What is measured and what it is compared with differ by the change alone, in real repositories and by real events.

Each commit of `main` adds a file `main-N`, each of the change a file `change-N`. So what the two revisions differ by
can be read off: it has to be the files of the change, and nothing of what main did meanwhile.
"""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from perfgate.baseline.choose import choose
from perfgate.baseline.event import Event, read_event
from perfgate.errors import BaselineError
from tests.baseline.repositories import Project

if TYPE_CHECKING:
    from pathlib import Path


class Repo(Project):
    """A repository in which each commit adds one file, named by whom it is of."""

    def add(self, name: str) -> str:
        """A commit that adds a file of this name; returns its id."""
        (self.folder / name).write_text(name, encoding="utf-8")
        self.git("add", name)
        self.git("commit", "--quiet", "--message", f"Add {name}")
        return self.head()

    def at(self, commit: str) -> None:
        """Check a commit out, as a CI does: detached."""
        self.git("switch", "--quiet", "--detach", commit)

    def merge(self, first: str, *others: str) -> str:
        """A merge commit with these parents, checked out."""
        self.at(first)
        self.git("merge", "--quiet", "--no-ff", "--message", "Merge", *others)
        return self.head()

    def files(self, commit: str) -> set[str]:
        """What is in a commit."""
        return set(self.git("ls-tree", "-r", "--name-only", commit).split())

    def differs(self, event: Event) -> set[str]:
        """By which files what is checked out differs from the base that is chosen for it."""
        base = choose(self.folder, "merge-base", event=event).commit
        assert base is not None
        assert self.files(base) <= self.files("HEAD")
        return self.files("HEAD") - self.files(base)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """main with five commits; `change` left it after the second, with two commits."""
    made = Repo(tmp_path / "repo")
    for number in (1, 2):
        made.add(f"main-{number}")
    made.git("switch", "--quiet", "--create", "change")
    made.add("change-1")
    made.add("change-2")
    made.git("switch", "--quiet", "main")
    for number in (3, 4, 5):
        made.add(f"main-{number}")
    return made


CHANGE = {"change-1", "change-2"}


def _github(repo: Repo, head: str = "change", base: str = "main", **more: Any) -> Event:
    """A pull request's event as Actions hands it over: `base.sha` is what main was at some time, often long ago."""
    sides = {
        "head": {
            "sha": repo.git("rev-parse", head),
            "ref": "change",
            "repo": {"full_name": more.get("fork", "a/shop")},
        },
        "base": {"sha": repo.git("rev-parse", base), "ref": "main", "repo": {"full_name": "a/shop"}},
    }
    payload = {"number": 12, "pull_request": {"number": 12, **sides}, "repository": {"default_branch": "main"}}
    path = repo.folder.parent / "event.json"
    path.write_text(json.dumps(payload), encoding="utf-8")
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": str(path), "GITHUB_EVENT_NAME": "pull_request"}
    return read_event(environ)


def _slug(repo: Repo, event: Event) -> str:
    with pytest.raises(BaselineError) as caught:
        choose(repo.folder, "merge-base", event=event)
    assert caught.value.hint
    return caught.value.slug


def test_a_test_merge_is_compared_with_what_it_was_merged_with(repo: Repo) -> None:
    """GitHub's checkout: main's own slowdown since the branch began is in both, so it is charged to nobody."""
    merge = repo.merge("main", "change")
    assert repo.differs(_github(repo)) == CHANGE
    assert repo.differs(_github(repo, base="main~3")) == CHANGE
    chosen = choose(repo.folder, "merge-base", event=_github(repo, base="main~3"))
    assert chosen.commit == repo.git("rev-parse", "main")
    assert chosen.line[:2] == (repo.git("rev-parse", "main"), repo.git("rev-parse", "main~1"))
    assert merge[:12] in chosen.detail


def test_a_test_merge_stays_compared_with_it_when_main_goes_on(repo: Repo) -> None:
    """While the job runs, or when it is run again; even when main has got a part of the change by then."""
    repo.merge("main", "change")
    merge = repo.head()
    repo.git("switch", "--quiet", "main")
    repo.git("merge", "--quiet", "--message", "Take a part", "change~1")
    repo.add("main-6")
    repo.at(merge)
    assert repo.differs(_github(repo, base="main~2")) == CHANGE


def test_the_change_alone_is_compared_with_where_it_left_main(repo: Repo) -> None:
    """`ref: ${{ github.event.pull_request.head.sha }}`, as many check out."""
    repo.at("change")
    assert repo.differs(_github(repo)) == CHANGE


def test_a_target_that_the_change_has_merged_since_the_event_named_it_is_no_part_of_it(repo: Repo) -> None:
    """`base.sha` is where main was when the pull request was opened."""
    repo.git("switch", "--quiet", "change")
    repo.git("merge", "--quiet", "--message", "Merge main", "main~1")
    assert repo.differs(_github(repo, base="main~3")) == CHANGE


def test_a_checkout_into_which_main_was_merged_is_compared_with_main(repo: Repo) -> None:
    """Jenkins and Bitbucket: the change is the first parent, the target the second."""
    repo.merge("change", "main~1")
    for event in (
        Event("Jenkins pull request", target="main", pull_request="1"),
        Event(
            "Bitbucket",
            repo.git("rev-parse", "change"),
            repo.git("rev-parse", "main~1")[:12],
            target="main",
            pull_request="1",
        ),
    ):
        assert repo.differs(event) == CHANGE


def test_a_merge_queue_is_compared_with_what_stands_before_it_in_the_queue(repo: Repo) -> None:
    """Merged, squashed or rebased; and of another one before it in the queue nothing is charged to this change."""
    repo.git("switch", "--quiet", "--create", "earlier", "main~2")
    repo.add("earlier-1")
    before = repo.merge("main", "earlier")
    merged = repo.merge(before, "change")
    repo.at(before)
    repo.git("cherry-pick", "main~3..change")
    rebased = repo.head()
    repo.at(before)
    repo.git("merge", "--quiet", "--squash", "change")
    repo.git("commit", "--quiet", "--message", "Squash")
    for head in (merged, rebased, repo.head()):
        group = {"head_sha": head, "base_sha": before, "base_ref": "refs/heads/main"}
        path = repo.folder.parent / "event.json"
        path.write_text(json.dumps({"merge_group": group}), encoding="utf-8")
        repo.at(head)
        assert repo.differs(read_event({"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": str(path)})) == CHANGE


def _gitlab(repo: Repo, commit: str, onto: str = "", source: str = "", base: str = "main~3") -> Event:
    return read_event(
        {
            "GITLAB_CI": "true",
            "CI_MERGE_REQUEST_IID": "7",
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
            "CI_COMMIT_SHA": commit,
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": repo.git("rev-parse", base),
            "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": onto,
            "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": source,
        }
    )


def test_merged_results_and_trains_of_gitlab_are_compared_with_what_they_were_put_on(repo: Repo) -> None:
    """Also squashed, and put on linearly: then the source branch's own head is no part of what is measured."""
    source = repo.git("rev-parse", "change")
    merged = repo.merge("main~1", "change")
    assert repo.differs(_gitlab(repo, merged, repo.git("rev-parse", "main~1"), source)) == CHANGE
    repo.git("switch", "--quiet", "--detach", merged)
    train = repo.add("earlier-1")  # the one before it in the train
    repo.git("merge", "--quiet", "--squash", "change")
    (repo.folder / "change-3").write_text("resolved", encoding="utf-8")
    repo.git("add", "change-3")
    repo.git("commit", "--quiet", "--message", "Squash")
    assert repo.differs(_gitlab(repo, repo.head(), train, source)) == {"change-3"}


def test_a_pipeline_of_the_source_branch_on_gitlab_is_compared_with_the_merge_base_that_it_names(repo: Repo) -> None:
    """The clone of a pipeline need not know the target."""
    repo.at("change")
    event = _gitlab(repo, repo.head())
    repo.git("branch", "--quiet", "--delete", "--force", "main")
    assert repo.differs(event) == CHANGE


def test_what_is_checked_out_has_to_be_the_change(repo: Repo) -> None:
    """`pull_request_target` checks main out unless told otherwise: a green verdict would say nothing of the change."""
    event = _github(repo)
    repo.git("switch", "--quiet", "main")
    assert _slug(repo, event) == "baseline-checkout"
    repo.at("main~1")
    assert _slug(repo, Event("Jenkins pull request", target="main", pull_request="1")) == "baseline-checkout"


def test_a_branch_that_was_rebased_while_the_job_ran_is_refused(repo: Repo) -> None:
    """What is checked out by the branch's name is no longer the commit that the verdict is told on."""
    event = _github(repo)
    repo.git("switch", "--quiet", "change")
    repo.git("rebase", "--quiet", "main")
    assert _slug(repo, event) == "baseline-checkout"


def test_a_branch_that_was_pushed_to_while_the_job_ran_is_told(repo: Repo) -> None:
    """It has the head that the event names, and more: the words say so."""
    event = _github(repo)
    repo.git("switch", "--quiet", "change")
    repo.add("change-3")
    assert repo.differs(event) == {*CHANGE, "change-3"}
    assert "newer than the head" in choose(repo.folder, "merge-base", event=event).detail


def test_a_merge_of_several_at_once_has_no_base(repo: Repo) -> None:
    """What differs by this change alone is a merge of the others, which nobody made."""
    repo.git("switch", "--quiet", "--create", "other", "main~2")
    repo.add("other-1")
    repo.merge("main", "change", "other")
    assert _slug(repo, _github(repo)) == "baseline-ambiguous"


def test_branches_that_were_merged_into_each_other_have_no_single_base(repo: Repo) -> None:
    """Git would name one of the two at random; the other's part of main would be charged to the change."""
    first, other = repo.git("rev-parse", "change"), repo.git("rev-parse", "main")
    crossed = repo.merge(first, other)
    repo.git("branch", "--force", "change", crossed)
    repo.git("branch", "--force", "main", repo.merge(other, first))
    repo.git("switch", "--quiet", "change")
    repo.add("change-3")
    assert _slug(repo, Event()) == "baseline-ambiguous"
    repo.merge("main", "change")
    assert repo.differs(_github(repo)) == {"change-3"}


def test_a_shallow_clone_of_a_test_merge_needs_two_commits(repo: Repo) -> None:
    """With one, as `actions/checkout` makes it, the base is not there; that is said, and not guessed around."""
    event = _github(repo, base="main~3")
    repo.merge("main", "change")
    repo.git("branch", "merged")
    origin = repo.with_origin()
    for depth in (1, 2):
        shallow = Repo(repo.clone(origin, f"depth-{depth}", f"--depth={depth}", "--branch=merged").folder)
        if depth == 1:
            assert _slug(shallow, event) == "baseline-shallow"
        else:
            assert shallow.differs(event) == CHANGE


def test_a_shallow_clone_in_which_a_nearer_base_may_be_missing_is_refused(repo: Repo) -> None:
    """Main came in by a merge whose side is cut off; what is known of it ends at an older common commit."""
    repo.git("switch", "--quiet", "change")
    repo.git("merge", "--quiet", "--message", "Merge main", "main~1")
    repo.add("change-3")
    event = _github(repo)
    clone = Repo(repo.clone(repo.with_origin(), "clone", "--no-single-branch", "--branch=change").folder)
    assert clone.differs(event) == {*CHANGE, "change-3"}
    (clone.folder / ".git" / "shallow").write_text(f"{repo.git('rev-parse', 'change~1')}\n", encoding="ascii")
    assert _slug(clone, event) == "baseline-shallow"


def test_a_clone_of_the_fork_may_not_know_the_target(repo: Repo) -> None:
    """The fork's own main is old: what came to main since would be charged to the change."""
    repo.git("switch", "--quiet", "--create", "feature", "main~1")
    repo.add("change-3")
    event = _github(repo, head="feature", fork="bob/shop")
    assert event.fork == "bob/shop"
    fork = repo.folder.parent / "bob" / "shop.git"
    fork.parent.mkdir()
    repo.git("clone", "--quiet", "--bare", "--branch=feature", "--single-branch", str(repo.folder), str(fork))
    repo.git("--git-dir", str(fork), "branch", "main", repo.git("rev-parse", "main~4"))
    clone = Repo(repo.clone(fork, "clone", "--branch=feature").folder)
    assert _slug(clone, event) == "baseline-missing"
    repo.merge("main", "feature")
    assert repo.differs(event) == {"change-3"}


def test_a_push_to_main_is_compared_with_what_main_was_before(repo: Repo) -> None:
    """A merge with its first parent; a push of several commits with what was there before all of them."""
    before = repo.git("rev-parse", "main")
    repo.git("switch", "--quiet", "main")
    repo.git("merge", "--quiet", "--no-ff", "--message", "Merge", "change")
    assert repo.differs(Event("GitHub push", repo.head(), before, target="main", branch="main")) == CHANGE
    assert repo.differs(Event()) == CHANGE
    repo.add("change-3")
    push = Event("GitHub push", repo.head(), before, target="main", branch="main")
    assert repo.differs(push) == {*CHANGE, "change-3"}


def test_what_another_event_brought_about_is_not_taken_from_it(repo: Repo) -> None:
    """A comment, a schedule or a person starts a job of main, and the job checks a pull request out."""
    main = repo.git("rev-parse", "main")
    repo.at("change")
    event = Event("GitHub issue_comment", main, repo.git("rev-parse", "main~1"), target="main", branch="main")
    assert repo.differs(event) == CHANGE


def test_a_branch_that_was_merged_already_is_compared_with_where_it_began(repo: Repo) -> None:
    """Run again after the merge: its last commit's parent would be the base of a part of it only."""
    repo.git("switch", "--quiet", "main")
    repo.git("merge", "--quiet", "--no-ff", "--message", "Merge", "change")
    repo.add("main-6")
    repo.at("change")
    assert repo.differs(Event()) == CHANGE
    assert repo.differs(_github(repo, base="main~2")) == CHANGE


def test_a_main_that_is_not_pushed_yet_is_no_part_of_a_change_that_was_made_from_it(repo: Repo) -> None:
    """On a laptop the remote's main is behind; but what is on main itself, and not pushed, is a change to it."""
    repo.with_origin()
    repo.git("switch", "--quiet", "main")
    repo.add("main-6")
    assert repo.differs(Event()) == {"main-6"}
    repo.git("switch", "--quiet", "--create", "next")
    repo.add("next-1")
    assert repo.differs(Event()) == {"next-1"}


@pytest.mark.parametrize("seed", range(12))
def test_in_any_history_the_two_differ_by_the_change_alone(tmp_path: Path, seed: int) -> None:
    """Main goes on, the change takes main in now and then, and a CI checks out either the change or a merge of both."""
    source = random.Random(seed)
    repo = Repo(tmp_path / "repo")
    repo.add("main-0")
    repo.git("branch", "change")
    opened = repo.head()
    for number in range(1, source.randint(4, 9)):
        branch = source.choice(["main", "change"])
        repo.git("switch", "--quiet", branch)
        if branch == "change" and source.random() < 0.3:
            repo.git("merge", "--quiet", "--message", "Merge main", "main")
        else:
            repo.add(f"{branch}-{number}")
    repo.git("switch", "--quiet", "change")
    repo.add("change-last")
    own = {name for name in repo.files("change") if name.startswith("change")}
    checkout = source.choice(["head", "test merge", "merged main"])
    if checkout == "test merge":
        repo.merge("main", "change")
    elif checkout == "merged main":
        repo.merge("change", "main")
    base = source.choice([opened, repo.git("rev-parse", "main")])
    for _ in range(source.randint(0, 2)):  # main goes on while the job runs
        here = repo.head()
        repo.git("switch", "--quiet", "main")
        repo.add(f"main-later-{source.random()}")
        repo.at(here)
    assert repo.differs(_github(repo, base=base)) == own
