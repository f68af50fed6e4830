"""The history on a branch: the user's work is not touched, and what cannot be pushed is kept."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from perfgate.baseline.branch import BranchStore
from perfgate.baseline.store import Wanted, open_store
from perfgate.errors import BaselineError, StorageError
from tests.baseline.entries import PIN, entry
from tests.baseline.repositories import Project

if TYPE_CHECKING:
    from perfgate.baseline.store import Store

BRANCH = "perfgate-baselines"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A repository with one commit."""
    made = Project(tmp_path / "project")
    made.commit("a first commit")
    return made


def _open(project: Project) -> Store:
    return open_store(f"git:{BRANCH}", project.folder)


def _recordings(project: Project) -> list[str]:
    store = _open(project)
    found = [one.recording for one in store.find()]
    store.close()
    return found


def test_neither_work_tree_nor_index_nor_head_is_touched(project: Project) -> None:
    """Whatever the user is in the middle of."""
    (project.folder / "service.txt").write_text("staged", encoding="utf-8")
    project.git("add", "service.txt")
    (project.folder / "service.txt").write_text("not staged", encoding="utf-8")
    (project.folder / "new.txt").touch()
    seen = [("status", "--porcelain"), ("diff", "--cached"), ("diff",), ("rev-parse", "HEAD"), ("stash", "list")]
    before = [project.git(*words) for words in seen]
    index = (project.folder / ".git" / "index").read_bytes()
    store = _open(project)
    store.add([entry(1), entry(2)])
    store.pin(entry(1).id, PIN)
    store.drop([entry(2).id])
    store.close()
    assert (project.folder / ".git" / "index").read_bytes() == index
    assert [project.git(*words) for words in seen] == before


def test_the_branch_has_no_commit_in_common_with_the_code(project: Project) -> None:
    """It starts from nothing, with a word for whoever finds it."""
    store = _open(project)
    store.add([entry(1)])
    store.close()
    roots = project.git("rev-list", "--max-parents=0", BRANCH, "main").split()
    assert len(roots) == 2
    assert "perfgate" in project.git("show", f"{BRANCH}:README.md")


def test_hooks_and_identities_of_the_user_do_not_matter(project: Project) -> None:
    """A hook that refuses every commit and push is not asked."""
    project.with_origin()
    project.git("config", "user.useConfigOnly", "true")
    for name in ("pre-commit", "commit-msg", "pre-push"):
        hook = project.folder / ".git" / "hooks" / name
        hook.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
        hook.chmod(0o755)
    store = _open(project)
    assert store.add([entry(1)]) == 1
    store.close()


def test_what_one_clone_keeps_another_finds(project: Project) -> None:
    """Promotions and what was dropped too."""
    origin = project.with_origin()
    one, other = project.clone(origin, "one"), project.clone(origin, "other", "--depth=1", "--branch=main")
    store = _open(one)
    store.add([entry(1), entry(2), entry(3)])
    store.close()
    store = _open(other)
    assert store.pin(entry(1).id, PIN)
    assert store.drop([entry(2).id]) == 1
    store.close()
    store = _open(one)
    assert store.find(Wanted(whole=True)) == [entry(3), entry(1, pin=PIN)]
    store.close()


def test_who_was_overtaken_puts_his_change_on_top(project: Project) -> None:
    """Both stores were opened before either wrote."""
    origin = project.with_origin()
    stores = [_open(project.clone(origin, name)) for name in ("one", "other")]
    stores[0].add([entry(1), entry(2)])
    stores[1].add([entry(3)])
    stores[0].drop([entry(1).id])
    stores[1].pin(entry(3).id, PIN)
    for store in stores:
        store.close()
    assert _recordings(project.clone(origin, "late")) == ["run-3", "run-2"]


def test_what_origin_refuses_is_kept_and_pushed_later(project: Project) -> None:
    """A token that may only read; then one that may write."""
    origin = project.with_origin()
    hook = origin / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho only maintainers may push\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)
    store = _open(project)
    with pytest.raises(StorageError, match="contents: write") as caught:
        store.add([entry(1)])
    assert caught.value.slug == "history-push"
    store.close()
    assert _recordings(project) == ["run-1"]
    hook.unlink()
    store = _open(project)
    assert store.add([entry(1), entry(2)]) == 1
    store.close()
    assert _recordings(project.clone(origin, "late")) == ["run-2", "run-1"]


