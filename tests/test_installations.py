"""Every installation that is written or documented exists: no name is left to whoever has it in an index."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
_KINDS = {".py", ".md", ".yml", ".yaml", ".sh", ".toml", ".txt"}
_FOLDERS = ("src", "docs", "action", ".github", ".ci", "benchmarks")
_PACKAGE = re.compile(r"pip3? install[^\n`]*?(?<![\w/.-])perfgate(\[[^\]]*\])?+(?! @ git\+)(?![\w./-])")
_USES = re.compile(r"uses: *(\S+)")
_BY_COMMIT = re.compile(r"\./|[\w.-]+/[\w./-]+@([0-9a-f]{40}|COMMIT)")


def _texts() -> dict[str, str]:
    """What users read and what is written for them, by path; generated caches and pictures are left out."""
    paths = [path for folder in _FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    paths += [path for path in ROOT.iterdir() if path.is_file() and path.name != "requirements.txt"]
    kept = [path for path in paths if path.suffix in _KINDS or path.name in {"Makefile", "Dockerfile", "run"}]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in kept}


def _bare(text: str) -> list[str]:
    return [line for line in text.splitlines() if _PACKAGE.search(line.partition(" #")[0])]


@pytest.mark.parametrize(
    ("line", "bare"),
    [
        ("pip install perfgate", True),
        ("pip install 'perfgate[serve]'", True),
        ('RUN pip install --no-cache-dir "perfgate==0.1.0"', True),
        ('pip install "perfgate[gitlab] @ git+https://HOST/OWNER/REPO@COMMIT"', False),
        ("pip install .          # in a checkout of perfgate", False),
        ("pip install ./perfgate", False),
    ],
)
def test_the_rule_tells_a_name_from_a_source(line: str, bare: bool) -> None:
    """A requirement has a URL; a path is one's own."""
    assert bool(_bare(line)) == bare


def test_nothing_installs_perfgate_by_its_mere_name() -> None:
    """In an index it may be anybody's. What an extra brings is named by its own packages."""
    assert {path: lines for path, text in _texts().items() if (lines := _bare(text))} == {}


def test_no_version_is_pinned_that_no_index_is_known_to_have() -> None:
    """`perfgate==VERSION` is written by `init` alone, and only where the installation came from an index."""
    assert [path for path, text in _texts().items() if re.search(r"perfgate(\[[^\]]*\])?==\d", text)] == []


def test_every_action_is_used_by_its_commit() -> None:
    """In documents too; where the repository is the reader's to know, the place for the commit says so."""
    found = {path: [use for use in _USES.findall(text) if "/" in use] for path, text in _texts().items()}
    wrong = {path: odd for path, uses in found.items() if (odd := [u for u in uses if not _BY_COMMIT.fullmatch(u)])}
    assert wrong == {}
