"""What a shell completes: commands, options, and the services and loads of `budgets.toml`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.project import LONGEST_S

BUDGETS = """\
version = 1
[loads.normal]
users = 2
duration = "1s"
[loads.peak]
rate = "5/s"
duration = "1s"
[services.catalog]
url = "http://127.0.0.1:1"
scenario = "catalog.py"
loads = ["normal"]
[services.checkout]
url = "http://127.0.0.1:1"
scenario = "checkout.py"
loads = ["normal", "peak"]
"""
# As bash does it when Tab is pressed: the function that is registered for the command, with the words before it.
PRESS_TAB = """\
source <(perfgate completion bash)
COMP_WORDS=({words}) COMP_CWORD={last}
$(complete -p perfgate | sed 's/.*-F \\([^ ]*\\).*/\\1/') perfgate
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "budgets.toml").write_text(BUDGETS)
    return tmp_path


def _completed(folder: Path, *words: str) -> list[str]:
    """What a real bash offers for the last of the words."""
    script = PRESS_TAB.format(words=" ".join(f"'{word}'" for word in words), last=len(words) - 1)
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "--norc", "-c", script],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=True,
    )
    # `compopt` says that nobody completes just now where bash is not asked by a person.
    assert [line for line in done.stderr.splitlines() if "compopt" not in line] == []
    return done.stdout.split()


def test_commands_and_their_commands(folder: Path) -> None:
    """By how they begin."""
    assert _completed(folder, "perfgate", "ca") == ["calibrate"]
    assert _completed(folder, "perfgate", "baseline", "pr") == ["promote", "prune"]


def test_options_and_choices(folder: Path) -> None:
    """Those of the command that is being written."""
    assert _completed(folder, "perfgate", "run", "--sc") == ["--scale"]
    assert _completed(folder, "perfgate", "schema", "b") == ["budgets"]


def test_services_and_loads_of_the_file(folder: Path) -> None:
    """Loads are those of the service that was chosen, if one was."""
    assert _completed(folder, "perfgate", "run", "--service", "ch") == ["checkout"]
    assert _completed(folder, "perfgate", "compare", "main", "--load", "") == ["normal", "peak"]
    assert _completed(folder, "perfgate", "run", "--service", "catalog", "--load", "") == ["normal"]
    assert _completed(folder, "perfgate", "baseline", "list", "--service", "checkout", "--load", "p") == ["peak"]


def test_the_file_that_is_named(folder: Path) -> None:
    """Not the one that lies here."""
    (folder / "other.toml").write_text(BUDGETS.replace("catalog", "orders"))
    assert _completed(folder, "perfgate", "run", "--budgets", "other.toml", "--service", "o") == ["orders"]


@pytest.mark.parametrize(
    "text",
    [
        "services = 3",
        "[services.catalog",
        "[services.catalog]\nloads = 5",
        "a = " + "[" * 5000,
        '[services."x\\n$(id)"]',
    ],
    ids=["a number", "no TOML", "wrong loads", "deep", "no name"],
)
def test_a_wrong_file_has_no_names_and_says_nothing(folder: Path, text: str) -> None:
    """Whoever presses Tab is in mid-line; the command itself says what is wrong."""
    (folder / "budgets.toml").write_text(text)
    assert _completed(folder, "perfgate", "run", "--service", "x") == []
    assert _completed(folder, "perfgate", "run", "--service", "catalog", "--load", "") == []


def test_a_command_that_there_is_not_has_nothing_behind_it(folder: Path) -> None:
    """And no error is printed into the line."""
    assert _completed(folder, "perfgate", "nothing", "--") == ["--version", "--help"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_there_is_a_script_for_each_shell(shell: str) -> None:
    """It completes the command `perfgate`, whatever printed it."""
    command = [sys.executable, "-m", "perfgate", "completion", shell]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert f"_PERFGATE_COMPLETE={shell}_complete" in printed
    assert "__main__" not in printed


def test_an_answer_waits_for_nothing_heavy(folder: Path) -> None:
    """It is asked for each time Tab is pressed."""
    code = "import sys, perfgate.cli as c\ntry:\n    c.main()\nfinally:\n    print(*sys.modules, file=sys.stderr)"
    asked = {"_PERFGATE_COMPLETE": "bash_complete", "COMP_WORDS": "perfgate run --load n", "COMP_CWORD": "3"}
    env = {**os.environ, **asked}
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=env, capture_output=True, text=True, check=True)
    assert done.stdout == "plain,normal\n"
    assert {"numpy", "pydantic", "rich", "locust", "psutil", "perfgate.plan.tables"}.isdisjoint(done.stderr.split())
