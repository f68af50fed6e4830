"""What the generated files install: this very perfgate, from where it came; or nothing, said plainly."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import PathDistribution
from pathlib import Path
from typing import Any

import pytest

from perfgate.errors import UsageError
from perfgate.scaffold.installation import asked_for, found

COMMIT = "0123456789abcdef0123456789abcdef01234567"
HOME = "https://git.example.com/team/perfgate"
BACKEND = """
import pathlib, sys
sys.path.insert(0, {tests!r})
from packages import wheel


def build_wheel(folder, config_settings=None, metadata_directory=None):
    return wheel(pathlib.Path(folder), "perfgate", "1").name
"""


def installed(folder: Path, version: str = "1.2", **files: Any) -> PathDistribution:
    """A package as an installer leaves it: its metadata, with these files beside it."""
    info = folder / "perfgate.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: perfgate\nVersion: {version}\n")
    for name, content in files.items():
        path = info / {"direct_url": "direct_url.json", "installer": "INSTALLER"}[name]
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return PathDistribution(info)


def git(folder: Path, *words: str) -> str:
    names = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *names, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def checkout(folder: Path, origin: str = HOME, *, pushed: bool = True) -> str:
    """A repository whose only commit is on a branch of its origin, as a push leaves it; the commit."""
    folder.mkdir(exist_ok=True)
    (folder / "pyproject.toml").write_text("")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "first")
    if origin:
        git(folder, "remote", "add", "origin", origin)
    if pushed:
        git(folder, "update-ref", "refs/remotes/origin/main", "HEAD")
    return git(folder, "rev-parse", "HEAD")


def local(folder: Path, *, editable: bool = True) -> dict[str, Any]:
    return {"url": folder.as_uri(), "dir_info": {"editable": editable} if editable else {}}


def commit_of(url: str, commit: str = COMMIT, **more: str) -> dict[str, Any]:
    return {"url": url, "vcs_info": {"vcs": "git", "requested_revision": "main", "commit_id": commit}, **more}


@pytest.mark.parametrize(
    ("told", "requirement"),
    [
        (commit_of(HOME), f"perfgate @ git+{HOME}@{COMMIT}"),
        (commit_of(f"{HOME}.git", subdirectory="tools"), f"perfgate @ git+{HOME}.git@{COMMIT}#subdirectory=tools"),
        (commit_of("https://user:token@git.example.com/p"), f"perfgate @ git+https://git.example.com/p@{COMMIT}"),
        (commit_of("ssh://git@git.example.com/p"), f"perfgate @ git+ssh://git@git.example.com/p@{COMMIT}"),
        (commit_of("ssh://git@github.com/a/p.git"), f"perfgate @ git+https://github.com/a/p.git@{COMMIT}"),
        (
            {"url": "https://example.com/p.whl", "archive_info": {"hashes": {"sha256": "a" * 64}}},
            f"perfgate @ https://example.com/p.whl#sha256={'a' * 64}",
        ),
        ({"url": "https://example.com/p.tar.gz", "archive_info": {}}, "perfgate @ https://example.com/p.tar.gz"),
    ],
)
def test_an_installation_from_a_url_tells_it(tmp_path: Path, told: dict[str, Any], requirement: str) -> None:
    """With the commit, not the branch that was asked for; without passwords."""
    assert found(installed(tmp_path, direct_url=told)).requirement == requirement


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (commit_of("file:///srv/perfgate"), "from file:///srv/perfgate, which no other machine reaches"),
        (commit_of("http://127.0.0.1:8000/p"), "no other machine reaches"),
        (commit_of("http://me:secret@localhost/p"), "from http://localhost/p, which no other machine reaches"),
        (commit_of(HOME, "main"), "names no commit"),
        (commit_of("https://example.com/$(id)"), "names no commit"),
        ({"url": "file:///tmp/perfgate-1.whl", "archive_info": {}}, "no other machine has"),
        ({"url": "file:///nowhere/perfgate", "dir_info": {}}, "/nowhere/perfgate, which is no checkout"),
        ("[", "cannot be read"),
        ("[]", "names no source"),
    ],
)
def test_what_no_other_machine_can_install_is_not_written(tmp_path: Path, told: Any, why: str) -> None:
    """Even though an index may have a package of that name; and it is said why."""
    source = found(installed(tmp_path, direct_url=told, installer="pip\n"))
    assert source.requirement == ""
    assert why in source.about


@pytest.mark.parametrize(
    ("version", "installer", "requirement"),
    [
        ("1.2", "pip\n", "perfgate==1.2"),
        ("1.2.post1", "uv", "perfgate==1.2.post1"),
        ("1.2", "Poetry 1.8.3", "perfgate==1.2"),
        ("1.2.dev3", "pip", ""),
        ("1.2+local", "pip", ""),
        ("1.2", "conda", ""),
        ("1.2", "debian", ""),
        ("1.2", "", ""),
    ],
)
def test_only_a_release_out_of_an_index_is_named_by_its_version(
    tmp_path: Path, version: str, installer: str, requirement: str
) -> None:
    """Which the metadata tells: an installer of packages from an index, and no URL."""
    assert found(installed(tmp_path, version, installer=installer)).requirement == requirement
    assert bool(found(PathDistribution(tmp_path / "perfgate.dist-info")).about) == (not requirement)


@pytest.mark.parametrize("editable", [True, False])
def test_a_checkout_is_named_by_its_origin_and_commit(tmp_path: Path, editable: bool) -> None:
    """When a branch of the origin has the commit; what is not committed is said."""
    commit = checkout(tmp_path / "tree", "git@git.example.com:team/perfgate.git")
    package = installed(tmp_path, direct_url=local(tmp_path / "tree", editable=editable))
    source = found(package)
    assert source.requirement == f"perfgate @ git+ssh://git@git.example.com/team/perfgate.git@{commit}"
    assert source.about == ""
    (tmp_path / "tree" / "pyproject.toml").write_text("# changed\n")
    assert f"has changes that its commit {commit[:12]}" in found(package).about


@pytest.mark.parametrize(
    ("origin", "pushed", "why"),
    [
        ("", False, "a checkout without a remote `origin`"),
        (HOME, False, "is on no branch of `origin`: push it"),
        ("/srv/git/perfgate.git", True, "/srv/git/perfgate.git, which no other machine reaches"),
    ],
)
def test_a_checkout_that_nobody_else_has_is_not_written(tmp_path: Path, origin: str, pushed: bool, why: str) -> None:
    """No origin, a commit that was not pushed, an origin on this machine."""
    checkout(tmp_path / "tree", origin, pushed=pushed)
    source = found(installed(tmp_path, direct_url=local(tmp_path / "tree")))
    assert source.requirement == ""
    assert why in source.about


def test_a_folder_within_another_repository_counts_when_it_is_committed_there(tmp_path: Path) -> None:
    """One that merely lies in somebody's repository is in none of its commits."""
    folder = tmp_path / "tree" / "tools" / "perfgate"
    folder.mkdir(parents=True)
    checkout(tmp_path / "tree")
    (folder / "pyproject.toml").write_text("")
    package = installed(tmp_path, direct_url=local(folder))
    assert "is in no commit" in found(package).about
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "second")
    git(folder, "update-ref", "refs/remotes/origin/main", "HEAD")
    commit = git(folder, "rev-parse", "HEAD")
    assert found(package).requirement == f"perfgate @ git+{HOME}@{commit}#subdirectory=tools/perfgate"