def test_an_origin_that_is_gone_is_noted_when_reading_and_told_when_writing(project: Project) -> None:
    """What is known here is used, and said to be perhaps old."""
    origin = project.with_origin()
    store = _open(project)
    store.add([entry(1)])
    store.close()
    origin.rename(f"{origin}.away")
    store = _open(project)
    assert "origin cannot be reached" in store.note
    assert [one.recording for one in store.find()] == ["run-1"]
    with pytest.raises(StorageError) as caught:
        store.add([entry(2)])
    assert caught.value.slug == "history-push"
    store.close()
    Path(f"{origin}.away").rename(origin)
    assert _recordings(project) == ["run-2", "run-1"]


def test_a_branch_that_was_deleted_at_origin_is_made_anew(project: Project) -> None:
    """From what this clone knows of it."""
    origin = project.with_origin()
    store = _open(project)
    store.add([entry(1)])
    store.close()
    project.git("--git-dir", str(origin), "branch", "-D", BRANCH)
    store = _open(project)
    store.add([entry(2)])
    store.close()
    assert _recordings(project.clone(origin, "late")) == ["run-2", "run-1"]


def test_a_lock_that_was_left_behind_is_waited_for_and_then_told(project: Project) -> None:
    """By a git that was killed."""
    store = BranchStore.open(project.folder, BRANCH, patience_s=0.1)
    lock = project.folder / ".git" / "refs" / "heads" / f"{BRANCH}.lock"
    lock.touch()
    with pytest.raises(StorageError, match=r"\.lock") as caught:
        store.add([entry(1)])
    assert caught.value.slug == "history-locked"
    lock.unlink()
    assert store.add([entry(1)]) == 1
    store.close()


def test_a_damaged_entry_is_named_and_can_be_dropped(project: Project) -> None:
    """The others are not lost with it."""
    store = _open(project)
    store.add([entry(1), entry(2)])
    store.close()
    path = next(name for name in project.git("ls-tree", "-r", "--name-only", BRANCH).split("\n") if "run-1" in name)
    project.git("switch", "--quiet", BRANCH)
    (project.folder / path).write_bytes(b"damaged")
    project.git("commit", "--quiet", "--all", "--message", "damage")
    with pytest.raises(StorageError, match="checked out"):
        _open(project).add([entry(3)])
    project.git("switch", "--quiet", "main")
    store = _open(project)
    with pytest.raises(StorageError, match="run-1") as caught:
        store.find()
    assert caught.value.slug == "entry"
    assert store.drop([entry(1).id]) == 1
    assert store.find(Wanted(whole=True)) == [entry(2)]
    store.close()


def test_an_object_that_is_missing_is_told(project: Project) -> None:
    """A repository that lost files."""
    store = _open(project)
    store.add([entry(1)])
    store.close()
    for folder in (project.folder / ".git" / "objects").glob("??"):
        if folder.name not in {name[:2] for name in project.git("rev-list", "--objects", "main").split()}:
            blobs = [
                path for path in folder.iterdir() if project.git("cat-file", "-t", folder.name + path.name) == "blob"
            ]
            for path in blobs:
                path.unlink()
    store = _open(project)
    with pytest.raises(StorageError) as caught:
        store.find()
    assert caught.value.slug == "history-git"
    store.close()


def test_a_branch_of_a_later_format_is_refused(project: Project) -> None:
    """It is left as it is."""
    project.git("switch", "--quiet", "--orphan", BRANCH)
    (project.folder / "format-2").mkdir()
    (project.folder / "format-2" / "something").touch()
    project.git("add", ".")
    project.git("commit", "--quiet", "--message", "from the future")
    project.git("switch", "--quiet", "main")
    with pytest.raises(StorageError, match="format is 2") as caught:
        _open(project)
    assert caught.value.slug == "history-later"


def test_outside_a_repository_there_is_no_branch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor without Git."""
    with pytest.raises(BaselineError) as caught:
        open_store(f"git:{BRANCH}", tmp_path)
    assert caught.value.slug == "not-a-repository"
    assert shutil.which("git")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BaselineError) as caught:
        open_store(f"git:{BRANCH}", tmp_path)
    assert caught.value.slug == "git-missing"
