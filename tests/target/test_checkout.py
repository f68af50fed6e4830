"""Two revisions of a real repository, each in a tree of its own, set up once, and started from there."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from perfgate.errors import ServiceError, StorageError, UsageError
from perfgate.plan.plan import Service
from perfgate.target.checkout import TREES, check_different, check_out, prune
from perfgate.target.service import start
from perfgate.target.setup import EVEN, set_up

if TYPE_CHECKING:
    from perfgate.target.checkout import Checkout

NOBODY = {
    "GIT_AUTHOR_NAME": "Nobody",
    "GIT_AUTHOR_EMAIL": "nobody@example.org",
    "GIT_COMMITTER_NAME": "Nobody",
    "GIT_COMMITTER_EMAIL": "nobody@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}
APP = """\
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(Path("built").read_bytes())

    def log_message(self, *_):
        pass

HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
BUILD = "from pathlib import Path; Path('built').write_text('built from ' + Path('source').read_text())"


class Repository:
    """A real repository with two commits of one service."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")
        self.write("app.py", APP)
        self.write("build.py", BUILD)
        self.write(".gitignore", "built\n")
        self.first = self.commit(source="one")
        self.second = self.commit(source="two")

    def git(self, *words: str) -> str:
        """A git command's output."""
        done = subprocess.run(
            ["git", *words], cwd=self.root, env={**os.environ, **NOBODY}, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def write(self, name: str, text: str) -> None:
        """Write a file of the work tree."""
        (self.root / name).write_text(text, encoding="utf-8")

    def commit(self, **files: str) -> str:
        """Write files and commit everything; the commit's name."""
        for name, text in files.items():
            self.write(name, text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "x")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """In a folder of its own."""
    return Repository(tmp_path / "project")


def _service(repository: Repository, **changes: object) -> Service:
    service = Service(
        name="shop",
        url="http://127.0.0.1:{port}",
        scenario=repository.root / "scenario.py",
        scenario_text="scenario.py",
        loads=(),
        command=(sys.executable, "app.py", "{port}"),
        cwd=repository.root,
        setup=(sys.executable, "build.py"),
    )
    return replace(service, **changes)  # type: ignore[arg-type]


def _source(checkout: Checkout) -> str:
    return (checkout.tree / "source").read_text()


class TestCheckOut:
    """A revision on disk, beside the user's tree."""

    def test_a_revision_gets_a_tree_of_its_own_and_the_users_is_not_touched(self, repository: Repository) -> None:
        """Not its files, not its index, not its branch; and the trees are not part of it."""
        repository.write("source", "changed and not committed")
        before = repository.git("status", "--porcelain"), repository.git("symbolic-ref", "HEAD")
        base = check_out(repository.root, repository.first, "base")
        assert _source(base) == "one"
        assert base.tree == repository.root / TREES / repository.first
        assert (repository.git("status", "--porcelain"), repository.git("symbolic-ref", "HEAD")) == before
        assert (repository.root / "source").read_text() == "changed and not committed"

    def test_without_a_revision_the_users_tree_is_meant_as_it_is(self, repository: Repository) -> None:
        """With whatever was changed in it, which is said."""
        clean = check_out(repository.root, None, "head")
        assert (clean.tree, clean.commit, clean.dirty) == (repository.root, repository.second, False)
        repository.write("new", "untracked")
        dirty = check_out(repository.root, None, "head")
        assert dirty.dirty
        assert dirty.words == f"the work tree as it is ({repository.second[:10]} and changes)"

    def test_a_tree_is_made_once_and_used_again(self, repository: Repository) -> None:
        """For the same commit, whatever it was called; what was built in it is still there."""
        base = check_out(repository.root, "HEAD~1", "base")
        (base.tree / "built").write_text("at some cost")
        again = check_out(repository.root, repository.first[:12], "base")
        assert again.tree == base.tree
        assert (again.tree / "built").read_text() == "at some cost"
        assert base.words == f"HEAD~1 ({repository.first[:10]})"

    def test_a_tree_that_was_left_half_made_is_made_anew(self, repository: Repository) -> None:
        """A kill in the middle of a checkout must not become a service without some of its files."""
        base = check_out(repository.root, "HEAD~1", "base")
        (base.tree / "source").unlink()
        next(base.tree.parent.glob("*.checked-out")).unlink()
        assert _source(check_out(repository.root, "HEAD~1", "base")) == "one"

    def test_a_tree_that_somebody_removed_is_made_anew(self, repository: Repository) -> None:
        """Git still knows of it."""
        base = check_out(repository.root, "HEAD~1", "base")
        subprocess.run(["rm", "-r", str(base.tree)], check=True)
        assert _source(check_out(repository.root, "HEAD~1", "base")) == "one"

    def test_the_project_may_lie_below_the_repositorys_root(self, repository: Repository) -> None:
        """The trees then lie there too; each is of the whole repository."""
        (repository.root / "part").mkdir()
        repository.write("part/budgets.toml", "")
        repository.commit()
        base = check_out(repository.root / "part", "HEAD~1", "base")
        assert base.tree == repository.root / "part" / TREES / repository.second
        assert base.top == repository.root
        assert _source(base) == "two"
        assert repository.git("status", "--porcelain") == ""

    def test_hooks_are_not_run(self, repository: Repository) -> None:
        """They are meant for people, and may do anything."""
        hook = repository.root / ".git" / "hooks" / "post-checkout"
        hook.write_text("#!/bin/sh\ntouch was-run\n")
        hook.chmod(0o755)
        base = check_out(repository.root, "HEAD~1", "base")
        assert not (base.tree / "was-run").exists()

    @pytest.mark.parametrize("revision", ["nowhere", "--help", "HEAD:source", ""])
    def test_what_names_no_commit_is_refused(self, repository: Repository, revision: str) -> None:
        """With the side, so that one knows which word to mend."""
        with pytest.raises(UsageError, match=r"the base .* names no commit here") as caught:
            check_out(repository.root, revision, "base")
        assert caught.value.slug == "unknown-revision"

    def test_a_shallow_clone_says_what_to_fetch(self, repository: Repository, tmp_path: Path) -> None:
        """In CI that is the usual reason."""
        clone = tmp_path / "clone"
        subprocess.run(
            ["git", "clone", "--quiet", "--depth=1", repository.root.as_uri(), str(clone)],
            check=True,
            env={**os.environ, **NOBODY},
        )
        with pytest.raises(UsageError, match="shallow clone"):
            check_out(clone, repository.first, "base")

    def test_a_folder_outside_of_git_is_refused(self, tmp_path: Path) -> None:
        """There still are deployments to compare."""
        with pytest.raises(UsageError, match="--base-url"):
            check_out(tmp_path, "main", "base")

    def test_a_place_that_cannot_be_written_is_a_storage_error(self, repository: Repository) -> None:
        """Not a traceback of Git's."""
        (repository.root / ".perfgate").write_text("a file where the folder should be")
        with pytest.raises(StorageError, match="work trees"):
            check_out(repository.root, "HEAD~1", "base")


class TestCheckDifferent:
    """A revision compared with itself would always pass."""

    def test_the_same_revision_is_refused(self, repository: Repository) -> None:
        """By whatever names; and so is the work tree without changes."""
        base = check_out(repository.root, "main", "base")
        for head in (check_out(repository.root, "HEAD", "head"), check_out(repository.root, None, "head")):
            with pytest.raises(UsageError, match="the same revision") as caught:
                check_different(base, head)
            assert caught.value.slug == "same-revision"

    def test_changes_that_are_not_committed_are_a_revision_of_their_own(self, repository: Repository) -> None:
        """What a developer compares before committing."""
        repository.write("source", "three")
        check_different(check_out(repository.root, "HEAD", "base"), check_out(repository.root, None, "head"))
        check_different(check_out(repository.root, "HEAD~1", "base"), check_out(repository.root, "HEAD", "head"))


class TestSetUp:
    """`setup` makes a tree ready; the service starts from there."""

    def test_each_side_runs_what_was_built_from_its_own_source(self, repository: Repository, tmp_path: Path) -> None:
        """Both at once, from the same plan."""
        answers = {}
        for side, revision in (("base", "HEAD~1"), ("head", None)):
            checkout = check_out(repository.root, revision, side)  # type: ignore[arg-type]
            service = set_up(checkout, _service(repository), repository.root)
            assert service.scenario == repository.root / "scenario.py"
            folder = tmp_path / side
            folder.mkdir()
            with start(service, folder) as running, urlopen(running.url) as response:
                answers[side] = response.read().decode()
        assert answers == {"base": "built from one", "head": "built from two"}

    def test_it_is_run_once_for_each_commit_and_command(self, repository: Repository) -> None:
        """Another command is another build."""
        base = check_out(repository.root, "HEAD~1", "base")
        count = (sys.executable, "-c", "open('runs', 'a').write('x')")
        for _ in range(2):
            set_up(base, _service(repository, setup=count), repository.root)
        assert (base.tree / "runs").read_text() == "x"
        set_up(base, _service(repository, setup=(*count, "more")), repository.root)
        assert (base.tree / "runs").read_text() == "xx"

    def test_in_the_users_own_tree_it_is_run_each_time(self, repository: Repository) -> None:
        """Its files may have changed since."""
        head = check_out(repository.root, None, "head")
        for source in ("three", "four"):
            repository.write("source", source)
            set_up(head, _service(repository), repository.root)
            assert (repository.root / "built").read_text() == f"built from {source}"

    def test_one_that_fails_names_the_side_and_shows_its_last_lines(self, repository: Repository) -> None:
        """It is tried again the next time."""
        base = check_out(repository.root, "HEAD~1", "base")
        broken = (sys.executable, "-c", "import sys; print('no such thing as a free build'); sys.exit(3)")
        for _ in range(2):
            with pytest.raises(ServiceError, match=r"at the base, HEAD~1 .* exit code 3") as caught:
                set_up(base, _service(repository, setup=broken), repository.root)
            assert caught.value.slug == "service-setup"
            assert "no such thing as a free build" in caught.value.message
            assert "free build" in Path(caught.value.place).read_text()

    def test_one_that_cannot_be_started_is_the_same_error(self, repository: Repository) -> None:
        """With what was not found."""
        base = check_out(repository.root, "HEAD~1", "base")
        with pytest.raises(ServiceError, match="cannot be started: 'no-such-program'"):
            set_up(base, _service(repository, setup=("no-such-program",)), repository.root)

    def test_without_a_command_there_is_nothing_to_set_up(self, repository: Repository) -> None:
        """A deployment runs already."""
        base = check_out(repository.root, "HEAD~1", "base")
        service = _service(repository, command=None, setup=None, cwd=None)
        assert set_up(base, service, repository.root) == service

    def test_paths_into_the_users_tree_become_paths_into_the_revisions(self, repository: Repository) -> None:
        """As far as it has them: what only the user's tree has, a virtual environment say, is used from there."""
        base = check_out(repository.root, "HEAD~1", "base")
        own, here = base.tree, repository.root
        service = _service(
            repository,
            setup=None,
            command=(f"{here}/.venv/bin/python", f"{here}/app.py", f"--file={here}/source", "app.py", "/etc/hosts"),
            env={"PYTHONPATH": f"{here}:{here}/lib:/usr/lib", "MODE": "fast"},
        )
        moved = set_up(base, service, repository.root)
        expected = (f"{here}/.venv/bin/python", f"{own}/app.py", f"--file={own}/source", "app.py", "/etc/hosts")
        assert moved.command == expected
        assert moved.env == {**EVEN, "PYTHONPATH": f"{own}:{here}/lib:/usr/lib", "MODE": "fast"}
        assert moved.cwd == own
        head = check_out(repository.root, None, "head")
        assert set_up(head, service, repository.root) == replace(service, env={**EVEN, **service.env})

    def test_a_package_that_is_installed_from_the_users_tree_is_run_from_the_revisions(
        self, repository: Repository, tmp_path: Path
    ) -> None:
        """As after `pip install -e .`: without that both sides would run the same, and always pass."""
        repository.write("pyproject.toml", "[project]\n")
        (repository.root / "src").mkdir()
        for price in ("1", "2"):
            repository.write("src/shop.py", f"PRICE = {price}\n")
            repository.commit()
        site = tmp_path / "site"
        site.mkdir()
        (site / "usercustomize.py").write_text(f"import sys; sys.path.append({str(repository.root / 'src')!r})\n")
        prices = {}
        for side, revision in (("base", "HEAD~1"), ("head", None)):
            checkout = check_out(repository.root, revision, side)  # type: ignore[arg-type]
            service = set_up(checkout, _service(repository, setup=None), repository.root)
            path = os.pathsep.join([service.env["PYTHONPATH"], str(site)])
            words = [sys.executable, "-c", "import usercustomize, shop; print(shop.PRICE)"]
            done = subprocess.run(
                words, cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}, check=True, capture_output=True, text=True
            )
            prices[side] = done.stdout.strip()
        assert prices == {"base": "1", "head": "2"}

    def test_two_instances_of_one_program_are_started_alike(self, repository: Repository) -> None:
        """Unless the service says otherwise."""
        head = check_out(repository.root, None, "head")
        assert set_up(head, _service(repository), repository.root).env == EVEN
        own = {"PYTHONHASHSEED": "random"}
        assert set_up(head, _service(repository, env=own), repository.root).env == own

    def test_a_folder_outside_of_the_repository_is_refused(self, repository: Repository, tmp_path: Path) -> None:
        """Both sides would run the same program, and always pass."""
        base = check_out(repository.root, "HEAD~1", "base")
        with pytest.raises(UsageError, match="lies outside of the repository") as caught:
            set_up(base, _service(repository, cwd=tmp_path), repository.root)
        assert caught.value.slug == "cwd-outside"