def test_what_pip_installed_from_git_can_be_installed_again(tmp_path: Path) -> None:
    """By the requirement that is written: pip and Git are the real ones, and lead the URL to a folder here."""
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "backend.py").write_text(BACKEND.format(tests=str(Path(__file__).parents[1])))
    commit = checkout(tree)
    (tree / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    git(tree, "commit", "--quiet", "--all", "--message", "second")
    commit = git(tree, "rev-parse", "HEAD")
    led = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.{tree.as_uri()}.insteadOf", "GIT_CONFIG_VALUE_0": HOME}
    env = {**{name: value for name, value in os.environ.items() if not name.startswith("PIP_")}, **led}

    def install(requirement: str, to: Path) -> PathDistribution:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target", str(to)]
        done = subprocess.run([*command, requirement], env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return PathDistribution(next(to.glob("*.dist-info")))

    first = found(install(f"git+{HOME}@main", tmp_path / "first"))
    assert first.requirement == f"perfgate @ git+{HOME}@{commit}"
    assert found(install(first.requirement, tmp_path / "second")) == first


@pytest.mark.parametrize(
    ("spec", "requirement"),
    [
        (f"team/perfgate@{COMMIT}", f"perfgate @ git+https://github.com/team/perfgate@{COMMIT}"),
        (f"git+{HOME}@{COMMIT}", f"perfgate @ git+{HOME}@{COMMIT}"),
        (f"perfgate[openapi] @ git+{HOME}@{COMMIT}", f"perfgate[openapi] @ git+{HOME}@{COMMIT}"),
        (
            "https://example.com/perfgate-1-py3-none-any.whl",
            "perfgate @ https://example.com/perfgate-1-py3-none-any.whl",
        ),
        ("perfgate==1.2", "perfgate==1.2"),
    ],
)
def test_the_user_may_say_what_is_installed(spec: str, requirement: str) -> None:
    """A commit on GitHub, a URL, a requirement of pip's."""
    assert asked_for(spec).requirement == requirement
    assert asked_for(spec).about == ""


def test_a_branch_is_taken_and_told() -> None:
    """It may become something else."""
    source = asked_for(f"git+{HOME}@main")
    assert source.requirement == f"perfgate @ git+{HOME}@main"
    assert "names no commit" in source.about


@pytest.mark.parametrize(
    "spec",
    [
        *("", "perfgate", "perfgate[serve]", "other==1", "./perfgate.whl", "--index-url=x", "team/perfgate@main"),
        *('perfgate==1"; id; "', "git+https://x.example/$(id)@a", "perfgate==1 # x", "perfgate @ file:///x"),
        *("perfgate==1\nrun: id", "git+https://x.example/`id`", "perfgate @ a: b"),
    ],
)
def test_what_says_nothing_or_is_no_requirement_is_refused(spec: str) -> None:
    """The bare name, another package, a path that the commenting job has not, and what would end its quotes."""
    with pytest.raises(UsageError) as caught:
        asked_for(spec)
    assert caught.value.place == "--install-from"


def init(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    (folder / "budgets.toml").write_text("version = 1\n")
    command = [sys.executable, "-m", "perfgate", "init", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_init_says_what_the_workflows_install(tmp_path: Path) -> None:
    """And the option belongs to them."""
    done = init(tmp_path, "--github", "--install-from", f"git+{HOME}@{COMMIT}")
    assert done.returncode == 0, done.stderr
    assert f"the workflows install perfgate @ git+{HOME}@{COMMIT}" in done.stdout
    assert "FILL IN" not in done.stdout
    assert init(tmp_path, "--install-from", "perfgate==1").returncode == 2


def test_init_says_what_is_left_to_fill_in(tmp_path: Path) -> None:
    """Of a perfgate that was copied and not installed nothing is known. (-S hides what is installed.)"""
    source = Path(__file__).parents[2] / "src"
    (tmp_path / "budgets.toml").write_text("version = 1\n")
    site = [path for path in sys.path if path.endswith("site-packages")]
    kept = tmp_path / "packages"
    kept.mkdir()
    for path in (item for folder in site for item in Path(folder).iterdir() if not item.name.startswith("perfgate")):
        (kept / path.name).symlink_to(path)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(source), str(kept)])}
    command = [sys.executable, "-S", "-m", "perfgate", "init", "--github"]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "note: perfgate runs without having been installed\nnote: so it is not known" in done.stdout
    assert 'marked "FILL IN", or write them again: perfgate init --github --force --install-from' in done.stdout
    assert "FILL IN" in (tmp_path / ".github" / "workflows" / "perfgate.yml").read_text()