class TestPrune:
    """Trees take room."""

    def test_trees_that_were_not_used_for_long_go(self, repository: Repository) -> None:
        """The newest few stay whatever their age; Git forgets those that went."""
        revisions = [repository.commit(source=str(number)) for number in range(3)]
        trees = [check_out(repository.root, revision, "base").tree for revision in revisions]
        for age_s, tree in zip((3000, 2000, 1000), trees, strict=True):
            then = time.time() - age_s
            os.utime(tree.with_name(f"{tree.name}.checked-out"), (then, then))
        assert prune(repository.root, keep=1, older_than_s=2500) == [trees[0]]
        assert prune(repository.root, keep=2, older_than_s=0) == []
        assert prune(repository.root, keep=1, older_than_s=0) == [trees[1]]
        assert [tree.exists() for tree in trees] == [False, False, True]
        assert repository.git("worktree", "list").count("\n") == 1
        assert prune(repository.root, keep=0) == []

    def test_trees_that_were_left_half_made_go(self, repository: Repository) -> None:
        """Nobody would ever use them."""
        tree = check_out(repository.root, "HEAD~1", "base").tree
        tree.with_name(f"{tree.name}.checked-out").unlink()
        assert prune(repository.root) == [tree]
        assert not tree.exists()

    def test_where_nothing_was_checked_out_there_is_nothing_to_do(self, repository: Repository) -> None:
        """Not even a repository is asked for."""
        assert prune(repository.root) == []
